"""What the display says to a customer, calmly; "nothing was paid" only where that is known."""

from dataclasses import dataclass

from ui.display.model import DisplayModel, Ending, Face
from ui.i18n import _
from ui.theme import Tone


@dataclass(frozen=True, slots=True)
class Words:
    """A title and a sentence with the icon and the tone that go with them."""

    title: str
    sentence: str
    icon: str
    tone: Tone


def words_of(model: DisplayModel) -> Words:
    """Put a face that is made of words into words."""
    if model.face is Face.PREPARING:
        return Words(
            _("One moment, please"), _("Your code is being prepared."), "hourglass", Tone.ACCENT
        )
    if model.face is Face.CASH:
        return Words(_("Please pay in cash"), "", "cash", Tone.ACCENT)
    if model.face is Face.MACHINE:
        return Words(_("Please pay at the card machine"), "", "card", Tone.ACCENT)
    if model.face is Face.PROCESSING:
        return Words(
            _("Your payment is being processed"),
            _("The bank has not answered yet. Please do not pay again."),
            "hourglass",
            Tone.BUSY,
        )
    if model.face is Face.NOT_PAID:
        return _not_paid(model.ending)
    if model.face is Face.CARD_CHECKING:
        return Words(
            _("Please wait"),
            _("It is being checked whether your card is saved. Nothing is charged."),
            "clock",
            Tone.BUSY,
        )
    if model.face is Face.CARD_SAVED:
        return Words(_("Your card is saved"), _("Nothing was charged."), "done", Tone.GOOD)
    if model.face is Face.CARD_NOT_SAVED:
        return _not_saved(model.ending)
    return Words(
        _("Please wait"),
        _("The shop is checking the payment. Please do not pay again."),
        "clock",
        Tone.BUSY,
    )


def _not_paid(ending: Ending | None) -> Words:
    if ending is Ending.CANCELLED:
        return Words(_("Payment cancelled"), _("Nothing was paid."), "cancelled", Tone.NEUTRAL)
    if ending is Ending.EXPIRED:
        return Words(
            _("The code has expired"),
            _("Nothing was paid. Please ask at the counter for a new one."),
            "clock",
            Tone.NEUTRAL,
        )
    return Words(
        _("The payment did not go through"),
        _("Nothing was paid. Please ask at the counter."),
        "info",
        Tone.NEUTRAL,
    )


def _not_saved(ending: Ending | None) -> Words:
    if ending is Ending.CANCELLED:
        return Words(
            _("Cancelled"),
            _("Your card was not saved. Nothing was charged."),
            "cancelled",
            Tone.NEUTRAL,
        )
    if ending is Ending.EXPIRED:
        return Words(
            _("The code has expired"),
            _("Your card was not saved. Nothing was charged."),
            "clock",
            Tone.NEUTRAL,
        )
    return Words(
        _("Your card was not saved"),
        _("Nothing was charged. Please ask at the counter."),
        "info",
        Tone.NEUTRAL,
    )
