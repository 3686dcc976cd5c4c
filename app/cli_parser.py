"""The command line, read so that nothing of it is said again: a word of it may be a key.

Someone who mistypes `secrets set` may have a key standing behind it, or in the wrong place. What
is printed and logged ends in files and tickets that the key must not come to.
"""

import argparse
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any, Final, NoReturn

_HIDDEN: Final = "[hidden]"
_SHAPES: Final = (
    (
        re.compile(r"invalid choice: .* \(choose from (.*)\)\Z", re.DOTALL),
        r"it must be one of these: \1",
    ),
    (re.compile(r"invalid int value: .*\Z", re.DOTALL), "it must be a whole number"),
    (re.compile(r"invalid \w+ value: .*\Z", re.DOTALL), "it cannot be read"),
    (re.compile(r"ignored explicit argument .*\Z", re.DOTALL), "it takes no value"),
    (
        re.compile(r"ambiguous option: .* could match (.*)\Z", re.DOTALL),
        r"it may be one of these: \1",
    ),
)
"""How argparse says what is wrong, with what was typed in it, and the same without."""
_KEY: Final = re.compile(
    r"(?:sk|rk|pk)_|whsec_|rzp_|EAAA|sq0|(?![a-z]{2,6}_)(?=\D*\d)(?=.*[A-Za-z])[\w+=~-]{20,}\Z",
    re.ASCII,
)
"""How providers' keys begin, or what they look like; an id (`pi_...`), a path or a name is none."""


class Parser(argparse.ArgumentParser):
    """Says what is wrong with a command line in words that repeat nothing of it."""

    _typed: Sequence[str] = ()

    def parse_known_args(  # type: ignore[override]  # typeshed's has an overload for each namespace
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Remember what was typed, so that it can be kept out of what is said."""
        self._typed = tuple(sys.argv[1:] if args is None else args)
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """Print the usage and what is wrong, and leave with status 2."""
        for shape, words in _SHAPES:
            message = shape.sub(words, message)
        super().error(without_keys(message, self._typed))


def without_keys(text: str, typed: Iterable[str]) -> str:
    """Give a text without the words of a command line that look like a key."""
    # A key may stand behind an option's =, or have been glued to a dash.
    parts = {part.strip() for word in typed for part in (word, word.lstrip("-"), *word.split("="))}
    for part in sorted(filter(_KEY.match, parts), key=len, reverse=True):
        text = text.replace(part, _HIDDEN)
    return text
