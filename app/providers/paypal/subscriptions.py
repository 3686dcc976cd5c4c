"""PayPal's subscriptions: parameters out, observations in. Pure functions.

Source: PayPal's REST reference, Subscriptions v1, and its own examples of `user_action`. The
customer agrees once, which moves nothing; the till has it begin, and from then on PayPal itself
takes each payment: only its list of them says what was paid, whatever the subscription is called.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from app.domain.observation import Observation, SeenPayment, SessionState
from app.domain.subscription import SubscriptionObservation, SubscriptionState
from app.errors import InvariantError, Message, Protocol
from app.providers.paypal.amounts import money_from
from app.providers.paypal.client import PROVIDER
from app.providers.paypal.documents import moment_from, plain_url, strange, text_of
from app.providers.paypal.orders import TAKEN, Look
from app.providers.paypal.plans import Price, price_in
from app.providers.strategy import SessionRequest

LIFETIME: Final = timedelta(hours=3)
"""How long the till shows a page; how long one can be agreed on PayPal does not say for certain."""

_UNAPPROVED_FOR: Final = timedelta(days=1)
_CALLED_OFF_WITHIN: Final = LIFETIME + timedelta(hours=1)
_SETTLES: Final = timedelta(hours=1)
_WAITING: Final = "APPROVAL_PENDING"
_AGREED: Final = "APPROVED"
_OVER: Final = frozenset({"CANCELLED", "EXPIRED"})
_STATES: Final = {
    _WAITING: SubscriptionState.PENDING,
    _AGREED: SubscriptionState.PENDING,
    "ACTIVE": SubscriptionState.ACTIVE,
    "SUSPENDED": SubscriptionState.PAUSED,
    "CANCELLED": SubscriptionState.ENDED,
    "EXPIRED": SubscriptionState.ENDED,
}
_TRANSACTIONS: Final = TAKEN | {"PENDING", "DECLINED"}


class Payments(NamedTuple):
    """What a subscription took, oldest first.

    `first` is the payment that began it; nobody knows it while that one, or an earlier, pends.
    """

    taken: tuple[SeenPayment, ...] = ()
    first: SeenPayment | None = None
    is_pending: bool = False


def is_subscription(session_id: str) -> bool:
    """Say whether a session is a subscription: an order's id has no hyphen."""
    return session_id.startswith("I-")


def parameters_of(request: SessionRequest) -> dict[str, Any]:
    """Build what a subscription is created with; plain JSON data, the same for the same request.

    Raises InvariantError where no plan was made: what recurs must not become a single payment.
    """
    if not request.plan_id:
        raise InvariantError(f"{request.reference} is a subscription without a plan")
    return {
        "plan_id": request.plan_id,
        "custom_id": str(request.reference),
        "application_context": {
            "return_url": plain_url(request.success_url),
            "cancel_url": plain_url(request.cancel_url or request.success_url),
            # What was agreed to after the sale was cancelled must take nothing.
            "user_action": "CONTINUE",
            "shipping_preference": "NO_SHIPPING",
        },
    }


def price_of(subscription: Mapping[str, Any]) -> Price:
    """Give what each interval costs. Raises Protocol where the plan does not stand with it."""
    plan = subscription.get("plan")
    if not isinstance(plan, Mapping) or str(subscription.get("quantity", "1")) != "1":
        raise Protocol(Message("PayPal sent a subscription that is not the till's"))
    return price_in(plan)


def payments_in(transactions: Iterable[Mapping[str, Any]]) -> Payments:
    """Read what a subscription took. Raises Protocol for what is in no state of PayPal's.

    What was given back stands there, too, in some lists: with a sum below zero.
    """
    lines = sorted((line for line in transactions if not _is_money_back(line)), key=_time)
    states = [line.get("status") for line in lines]
    for state in states:
        if state not in _TRANSACTIONS:
            raise strange("a payment of a subscription", state)
    taken = tuple(_payment(line) for line in lines if line["status"] in TAKEN)
    began = [state for state in states if state != "DECLINED"]
    if began and began[0] == "PENDING":
        return Payments(taken, None, is_pending=True)
    return Payments(taken, taken[0] if taken else None)


def session_from(
    subscription: Mapping[str, Any], payments: Payments, look: Look, now: datetime
) -> Observation:
    """Read a subscription as the session that began it: with its first payment and no other.

    `now` is the provider's. Raises Protocol where it proves nothing.
    """
    state, is_final = _judged(subscription, payments, now)
    has_begun = _has_begun(subscription, payments)
    subscription_id = text_of(subscription, "id")
    return Observation(
        source=look.source,
        provider=PROVIDER,
        provider_account=look.provider_account,
        live=look.live,
        reference=str(subscription.get("custom_id") or ""),
        session_id=subscription_id,
        state=state,
        observed_at=look.at,
        payments=(payments.first,) if payments.first else (),
        is_final=is_final,
        decline=_decline(subscription) if state is SessionState.OPEN and has_begun else None,
        event_id=look.event_id,
        subscription_id=subscription_id if has_begun else "",
    )


def subscription_from(
    subscription: Mapping[str, Any], payments: Payments, look: Look
) -> SubscriptionObservation:
    """Read a subscription as what it is. Raises Protocol where it proves nothing.

    What it costs is not told of one that is none of the till's: with a trial, or of several pieces.
    """
    price = _known_price(subscription)
    ended = subscription.get("status") in _OVER
    info = _info(subscription)
    return SubscriptionObservation(
        source=look.source,
        provider=PROVIDER,
        provider_account=look.provider_account,
        live=look.live,
        reference=str(subscription.get("custom_id") or ""),
        subscription_id=text_of(subscription, "id"),
        state=_state(subscription),
        observed_at=look.at,
        amount=None if price is None else price.amount,
        interval=None if price is None else price.interval,
        payments=payments.taken,
        first_payment_id=payments.first.payment_id if payments.first else "",
        current_until=None if ended else moment_from(info.get("next_billing_time")),
        ended_at=moment_from(subscription.get("status_update_time")) if ended else None,
        decline=_decline(subscription),
    )


