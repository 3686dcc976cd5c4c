"""How a fact is told: a title, its particulars and a tone; free of Qt."""

from collections.abc import Callable
from typing import Any

from app.domain.money import EXPONENTS, Money
from ui.format import Formats
from ui.i18n import _
from ui.theme import Tone

Told = tuple[str, str, Tone]
Teller = Callable[[Any, Formats], Told]
Particulars = Callable[[Any, Formats], str]


def telling(title: str, particulars: Particulars, tone: Tone = Tone.NEUTRAL) -> Teller:
    """Make what tells a fact whose title is always the same; `title` is marked with `_n`."""

    def tell(data: Any, formats: Formats) -> Told:
        return _(title), particulars(data, formats), tone

    return tell


def nothing_more(data: Any, formats: Formats) -> str:
    """Add nothing to the title."""
    return ""


def amount_in(data: Any, formats: Formats, name: str = "amount_minor") -> str:
    """Give the amount that a fact tells, or nothing where it tells none."""
    minor, currency = data.get(name), data.get("currency")
    if type(minor) is not int or currency not in EXPONENTS:
        return ""
    return formats.money(Money(minor, currency))


def detail_in(data: Any, formats: Formats) -> str:
    """Give what a fact says in words of its own."""
    return formats.message(data.get("detail", ""))


def joined(*parts: str) -> str:
    """Put particulars beside each other, without those that are empty."""
    return " · ".join(part for part in parts if part)
