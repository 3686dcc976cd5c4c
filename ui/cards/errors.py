"""Errors about cards to be kept, and why one cannot be begun just now: money is never in them."""

from app.errors import CheckoutRefused, MoneyMoved, ScantillError
from ui.i18n import _
from ui.tasks import as_ours


def card_error(error: BaseException) -> ScantillError:
    """Give an error in the program's own terms: whatever it was, nothing was charged."""
    ours = as_ours(error)
    ours.money = MoneyMoved.NO
    if ours is not error:
        ours.action = _("Look at the list of cards before you try again.")
    return ours


def sale_comes_first() -> CheckoutRefused:
    """Say that a customer is paying, whom another code must not disturb."""
    return CheckoutRefused(
        _("A payment is on the screen"),
        _("Its code must not be mixed up with one for a card."),
        action=_("Finish the payment or set it aside under Sell, then save the card."),
    )


def card_comes_first() -> CheckoutRefused:
    """Say that a customer is giving a card, whom a payment's code must not disturb."""
    return CheckoutRefused(
        _("A card is being saved"),
        _("Its code must not be mixed up with one for a payment."),
        action=_("Wait until it is saved, or cancel it under Cards."),
    )


def another_comes_first() -> CheckoutRefused:
    """Say that one customer at a time can be shown a code."""
    return CheckoutRefused(
        _("Another card is being saved"),
        action=_("Wait until it is saved, or cancel it first."),
    )
