"""From a look at a subscription to the books, in one transaction, whoever looked and why.

The record is begun where its order's session is settled. What the provider took after the first
payment are renewals: each once, by its payment id, and straight to sales and tax as the order's
frozen snapshot says; no order waits for that money, so none can be paid by it.
"""

from app.domain.attempt import Attempt, Reference
from app.domain.exceptions import ExceptionKind
from app.domain.judgement import Standing
from app.domain.ledger import money_account, payment_entries, renewal_entries
from app.domain.observation import SeenPayment
from app.domain.order import Order, OrderState
from app.domain.renewal import (
    SUBSCRIPTION_MOVES,
    Agreed,
    Subscription,
    agreed_of,
    end_known,
    objection_to_renewal,
    strangeness,
)
from app.domain.subscription import SubscriptionObservation
from app.errors import InvariantError, Message
from app.failpoints import reach
from app.store import Transaction
from app.store.attempts import find_attempt, find_attempt_by_reference
from app.store.decisions import find_payment
from app.store.disputes import tell_once_of_payment
from app.store.inbox import disown_refunds_of, wake_refunds_of
from app.store.orders import find_order
from app.store.payments import insert_payment, known_payments, open_exception, tell_once
from app.store.store import takes_live
from app.store.subscriptions import (
    epoch_of,
    insert_subscription,
    mark_subscription,
    move_subscription,
    subscription_called,
    tell_of_subscription,
)
from app.store.transaction import maybe_stamped, stamp
from app.subscription_ends import tell_of_going_on


def begin_subscription(
    tx: Transaction, order: Order, attempt: Attempt, subscription_id: str
) -> Subscription | None:
    """Write down what a session began, once; None where its order has no subscription.

    How it stands is not known by that: the first look tells.
    """
    agreed = agreed_of(order.snapshot)
    if agreed is None:
        return None
    known = subscription_called(tx.connection, attempt.provider, subscription_id)
    if known is not None:
        return known
    begun = insert_subscription(tx, attempt, subscription_id, agreed)
    reach("subscription.starting")
    return begun


def tell_of_held_beginning(tx: Transaction, subscription: Subscription, number: int) -> None:
    """Tell a person that a customer goes on paying for what their first payment did not buy."""
    tell_once(
        tx,
        ExceptionKind.MISMATCH,
        subscription.amount,
        order_id=subscription.order_id,
        attempt_id=subscription.attempt_id,
        detail=Message(
            "A subscription began at the provider, and what was paid for order {number} is held. "
            "Unless you accept the money, end the subscription, too.",
            number=number,
        ),
    )


def settle_subscription(tx: Transaction, till_id: str, seen: SubscriptionObservation) -> Standing:
    """Write down what a look at a subscription tells. The same look again changes nothing.

    An older look than the newest in the books changes no state; money counts whenever it is seen.
    One of our reference that no order is known for needs a person as soon as money came by it.
    """
    subscription = subscription_called(tx.connection, seen.provider, seen.subscription_id)
    if subscription is None:
        reference = Reference.parse(seen.reference)
        if reference is None or reference.till_id != till_id:
            return _disown(tx, seen)
        attempt = find_attempt_by_reference(tx.connection, seen.reference)
        subscription = _begun_after_all(tx, attempt, seen)
        if subscription is None:
            return _hold_for_nobody(tx, attempt, seen)
    stranger = strangeness(subscription, seen)
    if stranger is not None:
        _quarantine(tx, subscription, seen, stranger)
        return Standing.QUARANTINED
    has_renewals = _write_renewals(tx, subscription, seen)
    has_moved = _write_state(tx, subscription, seen)
    return Standing.SETTLED if has_renewals or has_moved else Standing.NOTHING_NEW


def first_of(seen: SubscriptionObservation) -> str:
    """Name the payment that began a subscription, or nothing before there is one."""
    return seen.first_payment_id or next((each.payment_id for each in seen.payments), "")


def _begun_after_all(
    tx: Transaction, attempt: Attempt | None, seen: SubscriptionObservation
) -> Subscription | None:
    """Begin the record of what a session of ours began before the session itself told of it."""
    if attempt is None or attempt.provider != seen.provider:
        return None
    return begin_subscription(tx, _order(tx, attempt.order_id), attempt, seen.subscription_id)


def _disown(tx: Transaction, seen: SubscriptionObservation) -> Standing:
    for payment in seen.payments:
        disown_refunds_of(tx, seen.provider, payment.payment_id)
    return Standing.FOREIGN


