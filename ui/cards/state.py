"""What the screen of a card's code says: from the state of a set-up to words and buttons.

Pure and free of Qt. Every sentence says whether a card can have been saved. Money is never taken.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.domain.card_setup import CardSetup, CardState, KeptCard
from app.errors import ScantillError
from ui.bidi import isolated
from ui.i18n import _, _n
from ui.pay.declines import decline_words
from ui.pay.scan import leads_to
from ui.theme import Tone


class CardPhase(StrEnum):
    """Where the saving of a card stands, as the counter sees it."""

    OPENING = "opening"
    WAITING = "waiting"
    DECLINED = "declined"
    PROCESSING = "processing"
    CLOSING = "closing"
    UNKNOWN = "unknown"
    MAKING_SURE = "making_sure"
    REFUSED = "refused"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    SAVED = "saved"


class CardAction(StrEnum):
    """What a button beside a card's code asks for."""

    CHECK_NOW = "check_card_now"
    CANCEL = "cancel_card"
    SAVE_AS_CUSTOMER = "save_as_customer"
    NEW_CODE = "new_card_code"
    LEAVE = "leave_card"


SHOWS_CODE: Final = frozenset({CardPhase.WAITING, CardPhase.DECLINED})
"""Phases in which a customer may scan the code."""
ENDS: Final = frozenset(
    {
        CardPhase.REFUSED,
        CardPhase.FAILED,
        CardPhase.EXPIRED,
        CardPhase.CANCELLED,
        CardPhase.SAVED,
    }
)
"""Phases after which nothing more is expected."""
_HAS_SCREENS: Final = SHOWS_CODE | {CardPhase.OPENING, CardPhase.MAKING_SURE}


@dataclass(frozen=True, slots=True)
class CardModel:
    """All that is shown of one card that is being saved.

    `url` is set only while a code may be seen. `ends_at` is its deadline in seconds of
    `Clock.elapsed`, which nobody can set. `was_shown`: a customer may have seen a code.
    """

    phase: CardPhase
    shop: str
    label: str = ""
    url: str | None = None
    ends_at: float | None = None
    card: KeptCard | None = None
    decline: str = ""
    error: ScantillError | None = None
    is_busy: bool = False
    was_shown: bool = True

    @property
    def host(self) -> str:
        """Give the host of the page behind the code, as the customer's phone will show it."""
        return leads_to(self.url)

    @property
    def has_screens(self) -> bool:
        """Say whether a code is on the screens, or comes or returns there by itself."""
        return self.phase in _HAS_SCREENS

    @property
    def is_over(self) -> bool:
        """Say whether nothing more is expected of it."""
        return self.phase in ENDS


@dataclass(frozen=True, slots=True)
class CardWording:
    """A phase in words: a short title, a sentence, a tone, an icon and the buttons that fit."""

    title: str
    sentence: str
    tone: Tone
    icon: str
    actions: tuple[CardAction, ...]


def card_phase_of(
    setup: CardSetup | None,
    *,
    is_over: bool = False,
    is_closing: bool = False,
    is_shown: bool = False,
    is_unsure: bool = False,
    is_refused: bool = False,
) -> CardPhase:
    """Say where it stands.

    `is_over`: its deadline has passed. `is_closing`: the operator has cancelled. `is_shown`: the
    books know that its code is being shown. `is_unsure`: the computer slept meanwhile.
    `is_refused`: no code could be made.
    """
    if setup is None:
        if is_refused:
            return CardPhase.REFUSED
        return CardPhase.CLOSING if is_closing else CardPhase.OPENING
    if not setup.is_unfinished:
        return CardPhase(setup.state.value)
    # A card that the customer has given cannot be taken back: the bank has the last word.
    if setup.state is CardState.PROCESSING:
        return CardPhase.PROCESSING
    if is_closing or setup.close_reason is not None:
        return CardPhase.CLOSING
    if setup.state is CardState.UNKNOWN:
        return CardPhase.UNKNOWN
    if setup.state is CardState.CREATING:
        return CardPhase.OPENING
    if is_over:
        return CardPhase.CLOSING
    if is_unsure:
        return CardPhase.MAKING_SURE
    if not is_shown:
        return CardPhase.OPENING
    return CardPhase.DECLINED if setup.decline else CardPhase.WAITING


def card_wording(model: CardModel, *, is_training: bool = False) -> CardWording:
    """Put it into words."""
    words = _WORDS[model.phase]
    if model.phase is CardPhase.OPENING and model.error is not None:
        words = _CANNOT_SHOW
    elif model.phase is CardPhase.UNKNOWN and not model.was_shown:
        words = _NO_ANSWER
    sentence = _(words.sentence)
    if model.phase is CardPhase.DECLINED:
        sentence = f"{decline_words(model.decline)} {sentence}"
    elif model.card is not None and str(model.card):
        sentence = f"{isolated(str(model.card))}. {sentence}"
    actions = words.actions
    if is_training and model.phase in SHOWS_CODE:
        actions = (CardAction.SAVE_AS_CUSTOMER, *actions)
    return CardWording(_(words.title), sentence, words.tone, words.icon, actions)


