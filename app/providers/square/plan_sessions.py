"""Sessions that begin a subscription: payment links with a plan's variation.

A link with a plan is made by `quick_pay`, whose order has no reference, and what is paid by it may
be another order than the link's. So such a session is known by the link's order, the variation and
our reference together, and its money is found by our reference, which the link writes into the
note of its payments. Which subscription was begun its first invoice proves, which is of the same
order as the payment; neither an amount nor a time ever does. Source: Square's API reference,
Checkout, Payments, Subscriptions and Invoices, version 2026-09-16.
"""

import logging
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, Self

from app.domain.attempt import Reference
from app.domain.money import Money
from app.domain.observation import SessionState
from app.errors import InvariantError, ProviderError, Rejected
from app.providers.square.amounts import written
from app.providers.square.client import SquareClient
from app.providers.square.documents import moment_from, object_of, stamp, text_of
from app.providers.square.looks import payments_named
from app.providers.square.orders import link_parameters, paying
from app.providers.square.orders import reference_of as reference_of_order
from app.providers.square.payments import REFUSED, reference_of, status_of
from app.providers.strategy import SessionRequest

_PAGE: Final = "100"
_VARIATION: Final = "subscription_plan_id"
_NOT_FOUND: Final = 404
_REMEMBERED: Final = 1_000
_ABOUT: Final = timedelta(hours=1)
_APART: Final = "."
"""Stands in no id of Square's and in no reference of ours."""

_log = logging.getLogger(__name__)


class PlanSession(NamedTuple):
    """What the id of such a session says.

    Of one that a payment alone tells of, the order is the payment's own and the variation empty.
    """

    order_id: str
    variation_id: str
    reference: str

    @classmethod
    def parse(cls, session_id: str) -> Self | None:
        """Read a session's id; None where it is that of an order alone."""
        parts = session_id.split(_APART)
        if len(parts) != len(cls._fields) or not parts[0] or Reference.parse(parts[-1]) is None:
            return None
        return cls(*parts)

    def __str__(self) -> str:
        return _APART.join(self)


@dataclass(frozen=True, slots=True)
class PlanLook:
    """What there is of such a session: its link's order, what was tried, what was begun by it."""

    order: Mapping[str, Any]
    payments: list[Mapping[str, Any]]
    subscription_id: str = ""


@dataclass(frozen=True, slots=True)
class _Begun:
    """A subscription, the orders that it was charged by, oldest first."""

    subscription: Mapping[str, Any]
    orders: list[str] = field(default_factory=list)


def order_id_of(session_id: str) -> str:
    """Give the order of the link that a session is."""
    known = PlanSession.parse(session_id)
    return session_id if known is None else known.order_id


def is_of_its_plan(refused: Rejected, parameters: Mapping[str, Any]) -> bool:
    """Say whether a link was refused since its variation is dead; it says so by name, or is a 404.

    Which code Square has for that, its reference does not say.
    """
    variation_id = _variation_of(parameters)
    is_named = variation_id in refused.detail or _VARIATION in refused.detail
    return bool(variation_id) and (is_named or refused.status == _NOT_FOUND)


def session_of(parameters: Mapping[str, Any], order_id: str) -> str:
    """Give the id of the session whose link was made by these parameters."""
    variation_id = _variation_of(parameters)
    if not variation_id:
        return order_id
    return str(PlanSession(order_id, variation_id, str(parameters["payment_note"])))


def parameters_of(request: SessionRequest, location_id: str) -> dict[str, Any]:
    """Build what a link is created with; plain JSON data, the same for the same request."""
    parameters = link_parameters(request, location_id)
    if not any(line.is_recurring for line in request.lines):
        return parameters
    if len(request.lines) != 1 or not request.plan_id:
        raise InvariantError("A subscription of Square's is one line and has a plan")
    (line,) = request.lines
    del parameters["order"]
    options = {**parameters["checkout_options"], _VARIATION: request.plan_id}
    price = written(Money(line.amount_minor, request.amount.currency))
    pay = {"name": line.name, "price_money": price, "location_id": location_id}
    return {**parameters, "quick_pay": pay, "checkout_options": options}


