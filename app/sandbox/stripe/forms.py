"""Stripe's form encoding: `line_items[0][price_data][currency]=eur` to nested mappings.

Lists arrive as mappings with `0`, `1`, ... as keys: only a parameter's rule knows whether
`metadata[0]` is a key or a place in a list.
"""

import re
from typing import TypeAlias
from urllib.parse import parse_qsl

from app.sandbox.stripe.errors import StripeRefusal

FormValue: TypeAlias = "str | Form"
Form: TypeAlias = dict[str, FormValue]

_MOST_FIELDS = 10_000
_DEEPEST = 12
_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_PART = re.compile(r"\[([^\[\]]*)\]")


def decode(text: bytes) -> Form:
    """The parameters of a body or a query string; raises `StripeRefusal` on nonsense."""
    try:
        pairs = parse_qsl(
            text.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError as error:
        raise StripeRefusal(400, "Invalid request: the parameters cannot be decoded.") from error
    form: Form = {}
    for name, value in pairs:
        _put(form, _path(name), value, name)
    return form


def _path(name: str) -> list[str]:
    match = _NAME.fullmatch(name)
    if match is None:
        raise _nonsense(name)
    path = [match[1], *_PART.findall(match[2])]
    if len(path) > _DEEPEST:
        raise _nonsense(name)
    return path


def _put(form: Form, path: list[str], value: str, name: str) -> None:
    here = form
    for part in path[:-1]:
        there = here.setdefault(part or str(len(here)), {})
        if isinstance(there, str):
            raise _nonsense(name)
        here = there
    last = path[-1] or str(len(here))
    if isinstance(here.get(last), dict):
        raise _nonsense(name)
    here[last] = value


def _nonsense(name: str) -> StripeRefusal:
    return StripeRefusal(400, f"Invalid request: cannot make sense of {name[:80]!r}.")