def _hold_for_nobody(
    tx: Transaction, attempt: Attempt | None, seen: SubscriptionObservation
) -> Standing:
    """Hold the money of one that bears our reference, and whose order is not known or has none.

    What began it is left to its session, where the books have that.
    """
    detail = Message(
        "A subscription took it that is not in the books: {subscription}. End it at the "
        "provider, unless it is to go on.",
        subscription=seen.subscription_id,
    )
    if seen.live != takes_live(tx.connection):
        for payment in seen.payments:
            _tell_of_money(tx, seen, payment, detail)
        return Standing.QUARANTINED
    fresh = _fresh(tx, seen) if attempt is None else _fresh_renewals(tx, seen)
    for payment in fresh:
        _insert(tx, seen, payment, None, seen.provider)
        _hold(tx, seen, payment, seen.provider, detail)
    return Standing.NEEDS_PERSON if fresh else Standing.NOTHING_NEW


def _quarantine(
    tx: Transaction, subscription: Subscription, seen: SubscriptionObservation, detail: Message
) -> None:
    """Tell a person of a look that does not belong here, and hold what money it tells of.

    Test money is none: it never enters a live till's books, nor the reverse.
    """
    tell_once(
        tx,
        ExceptionKind.MISMATCH,
        subscription.amount,
        order_id=subscription.order_id,
        attempt_id=subscription.attempt_id,
        detail=detail,
    )
    for payment in _fresh_renewals(tx, seen) if seen.live == subscription.live else ():
        _insert(tx, seen, payment, subscription, subscription.account)
        _hold(tx, seen, payment, subscription.account, detail)


def _write_renewals(
    tx: Transaction, subscription: Subscription, seen: SubscriptionObservation
) -> bool:
    """Take every payment after the first that the books do not have; say whether there were any."""
    order = _order(tx, subscription.order_id)
    agreed = agreed_of(order.snapshot)
    if agreed is None:
        raise InvariantError(f"Order {order.number} began a subscription that it does not have")
    first = first_of(seen)
    is_missed = _is_missed(tx, subscription, first)
    fresh = _fresh(tx, seen) if is_missed else _fresh_renewals(tx, seen)
    has_sale = _has_sale(tx, subscription, order, first)
    for payment in fresh:
        objection = objection_to_renewal(
            subscription, payment.amount, number=order.number, has_sale=has_sale
        )
        _insert(tx, seen, payment, subscription, subscription.account, is_held=bool(objection))
        if objection is not None:
            _hold(tx, seen, payment, subscription.account, objection)
        else:
            _sell(tx, subscription, seen, payment, agreed)
        reach("subscription.renewing")
    return bool(fresh)


def _has_sale(tx: Transaction, subscription: Subscription, order: Order, first: str) -> bool:
    """Say whether the order is paid by what began the subscription."""
    payment = find_payment(tx.connection, subscription.provider, first)
    return (
        payment is not None
        and payment.held_as is None
        and payment.order_id == order.id
        and order.state is OrderState.PAID
    )


def _is_missed(tx: Transaction, subscription: Subscription, first: str) -> bool:
    """Say whether the session is over for good and never told of what is taken for its payment."""
    attempt = find_attempt(tx.connection, subscription.attempt_id)
    is_known = bool(known_payments(tx.connection, subscription.provider, [first]))
    return attempt is not None and attempt.is_final and not is_known


def _sell(
    tx: Transaction,
    subscription: Subscription,
    seen: SubscriptionObservation,
    payment: SeenPayment,
    agreed: Agreed,
) -> None:
    tx.post(
        "renewal",
        payment.amount.currency,
        renewal_entries(money_account(seen.provider, subscription.account), agreed),
        payment_id=payment.payment_id,
    )
    tell_of_subscription(
        tx,
        subscription,
        "renewed",
        payment=payment.payment_id,
        amount_minor=payment.amount.minor,
        currency=payment.amount.currency,
        source=seen.source.value,
    )


def _insert(
    tx: Transaction,
    seen: SubscriptionObservation,
    payment: SeenPayment,
    subscription: Subscription | None,
    account: str,
    *,
    is_held: bool = True,
) -> None:
    insert_payment(
        tx,
        provider=seen.provider,
        payment_id=payment.payment_id,
        account=account,
        order_id="",
        attempt_id=None,
        amount=payment.amount,
        held_as=ExceptionKind.MISMATCH if is_held else None,
        provider_account=seen.provider_account,
        live=seen.live,
        reference=seen.reference if subscription is None else str(subscription.reference),
        renewal_of=None if subscription is None else subscription.id,
    )
    wake_refunds_of(tx, seen.provider, payment.payment_id)


