"""What the operator takes by hand and types in: a keypad's figures, the words beside; no Qt."""

from dataclasses import dataclass
from typing import Final, Self

from app.domain.cash import quick_notes
from app.domain.confirmation import CASH
from app.domain.money import MAX_MINOR, Money
from ui.format import Formats
from ui.i18n import _

COUNTER: Final = "counter"
"""Who takes the money, as long as the till knows of no staff."""


@dataclass(frozen=True, slots=True)
class Taking:
    """A payment by hand: `amount` of its order is paid by `due`, which is rounded in cash."""

    is_cash: bool
    amount: Money
    due: Money

    @property
    def notes(self) -> tuple[Money, ...]:
        """Give what the customer is likely to hand over."""
        return quick_notes(self.due) if self.is_cash else ()


def taking_of(provider: str, amount: Money, due: Money) -> Taking:
    """Say what is to be taken for an attempt."""
    return Taking(provider == CASH, amount, due)


@dataclass(frozen=True, slots=True)
class Figures:
    """An amount as it is typed on a keypad: from the right, the last figures are the cents."""

    digits: str = ""

    def typed(self, more: str) -> Self:
        """Add figures; what would be no amount any more is left out."""
        digits = (self.digits + more).lstrip("0")
        return type(self)(digits) if int(digits or "0") <= MAX_MINOR else self

    def without_last(self) -> Self:
        """Take the last figure back."""
        return type(self)(self.digits[:-1])

    def amount(self, currency: str) -> Money | None:
        """Give the amount, or None where nothing is typed."""
        return Money(int(self.digits), currency) if self.digits else None

    @classmethod
    def of(cls, amount: Money) -> Self:
        """Give the figures of an amount."""
        return cls(str(amount.minor))


def received_by(taking: Taking, figures: Figures) -> Money | None:
    """Say what was received; nothing is to be typed where nothing is due."""
    typed = figures.amount(taking.due.currency)
    if typed is None and taking.due.minor == 0:
        return taking.due
    return typed


def suffices(taking: Taking, received: Money | None) -> bool:
    """Say whether it is enough."""
    return received is not None and taking.due <= received


def rounding_words(taking: Taking, formats: Formats) -> str:
    """Say what the amount was rounded by, or nothing."""
    rounding = taking.due - taking.amount
    if not rounding.minor:
        return ""
    sign = "+" if rounding.minor > 0 else "\N{MINUS SIGN}"
    return _("{amount} {sign} {rounding} rounding").format(
        amount=formats.money(taking.amount),
        sign=sign,
        rounding=formats.money(Money(abs(rounding.minor), rounding.currency)),
    )


def difference_words(taking: Taking, received: Money | None) -> tuple[str, Money | None]:
    """Name what goes back or is missing, and give the amount once something is typed."""
    if received is None:
        return _("Change"), None
    if received < taking.due:
        return _("Still missing"), taking.due - received
    return _("Change"), received - taking.due
