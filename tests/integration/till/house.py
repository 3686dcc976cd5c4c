"""A whole till on real parts: books in a file, doors on sockets, the simulator beside it."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx

from app.bootstrap import Till
from app.domain.attempt import Attempt
from app.domain.cart import Cart
from app.domain.order import Order
from app.sandbox import SANDBOX_KEY, SandboxServer
from app.sandbox.deliveries import RetrySchedule
from app.settings import Mode, load_settings
from app.store.connection import open_reader
from app.store.verify import Outcome, TakenPayment, verify
from app.watch import Pace

GOOD_CARD = "4242424242424242"
DECLINED = "4000000000000002"
SETTINGS = (
    "STRIPE_SECRET_KEY",
    "STRIPE_API_KEY",
    "STRIPE_SECRET",
    "STRIPE_KEY",
    "STRIPE_PUBLISHABLE_KEY",
    "STRIPE_WEBHOOK_SECRET",
    "STRIPE_API_BASE",
    "HOST",
    "PORT",
    "BASE_URL",
)
QUICK = Pace(shown_s=0.1, unshown_s=0.2, processing_s=0.2, closing_s=0.1, late_s=0.5, tick_s=0.02)
NEVER = Pace(shown_s=3600, unshown_s=3600, processing_s=3600, late_s=3600)


def clean_environment() -> dict[str, str]:
    """Give the environment without what would configure a till."""
    return {name: value for name, value in os.environ.items() if name not in SETTINGS}


class Customer:
    """The customer's phone, and the simulator's control API."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        # Loopback, without TLS: to read all certificates would take longer than most tests.
        self._http = httpx.Client(base_url=origin, timeout=10, verify=False)

    def close(self) -> None:
        self._http.close()

    def pay(self, url: str | None, card: str = GOOD_CARD) -> int:
        """Post the page's own form, as the browser of a phone would."""
        assert url is not None
        page = self._http.get(url)
        assert "<form" in page.text, page.text
        fields = {"card_number": card, "exp": "12/34", "cvc": "123", "name": "Ada"}
        return self._http.post(url, data=fields).status_code

    def control(self, method: str, path: str, **body: Any) -> Any:
        answer = self._http.request(method, f"/_control/{path}", json=body or None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def fault(self, method: str, path: str, *, times: int | None = 1, **fault: Any) -> None:
        self.fault_of(None, method, path, times=times, **fault)

    def fault_of(
        self, account: str | None, method: str, path: str, *, times: int | None = 1, **fault: Any
    ) -> None:
        """Have requests go wrong that are made with one account's keys."""
        match = {"method": method, "path": path, "account": account}
        self.control("POST", "faults", match=match, fault=fault, times=times)

    def books(self) -> dict[str, Any]:
        accounts = self.control("GET", "books")["accounts"]
        return next(iter(accounts.values()), {"sessions": [], "payments": []})

    def event(self, kind: str) -> str:
        """Give the id of the newest event of a kind."""
        headers = {"Authorization": f"Bearer {SANDBOX_KEY}"}
        listed = self._http.get("/v1/events", params={"limit": 100}, headers=headers).json()
        return next(str(e["id"]) for e in listed["data"] if e["type"] == kind)

    def taken(self) -> list[TakenPayment]:
        return [
            TakenPayment(
                p["payment_id"],
                p["reference"] or "",
                p["currency"],
                p["captured_minor"],
                p["refunded_minor"],
                books["provider"],
            )
            for books in (self.books(),)
            for p in books["payments"]
        ]

    def requests(self, method: str, path: str) -> list[dict[str, Any]]:
        seen = self.control("GET", "requests")["requests"]
        return [r for r in seen if (r["method"], r["path"]) == (method, path)]


@contextmanager
def simulator(books: Path) -> Iterator[Customer]:
    """Run the simulator in a thread, quick to try its deliveries again."""
    quick = RetrySchedule(pauses_s=(1, 1), speed_up=20, timeout_s=2)
    with SandboxServer(books_path=books, retries=quick) as server:
        customer = Customer(server.origin)
        yield customer
        customer.close()


@asynccontextmanager
async def open_till(
    root: Path, sandbox_url: str, *, pace: Pace = QUICK, **options: Any
) -> AsyncIterator[Till]:
    settings = load_settings(root, Mode.TRAINING, working_directory=root)
    till = Till(settings, sandbox_url=sandbox_url, pace=pace, **options)
    try:
        await till.start()
        yield till
    finally:
        await till.aclose()


async def show(till: Till, pieces: int = 2) -> tuple[Order, Attempt]:
    """Sell up to the point where the code is on the screen."""
    order = await place(till, pieces)
    attempt = await till.checkout.open_session(order.id, till.accounts[0])
    return order, await till.checkout.mark_shown(attempt.id)


async def place(till: Till, pieces: int = 2) -> Order:
    cart = Cart()
    one_time = [p for p in till.catalog.on_sale() if not p.is_recurring]
    for product in one_time[:pieces]:
        cart.add(product)
    return await till.checkout.place_order(cart.content)


async def state(till: Till, order: Order) -> str:
    detail = await till.orders.detail(order.id)
    assert detail is not None
    return detail.order.state.value


async def until(what: Callable[[], Any], *, within_s: float = 5) -> None:
    """Wait until a condition, or an awaited one, holds."""
    deadline = time.monotonic() + within_s
    while True:
        holds = what()
        if asyncio.iscoroutine(holds):
            holds = await holds
        if holds:
            return
        assert time.monotonic() < deadline, "it never came true"
        await asyncio.sleep(0.01)


async def until_state(till: Till, order: Order, wanted: str, *, within_s: float = 5) -> None:
    async def is_so() -> bool:
        return await state(till, order) == wanted

    await until(is_so, within_s=within_s)


async def until_registered(till: Till, customer: Customer) -> None:
    """Wait until the simulator knows where to send its events."""

    async def is_known() -> bool:
        made = await asyncio.to_thread(customer.requests, "POST", "/v1/webhook_endpoints")
        return bool(made)

    await until(is_known)
    await until(lambda: till.health.accounts[0].is_reachable)


def violations(root: Path, customer: Customer) -> list[str]:
    """Check the books of a data directory against the simulator's."""
    db = open_reader(root / "training" / "till.db")
    try:
        checks = verify(db, customer.taken())
    finally:
        db.close()
    return [str(check) for check in checks if check.outcome is Outcome.VIOLATED]


def rows(root: Path, sql: str) -> list[tuple[Any, ...]]:
    db = open_reader(root / "training" / "till.db")
    try:
        return [tuple(row) for row in db.execute(sql)]
    finally:
        db.close()


def with_till(
    root: Path, customer: Customer, story: Callable[[Till], Awaitable[Any]], **options: Any
) -> Any:
    """Run a story with a till, then check the books against the simulator's."""

    async def run() -> Any:
        async with open_till(root, customer.origin, **options) as till:
            return await story(till)

    result = asyncio.run(run())
    assert violations(root, customer) == []
    return result


async def elsewhere(call: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """Act as somebody else does: not on the till's loop."""
    return await asyncio.to_thread(lambda: call(*arguments, **options))
