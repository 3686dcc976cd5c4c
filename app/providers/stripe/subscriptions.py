"""Stripe's subscriptions: looked at with every payment that they took, and ended.

What was taken is told by the invoices alone, each with its payments: since API version 2025-03-31
an invoice names no payment intent itself, and a subscription's period is its items'. Source:
Stripe's API reference, Subscriptions, Invoices and Invoice Payments, version 2026-10-28.endive.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import stripe

from app.domain.catalog import BillingInterval
from app.domain.money import Money
from app.domain.observation import SeenPayment, Source
from app.domain.subscription import SubscriptionObservation, SubscriptionState
from app.errors import Message, Protocol
from app.providers.stripe.disputes import moment_from
from app.providers.stripe.errors import in_our_words
from app.providers.stripe.listing import through
from app.providers.stripe.sessions import (
    INTERVALS,
    PROVIDER,
    decline_of,
    intent_of_payment,
    money_from,
    text_of,
)

_PAGE: Final = 50
_STATES: Final = {
    "incomplete": SubscriptionState.PENDING,
    "incomplete_expired": SubscriptionState.ENDED,
    "trialing": SubscriptionState.ACTIVE,
    "active": SubscriptionState.ACTIVE,
    "past_due": SubscriptionState.PAST_DUE,
    "unpaid": SubscriptionState.PAST_DUE,
    "canceled": SubscriptionState.ENDED,
    "paused": SubscriptionState.PAUSED,
}
_RUNNING: Final = (SubscriptionState.ACTIVE, SubscriptionState.PAST_DUE)
_BEGINS: Final = "subscription_create"
_REFUSED: Final = frozenset({"open", "uncollectible"})
"""What an invoice is whose payment was tried and did not come."""

_INTERVAL_OF: Final = {word: BillingInterval(name) for name, word in INTERVALS.items()}


async def look(
    client: stripe.StripeClient,
    subscription_id: str,
    *,
    source: Source,
    provider_account: str,
    at: datetime,
) -> SubscriptionObservation:
    """Look at a subscription, at all its invoices, and at the newest one's refusal."""
    with in_our_words():
        # It is read before its invoices: one that is over is told with all that it ever took.
        subscription = (await client.v1.subscriptions.retrieve_async(subscription_id)).to_dict()
    invoices = [each async for each in _invoices_of(client, subscription_id)]
    return _observation(
        subscription,
        payments_of(invoices),
        first_payment_id=_first_of(invoices),
        decline=await _decline(client, invoices),
        source=source,
        provider_account=provider_account,
        at=at,
    )


async def cancel(
    client: stripe.StripeClient, subscription_id: str, *, at_period_end: bool, key: str
) -> None:
    """End one now, or with what was paid for. Raises Rejected where Stripe refuses that.

    Stripe knows no keys where something is deleted: what is gone is refused with 404.
    """
    subscriptions = client.v1.subscriptions
    with in_our_words():
        if at_period_end:
            await subscriptions.update_async(
                subscription_id, {"cancel_at_period_end": True}, {"idempotency_key": key}
            )
        else:
            await subscriptions.cancel_async(subscription_id)


def is_ending(seen: SubscriptionObservation, *, at_period_end: bool) -> bool:
    """Say whether a subscription is already what ending it would make of it."""
    is_over = seen.state is SubscriptionState.ENDED
    return is_over or (at_period_end and seen.ends_at is not None)


def payments_of(invoices: Sequence[Mapping[str, Any]]) -> tuple[SeenPayment, ...]:
    """Give what the invoices took, which come newest first; oldest first.

    What was paid beside Stripe is no money of its. Raises Protocol for what cannot be told apart.
    """
    return tuple(paid for invoice in reversed(invoices) for paid in _paid_of(invoice))


def _observation(
    subscription: Mapping[str, Any],
    payments: tuple[SeenPayment, ...],
    *,
    first_payment_id: str,
    decline: str,
    source: Source,
    provider_account: str,
    at: datetime,
) -> SubscriptionObservation:
    items, state = _items_of(subscription), state_of(subscription)
    metadata = subscription.get("metadata")
    reference = metadata.get("reference") if isinstance(metadata, Mapping) else None
    interval = _interval_of(items)
    until = _until(items)
    is_over = state is SubscriptionState.ENDED
    return SubscriptionObservation(
        source=source,
        provider=PROVIDER,
        provider_account=provider_account,
        live=subscription.get("livemode") is True,
        reference=str(reference or ""),
        subscription_id=text_of(subscription, "id"),
        state=state,
        observed_at=at,
        amount=None if interval is None else _amount_of(subscription, items),
        interval=interval,
        payments=payments,
        first_payment_id=first_payment_id,
        current_until=None if is_over else until,
        ends_at=None if is_over else _end_of(subscription, until),
        ended_at=moment_from(subscription.get("ended_at")),
        decline=decline,
    )


