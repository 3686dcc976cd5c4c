"""Square's subscriptions: looked at with all that they took, and ended with what was paid for.

Each payment is of an order that an invoice of the subscription's is for. Source: Square's API
reference, Subscriptions and Invoices, version 2026-09-16.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.domain.observation import SeenPayment, Source
from app.domain.subscription import SubscriptionObservation, SubscriptionState
from app.errors import Message, Protocol, Rejected
from app.providers.square.amounts import money_from
from app.providers.square.client import SquareClient
from app.providers.square.documents import each_of, object_of, text_of
from app.providers.square.looks import payments_named, payments_of
from app.providers.square.payments import (
    PROVIDER,
    decline_of,
    reference_of,
    seen_payment,
    status_of,
)
from app.providers.square.plans import agreed_by
from app.providers.strategy import ProviderAccount

_WAY: Final = "subscriptions"
_REMEMBERED: Final = 10_000
_OVER: Final = SubscriptionState.ENDED
_STATES: Final = {
    "PENDING": SubscriptionState.PENDING,
    "ACTIVE": SubscriptionState.ACTIVE,
    "PAUSED": SubscriptionState.PAUSED,
    # Nothing is charged, and it can be resumed.
    "DEACTIVATED": SubscriptionState.PAUSED,
    "CANCELED": SubscriptionState.ENDED,
}
_SETTLED: Final = frozenset({"PAID", "PARTIALLY_REFUNDED", "REFUNDED"})
_OWED: Final = frozenset({"UNPAID", "PARTIALLY_PAID", "FAILED"})
_REFUSES_ALL: Final = frozenset({401, 403, 404})
_ONLY_AT_THE_END: Final = Message("Square ends a subscription only with what was paid for")


@dataclass(frozen=True, slots=True)
class _Invoiced:
    """What came of an invoice. `order` is what it is for."""

    status: str
    due: str
    order: Mapping[str, Any]
    payments: tuple[SeenPayment, ...]
    reference: str


@dataclass(frozen=True, slots=True)
class _Charges:
    """All that a subscription took, oldest first, and how its newest invoice stands."""

    payments: tuple[SeenPayment, ...] = ()
    first_payment_id: str = ""
    reference: str = ""
    is_owed: bool = False
    decline: str = ""


class Subscriptions:
    """Looks at subscriptions for one token; remembers what paid invoices came to."""

    def __init__(self, client: SquareClient) -> None:
        self._client = client
        self._settled: dict[str, _Invoiced] = {}

    async def look(
        self,
        subscription_id: str,
        source: Source,
        owner: ProviderAccount,
        *,
        at: datetime,
    ) -> SubscriptionObservation:
        """Look at a subscription. Raises Protocol where what comes proves nothing."""
        answer = await self._client.get(_WAY, subscription_id)
        told = object_of(answer, "subscription")
        charges = await self._charges(told, at)
        agreed = await agreed_by(self._client, text_of(told, "plan_variation_id"))
        override = told.get("price_override_money")
        state = _state(told, charges)
        ends_at = _end_of(told, "canceled_date")
        return SubscriptionObservation(
            source=source,
            provider=PROVIDER,
            provider_account=owner.id,
            live=owner.live,
            reference=charges.reference,
            subscription_id=text_of(told, "id"),
            state=state,
            observed_at=at,
            amount=agreed.amount if override is None else money_from(override),
            interval=agreed.interval,
            payments=charges.payments,
            first_payment_id=charges.first_payment_id,
            current_until=_end_of(told, "charged_through_date"),
            ends_at=None if state is _OVER else ends_at,
            # A day is all that Square says of the end, and it may be one that is not over yet.
            ended_at=min(ends_at or at, at) if state is _OVER else None,
            decline=charges.decline,
        )

    async def end(self, subscription_id: str, *, at_period_end: bool) -> Rejected | None:
        """Have one end with what was paid for; give what Square says where it refuses.

        It may be over already, or about to end: what it is a look tells. Raises Rejected where
        that need not be looked at.
        """
        if not at_period_end:
            raise Rejected(
                _ONLY_AT_THE_END,
                action=Message("End it with what was paid for. Until then nothing is charged."),
                status=400,
            )
        try:
            await self._client.post(_WAY, subscription_id, "cancel", body={})
        except Rejected as refused:
            if refused.status in _REFUSES_ALL:
                raise
            return refused
        return None

    async def _charges(self, told: Mapping[str, Any], at: datetime) -> _Charges:
        named = told.get("invoice_ids")
        # Square names the newest first.
        ids = list(reversed(named if isinstance(named, list) else []))
        if not ids:
            return _Charges()
        invoiced = [await self._invoiced(str(each)) for each in ids]
        first, newest = invoiced[0], invoiced[-1]
        today = at.astimezone(_zone(told)).date().isoformat()
        is_owed = newest.status in _OWED and newest.due <= today
        decline = ""
        if is_owed:
            location = text_of(told, "location_id")
            decline = decline_of(await payments_of(self._client, newest.order, location))
        return _Charges(
            payments=tuple(payment for each in invoiced for payment in each.payments),
            first_payment_id=first.payments[0].payment_id if first.payments else "",
            reference=first.reference,
            is_owed=is_owed,
            decline=decline,
        )

    async def _invoiced(self, invoice_id: str) -> _Invoiced:
        """Ask what came of an invoice; of a paid one, once."""
        if invoice_id in self._settled:
            return self._settled[invoice_id]
        answer = await self._client.get("invoices", invoice_id)
        invoice = object_of(answer, "invoice")
        answer = await self._client.get("orders", text_of(invoice, "order_id"))
        order = object_of(answer, "order")
        payments = await payments_named(self._client, order)
        taken = tuple(seen_payment(each) for each in payments if status_of(each) == "COMPLETED")
        due = [str(each.get("due_date") or "") for each in each_of(invoice, "payment_requests")]
        invoiced = _Invoiced(
            status=text_of(invoice, "status"),
            due=min(due, default=""),
            order=order,
            payments=taken,
            reference=next(filter(None, map(reference_of, payments)), ""),
        )
        if invoiced.status in _SETTLED and taken:
            if len(self._settled) >= _REMEMBERED:
                del self._settled[next(iter(self._settled))]
            self._settled[invoice_id] = invoiced
        return invoiced


def _state(told: Mapping[str, Any], charges: _Charges) -> SubscriptionState:
    state = _STATES.get(str(told.get("status")))
    if state is None:
        raise Protocol(
            Message("Square sent a subscription in a state that the till does not know"),
            repr(told.get("status")),
        )
    is_late = state is SubscriptionState.ACTIVE and charges.is_owed
    return SubscriptionState.PAST_DUE if is_late else state


def _end_of(told: Mapping[str, Any], key: str) -> datetime | None:
    """Give the moment at which a day of Square's is over where it is sold; None without one."""
    try:
        day = date.fromisoformat(str(told.get(key)))
        midnight = datetime.combine(day + timedelta(days=1), time(), _zone(told))
        return midnight.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _zone(told: Mapping[str, Any]) -> tzinfo:
    """Give the zone of where it is sold; UTC where the computer does not know it."""
    try:
        return ZoneInfo(str(told.get("timezone")))
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return UTC
