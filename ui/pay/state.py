"""What the Pay screen says: from the state of order and attempt to words and buttons.

Pure and free of Qt. The rule of every sentence: what is known, whether money can still move, and
what the person at the counter may do now.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from app.domain.attempt import Attempt, AttemptState
from app.domain.money import Money
from app.domain.order import Order, OrderState
from app.domain.renewal import Agreed
from app.errors import MoneyMoved, ScantillError
from app.status import PhonesState
from ui.i18n import _, _n
from ui.pay.choosing import WaysModel
from ui.pay.declines import decline_words
from ui.pay.scan import has_page, leads_to
from ui.pay.taking import Taking
from ui.theme import Tone

SLOW_AFTER: Final = timedelta(minutes=4)
"""After this long with a code on the screen the operator is asked what to do."""


class Phase(StrEnum):
    """Where a payment stands, as the counter sees it."""

    OPENING = "opening"
    WAITING = "waiting"
    TAKING = "taking"
    SLOW = "slow"
    DECLINED = "declined"
    PROCESSING = "processing"
    CLOSING = "closing"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    MAKING_SURE = "making_sure"
    NEEDS_PERSON = "needs_person"
    PAID = "paid"


class Action(StrEnum):
    """What a button of the Pay screen asks for."""

    CHECK_NOW = "check_now"
    CANCEL = "cancel_payment"
    PAY_AS_CUSTOMER = "pay_as_customer"
    ALLOW_PHONES = "allow_phones"
    KEEP_WAITING = "keep_waiting"
    NEW_CODE = "new_code"
    SET_ASIDE = "set_aside"
    BACK_TO_CART = "back_to_cart"
    OTHER_WAYS = "other_ways"
    CONFIRM = "confirm"


@dataclass(frozen=True, slots=True)
class PayModel:
    """All that the Pay screen shows of one payment. `url` is set only while a QR may be seen.

    `ends_at` is its deadline in seconds of `Clock.elapsed`, which nobody can set.
    `recurring` is what the customer agrees to for each interval after this payment.
    `phones` is None where there is no switch for them, `ways` where there is one way of payment.
    `taking` is what the operator takes by hand; then it is set as long as that can be confirmed.
    """

    phase: Phase
    amount: Money
    shop: str
    recurring: Agreed | None = None
    order_number: int | None = None
    url: str | None = None
    ends_at: float | None = None
    decline: str = ""
    error: ScantillError | None = None
    is_busy: bool = False
    was_shown: bool = True
    phones: PhonesState | None = None
    taking: Taking | None = None
    ways: WaysModel | None = None

    @property
    def may_change_way(self) -> bool:
        """Say whether the operator may take another way now."""
        if self.ways is None:
            return False
        is_unseen = self.phase is Phase.UNKNOWN and not self.was_shown
        # The operator's word is being written down.
        is_confirming = self.phase is Phase.TAKING and self.is_busy
        return is_unseen or (self.phase in _MAY_CHANGE_WAY and not is_confirming)

    @property
    def host(self) -> str:
        """Give the host of the page behind the code, as the customer's phone will show it."""
        return leads_to(self.url)


@dataclass(frozen=True, slots=True)
class PaidModel:
    """What the Paid screen shows: in cash the rounded total, and the change if there is any."""

    total: Money
    order_number: int
    receipt_number: int | None
    change: Money | None = None


@dataclass(frozen=True, slots=True)
class Wording:
    """A phase in words: a short title, a sentence, a tone, an icon and the buttons that fit."""

    title: str
    sentence: str
    tone: Tone
    icon: str
    actions: tuple[Action, ...]


