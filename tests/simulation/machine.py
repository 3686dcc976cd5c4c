"""The till's computer: the real till without doors, on books in a directory, with a plug to pull.

All that runs in the till runs under one `Power`. When that goes, nothing of it runs again, and the
next boot finds what was committed.
"""

import asyncio
import random
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import Context
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from app.checkout import Checkout, ReturnPages
from app.domain.cash import CashSteps
from app.domain.catalog import Shop
from app.domain.delivery import Delivery
from app.domain.ids import Ids
from app.domain.reconciliation import Report
from app.errors import ProviderError
from app.events import Fact
from app.failpoints import switched_on
from app.gateway import Gateway
from app.providers.kinds.cash import Cash
from app.providers.kinds.terminal import Terminal
from app.providers.strategy import PaymentStrategy
from app.reconcile import Reconciliation
from app.reconcile_money import MoneyChores
from app.refunds import Refunds
from app.resolutions import Resolutions
from app.sessions import Sessions
from app.settings import Mode
from app.status import Health
from app.store import Store, Transaction
from app.store.accounts import known_for
from app.store.connection import BOOKS
from app.watch import Pace, Reconciler, Watch
from app.webhooks.inbox_worker import InboxWorker
from app.webhooks.receiver import Receiver
from tests.simulation.banks import Banks
from tests.simulation.down import Outcomes
from tests.simulation.loop import POWER, Power, PowerCut, SimClock, VirtualLoop
from tests.simulation.members import Members
from tests.simulation.network import Network
from tests.simulation.new_books import new_books
from tests.simulation.provider import Bank
from tests.simulation.speaking import speaker_to
from tests.simulation.wires import wire_to

T = TypeVar("T")

_SHOP: Final = Shop(name="Simulated shop", success_url="https://shop.example/thanks")
_COINS: Final = CashSteps({"EUR": "0.05"})
_DEADLINE: Final = timedelta(minutes=15)
_PACE: Final = Pace(
    shown_s=4.0, unshown_s=20.0, processing_s=300.0, closing_s=5.0, late_s=120.0, tick_s=5.0
)
"""The product's own pace, slowed down where a shorter wait would only make a day longer to live."""
_RECONCILED_EACH_S: Final = 3_600.0
_TICK_S: Final = 20.0
"""The reconciler's, likewise."""
_INTRODUCE_AGAIN_S: Final = 5.0
_ANSWER_WITHIN_S: Final = 30.0
_MONEY_CAME: Final = frozenset({"attempt.paid", "exception.opened", "subscription.renewed"})


class DayStore(Store):
    """The real store, inline, where others get a turn while it reads and writes."""

    def __init__(self, directory: Path, reach: Callable[[str], None], **options: Any) -> None:
        self._reach = reach
        try:
            super().__init__(directory, inline=True, **options)
        except PowerCut:
            # The system lets go of what a dead process held.
            self._lock.release(in_order=False)
            raise

    @property
    def connection(self) -> sqlite3.Connection:
        """Give the writer's connection, for checks between two turns."""
        return self._writer._connection

    async def write(self, work: Callable[[Transaction], T]) -> T:
        await asyncio.sleep(0)
        return await super().write(work)

    async def read(self, look: Callable[[sqlite3.Connection], T]) -> T:
        result = self.read_now(look)
        await asyncio.sleep(0)
        return result

    def submit(self, work: Callable[[Transaction], T]) -> Any:
        self._reach("before commit")
        future = super().submit(work)
        self._reach("after commit")
        return future


