"""Rules for what a request says, with the refusals that Square gives.

A rule's `check` takes a JSON value, or a query's text, and answers the typed value, or raises.
`field` is the way to it, as Square's errors name it: `order.line_items[0].quantity`. A null is
what was not said.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from app.sandbox.square.errors import SquareRefusal, invalid, missing, not_simulated
from app.sandbox.square.workbench import stamped

_DIGITS = re.compile(r"-?[0-9]{1,18}")
_QUANTITY = re.compile(r"[0-9]{1,12}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


class Rule(Protocol):
    """What one field may be."""

    def check(self, value: Any, field: str) -> Any: ...


@dataclass(frozen=True)
class Text:
    """A string within bounds."""

    longest: int = 4096
    shortest: int = 0

    def check(self, value: Any, field: str) -> str:
        if not isinstance(value, str):
            raise invalid("EXPECTED_STRING", "Expected a string value.", field)
        if len(value) > self.longest:
            detail = f"Field must not be greater than {self.longest} in length"
            raise invalid("VALUE_TOO_LONG", detail, field)
        if len(value) < self.shortest:
            raise invalid("VALUE_EMPTY", "Field must not be blank", field)
        return value


@dataclass(frozen=True)
class Email:
    """An address to write to."""

    longest: int = 256

    def check(self, value: Any, field: str) -> str:
        text = Text(self.longest).check(value, field)
        if not _EMAIL.fullmatch(text):
            raise invalid("INVALID_EMAIL_ADDRESS", "The email address is not valid.", field)
        return text


@dataclass(frozen=True)
class Address:
    """An address on the web."""

    longest: int = 2048

    def check(self, value: Any, field: str) -> str:
        text = Text(self.longest, 1).check(value, field)
        if not re.fullmatch(r"https?://[^\s/]+(/\S*)?(\?\S*)?", text):
            raise invalid("INVALID_VALUE", "The URL is not valid.", field)
        return text


@dataclass(frozen=True)
class Whole:
    """An integer within bounds; in a query it is written in digits."""

    lowest: int
    highest: int
    in_query: bool = False

    def check(self, value: Any, field: str) -> int:
        if self.in_query and isinstance(value, str) and _DIGITS.fullmatch(value):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise invalid("EXPECTED_INTEGER", "Expected an integer value.", field)
        if value < self.lowest:
            detail = f"`{field}` must be greater than or equal to {self.lowest}."
            raise invalid("VALUE_TOO_LOW", detail, field)
        if value > self.highest:
            detail = f"`{field}` must be less than or equal to {self.highest}."
            raise invalid("VALUE_TOO_HIGH", detail, field)
        return value


@dataclass(frozen=True)
class Flag:
    """True or false; in a query it is written out."""

    def check(self, value: Any, field: str) -> bool:
        if value in ("true", "false"):
            return bool(value == "true")
        if not isinstance(value, bool):
            raise invalid("EXPECTED_BOOLEAN", "Expected a boolean value.", field)
        return value


@dataclass(frozen=True)
class Choice:
    """One of some words."""

    words: Sequence[str]

    def check(self, value: Any, field: str) -> str:
        text = Text().check(value, field)
        if text not in self.words:
            detail = f"`{text[:40]}` is not a valid enum value for `{field}`."
            raise invalid("INVALID_ENUM_VALUE", detail, field)
        return text


@dataclass(frozen=True)
class Quantity:
    """How many: a string, as Square has it, of a whole number above zero."""

    def check(self, value: Any, field: str) -> int:
        text = Text(12, 1).check(value, field)
        if not _QUANTITY.fullmatch(text):
            raise not_simulated("quantities other than whole numbers", field)
        if int(text) == 0:
            raise invalid("INVALID_VALUE", "Quantity must be greater than zero.", field)
        return int(text)


@dataclass(frozen=True)
class Moment:
    """An RFC 3339 time, answered in the form that the books have."""

    def check(self, value: Any, field: str) -> str:
        text = Text(40, 1).check(value, field)
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            raise invalid("INVALID_TIME", "The time is not in RFC 3339 format.", field) from None
        return stamped((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())


@dataclass(frozen=True)
class Fields:
    """An object of known fields."""

    rules: Mapping[str, Rule]
    required: Sequence[str] = ()

    def check(self, value: Any, field: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise invalid("EXPECTED_OBJECT", "Expected an object value.", field)
        return _checked(value, self.rules, self.required, field, "UNKNOWN_BODY_PARAMETER")


@dataclass(frozen=True)
class Each:
    """A list, each of which is as the rule says."""

    rule: Rule
    most: int = 500
    fewest: int = 0

    def check(self, value: Any, field: str) -> list[Any]:
        if not isinstance(value, list):
            raise invalid("EXPECTED_ARRAY", "Expected an array value.", field)
        if len(value) > self.most:
            detail = f"Array must not have more than {self.most} elements."
            raise invalid("ARRAY_LENGTH_TOO_LONG", detail, field)
        if len(value) < self.fewest:
            raise invalid("ARRAY_EMPTY", "Array must not be empty.", field)
        return [self.rule.check(each, f"{field}[{at}]") for at, each in enumerate(value)]


@dataclass(frozen=True)
class Metadata:
    """Up to ten texts of the caller's own."""

    def check(self, value: Any, field: str) -> dict[str, str]:
        if not isinstance(value, dict):
            raise invalid("EXPECTED_MAP", "Expected a map value.", field)
        if len(value) > 10:
            raise invalid("TOO_MANY_MAP_ENTRIES", "Map must not have more than 10 entries.", field)
        for key in value:
            if not key:
                raise invalid("MAP_KEY_LENGTH_TOO_SHORT", "Map key must not be empty.", field)
            if len(key) > 60:
                detail = "Map key must not be greater than 60 in length."
                raise invalid("MAP_KEY_LENGTH_TOO_LONG", detail, field)
        rule = Text(255)
        return {key: rule.check(text, f"{field}.{key}") for key, text in value.items()}


@dataclass(frozen=True)
class Absent:
    """What Square has and this simulator has not."""

    what: str

    def check(self, value: Any, field: str) -> Any:
        raise not_simulated(self.what, field)


@dataclass(frozen=True)
class Ignored:
    """What changes nothing here, or is for Square alone to say."""

    def check(self, value: Any, field: str) -> Any:
        return value


def body_of(body: Any, rules: Mapping[str, Rule], required: Sequence[str] = ()) -> dict[str, Any]:
    """Check a whole request body."""
    return _checked(body, rules, required, "", "UNKNOWN_BODY_PARAMETER")


def query_of(query: Mapping[str, str], rules: Mapping[str, Rule]) -> dict[str, Any]:
    """Check a whole query."""
    return _checked(query, rules, (), "", "UNKNOWN_QUERY_PARAMETER")


def _checked(
    value: Mapping[str, Any],
    rules: Mapping[str, Rule],
    required: Sequence[str],
    path: str,
    unknown: str,
) -> dict[str, Any]:
    said = {name: each for name, each in value.items() if each is not None}
    for name in said:
        if name not in rules:
            raise _unrecognized(unknown, name, _way(path, name))
    for name in required:
        if name not in said:
            raise missing(_way(path, name))
    return {name: rules[name].check(each, _way(path, name)) for name, each in said.items()}


def _way(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _unrecognized(code: str, name: str, field: str) -> SquareRefusal:
    return invalid(code, f"The field named '{name[:40]}' is unrecognized", field)
