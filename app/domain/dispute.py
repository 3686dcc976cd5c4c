"""Disputes: a payer's bank asks about a payment or takes it back; records of their own beside it.

A dispute is no refund: what was captured stays captured, and the order stays paid.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from app.domain.money import Money
from app.domain.observation import Source
from app.errors import Message


class DisputeState(StrEnum):
    """Where a dispute stands.

    An `inquiry` takes no money unless it becomes a dispute; `closed` is one that ended without a
    decision. `unknown` is a state that the till does not know: neither lost nor won.
    """

    UNKNOWN = "unknown"
    INQUIRY = "inquiry"
    INQUIRY_UNDER_REVIEW = "inquiry_under_review"
    NEEDS_RESPONSE = "needs_response"
    UNDER_REVIEW = "under_review"
    CLOSED = "closed"
    LOST = "lost"
    APPEALED = "appealed"
    WON = "won"


_S = DisputeState

DISPUTE_MOVES: Final[dict[DisputeState, frozenset[DisputeState]]] = {
    _S.UNKNOWN: frozenset(_S) - {_S.UNKNOWN},
    _S.INQUIRY: frozenset(_S) - {_S.UNKNOWN, _S.INQUIRY},
    _S.INQUIRY_UNDER_REVIEW: frozenset(
        {_S.NEEDS_RESPONSE, _S.UNDER_REVIEW, _S.CLOSED, _S.LOST, _S.APPEALED, _S.WON}
    ),
    _S.NEEDS_RESPONSE: frozenset({_S.LOST, _S.APPEALED, _S.WON}),
    _S.UNDER_REVIEW: frozenset({_S.LOST, _S.APPEALED, _S.WON}),
    _S.CLOSED: frozenset({_S.LOST, _S.APPEALED, _S.WON}),
    _S.LOST: frozenset({_S.WON}),
    _S.APPEALED: frozenset({_S.WON}),
    _S.WON: frozenset(),
}
"""Moves that are made whenever they are told of: the news may be old and still leads on."""

MOVES_IF_NEWER: Final[dict[DisputeState, frozenset[DisputeState]]] = {
    _S.NEEDS_RESPONSE: frozenset({_S.UNDER_REVIEW, _S.CLOSED}),
    _S.UNDER_REVIEW: frozenset({_S.NEEDS_RESPONSE, _S.CLOSED}),
    _S.CLOSED: frozenset({_S.NEEDS_RESPONSE, _S.UNDER_REVIEW}),
    _S.LOST: frozenset({_S.APPEALED}),
    _S.APPEALED: frozenset({_S.LOST}),
}
"""Moves among states that lead to each other, so that only the provider's clock tells the last.

What was closed may be taken up again, and a decision may be appealed.
"""

OVER: Final = frozenset({_S.CLOSED, _S.LOST, _S.WON})

_STEPS: Final = tuple(_S)
"""The usual way: the later step counts where the provider gives two of them the same time."""


@dataclass(frozen=True, slots=True)
class DisputeEntry:
    """The provider's own entry of money moved for a dispute, by its id there.

    `withdrawn_minor` is in the dispute's currency: taken from the shop, negative where it came
    back. `fee` may be zero, and in another currency.
    """

    entry_id: str
    withdrawn_minor: int
    fee: Money


@dataclass(frozen=True, slots=True)
class SeenDispute:
    """A dispute as the provider has it. `word` is its own name for the state.

    `entries` are all that it has moved so far, however often they are told.
    """

    dispute_id: str
    payment_id: str
    amount: Money
    reason: str
    state: DisputeState
    word: str
    due_at: datetime | None = None
    entries: tuple[DisputeEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class DisputeObservation:
    """One look at one dispute. `told_at` is when that was so, by the provider's clock."""

    source: Source
    provider: str
    provider_account: str
    live: bool
    dispute: SeenDispute
    told_at: datetime
    observed_at: datetime
    event_id: str = ""


@dataclass(frozen=True, slots=True)
class Dispute:
    """A dispute in the books. `withdrawn_minor` is what is gone for it, in `amount`'s currency.

    `told_at` is the provider's time of the newest news that counted.
    """

    dispute_id: str
    payment_id: str
    amount: Money
    reason: str
    state: DisputeState
    due_at: datetime | None
    withdrawn_minor: int
    version: int
    told_at: datetime


def state_after(
    before: DisputeState, told_at: datetime, seen: DisputeState, seen_at: datetime
) -> DisputeState:
    """Say where a dispute stands after news of it, the same in whatever order the news comes."""
    if seen in DISPUTE_MOVES[before]:
        return seen
    if seen in MOVES_IF_NEWER.get(before, frozenset()) and (
        (seen_at, _STEPS.index(seen)) > (told_at, _STEPS.index(before))
    ):
        return seen
    return before


