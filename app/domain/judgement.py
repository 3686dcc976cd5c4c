"""The one judge of money: what an observation means for an attempt and its order.

A pure function of what the books hold and what was seen. `app.settle` writes what it says;
nothing else in the program can make an order paid.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.domain.attempt import ATTEMPT_MOVES, Attempt, AttemptState, CloseReason, Reference
from app.domain.exceptions import ExceptionKind
from app.domain.observation import Observation, SeenPayment, SessionState
from app.domain.order import Order, OrderState, owed
from app.errors import Message


class Standing(StrEnum):
    """What became of an observation as a whole. `waiting`: a refund before its payment."""

    SETTLED = "settled"
    NOTHING_NEW = "nothing_new"
    FOREIGN = "foreign"
    QUARANTINED = "quarantined"
    WAITING = "waiting"
    NEEDS_PERSON = "needs_person"


@dataclass(frozen=True, slots=True)
class JudgedPayment:
    """A payment not in the books before: accepted for the order, or held with the reason why."""

    payment: SeenPayment
    held_as: ExceptionKind | None
    detail: str = ""

    @property
    def is_accepted(self) -> bool:
        """Say whether the money counts towards the order's total."""
        return self.held_as is None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be written. An empty verdict says that the books have it all already."""

    standing: Standing
    attempt_to: AttemptState | None = None
    order_to: OrderState | None = None
    payments: tuple[JudgedPayment, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Books:
    """What the store knows where an observation arrives.

    `known_payments` are the provider's payment ids that are in the books already;
    `accepted_minor` is what was accepted for the order so far; `has_other_live` says that another
    attempt can still pay the order; `takes_live` that these books are for real money;
    `is_being_captured` that the money was asked for and there is no answer yet.
    """

    till_id: str
    attempt: Attempt | None
    order: Order | None
    known_payments: frozenset[str] = frozenset()
    accepted_minor: int = 0
    has_other_live: bool = False
    takes_live: bool = False
    is_being_captured: bool = False

    def knows_already(self, seen: Observation) -> bool:
        """Say whether news ends no doubt: that the customer agreed was known before the asking.

        Whether the money moved since, only the answer to that tells.
        """
        return self.is_being_captured and seen.state is SessionState.APPROVED


_PLAIN_STATES: Final = {
    SessionState.OPEN: AttemptState.OPEN,
    # Nothing has moved, and the customer may have to agree anew.
    SessionState.APPROVED: AttemptState.OPEN,
    SessionState.PROCESSING: AttemptState.PROCESSING,
    SessionState.FAILED: AttemptState.FAILED,
}


def judge(books: Books, seen: Observation) -> Verdict:
    """Decide what an observation means, comparing all that money depends on.

    Compared are the reference, provider, account, mode, session, and the attempt's own amount and
    currency; a payment that is in the books already counts for nothing again.
    """
    reference = Reference.parse(seen.reference)
    if reference is None or reference.till_id != books.till_id:
        return Verdict(Standing.FOREIGN)
    named = {payment.payment_id: payment for payment in seen.payments}
    fresh = tuple(p for p in named.values() if p.payment_id not in books.known_payments)
    if books.attempt is None or books.order is None:
        if seen.live != books.takes_live:
            return Verdict(Standing.QUARANTINED, detail=_other_mode(seen))
        return _held(Standing.NEEDS_PERSON, fresh, _of_no_order(seen))
    stranger = _strangeness(books.attempt, seen)
    if stranger:
        # Test money is none: it is told of and never enters a live till's books, nor the reverse.
        money = fresh if seen.live == books.attempt.live else ()
        return _held(Standing.QUARANTINED, money, stranger)
    payments = _judge_payments(books.attempt, books.order, books.accepted_minor, fresh)
    attempt_to = None if books.knows_already(seen) else _attempt_after(books.attempt, seen)
    accepted = books.accepted_minor + sum(p.payment.amount.minor for p in payments if p.is_accepted)
    order_to = None
    if books.order.state is OrderState.OPEN and payments:
        order_to = OrderState.PAID if accepted == books.order.total.minor else None
    else:
        order_to = end_of_order(books, attempt_to)
    if attempt_to is None and not payments:
        return Verdict(Standing.NOTHING_NEW)
    return Verdict(Standing.SETTLED, attempt_to, order_to, payments)


def end_of_order(books: Books, attempt_to: AttemptState | None) -> OrderState | None:
    """Say how an order ends with its last attempt, which moves to `attempt_to`.

    By the till's own reason where it has one; a session that a newer one replaces, and one that
    failed by itself, leave the order open for another try. So does one that ran out while a part
    of the order is paid; only who cancels it means all of it.
    """
    attempt, order = books.attempt, books.order
    if attempt is None or order is None or order.state is not OrderState.OPEN:
        return None
    if attempt_to not in _WITHOUT_MONEY or books.has_other_live:
        return None
    if attempt.close_reason is CloseReason.CANCELLED:
        return OrderState.CANCELLED
    if books.accepted_minor:
        return None
    if attempt.close_reason is None:
        return OrderState.EXPIRED if attempt_to is AttemptState.EXPIRED else None
    return OrderState.EXPIRED if attempt.close_reason is CloseReason.EXPIRED else None


def _held(standing: Standing, payments: tuple[SeenPayment, ...], detail: str) -> Verdict:
    held = tuple(JudgedPayment(p, ExceptionKind.MISMATCH, detail) for p in payments)
    return Verdict(standing, payments=held, detail=detail)


def _of_no_order(seen: Observation) -> Message:
    if not seen.subscription_id:
        return Message("The reference is this till's, the order is not known.")
    return Message(
        "The reference is this till's, the order is not known. It began subscription "
        "{subscription}: end that at the provider, unless it is to go on.",
        subscription=seen.subscription_id,
    )


def _strangeness(attempt: Attempt, seen: Observation) -> str:
    """Say what does not belong to the attempt, or nothing."""
    if seen.provider != attempt.provider:
        return Message(
            "Provider {seen}, expected {expected}.", seen=seen.provider, expected=attempt.provider
        )
    if seen.provider_account != attempt.provider_account:
        return Message(
            "Account {seen}, expected {expected}.",
            seen=seen.provider_account,
            expected=attempt.provider_account,
        )
    if seen.live != attempt.live:
        return _other_mode(seen)
    if attempt.session_id and seen.session_id and seen.session_id != attempt.session_id:
        return Message(
            "Session {seen}, expected {expected}.",
            seen=seen.session_id,
            expected=attempt.session_id,
        )
    return ""


def _other_mode(seen: Observation) -> Message:
    if seen.live:
        return Message("Live money, expected test money.")
    return Message("Test money, expected live money.")


def _judge_payments(
    attempt: Attempt, order: Order, accepted_minor: int, fresh: tuple[SeenPayment, ...]
) -> tuple[JudgedPayment, ...]:
    judged = []
    paid_by_attempt = attempt.state is AttemptState.PAID
    for payment in fresh:
        held_as, detail = _objection(attempt, order, accepted_minor, payment)
        if held_as is None and paid_by_attempt:
            held_as, detail = ExceptionKind.SURPLUS, Message("A second payment by one session.")
        if held_as is None:
            accepted_minor += payment.amount.minor
            paid_by_attempt = True
        judged.append(JudgedPayment(payment, held_as, detail))
    return tuple(judged)


def _objection(
    attempt: Attempt, order: Order, accepted_minor: int, payment: SeenPayment
) -> tuple[ExceptionKind | None, str]:
    """Say why a payment cannot simply be accepted, or (None, "")."""
    asked, got = attempt.amount, payment.amount
    other = Message("Paid {got}, asked for {asked}.", got=got, asked=asked)
    if got.currency != asked.currency:
        return ExceptionKind.MISMATCH, other
    if order.state is OrderState.PAID:
        return ExceptionKind.SURPLUS, Message("The order was paid already.")
    if order.state is not OrderState.OPEN:
        return ExceptionKind.PAID_LATE, _BEFORE[order.state]
    if got < asked:
        return ExceptionKind.UNDERPAID, other
    if asked < got:
        return ExceptionKind.OVERPAID, other
    if owed(order.total, accepted_minor) < got:
        return ExceptionKind.SURPLUS, Message("Less was still owed.")
    return None, ""


def _attempt_after(attempt: Attempt, seen: Observation) -> AttemptState | None:
    """Say where the attempt moves, or None where the news is old."""
    if seen.state is SessionState.PAID:
        # Without a payment it is complete, but nothing says that money was taken.
        to = AttemptState.PAID if seen.payments else AttemptState.PROCESSING
    elif seen.state is SessionState.EXPIRED:
        to = _END_BY_REASON.get(attempt.close_reason, AttemptState.EXPIRED)
    else:
        to = _PLAIN_STATES[seen.state]
    return to if to in ATTEMPT_MOVES[attempt.state] else None


_BEFORE: Final = {
    OrderState.CANCELLED: Message("The order was cancelled before."),
    OrderState.EXPIRED: Message("The order had expired before."),
}

_WITHOUT_MONEY: Final = frozenset(
    {AttemptState.FAILED, AttemptState.EXPIRED, AttemptState.CANCELLED}
)

_END_BY_REASON: Final[dict[CloseReason | None, AttemptState]] = {
    CloseReason.CANCELLED: AttemptState.CANCELLED,
    CloseReason.SUPERSEDED: AttemptState.CANCELLED,
}
