"""The fake whose page several may have open: what was paid can be paid again until it is closed."""

from dataclasses import replace
from datetime import datetime

from app.domain.delivery import Delivery
from app.domain.observation import Observation, SessionState, Source
from app.providers.strategy import Seen
from tests.parts.fake_session import FakeSession
from tests.parts.provider import FakeProvider, FakeStrategy


def pay_again(provider: FakeProvider, session_id: str) -> bool:
    """Pay at a page that was open before the first payment; False where it is closed."""
    session = provider.sessions[session_id]
    if session.closed_at is not None:
        return False
    session.state = SessionState.OPEN
    return provider.pay(session_id)


class FakeSharing(FakeStrategy):
    """Calls nothing final that was paid and not closed, or that others are paying by debit."""

    has_slow_payers = False

    async def close_session(self, session_id: str, *, key: str) -> Observation:
        await super().close_session(session_id, key=key)
        session = self._session(session_id)
        session.closed_at = session.closed_at or self.books.clock.now()
        return self._seen(session, Source.CLOSE)

    def observe(self, delivery: Delivery, *, at: datetime) -> Seen | None:
        seen = super().observe(delivery, at=at)
        if isinstance(seen, Observation) and seen.state is SessionState.PAID:
            return replace(seen, is_final=False)
        return seen

    def _seen(self, session: FakeSession, source: Source) -> Observation:
        seen = super()._seen(session, source)
        is_open = session.closed_at is None or self.has_slow_payers
        is_paid = session.state is SessionState.PAID
        return replace(seen, is_final=False) if is_paid and is_open else seen
