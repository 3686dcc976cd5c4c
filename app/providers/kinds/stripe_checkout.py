"""Stripe Checkout: hosted sessions through the official SDK, for one account.

Source: Stripe's API reference, version 2026-10-28.endive.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, cast

from app.domain.delivery import Delivery
from app.domain.observation import Observation, Source
from app.errors import Message
from app.providers.kind import Kind
from app.providers.saving import OpenedSetup, SeenSetup, SetupNews, SetupRequest
from app.providers.strategy import OpenedSession, Recheck, SessionRequest
from app.providers.stripe import setups
from app.providers.stripe.account import answer
from app.providers.stripe.client import BASE_VARIABLE, SECRET_KEY, WEBHOOK_SECRET, is_live
from app.providers.stripe.hosted import STRIPE_TAKES, StripePages
from app.providers.stripe.listing import sessions_since
from app.providers.stripe.sessions import (
    EXPAND,
    PROVIDER,
    money_from,
    session_parameters,
    text_of,
)

_LIFETIME: Final = timedelta(minutes=35)


class StripeCheckout(StripePages):
    """The strategy `stripe_checkout`: satisfies `PaymentStrategy` and `SavesCards`."""

    takes = replace(
        STRIPE_TAKES,
        max_lines=100,
        session_lifetime=_LIFETIME,
        page_hosts=frozenset({"checkout.stripe.com"}),
        saves_cards=True,
    )

    async def prepare_session(self, request: SessionRequest) -> dict[str, Any]:
        # A slow clock of ours would make Stripe's least lifetime a refusal: its clock counts.
        now = await self._by_provider()
        return session_parameters(request, expires_at=int((now + _LIFETIME).timestamp()))

    async def open_session(self, parameters: Mapping[str, Any], *, key: str) -> OpenedSession:
        session = await self._created(parameters, key=key)
        return OpenedSession(
            session_id=text_of(session, "id"),
            url=self._own_page(str(session.get("url") or "")),
            amount=money_from(session.get("amount_total"), session.get("currency")),
            expires_at=self._clock.now() + _LIFETIME,
        )

    async def page_of(self, session_id: str) -> str:
        """Ask where a session's page is now; nothing where it has none that may be shown."""
        session = await answer(self._client.v1.checkout.sessions.retrieve_async(session_id))
        url = str(session.get("url") or "")
        return url if self._is_own_page(url) else ""

    async def fetch(self, session_id: str, *, source: Source) -> Observation:
        await self._known()
        session = await answer(
            self._client.v1.checkout.sessions.retrieve_async(session_id, {"expand": list(EXPAND)})
        )
        return self._seen(session, source)

    async def close_session(self, session_id: str, *, key: str) -> Observation:
        await self._expire(session_id, key=key)
        return await self.fetch(session_id, source=Source.CLOSE)

    async def list_since(
        self, since: datetime, *, source: Source, until: datetime | None = None
    ) -> AsyncIterator[Observation | Recheck]:
        await self._known()
        async for session in sessions_since(self._client, since, until):
            if (seen := self._seen_or_named(session, source)) is not None:
                yield seen

    async def prepare_setup(self, request: SetupRequest) -> dict[str, Any]:
        now = await self._by_provider()
        return setups.setup_parameters(request, expires_at=int((now + _LIFETIME).timestamp()))

    async def open_setup(self, parameters: Mapping[str, Any], *, key: str) -> OpenedSetup:
        session = await self._created(parameters, key=key)
        url = str(session.get("url") or "")
        return OpenedSetup(
            setup_id=text_of(session, "id"),
            url=url if self._is_own_page(url) else "",
            expires_at=self._clock.now() + _LIFETIME,
        )

    async def fetch_setup(self, setup_id: str, *, source: Source) -> SeenSetup:
        await self._known()
        session = await answer(
            self._client.v1.checkout.sessions.retrieve_async(
                setup_id, {"expand": list(setups.EXPAND)}
            )
        )
        return setups.setup_from(
            session,
            source=source,
            provider_account=self.provider_account,
            at=self._clock.now(),
        )

    async def close_setup(self, setup_id: str, *, key: str) -> SeenSetup:
        await self._expire(setup_id, key=key)
        return await self.fetch_setup(setup_id, source=Source.CLOSE)

    def setup_told(self, delivery: Delivery) -> SetupNews | None:
        return setups.setup_told(delivery)

    async def _created(self, parameters: Mapping[str, Any], *, key: str) -> dict[str, Any]:
        return await answer(
            self._client.v1.checkout.sessions.create_async(
                cast(Any, dict(parameters)), {"idempotency_key": key}
            )
        )


KIND: Final = Kind(
    "stripe_checkout",
    provider=PROVIDER,
    label=Message("Stripe Checkout"),
    fields=(SECRET_KEY, WEBHOOK_SECRET),
    build=StripeCheckout.of,
    base_variable=BASE_VARIABLE,
    is_live=is_live,
    live_hint="sk_live_",
    test_hint="sk_test_",
)
