"""A till's busy day in a process of its own, to be recorded.

Run as `python -m tests.power.day ROOT SANDBOX_URL ROUNDS WEAKNESS`, of which the last two may be
empty. ROOT need not exist. The books are made by an older program, brought up to date, sold with
while webhooks come, closed, opened again, and sold with while the till polls.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

import httpx

from app.bootstrap import Till
from app.domain.attempt import Attempt
from app.domain.order import Order
from app.sandbox import SANDBOX_KEY
from app.store import schema
from tests.integration.till import house
from tests.parts.books import one_of_each_record, open_store, placed
from tests.power import acknowledged
from tests.power.weaknesses import WEAKNESSES

OLD_ORDERS = 3
ROUNDS, AT_ONCE = 10, 8
"""How often how many are served at once; once in five the till polls, without webhooks."""


class Day:
    """The counter, its customers and its provider, through one day."""

    def __init__(self, root: Path, sandbox_url: str, rounds: int) -> None:
        self._root = root
        self._late_rounds = max(1, rounds // 5)
        self._rounds = rounds - self._late_rounds
        self._url = sandbox_url
        self._customer = house.Customer(sandbox_url)
        key = {"Authorization": f"Bearer {SANDBOX_KEY}"}
        self._provider = httpx.Client(base_url=sandbox_url, headers=key, timeout=10)

    async def live(self) -> None:
        self._begin_with_an_older_program()
        async with house.open_till(self._root, self._url, pace=house.NEVER) as till:
            await self._opened(till)
            for _ in range(self._rounds):
                await asyncio.gather(*(self._serve(till, place) for place in range(AT_ONCE)))
            await self._strangers(till)
            await self._quiet(till)
        async with house.open_till(self._root, self._url) as till:
            await self._opened(till)
            await self._act("POST", "webhooks", mode="withhold", duplicate=3)
            for _ in range(self._late_rounds):
                await asyncio.gather(*(self._serve(till, place) for place in range(AT_ONCE)))
            await self._act("POST", "webhooks/release")
            await self._quiet(till)

    def _begin_with_an_older_program(self) -> None:
        all_of_them = list(schema.migrations._migrations)
        del schema.migrations._migrations[1:]
        store = open_store(self._root / "training")
        acknowledged.mark_till(store.till_id)
        store.write_now(one_of_each_record)
        for _ in range(OLD_ORDERS):
            acknowledged.mark_order(store.write_now(placed))
        store.close()
        acknowledged.mark_closed()
        schema.migrations._migrations[:] = all_of_them

    async def _opened(self, till: Till) -> None:
        acknowledged.mark_till(till.store.till_id)
        acknowledged.mark_facts(till)
        assert till.token
        await house.until_registered(till, self._customer)

    async def _serve(self, till: Till, place: int) -> None:
        order = await house.place(till, 1 + place % 3)
        acknowledged.mark_order(order)
        attempt = await till.checkout.open_session(order.id, till.accounts[0])
        acknowledged.mark_session(attempt)
        attempt = await till.checkout.mark_shown(attempt.id)
        acknowledged.mark_shown(attempt)
        await self._end(till, place, order, attempt)

    async def _end(self, till: Till, place: int, order: Order, attempt: Attempt) -> None:
        match place:
            case 0:
                acknowledged.mark_ended(await till.checkout.cancel(order.id))
            case 1:
                await self._pay(attempt, house.DECLINED)
            case 2:
                await till.checkout.expire(attempt.id)
            case _:
                await self._pay(attempt)
                await house.until_state(till, order, "paid", within_s=20)
                if place < 5:
                    await self._refund(till, order, parts=place - 2)

    async def _refund(self, till: Till, order: Order, *, parts: int) -> None:
        """Give money back at the provider, as its own dashboard would: all, or half twice."""
        tenders = await till.store.read(
            lambda db: [
                r[0]
                for r in db.execute("SELECT payment_id FROM payments WHERE order_id=?", (order.id,))
            ]
        )
        amount = order.total.minor // parts
        for _ in range(parts):
            await self._ask("/v1/refunds", payment_intent=tenders[0], amount=amount)

    async def _strangers(self, till: Till) -> None:
        """Have money come with this till's reference and no order, and a web shop's own."""
        for reference in (f"{till.store.till_id}-00000000000z-1", "shop-4711"):
            session = await self._ask(
                "/v1/checkout/sessions",
                **{
                    "mode": "payment",
                    "client_reference_id": reference,
                    "success_url": "https://example.com/",
                    "line_items[0][quantity]": 1,
                    "line_items[0][price_data][currency]": "eur",
                    "line_items[0][price_data][unit_amount]": 1234,
                    "line_items[0][price_data][product_data][name]": "Thing",
                },
            )
            await self._act("POST", f"sessions/{session['id']}/pay", card=house.GOOD_CARD)

    async def _quiet(self, till: Till) -> None:
        """Wait until every event has come in and is settled."""

        async def is_quiet() -> bool:
            courier = await self._act("GET", "webhooks")
            waiting = await till.store.read(
                lambda db: db.execute(
                    "SELECT count(*) FROM inbox WHERE standing IS NULL"
                ).fetchone()
            )
            return courier["waiting"] == 0 and waiting[0] == 0

        await house.until(is_quiet, within_s=20)

    async def _pay(self, attempt: Attempt, card: str = house.GOOD_CARD) -> None:
        await self._act("POST", f"sessions/{attempt.session_id}/pay", card=card)

    async def _act(self, method: str, path: str, **body: Any) -> Any:
        return await house.elsewhere(self._customer.control, method, path, **body)

    async def _ask(self, path: str, **form: Any) -> Any:
        answer = await house.elsewhere(self._provider.post, path, data=form)
        assert answer.status_code == 200, answer.text
        return answer.json()


def main() -> None:
    root, sandbox_url, rounds, weakness = sys.argv[1:]
    acknowledged.mark_borders()
    if weakness:
        WEAKNESSES[weakness]()
    asyncio.run(Day(Path(root), sandbox_url, int(rounds or ROUNDS)).live())


if __name__ == "__main__":
    main()
