"""The fake whose customers only agree: their money moves when the till takes it."""

from app.domain.observation import Observation, SessionState, Source
from app.errors import Unavailable
from tests.parts.giving_back import Call
from tests.parts.provider import FakeProvider, FakeStrategy


def agree(provider: FakeProvider, session_id: str) -> bool:
    """Agree to pay, as a customer would; False where the page is closed."""
    session = provider.sessions[session_id]
    if session.state is not SessionState.OPEN:
        return False
    session.state = SessionState.APPROVED
    provider.tell(session, "approved")
    return True


class FakeCapturing(FakeStrategy):
    """Satisfies `Captures`, too. `declines` are the answers of the customer's bank to come."""

    def __init__(self, books: FakeProvider, *, account: str = "fake") -> None:
        super().__init__(books, account=account)
        self.declines: list[str] = []

    async def capture(self, session_id: str, *, key: str) -> Observation:
        lost = await self._call(Call("capture", key, session_id))
        session = self._session(session_id)
        if session.state is SessionState.APPROVED:
            session.state = SessionState.OPEN
            if self.declines:
                self.books.decline(session_id, self.declines.pop())
            else:
                self.books.pay(session_id)
        if lost:
            raise Unavailable("The answer was lost")
        return self._seen(session, Source.POLL)

    async def close_session(self, session_id: str, *, key: str) -> Observation:
        session = self._session(session_id)
        if session.state is SessionState.APPROVED:
            session.state = SessionState.OPEN
        return await super().close_session(session_id, key=key)