def closed(seen: Observation) -> Observation:
    """Say what a page is once the till takes its code away and PayPal would not cancel it.

    What was agreed to takes nothing unless the till has it begin, so it is over as an order is.
    Whoever has the page open can still agree: that is watched on, to be cancelled then.
    """
    if seen.state is SessionState.APPROVED:
        return replace(seen, state=SessionState.EXPIRED, is_final=True)
    if seen.state is SessionState.OPEN and not seen.subscription_id:
        return replace(seen, state=SessionState.EXPIRED, is_final=False)
    return seen


def is_unapproved(subscription: Mapping[str, Any]) -> bool:
    """Say whether nobody has agreed to it yet, so that it cannot have taken anything."""
    return subscription.get("status") == _WAITING


def is_agreed(subscription: Mapping[str, Any]) -> bool:
    """Say whether the customer agreed, and it waits for the till to have it begin."""
    return subscription.get("status") == _AGREED


def was_left(subscription: Mapping[str, Any], now: datetime) -> bool:
    """Say whether it is from so long ago that nobody at the counter waits for it any more.

    `now` is the provider's.
    """
    return _age(subscription, "create_time", now) >= _CALLED_OFF_WITHIN


def was_just_begun(subscription: Mapping[str, Any]) -> bool:
    """Say whether it is active for the first time, as far as its times tell."""
    made_at = moment_from(subscription.get("create_time"))
    active_at = moment_from(subscription.get("status_update_time"))
    return made_at is None or active_at is None or active_at - made_at < _UNAPPROVED_FOR


def is_over(subscription: Mapping[str, Any]) -> bool:
    """Say whether it ended, so that it takes nothing more."""
    return subscription.get("status") in _OVER


def _known_price(subscription: Mapping[str, Any]) -> Price | None:
    try:
        return price_of(subscription)
    except Protocol:
        return None


def _judged(
    subscription: Mapping[str, Any], payments: Payments, now: datetime
) -> tuple[SessionState, bool]:
    status = subscription.get("status")
    if status not in _STATES:
        raise strange("a subscription", status)
    if payments.first is not None:
        return SessionState.PAID, True
    if payments.is_pending:
        return SessionState.PROCESSING, False
    if is_unapproved(subscription):
        is_forgotten = _age(subscription, "create_time", now) >= _UNAPPROVED_FOR
        return (SessionState.EXPIRED, True) if is_forgotten else (SessionState.OPEN, False)
    if is_agreed(subscription):
        return SessionState.APPROVED, False
    if status in _OVER:
        # A payment that was on its way when it ended is there within minutes.
        is_quiet = _age(subscription, "status_update_time", now) >= _SETTLES
        return SessionState.EXPIRED, is_quiet or _was_never_begun(subscription)
    if _failures(subscription) or status == "SUSPENDED":
        # The till ends it with its page at the latest; one that it left PayPal may try any day.
        is_left = was_left(subscription, now)
        return (SessionState.FAILED if is_left else SessionState.OPEN), False
    return SessionState.PROCESSING, False


def _state(subscription: Mapping[str, Any]) -> SubscriptionState:
    status = str(subscription.get("status"))
    if status not in _STATES:
        raise strange("a subscription", subscription.get("status"))
    if status in ("ACTIVE", "SUSPENDED") and _failures(subscription):
        return SubscriptionState.PAST_DUE
    return _STATES[status]


def _info(subscription: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give what stands there once it is or was active."""
    info = subscription.get("billing_info")
    return info if isinstance(info, Mapping) else {}


def _has_begun(subscription: Mapping[str, Any], payments: Payments) -> bool:
    """Say whether it took money or may take some: an agreement alone is no subscription yet."""
    if payments.taken or payments.is_pending:
        return True
    waits = is_unapproved(subscription) or is_agreed(subscription)
    return not waits and not _was_never_begun(subscription)


def _was_never_begun(subscription: Mapping[str, Any]) -> bool:
    return subscription.get("status") in _OVER and not _info(subscription)


def _failures(subscription: Mapping[str, Any]) -> bool:
    count = _info(subscription).get("failed_payments_count")
    return type(count) is int and count > 0


def _decline(subscription: Mapping[str, Any]) -> str:
    """Give why the newest payment was refused, as PayPal calls it; nothing where it was not."""
    if not _failures(subscription):
        return ""
    last = _info(subscription).get("last_failed_payment")
    reason = last.get("reason_code") if isinstance(last, Mapping) else None
    return str(reason or "PAYMENT_DENIED").lower()


def _age(subscription: Mapping[str, Any], name: str, now: datetime) -> timedelta:
    """Say how long ago something was; nothing where PayPal does not say when."""
    at = moment_from(subscription.get(name))
    return timedelta(0) if at is None else now - at


def _payment(line: Mapping[str, Any]) -> SeenPayment:
    return SeenPayment(text_of(line, "id"), money_from(_gross(line)))


def _gross(line: Mapping[str, Any]) -> Any:
    amount = line.get("amount_with_breakdown")
    return amount.get("gross_amount") if isinstance(amount, Mapping) else None


def _is_money_back(line: Mapping[str, Any]) -> bool:
    gross = _gross(line)
    return isinstance(gross, Mapping) and str(gross.get("value")).startswith("-")


def _time(line: Mapping[str, Any]) -> datetime:
    at = moment_from(line.get("time"))
    if at is None:
        raise Protocol(Message("PayPal sent a payment without its time"))
    return at