def _hold(
    tx: Transaction,
    seen: SubscriptionObservation,
    payment: SeenPayment,
    account: str,
    detail: Message,
) -> None:
    tx.post(
        "payment_held",
        payment.amount.currency,
        payment_entries(money_account(seen.provider, account), payment.amount.minor, is_held=True),
        payment_id=payment.payment_id,
    )
    tx.audit(
        f"provider:{seen.provider}",
        "payment.held",
        payment.payment_id,
        {
            "subscription": seen.subscription_id,
            "amount_minor": payment.amount.minor,
            "currency": payment.amount.currency,
            "source": seen.source.value,
        },
    )
    open_exception(
        tx,
        ExceptionKind.MISMATCH,
        payment.amount,
        provider=seen.provider,
        payment_id=payment.payment_id,
        detail=detail,
    )


def _write_state(
    tx: Transaction, subscription: Subscription, seen: SubscriptionObservation
) -> bool:
    """Bring the record to what was seen, unless a newer look is in it; say whether it changed."""
    if subscription.looked_at is not None and seen.observed_at < subscription.looked_at:
        return False
    before = subscription
    now = mark_subscription(
        tx,
        before,
        looked_at=stamp(seen.observed_at),
        current_until=maybe_stamped(seen.current_until),
        ends_at=maybe_stamped(end_known(before, seen)),
        decline=seen.decline,
        looked_in=epoch_of(tx.connection),
        failures=0,
        **_read_to(tx, before, seen),
    )
    if seen.state in SUBSCRIPTION_MOVES[now.state]:
        now = move_subscription(tx, now, seen.state)
    if now.is_over and now.ended_at is None:
        now = mark_subscription(tx, now, ended_at=stamp(seen.ended_at or seen.observed_at))
    if seen.decline and seen.decline != before.decline:
        tell_of_subscription(
            tx, now, "renewal_refused", decline=seen.decline, source=seen.source.value
        )
    if not now.is_over and now.ends_at != before.ends_at:
        now = _write_end(tx, now)
    return (now.version, now.decline, now.ends_at) != (
        before.version,
        before.decline,
        before.ends_at,
    )


def _read_to(
    tx: Transaction, subscription: Subscription, seen: SubscriptionObservation
) -> dict[str, str]:
    """Note up to where all payments are in the books; what began it is there by its order only."""
    first = first_of(seen)
    if not seen.read_to or not known_payments(tx.connection, subscription.provider, [first]):
        return {}
    return {"read_to": seen.read_to}


def _write_end(tx: Transaction, subscription: Subscription) -> Subscription:
    """Tell when a subscription will end by itself, or that somebody took that back."""
    if subscription.ends_at is not None:
        tell_of_subscription(tx, subscription, "ending", ends_at=stamp(subscription.ends_at))
        return subscription
    tell_of_subscription(tx, subscription, "goes_on")
    if subscription.end_wanted is not None:
        tell_of_going_on(tx, subscription)
    return mark_subscription(tx, subscription, end_wanted=None, end_wanted_by="")


def _tell_of_money(
    tx: Transaction, seen: SubscriptionObservation, payment: SeenPayment, detail: Message
) -> None:
    tell_once_of_payment(
        tx,
        ExceptionKind.MISMATCH,
        payment.amount,
        order_id="",
        provider=seen.provider,
        payment_id=payment.payment_id,
        detail=detail,
    )


def _fresh(tx: Transaction, seen: SubscriptionObservation) -> list[SeenPayment]:
    """Give the payments that are not in the books yet, each once, oldest first."""
    named = {payment.payment_id: payment for payment in seen.payments}
    known = known_payments(tx.connection, seen.provider, list(named))
    return [payment for payment_id, payment in named.items() if payment_id not in known]


def _fresh_renewals(tx: Transaction, seen: SubscriptionObservation) -> list[SeenPayment]:
    """Give those but the first, which belongs to the order and its attempt."""
    first = first_of(seen)
    return [payment for payment in _fresh(tx, seen) if payment.payment_id != first]


def _order(tx: Transaction, order_id: str) -> Order:
    order = find_order(tx.connection, order_id)
    if order is None:
        raise InvariantError(f"Order {order_id} is gone")
    return order
