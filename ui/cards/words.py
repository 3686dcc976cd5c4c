"""Cards in words, as the list and the detail say them: how each stands, and what happened."""

from dataclasses import dataclass, replace
from datetime import datetime

from app.domain.card_setup import CardSetup, CardState
from ui.accounts import label_among
from ui.bidi import isolated
from ui.format import Formats
from ui.i18n import _
from ui.pay.declines import decline_words
from ui.pay.taking import COUNTER
from ui.theme import Tone


@dataclass(frozen=True, slots=True)
class CardStanding:
    """How a card stands: a word for the list, a sentence for the detail, a tone and a sign."""

    word: str
    sentence: str
    tone: Tone
    icon: str


def name_of(setup: CardSetup) -> str:
    """Give what the operator calls the customer."""
    return setup.label or _("No name")


def standing_of(setup: CardSetup) -> CardStanding:
    """Say how it stands, and whether a card was saved."""
    match setup.state:
        case CardState.SAVED:
            return CardStanding(
                _("Saved"),
                _("The customer gave this card for later. No money was taken."),
                Tone.GOOD,
                "done",
            )
        case CardState.CANCELLED:
            return CardStanding(
                _("Cancelled"),
                _("It was cancelled before a card was given. No card was saved."),
                Tone.NEUTRAL,
                "cancelled",
            )
        case CardState.EXPIRED:
            return CardStanding(
                _("Expired"),
                _("Nobody gave a card while the code stood. No card was saved."),
                Tone.NEUTRAL,
                "clock",
            )
        case CardState.FAILED:
            return CardStanding(
                _("Not saved"),
                _("The provider has no page for it, or has done with it. No card was saved."),
                Tone.DANGER,
                "alert",
            )
        case CardState.PROCESSING:
            return CardStanding(
                _("Being checked"),
                _("The customer has given a card; the bank has not answered yet."),
                Tone.BUSY,
                "hourglass",
            )
    return _standing_of_open(setup)


def _standing_of_open(setup: CardSetup) -> CardStanding:
    if setup.close_reason is not None:
        return CardStanding(
            _("Being closed"),
            _("The till is closing the page and makes sure that no card was saved."),
            Tone.BUSY,
            "lock",
        )
    if setup.state is CardState.OPEN:
        return _standing_of_code(setup)
    if setup.state is CardState.UNKNOWN and setup.shown_at is not None:
        return CardStanding(
            _("Not known yet"),
            _("The card may be saved, or not. The till keeps asking the provider until it knows."),
            Tone.WARNING,
            "unknown",
        )
    return CardStanding(
        _("No answer yet"),
        _("The provider has not answered, and no customer has seen a code. The till keeps asking."),
        Tone.WARNING,
        "offline",
    )


def _standing_of_code(setup: CardSetup) -> CardStanding:
    if setup.decline:
        sentence = _("No card was saved. The customer may try again or use another card.")
        return CardStanding(
            _("Declined"), f"{decline_words(setup.decline)} {sentence}", Tone.WARNING, "card"
        )
    if setup.shown_at is None:
        return CardStanding(
            _("Not shown"),
            _("Its page is open, and no customer has seen the code yet."),
            Tone.NEUTRAL,
            "hourglass",
        )
    return CardStanding(
        _("Open"),
        _("A customer has seen the code and can still give a card. No card is saved yet."),
        Tone.ACCENT,
        "phone",
    )


def row_words(setup: CardSetup, accounts: tuple[str, ...]) -> str:
    """Say in the list which card it is, and where it is kept if there are several places."""
    # Until when it is good stands in the detail.
    parts = [str(replace(setup.card, expiry_month=None))] if setup.card is not None else []
    if len(accounts) > 1:
        parts.append(label_among(setup.account, accounts))
    return " · ".join(isolated(part) for part in parts if part)


def by_words(by: str) -> str:
    """Name who did it; at the counter nobody has to sign."""
    return _("The counter") if by == COUNTER else isolated(by)


def particulars_of(
    setup: CardSetup, accounts: tuple[str, ...], now: datetime, formats: Formats
) -> list[tuple[str, str]]:
    """Give what is known of it: words, and what they are about."""
    card = setup.card
    rows = [
        (_("Card"), isolated(str(card)) if card is not None else ""),
        (_("Customer at the provider"), isolated(card.customer_id) if card is not None else ""),
        (_("Account"), isolated(label_among(setup.account, {*accounts, setup.account}))),
        (_("Begun by"), by_words(setup.asked_by)),
        (_("Begun"), _moment(setup.created_at, formats)),
        (_("Saved"), _moment(setup.saved_at, formats)),
        (_("Code stands until"), _moment(_until(setup, now), formats)),
        (_("Reference"), isolated(setup.reference)),
    ]
    return [(words, what) for words, what in rows if what]


def _until(setup: CardSetup, now: datetime) -> datetime | None:
    return setup.deadline_at if setup.is_open and setup.deadline_at > now else None


def _moment(moment: datetime | None, formats: Formats) -> str:
    return "" if moment is None else f"{formats.date(moment)}, {formats.time(moment)}"
