"""From an observation to the books, in one transaction: the only way to a paid order.

`app.domain.judgement.judge` decides; here its verdict is written: payments, ledger, states,
exceptions and journal rows together, or not at all.
"""

from typing import Final

from app.domain.attempt import ATTEMPT_MOVES, Attempt, AttemptState, CloseReason
from app.domain.exceptions import ExceptionKind
from app.domain.judgement import Books, JudgedPayment, Standing, Verdict, end_of_order, judge
from app.domain.ledger import money_account, payment_entries, sale_entries
from app.domain.observation import Observation, SessionState, Source
from app.domain.order import Order, OrderState
from app.errors import InvariantError, Message
from app.failpoints import reach
from app.settle_parts import end_order
from app.settle_subscriptions import begin_subscription, tell_of_held_beginning
from app.store import Transaction
from app.store.attempts import (
    find_attempt_by_reference,
    live_attempts_of,
    mark_attempt,
    move_attempt,
)
from app.store.decisions import settled_minor
from app.store.disputes import tell_once_of_payment
from app.store.inbox import disown_refunds_of, wake_refunds_of
from app.store.intents import Operation, is_unanswered
from app.store.orders import find_order, move_order
from app.store.payments import (
    clear_unknown,
    insert_payment,
    known_payments,
    open_exception,
    tell_once,
)
from app.store.store import next_number, takes_live
from app.subscription_ends import ABOUT_SUBSCRIPTIONS

_CLEARED_BY: Final = {
    SessionState.OPEN: Message("the session is open"),
    SessionState.APPROVED: Message("the customer agreed to pay"),
    SessionState.PROCESSING: Message("the session is processing"),
    SessionState.PAID: Message("the session is paid"),
    SessionState.FAILED: Message("the session is failed"),
    SessionState.EXPIRED: Message("the session is expired"),
}


def settle(tx: Transaction, till_id: str, seen: Observation) -> Verdict:
    """Judge an observation against the books and write the verdict.

    To be run as one unit of work. The same observation again, or the same news by another way,
    changes nothing.
    """
    reach("settle.begun")
    attempt = find_attempt_by_reference(tx.connection, seen.reference)
    order = None if attempt is None else find_order(tx.connection, attempt.order_id)
    payment_ids = [payment.payment_id for payment in seen.payments]
    known = known_payments(tx.connection, seen.provider, payment_ids)
    books = _books(tx, till_id, attempt, order, known)
    verdict = judge(books, seen)
    if verdict.standing is Standing.FOREIGN:
        for payment_id in payment_ids:
            disown_refunds_of(tx, seen.provider, payment_id)
        return verdict
    for judged in verdict.payments:
        _write_payment(tx, seen, judged, attempt)
        reach("settle.payment_written")
    if verdict.standing is Standing.QUARANTINED:
        _tell_of_stranger(tx, seen, attempt, verdict.detail)
    if verdict.standing in (Standing.QUARANTINED, Standing.NEEDS_PERSON):
        return verdict
    if attempt is None or order is None:
        raise InvariantError("An observation was settled without an order")
    _write_attempt(tx, attempt, verdict, seen, ends_doubt=not books.knows_already(seen))
    if verdict.order_to is OrderState.PAID:
        complete(tx, order)
    elif verdict.order_to is not None:
        end_order(tx, order, verdict.order_to)
    if seen.subscription_id:
        begun = begin_subscription(tx, order, attempt, seen.subscription_id)
        if begun is not None and any(not judged.is_accepted for judged in verdict.payments):
            tell_of_held_beginning(tx, begun, order.number)
    reach("settle.order_moved")
    return verdict