def card_action_label(action: CardAction, model: CardModel | None = None) -> str:
    """Give what stands on an action's button."""
    if action is CardAction.LEAVE:
        is_done = model is not None and model.is_over
        return _("Done") if is_done else _("Back to the list")
    return {
        CardAction.CHECK_NOW: _("Check now"),
        CardAction.CANCEL: _("Cancel"),
        CardAction.SAVE_AS_CUSTOMER: _("Save as the customer"),
        CardAction.NEW_CODE: _("New code"),
    }[action]


_WORDS: Final[dict[CardPhase, CardWording]] = {
    CardPhase.OPENING: CardWording(
        _n("Preparing the code"),
        _n("The provider's page is being opened. This takes a moment."),
        Tone.NEUTRAL,
        "hourglass",
        (CardAction.CANCEL,),
    ),
    CardPhase.WAITING: CardWording(
        _n("Waiting for the customer"),
        _n("The till notices by itself when the card is saved."),
        Tone.ACCENT,
        "clock",
        (CardAction.CHECK_NOW, CardAction.CANCEL),
    ),
    CardPhase.DECLINED: CardWording(
        _n("Declined"),
        _n("No card was saved. The customer may try again or use another card."),
        Tone.DANGER,
        "card",
        (CardAction.CHECK_NOW, CardAction.CANCEL),
    ),
    CardPhase.PROCESSING: CardWording(
        _n("The card is being checked"),
        _n(
            "The customer has given it; the bank has not answered yet. You can go on: "
            "the till says when it is saved."
        ),
        Tone.BUSY,
        "hourglass",
        (CardAction.CHECK_NOW, CardAction.LEAVE),
    ),
    CardPhase.CLOSING: CardWording(
        _n("Making sure that no card was saved"),
        _n("The code is off the screen and is being closed. No money is taken."),
        Tone.BUSY,
        "lock",
        (CardAction.CHECK_NOW, CardAction.LEAVE),
    ),
    CardPhase.UNKNOWN: CardWording(
        _n("We do not know yet"),
        _n(
            "The card may be saved, or not. The till keeps asking the provider until it knows. "
            "No money is taken."
        ),
        Tone.WARNING,
        "unknown",
        (CardAction.CHECK_NOW, CardAction.CANCEL, CardAction.LEAVE),
    ),
    CardPhase.MAKING_SURE: CardWording(
        _n("Making sure"),
        _n(
            "The computer was asleep, so the code is off the screen until the provider has said "
            "whether a card was saved."
        ),
        Tone.BUSY,
        "hourglass",
        (CardAction.CHECK_NOW, CardAction.CANCEL),
    ),
    CardPhase.REFUSED: CardWording(
        _n("No code could be made"),
        _n("No customer has seen a code, so no card was saved."),
        Tone.DANGER,
        "alert",
        (CardAction.NEW_CODE, CardAction.LEAVE),
    ),
    CardPhase.FAILED: CardWording(
        _n("No card was saved"),
        _n("The provider has done with this page. Make a new code to try again."),
        Tone.DANGER,
        "alert",
        (CardAction.NEW_CODE, CardAction.LEAVE),
    ),
    CardPhase.EXPIRED: CardWording(
        _n("The code has expired"),
        _n("No card was saved and the code is closed."),
        Tone.NEUTRAL,
        "clock",
        (CardAction.NEW_CODE, CardAction.LEAVE),
    ),
    CardPhase.CANCELLED: CardWording(
        _n("Cancelled"),
        _n("No card was saved and the code is closed."),
        Tone.NEUTRAL,
        "cancelled",
        (CardAction.NEW_CODE, CardAction.LEAVE),
    ),
    CardPhase.SAVED: CardWording(
        _n("The card is saved"), _n("No money was taken."), Tone.GOOD, "done", (CardAction.LEAVE,)
    ),
}

_CANNOT_SHOW: Final = CardWording(
    _n("The code cannot be shown"),
    _n("No customer has seen a code, so no card was saved."),
    Tone.DANGER,
    "alert",
    (CardAction.CHECK_NOW, CardAction.CANCEL),
)

_NO_ANSWER: Final = CardWording(
    _n("The provider has not answered"),
    _n("No customer has seen a code, so no card can be saved yet. The till keeps asking."),
    Tone.WARNING,
    "offline",
    (CardAction.CHECK_NOW, CardAction.CANCEL, CardAction.LEAVE),
)
