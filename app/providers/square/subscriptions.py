"""Square's subscriptions: looked at with all that they took, and ended with what was paid for.

Each payment is of an order that an invoice of the subscription's is for, which is three calls to
read: what an earlier look has read is not read again, and nothing of it is kept here. Whether the
first one has an invoice Square does not say; it has our reference as its note and is of the day on
which the subscription was made. Source: Square's API reference, Subscriptions and Invoices, version
2026-09-16.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import takewhile
from typing import Any, Final, NamedTuple, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.domain.observation import SeenPayment, Source
from app.domain.subscription import SubscriptionObservation, SubscriptionState
from app.errors import Message, Protocol, Rejected
from app.providers.square.amounts import money_from
from app.providers.square.client import SquareClient
from app.providers.square.documents import each_of, moment_from, object_of, stamp, text_of
from app.providers.square.looks import payments_named, payments_of
from app.providers.square.payments import (
    PROVIDER,
    decline_of,
    reference_of,
    seen_payment,
    status_of,
)
from app.providers.square.plans import Agreed, agreed_by
from app.providers.strategy import ProviderAccount

_WAY: Final = "subscriptions"
_PAGE: Final = "100"
_NOT_KNOWN: Final = "not known"
"""Stands for a first payment that cannot be told: no other may pass for it."""
_APART: Final = timedelta(days=2)
"""Less than any interval: a later payment is a renewal."""
_SEARCHED: Final = timedelta(hours=1)
_AGREED_FOR: Final = timedelta(hours=1)
_VARIATIONS: Final = 1_000
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
_CALLED_OFF: Final = "CANCELED"
_APART_IN: Final = "."
"""Stands in no id of Square's and in no reference of ours."""
_OWED: Final = frozenset({"UNPAID", "PARTIALLY_PAID", "FAILED"})
_REFUSES_ALL: Final = frozenset({401, 403, 404})
_ONLY_AT_THE_END: Final = Message("Square ends a subscription only with what was paid for")


class _Paid(NamedTuple):
    """Money that was taken; `reference` is ours where its note is one."""

    seen: SeenPayment
    reference: str
    at: datetime | None