def state_of(subscription: Mapping[str, Any]) -> SubscriptionState:
    """Say how a subscription stands. Raises Protocol for a state that is not known.

    While the owner has paused collecting, Stripe goes on to call it active.
    """
    state = _STATES.get(str(subscription.get("status")))
    if state is None:
        raise Protocol(
            Message("Stripe sent a subscription in a state that the till does not know"),
            repr(subscription.get("status")),
        )
    is_paused = state in _RUNNING and subscription.get("pause_collection") is not None
    return SubscriptionState.PAUSED if is_paused else state


async def _invoices_of(
    client: stripe.StripeClient, subscription_id: str
) -> AsyncIterator[dict[str, Any]]:
    """Give all invoices of a subscription with their payments, newest first."""
    with in_our_words():
        page = await client.v1.invoices.list_async(
            {"subscription": subscription_id, "limit": _PAGE, "expand": ["data.payments"]}
        )
    async for invoice in through(page):
        listed = invoice.get("payments")
        if isinstance(listed, Mapping) and listed.get("has_more"):
            with in_our_words():
                rest = await client.v1.invoice_payments.list_async(
                    {"invoice": text_of(invoice, "id"), "limit": _PAGE}
                )
            invoice["payments"] = {"data": [each async for each in through(rest)]}
        yield invoice


async def _decline(client: stripe.StripeClient, invoices: Sequence[Mapping[str, Any]]) -> str:
    """Give Stripe's code for the newest invoice where its payment was refused, else nothing."""
    if not invoices:
        return ""
    newest = invoices[0]
    if newest.get("status") not in _REFUSED or newest.get("attempted") is not True:
        return ""
    with in_our_words():
        invoice = await client.v1.invoices.retrieve_async(
            text_of(newest, "id"), {"expand": ["payments.data.payment.payment_intent"]}
        )
        entries = _entries_of(invoice.to_dict())
    for entry in entries:
        payment = entry.get("payment")
        intent = payment.get("payment_intent") if isinstance(payment, Mapping) else None
        if isinstance(intent, Mapping) and intent.get("status") == "processing":
            return ""
        if told := decline_of(intent):
            return told
    return "declined"


def _first_of(invoices: Sequence[Mapping[str, Any]]) -> str:
    """Name the payment that started it; empty while there is none."""
    first = [each for each in invoices if each.get("billing_reason") == _BEGINS]
    return next((paid.payment_id for paid in payments_of(first)), "")


def _paid_of(invoice: Mapping[str, Any]) -> list[SeenPayment]:
    return [
        SeenPayment(
            intent_of_payment(entry),
            money_from(entry.get("amount_paid"), entry.get("currency") or invoice.get("currency")),
        )
        for entry in reversed(_entries_of(invoice))
        if entry.get("status") == "paid" and not _is_elsewhere(entry)
    ]


def _is_elsewhere(entry: Mapping[str, Any]) -> bool:
    """Say whether the money went another way than through Stripe: somebody only noted it there."""
    payment = entry.get("payment")
    return isinstance(payment, Mapping) and payment.get("type") == "payment_record"


def _entries_of(invoice: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Give what an invoice was to be paid by, newest first. Raises Protocol where it says none."""
    listed = invoice.get("payments")
    entries = listed.get("data") if isinstance(listed, Mapping) else None
    if not isinstance(entries, list) or not all(isinstance(each, Mapping) for each in entries):
        raise Protocol(Message("Stripe sent an invoice without its payments"))
    return entries


def _items_of(subscription: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    listed = subscription.get("items")
    items = listed.get("data") if isinstance(listed, Mapping) else None
    if not isinstance(items, list) or not all(isinstance(each, Mapping) for each in items):
        raise Protocol(Message("Stripe sent a subscription without its items"))
    return items


def _interval_of(items: Sequence[Mapping[str, Any]]) -> BillingInterval | None:
    """Give the interval of all items; None where it is none of the till's, or not the same one."""
    found = set()
    for item in items:
        price = item.get("price")
        recurring = price.get("recurring") if isinstance(price, Mapping) else None
        if not isinstance(recurring, Mapping) or recurring.get("interval_count") != 1:
            return None
        found.add(_INTERVAL_OF.get(str(recurring.get("interval"))))
    return found.pop() if len(found) == 1 else None


def _amount_of(subscription: Mapping[str, Any], items: Sequence[Mapping[str, Any]]) -> Money | None:
    """Add up what each interval costs; None where the answer does not say it in whole units."""
    total = 0
    for item in items:
        price, quantity = item.get("price"), item.get("quantity")
        each = price.get("unit_amount") if isinstance(price, Mapping) else None
        if type(each) is not int or type(quantity) is not int:
            return None
        total += each * quantity
    listed = subscription.get("items")
    if isinstance(listed, Mapping) and listed.get("has_more"):
        return None
    return money_from(total, subscription.get("currency"))


def _until(items: Sequence[Mapping[str, Any]]) -> datetime | None:
    """Say when the first period of its items is over."""
    ends = [moment_from(item.get("current_period_end")) for item in items]
    return min((end for end in ends if end is not None), default=None)


def _end_of(subscription: Mapping[str, Any], until: datetime | None) -> datetime | None:
    """Say when it ends by itself, where that was asked for."""
    if (asked := moment_from(subscription.get("cancel_at"))) is not None:
        return asked
    return until if subscription.get("cancel_at_period_end") is True else None
