"""From a look at a refund to the books, in one transaction, whoever asked for it and saw it.

The answer to the till's own call, a webhook and a look all come through here. A refund of ours is
known by the key that it was asked for under, so that whichever comes first is the one that counts.
"""

from app.domain.exceptions import ExceptionKind, OrderException
from app.domain.judgement import Standing
from app.domain.ledger import money_account, of_surplus, refund_entries
from app.domain.money import Money
from app.domain.payment import Payment
from app.domain.refund import REFUND_MOVES, Refund, RefundObservation, RefundState, SeenRefund
from app.domain.resolution import Action
from app.errors import Message
from app.settle_failures import make_good
from app.store import Transaction
from app.store.decisions import (
    close_exception,
    find_exception,
    find_payment,
    holding_exception,
    kept_minor,
    restate_exception,
)
from app.store.disputes import tell_once_of_payment
from app.store.inbox import is_foreign_payment, wake_refunds_of
from app.store.intents import Outcome, finish_intent, unanswered_refund
from app.store.payments import BY_ITSELF, open_exception
from app.store.refunds import (
    given_back,
    insert_refund,
    is_awaited,
    move_refund,
    refund_by_id,
    refund_by_key,
)

_OF_EXCEPTION = "exception-"


def press_of(exception_id: int, press: str) -> str:
    """Name the press of a refund that resolves an entry of the list."""
    return f"{_OF_EXCEPTION}{exception_id}-{press}"


def settle_refund(
    tx: Transaction, seen: RefundObservation, *, asked: Refund | None = None
) -> Standing:
    """Write down money that a provider gave back, whoever asked for it.

    `asked` is the refund of ours that this is the answer to. A refund of a payment that is not in
    the books waits for it: it may be foreign, or merely early. Where that payment was seen and is
    a stranger's, so is the refund. One that another account or mode tells of is quarantined, and a
    person is told. One that may be ours, while our own answer is missing, waits for that.
    """
    refund = seen.refund
    payment = find_payment(tx.connection, seen.provider, refund.payment_id)
    if payment is None:
        is_foreign = is_foreign_payment(tx.connection, seen.provider, refund.payment_id)
        return Standing.FOREIGN if is_foreign else Standing.WAITING
    if (seen.provider_account, seen.live) != (payment.provider_account, payment.live):
        _quarantine(tx, seen, payment)
        return Standing.QUARANTINED
    before = _known(tx, seen, asked)
    if before is None and not refund.key and is_awaited(tx.connection, seen.provider, refund):
        return Standing.WAITING
    if before is not None and refund.state not in REFUND_MOVES[before.state]:
        return Standing.NOTHING_NEW
    after = _written(tx, payment, before, refund)
    tx.audit(
        f"provider:{seen.provider}",
        f"refund.{after.state.value}",
        after.refund_id,
        {
            "payment": after.payment_id,
            "amount_minor": after.amount.minor,
            "currency": after.amount.currency,
            "source": seen.source.value,
            "event": seen.event_id,
        },
    )
    was_done = before is not None and before.state is RefundState.SUCCEEDED
    _post(tx, payment, after, was_done=was_done)
    if after.state is RefundState.SUCCEEDED:
        _clear_up(tx, payment, after)
    elif after.state is RefundState.FAILED:
        tell_failure(tx, payment, after, was_done=was_done)
    was_on_its_way = before is not None and before.state is RefundState.PENDING
    is_on_its_way = after.state in (RefundState.PENDING, RefundState.SUCCEEDED)
    if is_on_its_way and not was_on_its_way and _entry_of(tx, payment, after) is None:
        make_good(tx, payment, after, is_news=before is None)
    return Standing.SETTLED


def refuse_refund(
    tx: Transaction, payment: Payment, refund: Refund, words: str, *, is_told: bool
) -> Refund:
    """Write down that a refund of ours came to nothing, so that its amount is free again.

    A person is told by the list unless it `is_told` already, by whoever asked for it just now.
    """
    failed = move_refund(tx, payment, refund, RefundState.FAILED, detail=words)
    entry = _entry_of(tx, payment, failed)
    if entry is not None or not is_told:
        tell_failure(tx, payment, failed, was_done=False, words=words)
    wake_refunds_of(tx, payment.provider, payment.payment_id)
    return failed


def tell_failure(
    tx: Transaction, payment: Payment, refund: Refund, *, was_done: bool, words: str = ""
) -> None:
    """Put it on the list that a customer does not have their money, with its amount."""
    detail = Message(
        "A refund of {amount} failed: the customer does not have their money. {words}",
        amount=refund.amount,
        words=words,
    )
    if not words:
        detail = Message(
            "A refund of {amount} failed: the customer does not have their money.",
            amount=refund.amount,
        )
    entry = _entry_of(tx, payment, refund)
    if entry is None:
        open_exception(
            tx,
            ExceptionKind.REFUND_FAILED,
            refund.amount,
            order_id=payment.order_id,
            attempt_id=payment.attempt_id,
            provider=payment.provider,
            payment_id=payment.payment_id,
            detail=detail,
        )
        return
    amount = _amount_again(tx, payment, refund, entry, was_done=was_done)
    if amount.minor:
        restate_exception(tx, entry, amount, detail)
    else:
        # It failed, but as much went back another way while it was awaited.
        reason = Message("as much went back another way")
        close_exception(tx, entry, by=BY_ITSELF, reason=reason)


