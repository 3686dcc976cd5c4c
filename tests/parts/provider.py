"""A payment provider in memory, with books of its own, and the strategy that speaks to it.

What goes wrong is scripted: an exception is raised instead of acting, `LOST` acts and then loses
the answer. The provider itself is always right about its money.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from app.clock import Clock
from app.domain.capabilities import Capabilities
from app.domain.catalog import BillingInterval
from app.domain.delivery import Delivery
from app.domain.money import Money
from app.domain.observation import Observation, SeenPayment, SessionState, Source
from app.errors import Protocol, Rejected, Unavailable, WebhookRejected
from app.providers.budget import RequestBudget
from app.providers.strategy import (
    OpenedSession,
    ProviderAccount,
    Recheck,
    Seen,
    SessionRequest,
    WebhookRequest,
)
from app.store.verify import TakenPayment
from tests.parts.fake_session import FakeSession
from tests.parts.giving_back import (
    LOST,
    REFUND_EVENT,
    Answer,
    Call,
    FakeRefunds,
    GivesBack,
    refund_seen_in,
)
from tests.parts.provider_disputes import DisputeVerbs, FakeDisputes

__all__ = ["LOST", "Call", "FakeProvider", "FakeSession", "FakeStrategy"]

_FAR = datetime(9999, 1, 1, tzinfo=UTC)
_PAGE = 50
_UNDECIDED = (SessionState.OPEN, SessionState.APPROVED, SessionState.PROCESSING)
PAGES = "https://pay.fake.example"


class FakeProvider:
    """The provider's side: sessions, keys, payments and the events that it sends.

    With `hesitates_for` it rules money out only some time after a session was closed, and may
    take some until then. Where a till has several, `name` is its own name for this account, and
    `tag` keeps their ids apart.
    """

    hesitates_for = timedelta(0)

    def __init__(
        self,
        clock: Clock,
        *,
        account: str = "acct_fake",
        live: bool = False,
        name: str = "fake",
        tag: str = "",
    ) -> None:
        self.clock = clock
        self.account = account
        self.name = name
        self.tag = tag
        self.live = live
        self.sessions: dict[str, FakeSession] = {}
        self.keys: dict[str, tuple[str, str]] = {}
        self.events: list[Delivery] = []
        self.disputes = FakeDisputes(self)
        self.refunds = FakeRefunds(account, live=live, name=name, tag=tag)
        self.refunds.now = self.now
        self.told_at: list[datetime] = []
        self.behind_s = 0.0

    def now(self) -> datetime:
        """Give the provider's own time: the till's clock, set apart from it or not."""
        return self.clock.now() - timedelta(seconds=self.behind_s)

    def create(self, parameters: Mapping[str, Any], key: str) -> FakeSession:
        digest = hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()
        if key in self.keys:
            known, session_id = self.keys[key]
            if known != digest:
                raise Protocol("The fake holds another request under the same key")
            return self.sessions[session_id]
        session = FakeSession(
            id=f"fs_{self.tag}{len(self.sessions) + 1}",
            reference=parameters["reference"],
            amount=Money(parameters["amount_minor"], parameters["currency"]),
            made_at=self.now(),
        )
        self.sessions[session.id] = session
        self.keys[key] = (digest, session.id)
        return session

    def pay(self, session_id: str, amount: Money | None = None) -> bool:
        """Pay as a customer would; False where the page is closed."""
        session = self.sessions[session_id]
        if session.state is not SessionState.OPEN:
            return False
        session.payments.append(
            SeenPayment(f"fp_{session_id}_{len(session.payments) + 1}", amount or session.amount)
        )
        self._capture(session)
        session.state = SessionState.PAID
        session.decline = ""
        self.tell(session, "paid")
        return True

    def pay_slowly(self, session_id: str) -> bool:
        """Pay by a method that takes days: the session is complete, the money is not there."""
        session = self.sessions[session_id]
        if session.state is not SessionState.OPEN:
            return False
        session.state = SessionState.PROCESSING
        self.tell(session, "processing")
        return True

    def decide(self, session_id: str, *, succeeded: bool) -> bool:
        """Let a slow payment end."""
        session = self.sessions[session_id]
        if session.state is not SessionState.PROCESSING:
            return False
        if succeeded:
            session.payments.append(SeenPayment(f"fp_{session_id}_1", session.amount))
            self._capture(session)
        session.state = SessionState.PAID if succeeded else SessionState.FAILED
        self.tell(session, "decided")
        return True

    def decline(self, session_id: str, code: str = "card_declined") -> bool:
        session = self.sessions[session_id]
        if session.state is not SessionState.OPEN:
            return False
        session.decline = code
        self.tell(session, "declined")
        return True

    def challenge(self, session_id: str) -> bool:
        """Let the customer try again and have the bank ask who pays."""
        session = self.sessions[session_id]
        if session.state is not SessionState.OPEN:
            return False
        session.decline = ""
        self.tell(session, "recheck")
        return True

    def close(self, session_id: str) -> FakeSession:
        session = self.sessions[session_id]
        if session.state is SessionState.OPEN:
            session.state = SessionState.EXPIRED
            session.closed_at = self.clock.now()
            self.tell(session, "expired")
        return session

    def is_final(self, session: FakeSession) -> bool:
        """Say whether no money can come by a session any more."""
        if session.state in _UNDECIDED:
            return False
        since = session.closed_at
        return since is None or self.clock.now() - since >= self.hesitates_for

    def taken(self) -> list[TakenPayment]:
        """Give the books: what was captured, by payment."""
        return [
            TakenPayment(
                p.payment_id,
                session.reference,
                p.amount.currency,
                p.amount.minor,
                self.refunds.of(p.payment_id),
            )
            for session in self.sessions.values()
            for p in session.payments
        ]

    def _capture(self, session: FakeSession) -> None:
        taken = session.payments[-1]
        self.refunds.captured[taken.payment_id] = taken.amount

    def tell(self, session: FakeSession, event_type: str) -> None:
        number = len(self.events) + 1
        self.told_at.append(self.now())
        body = {
            "event": f"fe_{self.tag}{number}",
            "session": session.id,
            "reference": session.reference,
            "state": session.state.value,
            "payments": [
                [p.payment_id, p.amount.minor, p.amount.currency] for p in session.payments
            ],
            "decline": session.decline,
            "final": self.is_final(session),
        }
        self.events.append(
            Delivery(
                account=self.name,
                provider="fakepay",
                provider_account=self.account,
                live=self.live,
                event_id=f"fe_{self.tag}{number}",
                event_type=event_type,
                body=json.dumps(body).encode(),
            )
        )


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
