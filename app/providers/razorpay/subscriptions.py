"""Razorpay's subscriptions: parameters out, observations in. Pure functions.

Source: Razorpay's API reference, Subscriptions, and its documents on their states. A subscription
is the session that began it. It says how often it was paid, not by what: its invoices do, one for
each period, and of these the first is the session's. An end that Razorpay agreed to for later it
does not tell of afterwards (razorpay-node, issues 330 and 452): its scheduled changes are others.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from app.domain.catalog import BillingInterval
from app.domain.observation import Observation, SeenPayment, SessionState, Source
from app.domain.subscription import SubscriptionObservation, SubscriptionState
from app.errors import Message, Protocol, Rejected
from app.providers.razorpay import plans
from app.providers.razorpay.client import PROVIDER
from app.providers.razorpay.documents import moment_from, note_of, text_of
from app.providers.razorpay.payments import decline_of, may_come_late, taken_by, waits_for_capture
from app.providers.strategy import SessionRequest

PATH: Final = "/v1/subscriptions"
MOST_CHARGES: Final = {
    BillingInterval.WEEKLY: 5200,
    BillingInterval.MONTHLY: 1200,
    BillingInterval.YEARLY: 100,
}
"""As often as Razorpay charges one: it has none without an end, and none beyond a hundred years.