def complete(tx: Transaction, order: Order) -> Order:
    """Make an order paid whose accepted payments and write-offs sum to its total.

    It gets its receipt number, and what was paid becomes a sale. Any other session of the order is
    to be closed, so that nobody pays twice.
    """
    accepted = settled_minor(tx.connection, order.id)
    if accepted != order.total.minor:
        raise InvariantError(f"Order {order.number} is not paid: {accepted} of {order.total.minor}")
    paid = move_order(tx, order, OrderState.PAID, receipt_number=next_number(tx, "receipt"))
    tx.post("sale", order.snapshot.currency, sale_entries(order.snapshot), order_id=order.id)
    for attempt in live_attempts_of(tx.connection, order.id):
        want_closed(tx, attempt, CloseReason.SUPERSEDED)
    return paid


def never_made(tx: Transaction, till_id: str, attempt: Attempt, detail: str) -> Attempt:
    """Write down that the provider has no session for an attempt, so that no money can come by it.

    Its order ends with it where that was wanted. Where a customer had seen the code, a person is
    told: the session was there once. One that was over before is no longer watched.
    """
    if AttemptState.FAILED not in ATTEMPT_MOVES[attempt.state]:
        return mark_attempt(tx, attempt, is_final=1)
    order = find_order(tx.connection, attempt.order_id)
    end = end_of_order(_books(tx, till_id, attempt, order, frozenset()), AttemptState.FAILED)
    failed = move_attempt(tx, attempt, AttemptState.FAILED, detail=detail)
    # After the move: that the provider has none is news, whatever was decided before.
    if attempt.shown_at is not None:
        _tell(tx, ExceptionKind.UNKNOWN, attempt, detail)
    if order is not None and end is not None:
        end_order(tx, order, end)
    return mark_attempt(tx, failed, is_final=1)


def want_closed(tx: Transaction, attempt: Attempt, reason: CloseReason) -> Attempt:
    """Write down that a session is to be closed.

    The first reason stays, but for `superseded`: that gives way to the end of the whole order.
    """
    if attempt.close_reason not in (None, CloseReason.SUPERSEDED) or attempt.close_reason is reason:
        return attempt
    marked = mark_attempt(tx, attempt, close_reason=reason.value)
    tx.record(
        "attempt.closing",
        order_id=attempt.order_id,
        attempt_id=attempt.id,
        data={"reason": reason.value},
    )
    return marked


def _books(
    tx: Transaction,
    till_id: str,
    attempt: Attempt | None,
    order: Order | None,
    known: frozenset[str],
) -> Books:
    if attempt is None or order is None:
        return Books(till_id, attempt, order, known, takes_live=takes_live(tx.connection))
    others = (other for other in live_attempts_of(tx.connection, order.id) if other != attempt)
    return Books(
        till_id,
        attempt,
        order,
        known,
        accepted_minor=settled_minor(tx.connection, order.id),
        has_other_live=any(others),
        is_being_captured=is_unanswered(tx.connection, attempt.id, Operation.CAPTURE),
    )


def _write_payment(
    tx: Transaction, seen: Observation, judged: JudgedPayment, attempt: Attempt | None
) -> None:
    payment = judged.payment
    account = attempt.account if attempt is not None else seen.provider
    order_id = attempt.order_id if attempt is not None else ""
    attempt_id = attempt.id if attempt is not None else None
    insert_payment(
        tx,
        provider=seen.provider,
        payment_id=payment.payment_id,
        account=account,
        order_id=order_id,
        attempt_id=attempt_id,
        amount=payment.amount,
        held_as=judged.held_as,
        provider_account=seen.provider_account,
        live=seen.live,
        reference=seen.reference,
    )
    wake_refunds_of(tx, seen.provider, payment.payment_id)
    tx.post(
        "payment" if judged.is_accepted else "payment_held",
        payment.amount.currency,
        payment_entries(
            money_account(seen.provider, account),
            payment.amount.minor,
            is_held=not judged.is_accepted,
        ),
        order_id=order_id,
        payment_id=payment.payment_id,
    )
    tx.audit(
        f"provider:{seen.provider}",
        "payment.accepted" if judged.is_accepted else "payment.held",
        payment.payment_id,
        {
            "reference": seen.reference,
            "amount_minor": payment.amount.minor,
            "currency": payment.amount.currency,
            "source": seen.source.value,
            "event": seen.event_id,
        },
    )
    if judged.held_as is not None:
        open_exception(
            tx,
            judged.held_as,
            payment.amount,
            order_id=order_id,
            attempt_id=attempt_id,
            provider=seen.provider,
            payment_id=payment.payment_id,
            detail=judged.detail,
        )