def phase_of(
    order: Order | None,
    attempt: Attempt | None,
    *,
    is_over: bool = False,
    is_closing: bool = False,
    is_shown: bool = False,
    waited: timedelta = timedelta(0),
    error: ScantillError | None = None,
) -> Phase:
    """Say where a payment stands.

    `is_over`: the attempt's deadline has passed. `is_closing`: the operator has cancelled.
    `is_shown`: the store knows that this attempt's code is being shown. `waited`: the time that
    counts until SLOW.
    """
    if order is not None and order.state is not OrderState.OPEN:
        return {
            OrderState.PAID: Phase.PAID,
            OrderState.CANCELLED: Phase.CANCELLED,
            OrderState.EXPIRED: Phase.EXPIRED,
        }[order.state]
    # A customer who has confirmed cannot be closed out any more: the bank has the last word.
    if attempt is not None and attempt.state is AttemptState.PROCESSING:
        return Phase.PROCESSING
    if is_closing or (attempt is not None and attempt.is_live and attempt.close_reason is not None):
        return Phase.CLOSING
    if attempt is None:
        return Phase.OPENING if error is None else _phase_of_error(error)
    if attempt.state is AttemptState.OPEN:
        return _phase_of_open(attempt, waited, is_over=is_over, is_shown=is_shown)
    return {
        AttemptState.CREATING: Phase.OPENING,
        AttemptState.PAID: Phase.NEEDS_PERSON,
        AttemptState.UNKNOWN: Phase.UNKNOWN,
        AttemptState.FAILED: Phase.FAILED,
        AttemptState.EXPIRED: Phase.EXPIRED,
        AttemptState.CANCELLED: Phase.CANCELLED,
    }[attempt.state]


def _phase_of_error(error: ScantillError) -> Phase:
    return Phase.UNKNOWN if error.money is MoneyMoved.UNKNOWN else Phase.REFUSED


def _phase_of_open(attempt: Attempt, waited: timedelta, *, is_over: bool, is_shown: bool) -> Phase:
    if is_over:
        return Phase.CLOSING
    if not is_shown:
        return Phase.OPENING
    if attempt.is_by_hand:
        return Phase.TAKING
    if attempt.decline:
        return Phase.DECLINED
    if waited >= SLOW_AFTER:
        return Phase.SLOW
    return Phase.WAITING


_MAY_CHANGE_WAY: Final = frozenset(
    {Phase.WAITING, Phase.TAKING, Phase.SLOW, Phase.DECLINED, Phase.REFUSED, Phase.FAILED}
)
SHOWS_CODE: Final = frozenset({Phase.WAITING, Phase.SLOW, Phase.DECLINED})
"""Phases in which a customer may scan the code."""


def wording(model: PayModel, *, is_training: bool = False) -> Wording:
    """Put a payment into words."""
    words = _WORDS[model.phase]
    if model.phase is Phase.OPENING and model.error is not None:
        words = _CANNOT_SHOW
    elif model.phase is Phase.UNKNOWN and not model.was_shown:
        words = _NO_ANSWER
    elif model.taking is not None and model.error is not None:
        words = _NOT_CONFIRMED
    elif model.taking is not None and not model.taking.is_cash:
        words = _BY_MACHINE
    sentence = _(words.sentence)
    if model.phase is Phase.DECLINED:
        sentence = f"{decline_words(model.decline)} {sentence}"
    actions = words.actions
    if is_training and model.phase in SHOWS_CODE and (model.url is None or has_page(model.url)):
        switch = (Action.ALLOW_PHONES,) if model.phones is not None else ()
        actions = (Action.PAY_AS_CUSTOMER, *switch, *actions)
    if model.may_change_way:
        actions = (Action.OTHER_WAYS, *actions)
    return Wording(_(words.title), sentence, words.tone, words.icon, actions)


def action_label(action: Action) -> str:
    """Give what stands on an action's button."""
    return {
        Action.CHECK_NOW: _("Check now"),
        Action.CANCEL: _("Cancel payment"),
        Action.PAY_AS_CUSTOMER: _("Pay as the customer"),
        Action.ALLOW_PHONES: _("Allow phones on this network"),
        Action.KEEP_WAITING: _("Keep waiting"),
        Action.NEW_CODE: _("New code"),
        Action.SET_ASIDE: _("Set aside, next sale"),
        Action.BACK_TO_CART: _("Back to the cart"),
        Action.OTHER_WAYS: _("Other ways"),
        Action.CONFIRM: _("Money taken"),
    }[action]


def money_words(money: MoneyMoved) -> str:
    """Say whether money moved."""
    return {
        MoneyMoved.NO: _("No money has moved."),
        MoneyMoved.UNKNOWN: _("It is not known whether money has moved."),
        MoneyMoved.YES: _("Money has moved."),
    }[money]


