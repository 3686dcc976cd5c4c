"""The fake provider without a page of its own: the till's public door has it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.domain.observation import SessionState
from app.errors import Rejected, Unavailable
from app.providers.strategy import OpenedSession, PageSetup, SessionRequest
from tests.parts.provider import LOST, Call, FakeStrategy

SETUP = PageSetup(
    "pk_test_fake",
    "https://js.fake.example/v3/",
    "https://api.fake.example",
    ("https://js.fake.example",),
    ("https://frames.fake.example",),
    ("https://api.fake.example",),
)
TOKEN = "0123456789abcdef0123456789abcde"


class PagedStrategy(FakeStrategy):
    """Satisfies `HasOwnPage`, too. `confirm` pays, unless it is scripted to do otherwise."""

    setup = SETUP
    origin = "https://till.example"

    async def prepare_session(self, request: SessionRequest) -> dict[str, Any]:
        parameters = await super().prepare_session(request)
        token = f"{TOKEN}{request.reference.attempt_number % 10}"
        return {**parameters, "page": f"/pay/{request.reference}-{token}"}

    async def open_session(self, parameters: Mapping[str, Any], *, key: str) -> OpenedSession:
        opened = await super().open_session(parameters, key=key)
        return replace(opened, url=f"{self.origin}{parameters['page']}")

    def serve_pages(self, origin: str) -> None:
        self.origin = origin

    async def page_setup(self) -> PageSetup:
        await self._call(Call("page_setup"))
        return self.setup

    async def client_secret(self, session_id: str) -> str:
        await self._call(Call("client_secret", subject=session_id))
        session = self._session(session_id)
        return f"{session_id}_secret_x" if session.state is SessionState.OPEN else ""

    async def confirm(self, session_id: str, method: str) -> None:
        lost = await self._call(Call("confirm", key=method, subject=session_id))
        if method.startswith("pm_declined"):
            self.books.decline(session_id)
            raise Rejected("The fake refused the card", "Your card was declined.", status=402)
        self.books.pay(self._session(session_id).id)
        if lost:
            raise Unavailable("The answer was lost")


__all__ = ["LOST", "SETUP", "PagedStrategy"]