def _variation_of(parameters: Mapping[str, Any]) -> str:
    return str(parameters.get("checkout_options", {}).get(_VARIATION) or "")


class PlanLooks:
    """Finds what such sessions came to, for one location.

    `lists_after` is how late Square's list of payments may be.
    """

    def __init__(self, client: SquareClient, location_id: str, lists_after: timedelta) -> None:
        self._client = client
        self._location_id = location_id
        self._lists_after = lists_after
        self.heard: dict[str, str] = {}

    def hear(self, reference: str, order_id: str) -> None:
        """Note an order that is being paid under our reference: lists know of it later."""
        self.heard[reference] = order_id
        # Events are heard on more threads than one.
        for oldest in list(self.heard)[:-_REMEMBERED]:
            self.heard.pop(oldest, None)

    async def look(self, known: PlanSession, order: Mapping[str, Any]) -> PlanLook:
        """Look for the money of a session, and for what it began. `order` is its link's."""
        found = [
            *await payments_named(self._client, order),
            *await self._noted(known.reference, order),
            *await self._heard_of(known.reference),
        ]
        payments = list({text_of(payment, "id"): payment for payment in found}.values())
        taken = _taken(payments)
        if not taken:
            return PlanLook(order, payments)
        try:
            begun = await self._begun_by(taken, known, order)
            if len(taken) > 1:
                later = {order_id for each in begun for order_id in each.orders[1:]}
                payments = [each for each in payments if each.get("order_id") not in later]
        except ProviderError as error:
            # That money came is told at once; the next look asks again for the rest.
            _log.warning("what %s began is not known yet: %s", known.reference, error)
            return PlanLook(order, payments)
        first = text_of(begun[0].subscription, "id") if begun else ""
        return PlanLook(order, payments, first)

    async def paid_since(
        self, since: datetime, until: datetime | None, *, but: Collection[str]
    ) -> AsyncIterator[PlanSession]:
        """Give the sessions that money came by since then and before `until`, by their payments.

        Links are not listed by time; what nobody paid is not to be found. Payments with one of the
        references in `but` are left out: they are known.
        """
        span = {} if until is None else {"end_time": stamp(until)}
        met: set[str] = set()
        async for payment in self._listed(begin_time=stamp(since), **span):
            reference, order_id = reference_of(payment), str(payment.get("order_id") or "")
            if reference in ("", *but) or order_id in ("", *met):
                continue
            if payment.get("status") in REFUSED:
                continue
            met.add(order_id)
            order = object_of(await self._client.get("orders", order_id), "order")
            # One with our reference was a sale, and has been listed as an order.
            if not reference_of_order(order):
                yield PlanSession(order_id, "", reference)

    def is_over(self, look: PlanLook, state: SessionState, now: datetime) -> bool:
        """Say whether no money can come any more, and all is known of what came.

        `now` is Square's time.
        """
        is_closed = look.order.get("state") == "CANCELED"
        if state is SessionState.PAID:
            return bool(look.subscription_id) and (is_closed or bool(paying(look.order)))
        if not self._lists_after:
            return True
        closed_at = moment_from(look.order.get("closed_at") or look.order.get("updated_at"))
        # Money that came at the last moment may not be on the list yet.
        return closed_at is not None and now - closed_at >= self._lists_after

    async def _noted(self, reference: str, order: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """List the payments since an order was made that have our reference as their note."""
        listed = self._listed(begin_time=text_of(order, "created_at"))
        return [each async for each in listed if reference_of(each) == reference]

    async def _heard_of(self, reference: str) -> list[Mapping[str, Any]]:
        """Ask for what pays the order that an event told of, where it has our reference."""
        if (order_id := self.heard.get(reference)) is None:
            return []
        order = object_of(await self._client.get("orders", order_id), "order")
        payments = await payments_named(self._client, order)
        return [payment for payment in payments if reference_of(payment) == reference]

    async def _begun_by(
        self,
        taken: Sequence[Mapping[str, Any]],
        known: PlanSession,
        order: Mapping[str, Any],
    ) -> list[_Begun]:
        """Find the subscriptions that these payments began; nothing where that is not proven.

        The proof is a first invoice for the order of a payment. Where none has one, it is the only
        one that this customer has of this variation since the link was made, and of which no
        invoice speaks against it. Where a payment alone tells of the session, the one is named that
        was made when it was paid: whose that is, a look at it tells.
        """
        paid = [text_of(payment, "order_id") for payment in taken]
        customers = [str(each) for payment in taken if (each := payment.get("customer_id"))]
        if not customers:
            return []
        found = [
            await self._charged(each, is_whole=len(taken) > 1)
            async for each in self._subscriptions_of(customers, known.variation_id)
        ]
        proven = [each for each in found if each.orders[:1] and each.orders[0] in paid]
        if proven:
            return sorted(proven, key=lambda each: paid.index(each.orders[0]))
        made_at = moment_from(order.get("created_at"))
        if not known.variation_id:
            return _nearest(found, made_at)
        later = [each for each in found if _is_since(each.subscription, made_at)]
        if len(later) == 1 and await self._may_be(later[0], known.reference):
            return later
        return []

    async def _charged(self, subscription: Mapping[str, Any], *, is_whole: bool) -> _Begun:
        """Ask which orders a subscription was charged by: the first one, or each."""
        named = subscription.get("invoice_ids")
        ids = [str(each) for each in reversed(named if isinstance(named, list) else [])]
        orders = []
        for invoice_id in ids if is_whole else ids[:1]:
            answer = await self._client.get("invoices", invoice_id)
            orders.append(str(object_of(answer, "invoice").get("order_id") or ""))
        return _Begun(subscription, orders)

    async def _may_be(self, begun: _Begun, reference: str) -> bool:
        """Say whether no payment of its first invoice is of another session."""
        for order_id in begun.orders[:1]:
            order = object_of(await self._client.get("orders", order_id), "order")
            notes = {reference_of(each) for each in await payments_named(self._client, order)}
            if notes - {"", reference}:
                return False
        return True

    async def _subscriptions_of(
        self, customers: Sequence[str], variation_id: str
    ) -> AsyncIterator[Mapping[str, Any]]:
        of = {"customer_ids": sorted(set(customers)), "location_ids": [self._location_id]}
        body = {"query": {"filter": of}}
        async for each in self._client.found("subscriptions", "subscriptions", "search", body=body):
            if variation_id in ("", each.get("plan_variation_id")):
                yield each

    def _listed(self, **span: str) -> AsyncIterator[Mapping[str, Any]]:
        """List the location's payments of a span, newest first."""
        wanted = {"location_id": self._location_id, "sort_order": "DESC", "limit": _PAGE}
        return self._client.listed("payments", "payments", **wanted, **span)


def _taken(payments: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Give the payments that took money or may, oldest first."""
    good = [payment for payment in payments if status_of(payment) not in REFUSED]
    return sorted(good, key=lambda each: str(each.get("created_at") or ""))


def _nearest(found: Sequence[_Begun], moment: datetime | None) -> list[_Begun]:
    """Give what was made within an hour of a moment, the nearest first."""
    if moment is None:
        return []
    apart = [
        (abs(made_at - moment), each)
        for each in found
        if (made_at := moment_from(each.subscription.get("created_at"))) is not None
    ]
    near = sorted((each for each in apart if each[0] <= _ABOUT), key=lambda each: each[0])
    return [each for _, each in near]


def _is_since(subscription: Mapping[str, Any], moment: datetime | None) -> bool:
    begun = moment_from(subscription.get("created_at"))
    return begun is not None and moment is not None and begun >= moment