def _known(tx: Transaction, seen: RefundObservation, asked: Refund | None) -> Refund | None:
    """Find the refund in the books: by the provider's id, or as the one of ours that it is."""
    refund = seen.refund
    found = refund_by_id(tx.connection, seen.provider, refund.refund_id)
    if found is not None:
        return found
    ours = asked or refund_by_key(tx.connection, refund.key)
    return ours if ours is not None and fits(ours, seen.provider, refund) else None


def fits(ours: Refund, provider: str, seen: SeenRefund) -> bool:
    """Say whether a refund that was seen can be the one of ours that has no id yet."""
    is_awaited = ours.state is RefundState.REQUESTED and not ours.refund_id
    return is_awaited and (ours.provider, ours.payment_id, ours.amount) == (
        provider,
        seen.payment_id,
        seen.amount,
    )


def _written(tx: Transaction, payment: Payment, before: Refund | None, seen: SeenRefund) -> Refund:
    if before is None:
        return insert_refund(tx, payment, seen.amount, seen.state, refund_id=seen.refund_id)
    after = move_refund(tx, payment, before, seen.state, refund_id=seen.refund_id)
    intent = unanswered_refund(tx.connection, after.id)
    if intent is not None:
        finish_intent(tx, intent.id, Outcome.DONE, {"refund": after.refund_id})
        wake_refunds_of(tx, payment.provider, payment.payment_id)
    return after


def _post(tx: Transaction, payment: Payment, after: Refund, *, was_done: bool) -> None:
    change = (after.state is RefundState.SUCCEEDED) - was_done
    if change:
        amount_minor = change * after.amount.minor
        back_minor = given_back(tx.connection, payment.provider, payment.payment_id).succeeded_minor
        above_minor = 0 if payment.is_held else kept_minor(tx.connection, payment)
        of_before = of_surplus(above_minor, back_minor - amount_minor)
        tx.post(
            "refund" if change > 0 else "refund_failed",
            after.amount.currency,
            refund_entries(
                money_account(payment.provider, payment.account),
                amount_minor,
                out_of="held" if payment.is_held else "refunds",
                of_surplus_minor=of_surplus(above_minor, back_minor) - of_before,
            ),
            order_id=payment.order_id,
            payment_id=payment.payment_id,
        )


def _clear_up(tx: Transaction, payment: Payment, refund: Refund) -> None:
    """Take off the list what was given back; what is left of it stays there."""
    entry = _entry_of(tx, payment, refund)
    if entry is None or entry.resolved_at is not None:
        return
    if payment.is_held:
        back = given_back(tx.connection, payment.provider, payment.payment_id)
        left = payment.amount.minor - back.succeeded_minor
    else:
        left = entry.amount.minor - refund.amount.minor
    if left > 0:
        restate_exception(tx, entry, Money(left, refund.amount.currency))
        return
    close_exception(
        tx,
        entry,
        by=entry.resolved_by or refund.asked_by or f"provider:{refund.provider}",
        reason=entry.resolution or refund.reason or Message("given back in full"),
        action=Action.REFUND,
        press=refund.press,
    )


def _entry_of(tx: Transaction, payment: Payment, refund: Refund) -> OrderException | None:
    """Find the entry of the list that a refund is about: what holds its money, or what it mends."""
    if payment.is_held:
        return holding_exception(tx.connection, payment)
    named, _, rest = refund.press.removeprefix(_OF_EXCEPTION).partition("-")
    if not rest or not refund.press.startswith(_OF_EXCEPTION) or not named.isdecimal():
        return None
    entry = find_exception(tx.connection, int(named))
    return entry if entry is not None and entry.kind is ExceptionKind.REFUND_FAILED else None


def _amount_again(
    tx: Transaction, payment: Payment, refund: Refund, entry: OrderException, *, was_done: bool
) -> Money:
    """Say what an entry is about once a refund of it has failed."""
    if payment.is_held:
        back = given_back(tx.connection, payment.provider, payment.payment_id)
        return Money(payment.amount.minor - back.succeeded_minor, payment.amount.currency)
    if entry.resolved_at is not None:
        return refund.amount
    return entry.amount + refund.amount if was_done else entry.amount


def _quarantine(tx: Transaction, seen: RefundObservation, payment: Payment) -> None:
    tell_once_of_payment(
        tx,
        ExceptionKind.MISMATCH,
        seen.refund.amount,
        order_id=payment.order_id,
        provider=payment.provider,
        payment_id=payment.payment_id,
        detail=Message(
            "Refund {refund} was told of by account {seen}, expected {expected}.",
            refund=seen.refund.refund_id,
            seen=seen.provider_account,
            expected=payment.provider_account,
        ),
    )
