"""What the pay page needs of a provider: asked on the till's own loop, whose connections these are.

The door lives on a loop of its own; it waits here, and never longer than its customers would.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from app.domain.attempt import Attempt
from app.domain.observation import Source
from app.errors import Message, Rejected, Unavailable
from app.gateway import Gateway
from app.providers.strategy import HasOwnPage, PageSetup, PaymentStrategy
from app.sessions import Sessions

T = TypeVar("T")

_PATIENCE_S: Final = 15.0


class PayDesk:
    """Asks for one attempt at a time. `loop` gives the till's loop, None before it runs."""

    def __init__(
        self,
        gateway: Gateway,
        sessions: Sessions,
        *,
        loop: Callable[[], asyncio.AbstractEventLoop | None],
    ) -> None:
        self._gateway = gateway
        self._sessions = sessions
        self._loop = loop

    async def setup(self, attempt: Attempt) -> PageSetup:
        """Say what the page of an attempt needs. Raises ProviderError or CheckoutRefused."""

        async def ask() -> PageSetup:
            page = await self._page_of(attempt)
            return await self._gateway.asked(attempt.account, page.page_setup)

        return await self._on_till(ask())

    async def client_secret(self, attempt: Attempt) -> str:
        """Give what the browser pays this attempt with, nothing where it cannot be paid any more.

        A session whose answer was lost is asked for again first, under its own key.
        """

        async def ask() -> str:
            page, session_id = await self._page_of(attempt), attempt.session_id
            if session_id is None:
                session_id = (await self._sessions.look(attempt.id, Source.MANUAL)).session_id
            if session_id is None:
                raise Unavailable(Message("The payment is not there yet"))
            known = session_id
            return await self._gateway.asked(attempt.account, lambda: page.client_secret(known))

        return await self._on_till(ask())

    async def confirm(self, attempt: Attempt, method: str) -> None:
        """Pay with what a double's field made of the card, then settle what came of it."""

        async def ask() -> None:
            page, session_id = await self._page_of(attempt), attempt.session_id
            if session_id is None:
                raise Unavailable(Message("The payment is not there yet"))
            try:
                await self._gateway.asked(attempt.account, lambda: page.confirm(session_id, method))
            finally:
                await self._sessions.look(attempt.id, Source.MANUAL)

        await self._on_till(ask())

    async def _page_of(self, attempt: Attempt) -> HasOwnPage:
        strategy: PaymentStrategy = await self._gateway.speaking_for(
            attempt.account, attempt.provider_account
        )
        if not isinstance(strategy, HasOwnPage):
            raise Rejected(Message("This payment has no page here"), status=404)
        return strategy

    async def _on_till(self, work: Coroutine[Any, Any, T]) -> T:
        loop = self._loop()
        if loop is None or loop.is_closed():
            work.close()
            raise Unavailable(Message("The till is closing"))
        asked = asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, loop))
        asked.add_done_callback(_heard)
        # What was begun goes on though nobody waits: it may have moved money.
        await asyncio.wait({asked}, timeout=_PATIENCE_S)
        if not asked.done():
            raise Unavailable(Message("The payment provider takes too long"))
        return asked.result()


def _heard(asked: asyncio.Future[Any]) -> None:
    """Take note of an error that nobody waits for any more; the watch meets it, too."""
    if not asked.cancelled():
        asked.exception()
