"""A payment provider in memory, with books of its own, and the strategy that speaks to it.

What goes wrong is scripted: an exception is raised instead of acting, `LOST` acts and then loses
the answer. The provider itself is always right about its money.
"""

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from app.domain.capabilities import Capabilities
from app.domain.catalog import BillingInterval
from app.domain.delivery import Delivery
from app.domain.money import Money
from app.domain.observation import Observation, SeenPayment, SessionState, Source
from app.errors import Rejected, Unavailable, WebhookRejected
from app.providers.budget import RequestBudget
from app.providers.strategy import (
    OpenedSession,
    ProviderAccount,
    Recheck,
    Seen,
    SessionRequest,
    WebhookRequest,
)
from tests.parts.fake_provider import PAGES, FakeProvider
from tests.parts.fake_session import FakeSession
from tests.parts.giving_back import (
    LOST,
    REFUND_EVENT,
    Answer,
    Call,
    GivesBack,
    refund_seen_in,
)
from tests.parts.provider_disputes import DisputeVerbs

__all__ = ["LOST", "Call", "FakeProvider", "FakeSession", "FakeStrategy"]

_FAR = datetime(9999, 1, 1, tzinfo=UTC)
_PAGE = 50


class FakeStrategy(DisputeVerbs, GivesBack):
    """Satisfies `PaymentStrategy` over a `FakeProvider`; `answers` script the calls to come."""

    provider = "fakepay"
    event_memory = timedelta(days=30)

    def __init__(self, books: FakeProvider, *, account: str = "fake") -> None:
        self.account = account
        self.books = books
        self.refunds = books.refunds
        self.credential_digest = "digest-1"
        self.calls: list[Call] = []
        self.answers: dict[str, list[Answer]] = defaultdict(list)
        self.before: Callable[[Call], None] = lambda call: None
        self.pause: Callable[[Call], Any] | None = None
        self.page = PAGES
        self.amount_off = 0
        self.is_closed = False
        self._provider_account = ""
        # Enough for everything, unless a test sets another.
        self.budget = RequestBudget(books.clock, per_s=1e9, burst=10**9)
        self.capabilities = Capabilities(
            currencies=frozenset({"EUR", "USD", "KWD"}),
            minimum_minor={"EUR": 50},
            maximum_minor=999_999,
            amount_step={"KWD": 10},
            max_lines=20,
            max_lines_recurring=20,
            intervals=frozenset(BillingInterval) - {BillingInterval.ONETIME},
            mixes_recurring=True,
            session_lifetime=timedelta(minutes=35),
            key_lifetime=timedelta(hours=23),
            page_hosts=frozenset({"pay.fake.example"}),
            reports_fees=True,
        )

    @property
    def live(self) -> bool:
        return self.books.live

    @property
    def provider_account(self) -> str:
        return self._provider_account

    async def identify(self) -> ProviderAccount:
        await self._call(Call("identify"))
        self._provider_account = self.books.account
        return ProviderAccount(self.books.account, self.books.live)

    def adopt(self, provider_account: str) -> None:
        self._provider_account = provider_account

    async def prepare_session(self, request: SessionRequest) -> dict[str, Any]:
        await self._call(Call("prepare_session"))
        return {
            "reference": str(request.reference),
            "amount_minor": request.amount.minor,
            "currency": request.amount.currency,
            "lines": [[line.name, line.amount_minor] for line in request.lines],
            "success_url": request.success_url,
            "cancel_url": request.cancel_url,
        }

    async def open_session(self, parameters: Mapping[str, Any], *, key: str) -> OpenedSession:
        lost = await self._call(Call("open_session", key))
        session = self.books.create(parameters, key)
        if lost:
            raise Unavailable("The answer was lost")
        return OpenedSession(
            session_id=session.id,
            url=f"{self.page}/{session.id}" if self.page else "",
            amount=Money(session.amount.minor + self.amount_off, session.amount.currency),
            expires_at=self.books.clock.now() + self.capabilities.session_lifetime,
        )

    async def fetch(self, session_id: str, *, source: Source) -> Observation:
        lost = await self._call(Call("fetch", subject=session_id))
        if lost:
            raise Unavailable("The answer was lost")
        return self._seen(self._session(session_id), source)

    async def close_session(self, session_id: str, *, key: str) -> Observation:
        lost = await self._call(Call("close_session", key, session_id))
        session = self.books.close(self._session(session_id).id)
        if lost:
            raise Unavailable("The answer was lost")
        return self._seen(session, Source.CLOSE)

    def read_webhook(self, request: WebhookRequest) -> Delivery:
        for delivery in self.books.events:
            if delivery.body == request.body and request.headers.get("x-signed") == "yes":
                return delivery
        raise WebhookRejected("The signature is not the fake's")

    def observe(self, delivery: Delivery, *, at: datetime) -> Seen | None:
        if delivery.event_type == "dispute":
            return self.observe_dispute(delivery, at)
        if delivery.event_type == REFUND_EVENT:
            return refund_seen_in(delivery, provider=self.provider, at=at)
        event = json.loads(delivery.body)
        if delivery.event_type == "nothing":
            return None
        if delivery.event_type == "recheck":
            return Recheck(event["reference"])
        state = SessionState(event["state"])
        return Observation(
            source=Source.WEBHOOK,
            provider=self.provider,
            provider_account=delivery.provider_account,
            live=delivery.live,
            reference=event["reference"],
            session_id=event["session"],
            state=state,
            observed_at=at,
            payments=tuple(
                SeenPayment(payment_id, Money(minor, currency))
                for payment_id, minor, currency in event["payments"]
            ),
            is_final=event["final"],
            decline=event["decline"] if state is SessionState.OPEN else None,
            event_id=delivery.event_id,
        )

    async def list_since(
        self, since: datetime, *, source: Source, until: datetime | None = None
    ) -> AsyncIterator[Observation | Recheck]:
        await self._call(Call("list_since"))
        for number, session in enumerate(reversed(list(self.books.sessions.values())), start=1):
            if since <= session.made_at < (until or _FAR):
                yield self._seen(session, source)
            if number % _PAGE == 0:
                await self.budget.turn()

    async def events_since(
        self, since: datetime, *, until: datetime | None = None
    ) -> AsyncIterator[Delivery]:
        await self._call(Call("events_since"))
        told = list(zip(self.books.events, self.books.told_at, strict=True))
        for delivery, at in reversed(told):
            if since <= at < (until or _FAR):
                yield delivery

    def clock_off(self) -> timedelta | None:
        return None if not self.calls else self.books.clock.now() - self.books.now()

    @property
    def requests_made(self) -> int:
        return self.budget.spent

    async def aclose(self) -> None:
        self.is_closed = True

    def keys_of(self, verb: str) -> list[str]:
        """Give the keys under which a verb was called, in order."""
        return [call.key for call in self.calls if call.verb == verb]

    def count(self, verb: str) -> int:
        return sum(call.verb == verb for call in self.calls)

    async def _call(self, call: Call) -> bool:
        await self.budget.turn()
        self.calls.append(call)
        self.before(call)
        if self.pause is not None:
            await self.pause(call)
        answer = self.answers[call.verb].pop(0) if self.answers[call.verb] else None
        if isinstance(answer, Exception):
            raise answer
        return answer is LOST

    async def _asked(self, verb: str, subject: str = "") -> bool:
        return await self._call(Call(verb, subject=subject))

    def _session(self, session_id: str) -> FakeSession:
        session = self.books.sessions.get(session_id)
        if session is None:
            raise Rejected("The fake has no such session", status=404)
        return session

    def _seen(self, session: FakeSession, source: Source) -> Observation:
        return Observation(
            source=source,
            provider=self.provider,
            provider_account=self._provider_account or self.books.account,
            live=self.books.live,
            reference=session.reference,
            session_id=session.id,
            state=session.state,
            observed_at=self.books.clock.now(),
            payments=tuple(session.payments),
            is_final=self.books.is_final(session),
            decline=session.decline if session.state is SessionState.OPEN else None,
        )
