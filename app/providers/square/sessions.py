"""Looks at sessions: at one, or at all that changed since a moment."""

import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from app.clock import Clock
from app.domain.observation import Observation, Source
from app.errors import Protocol
from app.providers.square.client import SquareClient
from app.providers.square.documents import object_of
from app.providers.square.listing import orders_since
from app.providers.square.looks import payments_named, payments_of
from app.providers.square.orders import observation_from, reference_of
from app.providers.square.plan_sessions import PlanLooks, PlanSession, order_id_of
from app.providers.strategy import ProviderAccount, Recheck

_log = logging.getLogger(__name__)


class Sessions:
    """The sessions of one location; `account` is our name for whose they are.

    `lists_after` is how late Square's list of payments may be.
    """

    def __init__(
        self,
        account: str,
        client: SquareClient,
        location_id: str,
        clock: Clock,
        lists_after: timedelta,
    ) -> None:
        self._account = account
        self._client = client
        self._location_id = location_id
        self._clock = clock
        self._plans = PlanLooks(client, location_id, lists_after)

    def hear(self, told: Recheck) -> None:
        """Note which order an event with our reference was about, before the lists know of it."""
        if told.reference and told.session_id:
            self._plans.hear(told.reference, told.session_id)

    async def order(self, order_id: str) -> Mapping[str, Any]:
        """Ask for an order."""
        return object_of(await self._client.get("orders", order_id), "order")

    async def look(self, session_id: str, source: Source, owner: ProviderAccount) -> Observation:
        """Look at a session, and for tries that were refused."""
        order = await self.order(order_id_of(session_id))
        begun = PlanSession.parse(session_id)
        if begun is not None:
            return await self._plan(begun, order, source, owner)
        payments = await payments_of(self._client, order, self._location_id)
        return self._seen(order, payments, source, owner, looked_for_tries=True)

    async def since(
        self, since: datetime, until: datetime | None, source: Source, owner: ProviderAccount
    ) -> AsyncIterator[Observation | Recheck]:
        """Look at every session that changed since then and before `until`.

        Those that began a subscription come last, as what their payment tells: the order that was
        paid does not say which link it is of. One that nobody paid is not to be found. There is no
        list of subscriptions by time, nor of their renewals: those of one that is not in the books
        are found by this first payment, and by looking at it each day after that.
        """
        met: set[str] = set()
        async for order in orders_since(self._client, self._location_id, since, until):
            met.add(reference_of(order))
            yield await self._seen_or_named(order, source, owner)
        async for paid in self._plans.paid_since(since, until, but=met):
            yield Recheck(paid.reference, session_id=str(paid))

    async def _seen_or_named(
        self, order: Mapping[str, Any], source: Source, owner: ProviderAccount
    ) -> Observation | Recheck:
        """Read a listed order; one that is not understood must not hide the others."""
        try:
            payments = await payments_named(self._client, order)
            return self._seen(order, payments, source, owner, looked_for_tries=False)
        except Protocol as error:
            _log.warning("an order of %s is not understood: %s", self._account, error)
            return Recheck(reference_of(order), session_id=str(order.get("id") or ""))

    async def _plan(
        self, begun: PlanSession, order: Mapping[str, Any], source: Source, owner: ProviderAccount
    ) -> Observation:
        """Look at a session that begins a subscription; of its order no reference is known."""
        look = await self._plans.look(begun, order)
        seen = self._seen(order, look.payments, source, owner, looked_for_tries=True)
        now = self._clock.now() - (self._client.transport.clock_off() or timedelta(0))
        return replace(
            seen,
            reference=begun.reference,
            session_id=str(begun),
            subscription_id=look.subscription_id,
            is_final=seen.is_final and self._plans.is_over(look, seen.state, now),
        )

    def _seen(
        self,
        order: Mapping[str, Any],
        payments: list[Mapping[str, Any]],
        source: Source,
        owner: ProviderAccount,
        *,
        looked_for_tries: bool,
    ) -> Observation:
        return observation_from(
            order,
            payments,
            source=source,
            provider_account=owner.id,
            live=owner.live,
            at=self._clock.now(),
            looked_for_tries=looked_for_tries,
        )
