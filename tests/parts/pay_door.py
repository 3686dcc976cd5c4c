"""The public door with the pay page, and a customer's browser that asks it."""

import asyncio
from dataclasses import replace
from typing import Any

import httpx

from app.domain.attempt import Attempt
from app.domain.catalog import Shop
from app.domain.order import Order
from app.webhooks.languages import Languages
from app.webhooks.pay_brand import Brand
from app.webhooks.pay_desk import PayDesk
from app.webhooks.pay_pages import PayPages
from app.webhooks.receiver import Receiver
from tests.parts.own_page import SETUP
from tests.parts.till import Counter

SHOP = Shop(name="Caf\u00e9 <b>\u202eNoir</b>", success_url="https://shop.example/thanks")


class Door:
    """The public door's application, and a customer's browser that asks it."""

    def __init__(
        self, till: Counter, languages: Languages | None = None, brand: Brand | None = None
    ) -> None:
        self.till = till
        self.looks: list[int] = []
        desk = PayDesk(till.gateway, till.sessions, loop=asyncio.get_running_loop)
        pages = PayPages(
            till.store,
            desk,
            clock=till.clock,
            look=self.looks.append,
            languages=languages,
            brand=brand,
        )
        strategies = {till.strategy.account: till.strategy}
        self.receiver = Receiver(
            till.store,
            strategies,
            clock=till.clock,
            on_received=lambda: None,
            pages=pages.routes(),
            languages=languages,
        )

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        return asyncio.run(self.asked(method, path, **options))

    async def asked(self, method: str, path: str, **options: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self.receiver.application())
        async with httpx.AsyncClient(
            transport=transport, base_url="http://door", trust_env=False
        ) as client:
            return await client.request(method, path, **options)


def sold(till: Counter, *minors: int) -> tuple[Order, Attempt, str]:
    """Show a code, and give the path that it leads to."""
    order, attempt = asyncio.run(till.show(*minors))
    return order, attempt, (attempt.url or "").removeprefix("https://till.example")


def minimal(till: Counter) -> None:
    till.strategy.setup = replace(SETUP, is_minimal=True)  # type: ignore[attr-defined]
