"""Card numbers where none belongs: the till never keeps one."""

import re
from collections.abc import Iterator
from typing import Final

_RUNS: Final = re.compile(r"\d+(?:[\s.,/_\u2010-\u2015-]{1,3}\d+)*")
_PART: Final = re.compile(r"\d+")
_SHORTEST, _LONGEST = 13, 19
_CHECK_BASE: Final = 10


def holds_card_number(text: str) -> bool:
    """Say whether 13 to 19 digits in a text, parted or not, are a card's number by their check.

    What stands beside them, as the month that the card is good for, hides none.
    """
    return any(
        _SHORTEST <= len(digits) <= _LONGEST and _passes_check(digits)
        for run in _RUNS.finditer(text)
        for digits in _joined(_PART.findall(run.group()))
    )


def _joined(parts: list[str]) -> Iterator[str]:
    """Give what any parts that stand beside each other make together."""
    for first in range(len(parts)):
        digits = ""
        for part in parts[first:]:
            digits += part
            yield digits
            if len(digits) >= _LONGEST:
                break


def _passes_check(number: str) -> bool:
    """Compute the check digit as ISO/IEC 7812 does (Luhn's formula)."""
    digits = [int(sign) for sign in reversed(number)]
    doubled = (sum(divmod(2 * digit, _CHECK_BASE)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % _CHECK_BASE == 0