def _write_attempt(
    tx: Transaction, attempt: Attempt, verdict: Verdict, seen: Observation, *, ends_doubt: bool
) -> None:
    was_watched = not attempt.is_final
    if verdict.attempt_to is not None:
        session_id = attempt.session_id or seen.session_id or None
        attempt = move_attempt(
            tx,
            attempt,
            verdict.attempt_to,
            source=seen.source.value,
            session_id=session_id,
        )
    # Of one that was given up for gone, old news says nothing more.
    if was_watched and ends_doubt:
        words = _CLEARED_BY[seen.state]
        clear_unknown(tx, attempt.id, words, besides=ABOUT_SUBSCRIPTIONS)
    # Complete without a payment is in progress: money is still to be looked for.
    is_over = attempt.state is not AttemptState.PROCESSING
    if seen.is_final and is_over and not attempt.is_final:
        attempt = mark_attempt(tx, attempt, is_final=1)
    # Only an open session takes another try; a debit that fails later is told by its session.
    is_open = attempt.state is AttemptState.OPEN
    if seen.decline is not None and is_open and seen.decline != attempt.decline:
        _write_try(tx, attempt, seen.decline, seen.source)


def _write_try(tx: Transaction, attempt: Attempt, decline: str, source: Source) -> None:
    """Write down how the customer's newest try stands: refused, or no longer."""
    mark_attempt(tx, attempt, decline=decline)
    told = {"decline": decline, "source": source.value}
    tx.record(
        "attempt.declined" if decline else "attempt.tried_again",
        order_id=attempt.order_id,
        attempt_id=attempt.id,
        data={name: value for name, value in told.items() if value},
    )


def _tell_of_stranger(
    tx: Transaction, seen: Observation, attempt: Attempt | None, detail: str
) -> None:
    """Tell a person of news that does not belong here, once for an attempt or a payment."""
    if attempt is not None:
        _tell(tx, ExceptionKind.MISMATCH, attempt, detail)
        return
    for payment in seen.payments:
        tell_once_of_payment(
            tx,
            ExceptionKind.MISMATCH,
            payment.amount,
            order_id="",
            provider=seen.provider,
            payment_id=payment.payment_id,
            detail=detail,
        )


def hold_unknown(tx: Transaction, attempt: Attempt, detail: str) -> Attempt:
    """Write down that a provider's answer was lost.

    Where the customer has seen the code, a person must know that the money is in doubt.
    """
    moved = move_attempt(tx, attempt, AttemptState.UNKNOWN, detail=detail)
    if attempt.shown_at is not None:
        _tell(tx, ExceptionKind.UNKNOWN, attempt, detail)
    return moved


def out_of_reach(tx: Transaction, attempt: Attempt, detail: str) -> Attempt:
    """Write down that nobody can be asked about a session, since the keys are another account's.

    Its code leaves the screen: what is paid by it would not be heard of. Where a customer has seen
    it, a person is told at once; the provider's next word on it takes the entry off the list.
    """
    if attempt.is_final:
        return attempt
    if AttemptState.UNKNOWN in ATTEMPT_MOVES[attempt.state]:
        return hold_unknown(tx, attempt, detail)
    if attempt.shown_at is not None:
        _tell(tx, ExceptionKind.UNKNOWN, attempt, detail)
    return attempt


def _tell(tx: Transaction, kind: ExceptionKind, attempt: Attempt, detail: str) -> None:
    tell_once(
        tx,
        kind,
        attempt.amount,
        order_id=attempt.order_id,
        attempt_id=attempt.id,
        detail=detail,
    )