_WORDS: Final[dict[Phase, Wording]] = {
    Phase.OPENING: Wording(
        _n("Preparing the code"),
        _n("The payment page is being opened. This takes a moment."),
        Tone.NEUTRAL,
        "hourglass",
        (Action.CANCEL,),
    ),
    Phase.WAITING: Wording(
        _n("Waiting for the customer"),
        _n("The till notices by itself when it is paid."),
        Tone.ACCENT,
        "clock",
        (Action.CHECK_NOW, Action.CANCEL),
    ),
    Phase.TAKING: Wording(
        _n("Take the cash"),
        _n("Tap what the customer gives, or type it in."),
        Tone.ACCENT,
        "cash",
        (Action.CONFIRM, Action.CANCEL),
    ),
    Phase.SLOW: Wording(
        _n("Still waiting"),
        _n("Nothing has been paid so far. Ask the customer, or check with the provider."),
        Tone.WARNING,
        "clock",
        (Action.KEEP_WAITING, Action.CHECK_NOW, Action.CANCEL),
    ),
    Phase.DECLINED: Wording(
        _n("Declined"),
        _n("Nothing was paid. The customer may try again or use another card."),
        Tone.DANGER,
        "card",
        (Action.CHECK_NOW, Action.CANCEL),
    ),
    Phase.PROCESSING: Wording(
        _n("Payment is being processed"),
        _n(
            "The customer has confirmed; the bank has not answered yet. Do not charge again. "
            "This can take days: set it aside, the till says when it is paid."
        ),
        Tone.BUSY,
        "hourglass",
        (Action.CHECK_NOW, Action.SET_ASIDE),
    ),
    Phase.CLOSING: Wording(
        _n("Making sure that nothing was paid"),
        _n("The code is off the screen and is being closed. Wait before you take money again."),
        Tone.BUSY,
        "lock",
        (Action.CHECK_NOW, Action.SET_ASIDE),
    ),
    Phase.UNKNOWN: Wording(
        _n("We do not know yet"),
        _n("Do not take the money again. The till keeps asking the provider until it knows."),
        Tone.WARNING,
        "unknown",
        (Action.CHECK_NOW, Action.CANCEL, Action.SET_ASIDE),
    ),
    Phase.MAKING_SURE: Wording(
        _n("Making sure"),
        _n(
            "The computer was asleep, so the code is off the screen until the provider has said "
            "whether it was paid. Do not take the money again."
        ),
        Tone.BUSY,
        "hourglass",
        (Action.CHECK_NOW, Action.CANCEL),
    ),
    Phase.REFUSED: Wording(
        _n("No code could be made"),
        _n("Nothing was paid."),
        Tone.DANGER,
        "alert",
        (Action.NEW_CODE, Action.CANCEL),
    ),
    Phase.FAILED: Wording(
        _n("The payment failed"),
        _n("Nothing was paid. Make a new code, or go back to the cart."),
        Tone.DANGER,
        "alert",
        (Action.NEW_CODE, Action.CANCEL),
    ),
    Phase.EXPIRED: Wording(
        _n("The code has expired"),
        _n("Nothing was paid and the code is closed. The cart is as it was."),
        Tone.NEUTRAL,
        "clock",
        (Action.BACK_TO_CART,),
    ),
    Phase.CANCELLED: Wording(
        _n("Payment cancelled"),
        _n("Nothing was paid and the code is closed. The cart is as it was."),
        Tone.NEUTRAL,
        "cancelled",
        (Action.BACK_TO_CART,),
    ),
    Phase.NEEDS_PERSON: Wording(
        _n("This needs a person"),
        _n("Money arrived that does not fit this order. Do not charge again; see Orders."),
        Tone.WARNING,
        "person",
        (Action.SET_ASIDE,),
    ),
    Phase.PAID: Wording(_n("Paid"), _n("The money has arrived."), Tone.GOOD, "done", ()),
}

_BY_MACHINE: Final = Wording(
    _n("Take the card on the machine"),
    _n("The till does not hear from it: only what you confirm is in the books."),
    Tone.ACCENT,
    "card",
    (Action.CONFIRM, Action.CANCEL),
)

_NOT_CONFIRMED: Final = Wording(
    _n("Not confirmed"),
    _n("Nothing was written down."),
    Tone.DANGER,
    "alert",
    (Action.CONFIRM, Action.CANCEL),
)

_CANNOT_SHOW: Final = Wording(
    _n("The code cannot be shown"),
    _n("Nothing was paid: no customer has seen a code."),
    Tone.DANGER,
    "alert",
    (Action.CHECK_NOW, Action.CANCEL),
)

_NO_ANSWER: Final = Wording(
    _n("The provider has not answered"),
    _n("No customer has seen a code, so nothing can be paid yet. The till keeps asking."),
    Tone.WARNING,
    "offline",
    (Action.CHECK_NOW, Action.CANCEL, Action.SET_ASIDE),
)