def dispute_after(before: Dispute | None, seen: SeenDispute, seen_at: datetime) -> Dispute:
    """Give a dispute as it stands after news of it, the money apart.

    A state that the till does not know moves nothing; older news changes no amount, reason or date.
    """
    if before is None:
        return Dispute(
            seen.dispute_id,
            seen.payment_id,
            seen.amount,
            seen.reason,
            seen.state,
            seen.due_at,
            withdrawn_minor=0,
            version=1,
            told_at=seen_at,
        )
    if seen.state is _S.UNKNOWN:
        return before
    state = state_after(before.state, before.told_at, seen.state, seen_at)
    is_newer = seen_at > before.told_at or before.state is _S.UNKNOWN
    said = seen if is_newer else before
    return Dispute(
        before.dispute_id,
        before.payment_id,
        said.amount,
        said.reason,
        state,
        said.due_at,
        before.withdrawn_minor,
        before.version + (state is not before.state),
        seen_at if is_newer else before.told_at,
    )


def needs_person(dispute: Dispute) -> bool:
    """Say whether somebody must know of a dispute as it stands.

    One that ended well needs nobody once its money is back; one that was lost is taken note of.
    """
    return dispute.state not in {_S.CLOSED, _S.WON} or dispute.withdrawn_minor > 0


def is_worth_another_word(state: DisputeState) -> bool:
    """Say whether a person who took note of a dispute before is to be told of this state, too."""
    return state not in {_S.INQUIRY_UNDER_REVIEW, _S.UNDER_REVIEW}


def words_of(dispute: Dispute, word: str) -> Message:
    """Say what is disputed and why, whether money is gone, and what to do by when."""
    return Message(
        "Dispute {dispute}: {why} {money} {action}",
        dispute=dispute.dispute_id,
        why=reason_words(dispute.reason),
        money=_money_words(dispute),
        action=_action_words(dispute, word),
    )


def words_of_unknown(dispute: Dispute, word: str) -> Message:
    """Say that the provider uses a word for a dispute that the till does not know."""
    return Message(
        "Dispute {dispute}: the provider calls it {word} now, which this till does not know. "
        "Nothing was moved for it. Look at it there.",
        dispute=dispute.dispute_id,
        word=word,
    )


def end_words(state: DisputeState) -> Message:
    """Say why a dispute needs nobody any more."""
    if state is _S.WON:
        return Message("the dispute was won")
    return Message("the dispute was closed")


def reason_words(reason: str) -> Message:
    """Say in words why a payment is disputed; a reason that is not known is named as it is."""
    known = _REASONS.get(reason)
    if known is not None:
        return known
    return Message("The provider names as the reason: {reason}.", reason=reason)


def _money_words(dispute: Dispute) -> Message:
    if dispute.withdrawn_minor > 0:
        gone = Money(dispute.withdrawn_minor, dispute.amount.currency)
        return Message("The provider has taken {amount} back.", amount=gone)
    return Message("No money is gone for it.")


def _action_words(dispute: Dispute, word: str) -> Message:
    if dispute.state is _S.UNKNOWN:
        return Message(
            "The provider calls it {word}, which this till does not know: look at it there.",
            word=word,
        )
    if dispute.due_at is not None and dispute.state in _ANSWER_BY:
        return Message(_ANSWER_BY[dispute.state], due=f"{dispute.due_at:%Y-%m-%d}")
    return _ACTIONS[dispute.state]


_ANSWER_BY: Final = {
    _S.INQUIRY: Message("The bank only asks so far. Answer it at the provider by {due}."),
    _S.NEEDS_RESPONSE: Message("Answer it at the provider by {due}, or it is lost."),
    _S.APPEALED: Message(
        "The bank's decision is appealed. See at the provider whether an answer is due by {due}."
    ),
}
_ACTIONS: Final = {
    _S.INQUIRY: Message("The bank only asks so far. Answer it at the provider."),
    _S.INQUIRY_UNDER_REVIEW: Message("It was answered, and the bank looks at it. Wait."),
    _S.NEEDS_RESPONSE: Message("Answer it at the provider soon, or it is lost."),
    _S.UNDER_REVIEW: Message("It was answered, and the bank decides. Wait."),
    _S.CLOSED: Message("It is closed, and the money should come back. See to it that it does."),
    _S.LOST: Message("It is lost. Take note of it; nothing more can be done here."),
    _S.APPEALED: Message(
        "The bank's decision is appealed. See at the provider whether an answer is wanted."
    ),
    _S.WON: Message("It is won, and the money should come back. See to it that it does."),
}

_REASONS: Final = {
    "bank_cannot_process": Message("The customer's bank cannot process the payment."),
    "check_returned": Message("The customer's bank returned the cheque."),
    "credit_not_processed": Message("The customer says that a promised refund never came."),
    "customer_initiated": Message("The customer asked the bank for the money."),
    "debit_not_authorized": Message("The customer says that they did not allow the debit."),
    "duplicate": Message("The customer says that they were charged twice."),
    "fraudulent": Message("The cardholder says that somebody else paid with the card."),
    "general": Message("The bank gives no particular reason."),
    "incorrect_account_details": Message("The bank says that the account's details are wrong."),
    "insufficient_funds": Message("The customer's account did not hold enough."),
    "noncompliant": Message("The bank says that the card network's rules were broken."),
    "product_not_received": Message("The customer says that the goods never came."),
    "product_unacceptable": Message("The customer says that the goods were not as described."),
    "subscription_canceled": Message("The customer says that the subscription was cancelled."),
    "unrecognized": Message("The customer does not recognise the payment."),
}
"""Why payments are disputed, by the words that card networks and providers share."""
