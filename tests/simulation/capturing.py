"""The provider whose customers only agree: no money moves until the till takes it.

It has no way to close a session, as PayPal has none. Its customers may agree whenever they like,
and whoever asks for a capture gets one: that nothing is taken too late or twice is the till's care.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from app.domain.delivery import Delivery
from app.domain.money import Money
from app.domain.observation import Observation, SessionState, Source
from app.errors import Rejected
from app.providers.strategy import Recheck, Seen
from tests.parts.provider import FakeSession
from tests.simulation.provider import Bank, DayStrategy

_AGREED = (SessionState.OPEN, SessionState.APPROVED)


class _Outcome(Enum):
    """What comes of taking what a customer agreed to."""

    TAKEN = "taken"
    DECLINED = "declined"
    PENDING = "pending"


class CapturingBank(Bank):
    """Books in which only a capture moves money. `let_go` are the sessions that the till closed."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.hesitates_for = timedelta(0)
        self.let_go: set[str] = set()
        self._captured: dict[str, str] = {}
        self._comes: dict[str, tuple[_Outcome, Money | None]] = {}

    def pay(self, session_id: str, amount: Money | None = None) -> bool:
        return self._agree(session_id, _Outcome.TAKEN, amount)

    def decline(self, session_id: str, code: str = "card_declined") -> bool:
        return self._agree(session_id, _Outcome.DECLINED)

    def pay_slowly(self, session_id: str) -> bool:
        return self._agree(session_id, _Outcome.PENDING)

    def pay_again(self, session_id: str) -> bool:
        """Nothing moves without a capture."""
        return False

    def pay_closed(self, session_id: str) -> bool:
        """Agree to what the till has closed, of which the customer's page knows nothing."""
        return self.pay(session_id)

    def capture(self, session_id: str, key: str) -> FakeSession:
        """Take what was agreed to, once for each key, and whatever the till said before."""
        session = self.sessions[session_id]
        if key in self._captured:
            return session
        self._captured[key] = session_id
        if session.state is SessionState.PAID:
            self.shared.faults.append(f"{session_id} is captured twice, under {key}, too")
            super().pay_again(session_id)
        elif session.state is SessionState.APPROVED:
            if session_id in self.let_go:
                self.shared.faults.append(f"{session_id} is captured, which the till had closed")
            self._take(session)
        return session

    def close(self, session_id: str) -> FakeSession:
        """End a session whose time is over, in silence; the till can end none."""
        session = self.sessions[session_id]
        if session.state in _AGREED:
            session.state = SessionState.EXPIRED
            self.shared.version += 1
        return session

    def let_go_of(self, session: FakeSession) -> None:
        """Note that the till takes no money by a session any more."""
        if session.state in _AGREED:
            self.let_go.add(session.id)
            self.shared.version += 1

    def is_payable(self, session: FakeSession) -> bool:
        return session.state in _AGREED and session.id not in self.let_go

    def is_over(self, session: FakeSession) -> bool:
        return session.id in self.let_go or self.is_final(session)

    def _agree(self, session_id: str, outcome: _Outcome, amount: Money | None = None) -> bool:
        session = self.sessions[session_id]
        if session.state is not SessionState.OPEN:
            return False
        session.state = SessionState.APPROVED
        self._comes[session_id] = outcome, amount
        self.tell(session, "approved")
        return True

    def _take(self, session: FakeSession) -> None:
        session.state = SessionState.OPEN
        outcome, amount = self._comes.pop(session.id)
        if outcome is _Outcome.DECLINED:
            super().decline(session.id)
        elif outcome is _Outcome.PENDING:
            super().pay_slowly(session.id)
        else:
            super().pay(session.id, amount)


class CapturingStrategy(DayStrategy):
    """Speaks to it: satisfies `Captures`, too. What nobody paid is not listed, and forgotten."""

    books: CapturingBank

    def __init__(self, books: CapturingBank) -> None:
        super().__init__(books)
        self.books = books
        self.capabilities = replace(self.capabilities, lists_unpaid=False, forgets_unpaid=True)

    async def capture(self, session_id: str, *, key: str) -> Observation:
        self._session(session_id)
        return self._seen(self.books.capture(session_id, key), Source.POLL)

    async def close_session(self, session_id: str, *, key: str) -> Observation:
        session = self._session(session_id)
        self.books.let_go_of(session)
        seen = self._seen(session, Source.CLOSE)
        if seen.state in _AGREED:
            return replace(seen, state=SessionState.EXPIRED, is_final=True)
        return seen

    def observe(self, delivery: Delivery, *, at: datetime) -> Seen | None:
        seen = super().observe(delivery, at=at)
        if isinstance(seen, Observation) and seen.state is SessionState.APPROVED:
            return Recheck(seen.reference)
        return seen

    async def list_since(
        self, since: datetime, *, source: Source, until: datetime | None = None
    ) -> AsyncIterator[Observation | Recheck]:
        async for seen in super().list_since(since, source=source, until=until):
            if isinstance(seen, Observation) and seen.payments:
                yield seen

    def _session(self, session_id: str) -> FakeSession:
        session = super()._session(session_id)
        if session.state is SessionState.EXPIRED:
            raise Rejected("The fake has forgotten that session", status=404)
        return session
