"""A whole till without doors: real books in a directory, inline and in virtual time."""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from app.checkout import Checkout, ReturnPages
from app.domain.attempt import Attempt, AttemptState
from app.domain.cart import Cart, CartContent
from app.domain.catalog import BillingInterval, Product, Shop
from app.domain.exceptions import ExceptionKind
from app.domain.ids import Ids
from app.domain.money import Money
from app.domain.observation import Source
from app.domain.order import Order
from app.gateway import Gateway
from app.orders import OrderBook, OrderDetail
from app.providers.strategy import PaymentStrategy
from app.reconcile import Reconciliation
from app.refunds import Refunds
from app.resolutions import Resolutions
from app.sessions import Sessions
from app.settings import Mode
from app.status import Health
from app.store import Store
from app.store.attempts import find_attempt
from app.store.verify import Outcome, TakenPayment, verify
from app.subscriptions import Subscriptions
from app.watch import SubscriptionWatch, Watch
from app.ways import Ways
from tests.parts.clock import VirtualClock
from tests.parts.provider import LOST, FakeProvider, FakeStrategy

SHOP = Shop(name="Test shop", success_url="https://shop.example/thanks")
DEADLINE = timedelta(minutes=15)


def product(
    minor: int = 500,
    *,
    currency: str = "EUR",
    name: str = "Coffee",
    interval: BillingInterval = BillingInterval.ONETIME,
) -> Product:
    return Product(
        id=f"{name.lower()}-{minor}-{interval.value}",
        name=name,
        price=Money(minor, currency),
        billing_interval=interval,
    )


def cart(*products: Product) -> CartContent:
    rung_up = Cart()
    for each in products:
        rung_up.add(each)
    return rung_up.content


class Counter:
    """A till at a counter, and the provider that it sells through.

    `restart` is what a crash leaves: the same file, nothing of the memory. `others` are further
    accounts at the same provider; `settings` is what its ways of payment are told of them.
    """

    def __init__(
        self,
        directory: Path,
        *,
        clock: VirtualClock | None = None,
        provider: FakeProvider | None = None,
        strategy: type[FakeStrategy] = FakeStrategy,
        shop: Shop = SHOP,
        pages: ReturnPages | None = None,
        seed: int = 1,
        inline: bool = True,
        others: Sequence[str] = (),
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.directory = directory
        self.clock = clock or VirtualClock()
        self.provider = provider or FakeProvider(self.clock)
        self.strategy = strategy(self.provider)
        self.others = {name: strategy(self.provider, account=name) for name in others}
        self.settings = dict(settings or {})
        self.shop = shop
        self.pages = pages or ReturnPages()
        self.random = random.Random(seed)
        # Of its own, so that the watch's waits leave the ids as they are.
        self.jitter = random.Random(seed)
        self.inline = inline
        self._start()

    def _start(self) -> None:
        ids = Ids(self.random)
        self.store = Store(
            self.directory, mode=Mode.TRAINING, clock=self.clock, ids=ids, inline=self.inline
        )
        strategies = self._strategies()
        self.health = Health(tuple(strategies))
        self.gateway = Gateway(self.store, strategies, clock=self.clock, health=self.health)
        self.sessions = Sessions(self.store, self.gateway, clock=self.clock, jitter=self.random)
        self.refunds = Refunds(self.store, self.gateway, clock=self.clock, jitter=self.random)
        self.resolutions = Resolutions(self.store, self.refunds)
        self.subscriptions = Subscriptions(
            self.store, self.gateway, self.sessions, clock=self.clock, jitter=self.random
        )
        self.subscription_watch = SubscriptionWatch(
            self.store, self.subscriptions, clock=self.clock
        )
        self.ways = Ways(self.gateway, **self.settings)
        self.checkout = Checkout(
            self.store,
            self.sessions,
            self.gateway,
            shop=lambda: self.shop,
            pages={self.strategy.account: self.pages},
            clock=self.clock,
            ids=ids,
            deadline=DEADLINE,
            ways=self.ways,
        )
        self.watch = Watch(
            self.store, self.sessions, self.checkout, clock=self.clock, jitter=self.jitter
        )
        self.orders = OrderBook(self.store)
        self.reconciliation = Reconciliation(
            self.store, self.gateway, clock=self.clock, look_at_all=self.watch.look_at_all
        )

    def _strategies(self) -> dict[str, PaymentStrategy]:
        return {self.strategy.account: self.strategy, **self.others}

    def restart(self) -> None:
        self.store.close()
        self._start()

    def close(self) -> None:
        self.store.close()

    async def place(self, *minors: int) -> Order:
        """Ring up one piece for each amount, and place the order."""
        goods = [product(minor, name=f"Item {n}") for n, minor in enumerate(minors or (500,))]
        return await self.checkout.place_order(cart(*goods))

    async def open(self, order: Order) -> Attempt:
        return await self.checkout.open_session(order.id, self.strategy.account)

    async def show(self, *minors: int) -> tuple[Order, Attempt]:
        """Sell up to the point where the code is on the screen."""
        order = await self.place(*minors)
        attempt = await self.open(order)
        return order, await self.checkout.mark_shown(attempt.id)

    async def look(self, attempt: Attempt) -> Attempt:
        return await self.sessions.look(attempt.id, Source.POLL)

    def attempt(self, attempt_id: int) -> Attempt:
        found = self.store.read_now(lambda db: find_attempt(db, attempt_id))
        assert found is not None
        return found

    async def detail(self, order: Order) -> OrderDetail:
        detail = await self.orders.detail(order.id)
        assert detail is not None
        return detail

    async def state(self, order: Order) -> str:
        return (await self.detail(order)).order.state.value

    async def waiting(self, order: Order) -> list[ExceptionKind]:
        """Give what needs a person for an order, oldest first."""
        detail = await self.detail(order)
        return [entry.kind for entry in detail.exceptions if entry.resolved_at is None]

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.store.read_now(lambda db: [tuple(row) for row in db.execute(sql, values)])

    def count(self, table: str, where: str = "1") -> int:
        return int(self.rows(f"SELECT count(*) FROM {table} WHERE {where}")[0][0])

    def violations(self, taken: Sequence[TakenPayment] | None = None) -> list[str]:
        """Check the books against the provider's own."""
        word = self.provider.taken() if taken is None else taken
        checks = self.store.read_now(lambda db: verify(db, word))
        return [str(check) for check in checks if check.outcome is Outcome.VIOLATED]


def begun(till: Counter) -> tuple[Order, Attempt]:
    """Open a session whose answer is lost, so that its attempt is unknown."""

    async def sell() -> tuple[Order, Attempt]:
        till.strategy.answers["open_session"] = [LOST] * 100
        order = await till.place()
        attempt = await till.open(order)
        till.strategy.answers["open_session"] = []
        return order, attempt

    order, attempt = asyncio.run(sell())
    assert attempt.state is AttemptState.UNKNOWN
    return order, attempt


async def until(holds: Callable[[], object]) -> None:
    """Let the other tasks of the loop go on until a condition holds."""
    turns = 0
    while not holds():
        await asyncio.sleep(0)
        turns += 1
        assert turns < 100_000, "it never came true"


async def until_state(till: Counter, order: Order, wanted: str) -> None:
    """Let the other tasks of the loop go on until an order is in a state."""
    turns = 0
    while await till.state(order) != wanted:
        await asyncio.sleep(0)
        turns += 1
        assert turns < 10_000, f"never {wanted}"