class _Read(NamedTuple):
    """Up to which invoice all is final and known, by which payment it began, and our reference."""

    invoice_id: str
    first_payment_id: str
    reference: str

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read what an earlier look gave; None where it is none of these."""
        parts = text.split(_APART_IN)
        return cls(*parts) if len(parts) == len(cls._fields) and all(parts) else None

    def __str__(self) -> str:
        return _APART_IN.join(self)


@dataclass(frozen=True, slots=True)
class _Invoiced:
    """What came of an invoice. `order` is what it is for."""

    id: str
    status: str
    due: str
    order: Mapping[str, Any]
    payments: tuple[_Paid, ...]

    @property
    def is_final(self) -> bool:
        """Say whether nothing more can come of it."""
        return self.status == _CALLED_OFF or (self.status in _SETTLED and self._is_all_here)

    @property
    def _is_all_here(self) -> bool:
        """Say whether all that was paid is listed: one of several payments may come later."""
        total = (self.order.get("total_money") or {}).get("amount")
        taken = sum(each.seen.amount.minor for each in self.payments)
        return bool(self.payments) and (not isinstance(total, int) or taken >= total)


@dataclass(frozen=True, slots=True)
class _Charges:
    """All that a subscription took, oldest first, and how its newest invoice stands."""

    payments: tuple[SeenPayment, ...] = ()
    first_payment_id: str = ""
    reference: str = ""
    is_owed: bool = False
    decline: str = ""
    read_to: str = ""


class Subscriptions:
    """Looks at subscriptions for one token; of what was read only prices are kept for an hour."""

    def __init__(self, client: SquareClient) -> None:
        self._client = client
        self._agreed: dict[str, tuple[datetime, Agreed]] = {}

    async def look(
        self,
        subscription_id: str,
        source: Source,
        owner: ProviderAccount,
        *,
        at: datetime,
        read_to: str = "",
    ) -> SubscriptionObservation:
        """Look at a subscription, and at the payments after `read_to`, which an earlier look gave.

        Raises Protocol where what comes proves nothing.
        """
        answer = await self._client.get(_WAY, subscription_id)
        told = object_of(answer, "subscription")
        charges = await self._charges(told, at, _Read.parse(read_to))
        agreed = await self._agreed_by(text_of(told, "plan_variation_id"), at)
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
            read_to=charges.read_to,
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

    async def _charges(
        self, told: Mapping[str, Any], at: datetime, known: _Read | None
    ) -> _Charges:
        named = told.get("invoice_ids")
        # Square names the newest first.
        ids = [str(each) for each in reversed(named if isinstance(named, list) else [])]
        if known is not None and known.invoice_id in ids:
            fresh = ids[ids.index(known.invoice_id) + 1 :]
            return await self._charged_since(told, at, fresh, known)
        if not ids:
            return _Charges()
        invoiced = [await self._invoiced(each) for each in ids]
        paid = [payment for each in invoiced for payment in each.payments]
        first = await self._first(told, paid)
        if first is not None and first not in paid:
            paid.insert(0, first)
        is_owed, decline = await self._owed(told, at, invoiced[-1])
        return _Charges(
            payments=tuple(payment.seen for payment in paid),
            first_payment_id=_NOT_KNOWN if first is None and paid else _id_of(first),
            reference="" if first is None else first.reference,
            is_owed=is_owed,
            decline=decline,
            read_to="" if first is None else _read(invoiced, _id_of(first), first.reference),
        )

    async def _charged_since(
        self, told: Mapping[str, Any], at: datetime, ids: Sequence[str], known: _Read
    ) -> _Charges:
        """Read the invoices after the one up to which all is known."""
        invoiced = [await self._invoiced(each) for each in ids]
        is_owed, decline = await self._owed(told, at, invoiced[-1]) if invoiced else (False, "")
        _, first_payment_id, reference = known
        return _Charges(
            payments=tuple(payment.seen for each in invoiced for payment in each.payments),
            first_payment_id=first_payment_id,
            reference=reference,
            is_owed=is_owed,
            decline=decline,
            read_to=_read(invoiced, first_payment_id, reference) or str(known),
        )

    async def _owed(
        self, told: Mapping[str, Any], at: datetime, newest: _Invoiced
    ) -> tuple[bool, str]:
        """Say whether the newest invoice is due and not paid, and why it was refused."""
        today = at.astimezone(_zone(told)).date().isoformat()
        if newest.status not in _OWED or newest.due > today:
            return False, ""
        location = text_of(told, "location_id")
        return True, decline_of(await payments_of(self._client, newest.order, location))

    async def _agreed_by(self, variation_id: str, at: datetime) -> Agreed:
        """Ask what a variation says, once in an hour: thousands may have subscribed to it."""
        asked_at, agreed = self._agreed.get(variation_id, (None, Agreed()))
        if asked_at is None or not timedelta(0) <= at - asked_at < _AGREED_FOR:
            agreed = await agreed_by(self._client, variation_id)
            if len(self._agreed) >= _VARIATIONS:
                self._agreed.clear()
            self._agreed[variation_id] = at, agreed
        return agreed

    async def _first(self, told: Mapping[str, Any], paid: Sequence[_Paid]) -> _Paid | None:
        """Say which payment began it: never one of an interval later, which is a renewal."""
        made_at = moment_from(told.get("created_at"))
        if made_at is None:
            return None
        if paid and paid[0].reference and _is_about(paid[0], made_at):
            return paid[0]
        found = [each async for each in self._begun_by(told, made_at)]
        # Of two nobody can say which: a person has to look at it.
        return found[0] if len(found) == 1 else None

    async def _begun_by(self, told: Mapping[str, Any], made_at: datetime) -> AsyncIterator[_Paid]:
        """Look for payments of this customer's for a session of a till's when it was made."""
        listed = self._client.listed(
            "payments",
            "payments",
            location_id=text_of(told, "location_id"),
            begin_time=stamp(made_at - _SEARCHED),
            end_time=stamp(made_at + _SEARCHED),
            limit=_PAGE,
        )
        async for payment in listed:
            is_theirs = payment.get("customer_id") == told.get("customer_id")
            if is_theirs and reference_of(payment) and payment.get("status") == "COMPLETED":
                yield _paid(payment)

    async def _invoiced(self, invoice_id: str) -> _Invoiced:
        """Ask what came of an invoice."""
        answer = await self._client.get("invoices", invoice_id)
        invoice = object_of(answer, "invoice")
        answer = await self._client.get("orders", text_of(invoice, "order_id"))
        order = object_of(answer, "order")
        payments = await payments_named(self._client, order)
        taken = tuple(_paid(each) for each in payments if status_of(each) == "COMPLETED")
        due = [str(each.get("due_date") or "") for each in each_of(invoice, "payment_requests")]
        return _Invoiced(
            id=invoice_id,
            status=text_of(invoice, "status"),
            due=min(due, default=""),
            order=order,
            payments=taken,
        )


def _paid(payment: Mapping[str, Any]) -> _Paid:
    at = moment_from(payment.get("created_at"))
    return _Paid(seen_payment(payment), reference_of(payment), at)


def _is_about(payment: _Paid, made_at: datetime) -> bool:
    return payment.at is not None and abs(payment.at - made_at) < _APART


def _id_of(payment: _Paid | None) -> str:
    return "" if payment is None else payment.seen.payment_id


def _read(invoiced: Sequence[_Invoiced], first_payment_id: str, reference: str) -> str:
    """Say up to where all is final: never beyond an invoice that may still be paid."""
    final = list(takewhile(lambda each: each.is_final, invoiced))
    if not (final and first_payment_id and reference):
        return ""
    return str(_Read(final[-1].id, first_payment_id, reference))


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