Source: Razorpay's FAQ on subscriptions; 1200 and 100 are also what its refusals name.
"""

_SUBSCRIPTION: Final = "subscription"
_SINCE: Final = "since"
_PREFIX: Final = "sub_"
_STATES: Final = {
    "created": SubscriptionState.PENDING,
    "authenticated": SubscriptionState.PENDING,
    "active": SubscriptionState.ACTIVE,
    "pending": SubscriptionState.PAST_DUE,
    "halted": SubscriptionState.PAST_DUE,
    "paused": SubscriptionState.PAUSED,
    "cancelled": SubscriptionState.ENDED,
    "completed": SubscriptionState.ENDED,
    "expired": SubscriptionState.ENDED,
}


def is_subscription(session_id: str) -> bool:
    """Tell a subscription from a payment link, by its id."""
    return session_id.startswith(_PREFIX)


def subscription_parameters(
    request: SessionRequest, *, since: int, expire_by: int
) -> dict[str, Any]:
    """Build what a subscription is created with, what it is to cost, and since when it may exist.

    Raises Rejected for a cart with anything beside it.
    """
    intervals = {line.billing_interval for line in request.lines}
    if len(intervals) != 1 or not request.plan_id:
        raise Rejected(
            Message("Razorpay takes a subscription by itself, with nothing else in the cart"),
            action=Message("Sell the other goods as an order of their own."),
            status=400,
        )
    return {
        "amount": request.amount.minor,
        "currency": request.amount.currency,
        _SINCE: since,
        _SUBSCRIPTION: {
            "plan_id": request.plan_id,
            "total_count": MOST_CHARGES[BillingInterval(intervals.pop())],
            "quantity": 1,
            # The customer stands at the counter: nobody is written to.
            "customer_notify": False,
            "expire_by": expire_by,
            "notes": {"reference": str(request.reference)},
        },
    }


def taken_apart(parameters: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]] | None:
    """Give back since when a subscription may exist and what it is created with; None for a link's.

    Both kinds of parameters are kept in the same place.
    """
    wanted = parameters.get(_SUBSCRIPTION)
    return None if wanted is None else (int(parameters[_SINCE]), wanted)


def reference_of(subscription: Mapping[str, Any]) -> str:
    """Give our reference as Razorpay gives it back, or an empty text."""
    return note_of(subscription, "reference")


def is_payable(subscription: Mapping[str, Any]) -> bool:
    """Say whether its page takes the first payment."""
    return subscription.get("status") == "created"


def was_paid(subscription: Mapping[str, Any]) -> bool:
    """Say whether it is to go on, since a customer paid for it or is said to have."""
    return bool(subscription.get("paid_count")) or subscription.get("status") == "active"


def is_last(subscription: Mapping[str, Any]) -> bool:
    """Say whether it was charged for the last time."""
    return subscription.get("remaining_count") == 0


def period_end_of(subscription: Mapping[str, Any]) -> datetime | None:
    """Say until when it was paid for, or is to be."""
    return moment_from(subscription.get("current_end"))


def page_of(subscription: Mapping[str, Any]) -> str:
    """Give the page of one that can be begun, nothing of one that was or is over."""
    return str(subscription.get("short_url") or "") if is_payable(subscription) else ""


def observation_from(
    subscription: Mapping[str, Any],
    tries: Sequence[Mapping[str, Any]] | None,
    *,
    source: Source,
    provider_account: str,
    live: bool,
    at: datetime,
    now: datetime,
) -> Observation:
    """Read the session that a subscription is, with what was tried to begin it.

    `tries` is None where nothing is known of these, and `now` the provider's clock. Raises Protocol
    where it proves nothing.
    """
    known = tries or ()
    taken = taken_by(known)
    standing = state_of(subscription)
    is_payable_yet = is_payable(subscription)
    state = _session_state(
        standing, is_payable=is_payable_yet, is_taken=bool(taken), waits=waits_for_capture(known)
    )
    is_over = state is SessionState.EXPIRED and not may_come_late(known, now)
    has_begun = bool(taken) or not (is_payable_yet or standing is SubscriptionState.ENDED)
    subscription_id = text_of(subscription, "id")
    return Observation(
        source=source,
        provider=PROVIDER,
        provider_account=provider_account,
        live=live,
        reference=reference_of(subscription),
        session_id=subscription_id,
        state=state,
        observed_at=at,
        payments=taken,
        is_final=is_over or state is SessionState.PAID,
        decline=decline_of(known) if state is SessionState.OPEN and tries is not None else None,
        subscription_id=subscription_id if has_begun else "",
    )


def subscription_from(
    subscription: Mapping[str, Any],
    plan: Mapping[str, Any],
    taken: Sequence[SeenPayment],
    *,
    decline: str,
    source: Source,
    provider_account: str,
    live: bool,
    at: datetime,
) -> SubscriptionObservation:
    """Read how a subscription stands, with all that it took, oldest first."""
    state = state_of(subscription)
    is_over = state is SubscriptionState.ENDED
    due = moment_from(subscription.get("charge_at")) or period_end_of(subscription)
    return SubscriptionObservation(
        source=source,
        provider=PROVIDER,
        provider_account=provider_account,
        live=live,
        reference=reference_of(subscription),
        subscription_id=text_of(subscription, "id"),
        state=state,
        observed_at=at,
        amount=plans.amount_of(plan, subscription.get("quantity", 1)),
        interval=plans.interval_of(plan),
        payments=tuple(taken),
        first_payment_id=taken[0].payment_id if taken else "",
        current_until=None if is_over else due,
        ends_at=period_end_of(subscription) if is_last(subscription) and not is_over else None,
        ended_at=moment_from(subscription.get("ended_at")) if is_over else None,
        decline=decline,
        tells_end=False,
    )


def state_of(subscription: Mapping[str, Any]) -> SubscriptionState:
    """Read how one stands. Raises Protocol for a word that the till does not know."""
    state = _STATES.get(str(subscription.get("status")))
    if state is None:
        raise Protocol(
            Message("Razorpay sent a subscription in a state that the till does not know"),
            repr(subscription.get("status")),
        )
    return state


def _session_state(
    standing: SubscriptionState, *, is_payable: bool, is_taken: bool, waits: bool
) -> SessionState:
    if is_taken:
        # Money that was taken counts, whatever became of the subscription since.
        return SessionState.PAID
    if is_payable:
        return SessionState.PROCESSING if waits else SessionState.OPEN
    if standing is SubscriptionState.ENDED:
        return SessionState.PROCESSING if waits else SessionState.EXPIRED
    # The customer agreed; that alone is no money, nor is a subscription that is called active.
    return SessionState.PROCESSING
