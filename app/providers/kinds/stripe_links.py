"""Stripe Payment Links: a short address that opens a Checkout Session for each visit.

A link is used once, never runs out at Stripe and cannot be deleted: its deadline is the till's, and
to close it is to deactivate it and to expire whatever it opened. Source: Stripe's API reference,
Payment Links and Checkout Sessions, version 2026-10-28.endive.
"""

import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, cast

from app.domain.attempt import Reference
from app.domain.observation import Observation, Source
from app.errors import Message, Protocol, Rejected, Unavailable
from app.providers.kind import Kind
from app.providers.strategy import OpenedSession, Recheck, SessionRequest
from app.providers.stripe.account import answer
from app.providers.stripe.client import BASE_VARIABLE, SECRET_KEY, WEBHOOK_SECRET, is_live
from app.providers.stripe.errors import in_our_words
from app.providers.stripe.hosted import STRIPE_TAKES, StripePages
from app.providers.stripe.links import (
    amount_of,
    link_parameters,
    made_at,
    observation_of,
    open_sessions,
)
from app.providers.stripe.listing import sessions_of_link, sessions_since, through
from app.providers.stripe.sessions import (
    PROVIDER,
    link_of,
    reference_of,
    text_of,
)

_log = logging.getLogger(__name__)

_LIFETIME: Final = timedelta(hours=1)
_MOST_ROUNDS: Final = 5
_PAGE: Final = 100


class StripeLinks(StripePages):
    """The strategy `stripe_links`: satisfies `PaymentStrategy`. A link's id names the session."""

    takes = replace(
        STRIPE_TAKES,
        max_lines=20,
        session_lifetime=_LIFETIME,
        page_hosts=frozenset({"buy.stripe.com"}),
    )

    async def prepare_session(self, request: SessionRequest) -> dict[str, Any]:
        return link_parameters(request, made_at=await self._by_provider())

    async def open_session(self, parameters: Mapping[str, Any], *, key: str) -> OpenedSession:
        link = await answer(
            self._client.v1.payment_links.create_async(
                cast(Any, dict(parameters)), {"idempotency_key": key}
            )
        )
        return OpenedSession(
            session_id=text_of(link, "id"),
            url=self._own_page(str(link.get("url") or "")),
            amount=amount_of(link, await self._lines_of(link)),
            expires_at=self._clock.now() + _LIFETIME,
        )

    async def page_of(self, session_id: str) -> str:
        """Ask where a link's page is now; nothing where it has none that may be shown."""
        link = await answer(self._client.v1.payment_links.retrieve_async(session_id))
        url = str(link.get("url") or "") if link.get("active") is True else ""
        return url if self._is_own_page(url) else ""

    async def fetch(self, session_id: str, *, source: Source) -> Observation:
        await self._known()
        link, sessions = await self._looked_at(session_id)
        return self._link_seen(link, sessions, source)

    async def close_session(self, session_id: str, *, key: str) -> Observation:
        await self._known()
        links = self._client.v1.payment_links
        try:
            await answer(
                links.update_async(session_id, {"active": False}, {"idempotency_key": f"{key}-off"})
            )
        except Rejected as refused:
            if refused.status != 400:
                raise
        for _ in range(_MOST_ROUNDS):
            link, sessions = await self._looked_at(session_id)
            if not (still_open := open_sessions(sessions)):
                return self._link_seen(link, sessions, Source.CLOSE)
            for each in still_open:
                await self._expire(each, key=f"{key}-{each}")
        raise Unavailable(Message("Stripe has not closed every page of the payment link"))

    async def list_since(
        self, since: datetime, *, source: Source, until: datetime | None = None
    ) -> AsyncIterator[Observation | Recheck]:
        await self._known()
        visits: dict[str, list[dict[str, Any]]] = {}
        async for session in sessions_since(self._client, since, until):
            if link_id := link_of(session):
                visits.setdefault(link_id, []).append(session)
        async for link in self._links_since(since, until):
            yield self._listed(link, visits.pop(text_of(link, "id"), []), source)
        # The others were visited since then, and made before.
        for sessions in visits.values():
            for session in sessions:
                if (seen := self._seen_or_named(session, source)) is not None:
                    yield seen

    async def _links_since(
        self, since: datetime, until: datetime | None
    ) -> AsyncIterator[dict[str, Any]]:
        """Give the links of any till asked for since then and before `until`, newest first.

        Stripe's list has no times. One of ours that is older than that by more than a key lives
        ends it: none that was asked for later can come after it.
        """
        begun = since.replace(microsecond=0)
        with in_our_words():
            page = await self._client.v1.payment_links.list_async({"limit": _PAGE})
        async for link in through(page):
            made = made_at(link)
            # Others sell through the account too; what they do need not be understood.
            if made is None or Reference.parse(reference_of(link)) is None:
                continue
            if made < begun - self.capabilities.key_lifetime:
                return
            if made >= begun and (until is None or made < until):
                yield link

    async def _lines_of(self, link: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Give all lines of a link; an answer holds only the first of them."""
        listed = link.get("line_items")
        lines = listed.get("data") if isinstance(listed, Mapping) else None
        if not isinstance(lines, list):
            raise Protocol(Message("Stripe sent a payment link without its lines"))
        if not (isinstance(listed, Mapping) and listed.get("has_more")):
            return lines
        with in_our_words():
            page = await self._client.v1.payment_links.line_items.list_async(
                text_of(link, "id"), {"limit": _PAGE}
            )
        return [line async for line in through(page)]

    async def _looked_at(self, link_id: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Read a link, and after it all its sessions: of one that is shut there are no others."""
        link = await answer(self._client.v1.payment_links.retrieve_async(link_id))
        return link, [session async for session in sessions_of_link(self._client, link_id)]

    def _listed(
        self, link: Mapping[str, Any], sessions: list[dict[str, Any]], source: Source
    ) -> Observation | Recheck:
        """Read a listed link; one that is not understood must not hide the others."""
        try:
            return self._link_seen(link, sessions, source, is_whole=False)
        except Protocol as error:
            _log.warning("a payment link of %s is not understood: %s", self.account, error)
            return Recheck(reference_of(link), session_id=str(link.get("id") or ""))

    def _link_seen(
        self,
        link: Mapping[str, Any],
        sessions: list[dict[str, Any]],
        source: Source,
        *,
        is_whole: bool = True,
    ) -> Observation:
        return observation_of(
            link,
            sessions,
            source=source,
            provider_account=self.provider_account,
            at=self._clock.now(),
            is_whole=is_whole,
        )


KIND: Final = Kind(
    "stripe_links",
    provider=PROVIDER,
    label=Message("Stripe Payment Links"),
    fields=(SECRET_KEY, WEBHOOK_SECRET),
    build=StripeLinks.of,
    base_variable=BASE_VARIABLE,
    is_live=is_live,
    live_hint="sk_live_",
    test_hint="sk_test_",
)
