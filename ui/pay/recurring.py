"""What a subscription costs, in words: by itself, and as what comes after a first payment."""

from app.domain.catalog import BillingInterval
from app.domain.money import Money
from app.domain.renewal import Agreed
from ui.format import Formats
from ui.i18n import _


def price_words(amount: Money, interval: BillingInterval, formats: Formats) -> str:
    """Say what a subscription costs: €12.00 a month."""
    words = {
        BillingInterval.ONETIME: "{amount}",
        BillingInterval.WEEKLY: _("{amount} a week"),
        BillingInterval.MONTHLY: _("{amount} a month"),
        BillingInterval.YEARLY: _("{amount} a year"),
    }[interval]
    return words.format(amount=formats.money(amount))


def then_words(recurring: Agreed | None, formats: Formats) -> str:
    """Say what comes after the payment that is asked for, or nothing."""
    if recurring is None:
        return ""
    price = price_words(recurring.amount, recurring.interval, formats)
    return _("then {price}").format(price=price)
