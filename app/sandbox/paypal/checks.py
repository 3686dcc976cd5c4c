"""Rules for the fields of a request; all that is wrong is told at once, as PayPal does.

Fields that PayPal does not know are passed over, as it passes over them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

from app.sandbox.paypal.errors import Detail, PayPalRefusal

_VALUE = re.compile(r"-?[0-9]+|-?[0-9]*[.][0-9]+")


class Rule(Protocol):
    """Finds what is wrong with a value; `at` is its JSON pointer."""

    def faults(self, value: Any, at: str) -> list[Detail]: ...


@dataclass(frozen=True)
class Text:
    """A string of a certain length, and perhaps of a certain form or one of some words."""

    most: int = 127
    least: int = 1
    pattern: str | None = None
    words: Sequence[str] = ()

    def faults(self, value: Any, at: str) -> list[Detail]:
        if not isinstance(value, str):
            return [Detail("INVALID_PARAMETER_SYNTAX", at)]
        if self.words and value not in self.words:
            return [Detail("INVALID_PARAMETER_VALUE", at, value)]
        if not self.least <= len(value) <= self.most:
            return [Detail("INVALID_STRING_LENGTH", at, value)]
        if self.pattern is not None and re.fullmatch(self.pattern, value) is None:
            return [Detail("INVALID_PARAMETER_SYNTAX", at, value)]
        return []


@dataclass(frozen=True)
class Whole:
    """An integer in a range."""

    least: int
    most: int

    def faults(self, value: Any, at: str) -> list[Detail]:
        if not isinstance(value, int) or isinstance(value, bool):
            return [Detail("INVALID_PARAMETER_SYNTAX", at)]
        return [] if self.least <= value <= self.most else [_wrong(at, value)]


@dataclass(frozen=True)
class Flag:
    """True or false."""

    def faults(self, value: Any, at: str) -> list[Detail]:
        return [] if isinstance(value, bool) else [Detail("INVALID_PARAMETER_SYNTAX", at)]


@dataclass(frozen=True)
class WebAddress:
    """An absolute http or https address."""

    most: int = 4000

    def faults(self, value: Any, at: str) -> list[Detail]:
        if not isinstance(value, str) or len(value) > self.most:
            return [Detail("INVALID_PARAMETER_SYNTAX", at)]
        try:
            parts = urlsplit(value)
            is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
        except ValueError:
            is_address = False
        return [] if is_address else [Detail("INVALID_PARAMETER_SYNTAX", at, value)]


@dataclass(frozen=True)
class Fields:
    """An object with certain fields, some of them required."""

    rules: Mapping[str, Rule]
    required: Sequence[str] = ()

    def faults(self, value: Any, at: str) -> list[Detail]:
        if not isinstance(value, dict):
            return [Detail("INVALID_PARAMETER_SYNTAX", at or "/")]
        found = [
            Detail("MISSING_REQUIRED_PARAMETER", f"{at}/{name}")
            for name in self.required
            if value.get(name) is None
        ]
        for name, rule in self.rules.items():
            if value.get(name) is not None:
                found += rule.faults(value[name], f"{at}/{name}")
        return found


@dataclass(frozen=True)
class Several:
    """An array of so many things."""

    rule: Rule
    least: int = 1
    most: int = 10

    def faults(self, value: Any, at: str) -> list[Detail]:
        if not isinstance(value, list):
            return [Detail("INVALID_PARAMETER_SYNTAX", at)]
        if len(value) < self.least:
            return [Detail("INVALID_ARRAY_MIN_ITEMS", at)]
        if len(value) > self.most:
            return [Detail("INVALID_ARRAY_MAX_ITEMS", at)]
        return [
            fault
            for place, each in enumerate(value)
            for fault in self.rule.faults(each, f"{at}/{place}")
        ]


@dataclass(frozen=True)
class Amount:
    """A currency code and a decimal string, and what may stand beside them."""

    more: Mapping[str, Rule] = field(default_factory=dict)

    def faults(self, value: Any, at: str) -> list[Detail]:
        rules: dict[str, Rule] = {"currency_code": Text(3, 3), "value": _Value(), **self.more}
        return Fields(rules, ("currency_code", "value")).faults(value, at)


@dataclass(frozen=True)
class _Value:
    def faults(self, value: Any, at: str) -> list[Detail]:
        if not isinstance(value, str) or len(value) > 32:
            return [Detail("INVALID_PARAMETER_SYNTAX", at)]
        if _VALUE.fullmatch(value) is None or not value.isascii():
            return [Detail("INVALID_PARAMETER_SYNTAX", at, value)]
        return []


def check(body: Any, rule: Rule) -> Any:
    """The body, if there is nothing wrong with it; else PayPal's 400 with all that is."""
    if faults := rule.faults(body, ""):
        raise PayPalRefusal(400, *faults)
    return body


def _wrong(at: str, value: object) -> Detail:
    return Detail("INVALID_PARAMETER_VALUE", at, str(value))
