"""Rules for request parameters, with the refusals that Stripe gives.

A rule's `check` takes what the form decoder found and answers the typed value, or raises.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

from app.sandbox.stripe.errors import (
    StripeRefusal,
    bad_parameter,
    missing_parameter,
    not_simulated,
    unknown_parameters,
)
from app.sandbox.stripe.forms import Form, FormValue

_INTEGER = re.compile(r"-?[0-9]{1,18}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Rule(Protocol):
    """What one parameter may be."""

    def check(self, value: FormValue, name: str) -> Any: ...


@dataclass(frozen=True)
class Text:
    """A string; an empty one is refused, since Stripe reads it as "unset"."""

    longest: int = 5000

    def check(self, value: FormValue, name: str) -> str:
        if not isinstance(value, str):
            raise bad_parameter("Invalid string", name)
        if not value:
            raise bad_parameter(
                f"You passed an empty string for '{name}'. We assume empty values are an attempt"
                f" to unset a parameter; however '{name}' cannot be unset. You should remove"
                f" '{name}' from your request or supply a non-empty value.",
                name,
                "parameter_invalid_empty",
            )
        if len(value) > self.longest:
            shown = f"{value[:16]}...{value[-8:]}"
            raise bad_parameter(
                f"Invalid string: {shown}; must be at most {self.longest} characters", name
            )
        return value


@dataclass(frozen=True)
class Whole:
    """An integer within bounds."""

    lowest: int = 0
    highest: int = 10**15

    def check(self, value: FormValue, name: str) -> int:
        text = Text().check(value, name)
        if not _INTEGER.fullmatch(text):
            raise bad_parameter(f"Invalid integer: {text}", name, "parameter_invalid_integer")
        number = int(text)
        if number < self.lowest:
            raise bad_parameter(
                f"This value must be greater than or equal to {self.lowest}.",
                name,
                "parameter_invalid_integer",
            )
        if number > self.highest:
            raise bad_parameter(
                f"This value must be less than or equal to {self.highest}.",
                name,
                "parameter_invalid_integer",
            )
        return number


@dataclass(frozen=True)
class Flag:
    """`true` or `false`."""

    def check(self, value: FormValue, name: str) -> bool:
        if value not in ("true", "false"):
            raise bad_parameter(f"Invalid boolean: {value}", name)
        return value == "true"


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    words: Sequence[str]

    def check(self, value: FormValue, name: str) -> str:
        text = Text().check(value, name)
        if text not in self.words:
            *first, last = self.words
            listed = f"{', '.join(first)}, or {last}" if first else last
            raise bad_parameter(f"Invalid {name}: must be one of {listed}", name)
        return text


@dataclass(frozen=True)
class WebAddress:
    """A complete http or https URL."""

    longest: int = 5000

    def check(self, value: FormValue, name: str) -> str:
        text = Text(self.longest).check(value, name)
        try:
            parts = urlsplit(text)
            complete = parts.scheme in ("http", "https") and bool(parts.hostname)
            _ = parts.port
        except ValueError:
            complete = False
        if not complete or " " in text or _CONTROL.search(text):
            raise bad_parameter(
                "Not a valid URL: an explicit scheme (such as https) must be provided.",
                name,
                "url_invalid",
            )
        return text


@dataclass(frozen=True)
class Email:
    """Something that looks like an e-mail address."""

    def check(self, value: FormValue, name: str) -> str:
        text = Text(800).check(value, name)
        if not _EMAIL.fullmatch(text):
            raise bad_parameter(f"Invalid email address: {text}", name, "email_invalid")
        return text


@dataclass(frozen=True)
class Fields:
    """A hash with known names."""

    rules: Mapping[str, Rule]
    required: Sequence[str] = ()

    def check(self, value: FormValue, name: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise bad_parameter("Invalid object", name)
        return check_all(value, self.rules, self.required, prefix=name)


@dataclass(frozen=True)
class Listed:
    """A list of the same kind of thing."""

    rule: Rule
    most: int = 100

    def check(self, value: FormValue, name: str) -> list[Any]:
        if not isinstance(value, dict) or not all(_INTEGER.fullmatch(key) for key in value):
            raise bad_parameter("Invalid array", name)
        if len(value) > self.most:
            raise bad_parameter(f"Array must have at most {self.most} elements.", name)
        keys = sorted(value, key=int)
        return [self.rule.check(value[key], f"{name}[{key}]") for key in keys]


@dataclass(frozen=True)
class Metadata:
    """Up to 50 keys of 40 characters with values of 500; an empty value unsets its key."""

    def check(self, value: FormValue, name: str) -> dict[str, str]:
        if value == "":
            return {}
        if not isinstance(value, dict):
            raise bad_parameter("Invalid object", name)
        if len(value) > 50:
            raise bad_parameter(
                f"Metadata can have at most 50 keys, but you passed {len(value)}.", name
            )
        metadata: dict[str, str] = {}
        for key, text in value.items():
            if not isinstance(text, str):
                raise bad_parameter("Metadata values must be strings.", f"{name}[{key}]")
            if len(key) > 40:
                raise bad_parameter(
                    f"Metadata keys can have up to 40 characters, but {key!r} has {len(key)}.",
                    f"{name}[{key}]",
                )
            if len(text) > 500:
                raise bad_parameter(
                    "Metadata values can have up to 500 characters, but you passed in a value"
                    f" that is {len(text)} characters. Invalid value: {text}",
                    f"{name}[{key}]",
                )
            if text:
                metadata[key] = text
        return metadata


@dataclass(frozen=True)
class Ignored:
    """Taken as Stripe takes it and without effect here: it changes neither sum nor state."""

    def check(self, value: FormValue, name: str) -> FormValue:
        return value


@dataclass(frozen=True)
class Absent:
    """Known to Stripe and refused here, because leaving it out would be a lie."""

    what: str

    def check(self, value: FormValue, name: str) -> StripeRefusal:
        raise not_simulated(self.what, name)


EXPAND = Listed(Text(200), most=20)
_SPAN = {"gt": Whole(), "gte": Whole(), "lt": Whole(), "lte": Whole()}


@dataclass(frozen=True)
class Span:
    """`created=n` or `created[gte]=n`: pairs of an SQL comparison and its value."""

    names: Mapping[str, str] = field(
        default_factory=lambda: {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
    )

    def check(self, value: FormValue, name: str) -> list[tuple[str, int]]:
        if isinstance(value, str):
            return [("=", Whole().check(value, name))]
        bounds = check_all(value, _SPAN, prefix=name)
        return [(self.names[bound], limit) for bound, limit in bounds.items()]


LISTING: Mapping[str, Rule] = {
    "limit": Whole(1, 100),
    "starting_after": Text(200),
    "ending_before": Text(200),
    "expand": EXPAND,
}


def check_all(
    form: Form, rules: Mapping[str, Rule], required: Sequence[str] = (), *, prefix: str = ""
) -> dict[str, Any]:
    """Unknown names first, then missing ones, then each value; in Stripe's order."""

    def named(name: str) -> str:
        return f"{prefix}[{name}]" if prefix else name

    if unknown := [named(name) for name in form if name not in rules]:
        raise unknown_parameters(unknown)
    for name in required:
        if name not in form:
            raise missing_parameter(named(name))
    return {name: rules[name].check(value, named(name)) for name, value in form.items()}