class Machine:
    """One computer over a day: on, off, and on again. `on_boot` is called with the books open."""

    def __init__(
        self,
        directory: Path,
        loop: VirtualLoop,
        seed: int,
        *,
        banks: Banks,
        by_hand: bool,
        network: Network,
        reach: Callable[[str], None],
        on_fact: Callable[[Fact], None],
        on_report: Callable[[Report], None],
        is_updated: bool = False,
    ) -> None:
        self.directory = directory
        self.clock = SimClock(loop)
        self.power = Power()
        self.power.cut()
        self.boots = 0
        self._loop = loop
        self._seed = seed
        self._banks = banks
        self._by_hand = by_hand
        self._network = network
        self._reach_out = reach
        self._on_fact = on_fact
        self._on_report = on_report
        self._room: Context = loop.world.copy()
        self._is_untouched = False
        with self.untouched():
            (directory / BOOKS).write_bytes(new_books(are_old=is_updated))
        self._books: DayStore | None = None

    @property
    def is_on(self) -> bool:
        return self.power.is_on

    @property
    def is_awake(self) -> bool:
        """Say whether somebody at the till, or at its door, would get an answer."""
        return self.power.is_on and self.power.asleep_until <= self._loop.time()

    @property
    def store(self) -> DayStore:
        """Give the books of the last boot."""
        assert self._books is not None
        return self._books

    def open_books(self) -> None:
        """Switch on and open the books; nothing runs yet."""
        self.boots += 1
        self.power = Power()
        self._room = self._loop.world.copy()
        self._room.run(POWER.set, self.power)
        chance = random.Random(f"till {self._seed}, boot {self.boots}")
        ids = Ids(chance)
        # Books that a crash may leave are proven elsewhere; here only speed would be lost.
        self._books = DayStore(
            self.directory, self._reach, mode=Mode.TRAINING, clock=self.clock, ids=ids
        )
        if not self.store.connection.in_transaction:
            self.store.connection.execute("PRAGMA synchronous=OFF")
        self.strategies = self._strategies()
        self.health = Health(tuple(self.strategies))
        clock, jitter = self.clock, random.Random(chance.random())
        self.gateway = Gateway(self.store, self.strategies, clock=clock, health=self.health)
        self.sessions = Sessions(self.store, self.gateway, clock=clock, jitter=jitter)
        self.refunds = Refunds(self.store, self.gateway, clock=clock, jitter=jitter)
        self.resolutions = Resolutions(self.store, self.refunds)
        self.checkout = Checkout(
            self.store,
            self.sessions,
            self.gateway,
            shop=lambda: _SHOP,
            pages={account: ReturnPages() for account in self.strategies},
            clock=clock,
            ids=ids,
            deadline=_DEADLINE,
        )
        self.watch = Watch(
            self.store, self.sessions, self.checkout, clock=clock, jitter=jitter, pace=_PACE
        )
        self.members = self._members(ids, jitter) if self._banks.go_on else None
        self.worker = InboxWorker(
            self.store,
            self.strategies,
            clock=clock,
            recheck=self.watch.poke,
            heard=(lambda: None) if self.members is None else self.members.heard,
        )
        self.reconciliation = Reconciliation(
            self.store,
            self.gateway,
            clock=clock,
            look_at_all=self.watch.look_at_all,
            wake=self.worker.wake,
            recheck=self.watch.poke,
        )
        MoneyChores(self.store, self.gateway, self.refunds, clock=clock).add_to(self.reconciliation)
        if self.members is not None:
            read_up = self.members.subscription_watch.reconcile
            self.reconciliation.afterwards.append(("subscriptions", read_up))
        self.reconciler = Reconciler(
            self.reconciliation,
            self.store,
            clock=clock,
            jitter=jitter,
            look_at_codes=self.watch.look_at_codes,
            interval_s=_RECONCILED_EACH_S,
            tick_s=_TICK_S,
            on_report=self._on_report,
        )
        receiver = Receiver(self.store, self.strategies, clock=clock, on_received=self.worker.wake)
        self._door = receiver.application()

    def _strategies(self) -> dict[str, PaymentStrategy]:
        """Connect to every account anew: what is remembered of one goes with the power."""
        strategies = {bank.name: self._connected(bank) for bank in self._banks.each}
        if self._by_hand:
            strategies["cash"] = Cash("cash", clock=self.clock, round_to=_COINS)
            strategies["terminal"] = Terminal("terminal", clock=self.clock)
        return strategies

    def _members(self, ids: Ids, jitter: random.Random) -> Members:
        """Build what goes on after a sale; without any of it a day is none the longer."""
        return Members(
            self.store,
            self.gateway,
            self.sessions,
            shop=lambda: _SHOP,
            accounts=self.strategies,
            clock=self.clock,
            ids=ids,
            jitter=jitter,
            deadline=_DEADLINE,
            pace=_PACE,
        )

    def _connected(self, bank: Bank) -> PaymentStrategy:
        # Where there is no other way, an account is asked whatever is known of it.
        are_several = self._by_hand or len(self._banks.each) > 1
        faults = self._banks.shared.faults if are_several else []
        outcomes = Outcomes(bank.name, self.clock, faults.append)
        speaker = speaker_to(bank, self.clock)
        wire = wire_to(speaker, self._network, self._reach, self.clock, outcomes)
        return cast(PaymentStrategy, wire)

    async def start(self) -> None:
        """Begin to watch and to settle, as the till's composition root does."""
        await self.run(self._start)

    async def _start(self) -> None:
        for name, strategy in self.strategies.items():
            known = await self.store.read(
                lambda db, n=name, s=strategy: known_for(db, n, s.credential_digest)  # type: ignore[misc]
            )
            if known is not None:
                strategy.adopt(known.provider_account)
            self.spawn(self._introduce(strategy))
        self.store.bus.subscribe(self._heard)
        self.reconciler.last = await self.reconciliation.last()
        self.watch.start()
        self.reconciler.start()
        self.spawn(self.worker.run())
        self.spawn(self.refunds.keep_sweeping())
        for watching in self.members.watching() if self.members is not None else ():
            self.spawn(watching)

    async def _introduce(self, strategy: PaymentStrategy) -> None:
        while True:
            try:
                await self.gateway.identified(strategy)
            except ProviderError:
                await self.clock.sleep(_INTRODUCE_AGAIN_S)
            else:
                self.worker.wake()
                self.reconciler.soon()
                return

    def _heard(self, fact: Fact) -> None:
        self._on_fact(fact)
        if fact.name in _MONEY_CAME or fact.name.startswith("refund."):
            self.worker.wake()

    def _reach(self, point: str) -> None:
        """Come to a point at which the power may go; what is taken apart afterwards passes it."""
        if self._is_untouched:
            return
        if self.power.is_on:
            self._reach_out(point)
        if not self.power.is_on:
            raise PowerCut(point)

    def failpoints(self) -> AbstractContextManager[None]:
        """Have the power go at the till's own failpoints, too."""
        return switched_on(self._reach)

    @contextmanager
    def untouched(self) -> Iterator[None]:
        """Have nothing befall the computer in what is done to it from outside."""
        self._is_untouched = True
        try:
            yield
        finally:
            self._is_untouched = False

    def do_alone(self, work: Callable[[], T]) -> T:
        """Run a command while the till is off. Raises PowerCut where the power goes meanwhile."""
        self.power = Power()
        try:
            return work()
        finally:
            self.power.cut()

    def suspend(self, seconds: float) -> None:
        """Have the computer sleep: nothing of it runs, and its monotonic clock stands still."""
        self._loop.suspend(self.power, seconds)
        self.clock.slept_s += seconds

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Start something that stops with the power."""
        return self._loop.create_task(work, context=self._room)

    async def run(self, work: Callable[[], Awaitable[T]]) -> T | None:
        """Do something on this computer and wait for it; None where the power went meanwhile."""
        if not self.power.is_on:
            return None
        done: asyncio.Future[None] = self._loop.create_future()
        task = self.spawn(_followed(work, done))
        power = self.power
        while power.is_on and not task.done():
            await asyncio.wait([done], timeout=_ANSWER_WITHIN_S)
        if not task.done() or isinstance(task.exception(), PowerCut):
            return None
        return task.result()

    async def receive(self, delivery: Delivery) -> int:
        """Post a delivery to the till's own door; 0 where nobody answers."""
        if not self.is_awake:
            return 0
        return await self.run(lambda: self._post(delivery)) or 0

    async def _post(self, delivery: Delivery) -> int:
        status = 0

        async def take() -> dict[str, Any]:
            return {"type": "http.request", "body": delivery.body, "more_body": False}

        async def give(message: Any) -> None:
            nonlocal status
            status = message.get("status", status)

        headers = [(b"x-signed", b"yes"), (b"content-length", str(len(delivery.body)).encode())]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": f"/webhooks/{delivery.account}",
            "raw_path": f"/webhooks/{delivery.account}".encode(),
            "root_path": "",
            "query_string": b"",
            "headers": headers,
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        await self._door(scope, take, give)
        return status

    def fall(self) -> None:
        """Let everything stand still after the power went, with the books as they were."""
        self.power.cut()
        with self.untouched():
            if self._books is not None:
                self._books.close()
            self.power.let_go()

    async def stop(self) -> None:
        """Close the till as its window does."""
        await self.run(self.reconciler.stop)
        await self.run(self.watch.stop)
        self.fall()


async def _followed(work: Callable[[], Awaitable[T]], done: asyncio.Future[None]) -> T:
    try:
        return await work()
    finally:
        if not done.done():
            done.set_result(None)
