"""The provider's side of the one in memory: its books, and the events that it sends."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from app.clock import Clock
from app.domain.delivery import Delivery
from app.domain.money import Money
from app.domain.observation import SeenPayment, SessionState
from app.errors import Protocol
from app.store.verify import TakenPayment
from tests.parts.fake_session import FakeSession
from tests.parts.giving_back import FakeRefunds
from tests.parts.provider_disputes import FakeDisputes

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
                "fakepay",
                self.account,
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
