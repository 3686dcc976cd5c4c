"""Disputes: a payer's bank asks about a payment or takes it back; records of their own beside it.

A dispute is no refund: what was captured stays captured, and the order stays paid.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from app.domain.money import Money
from app.domain.observation import Source


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
WANTS_ANSWER: Final = frozenset({_S.INQUIRY, _S.NEEDS_RESPONSE})
"""States in which the bank waits for the shop's answer, by `due_at` where that is known."""

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
