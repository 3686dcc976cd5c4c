"""The composition root: builds a till from its settings, starts it, and takes it down again.

Nothing below knows how it was put together. With no settings at all this gives a till in
training: the shipped catalog and the simulator in a thread of this process.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from app.account_desk import AccountDesk
from app.account_rules import check_rules, rules_of, terms_of
from app.accounts import accounts_of, loopback_base, return_pages, serve_pages
from app.api.token import token_of
from app.backups import Backups, open_books
from app.cards import Cards
from app.catalog_watch import CatalogWatch, catalog_watch_of
from app.chance import Chance
from app.checkout import Checkout
from app.clock import Clock, SystemClock
from app.domain.catalog import Catalog
from app.domain.reconciliation import Report
from app.events import Fact
from app.gateway import Gateway
from app.introductions import Introductions
from app.network import shop_address
from app.orders import OrderBook
from app.phones import Phones
from app.providers.strategy import MovesPages
from app.reconcile import Reconciliation
from app.reconcile_money import MoneyChores
from app.refunds import Refunds
from app.resolutions import Resolutions
from app.sessions import Sessions
from app.settings import Mode, Settings
from app.status import BooksState, Health, TillStatus
from app.store.accounts import known_for
from app.store.epochs import needs_reconciliation
from app.store.inbox import last_received
from app.store.payments import count_waiting
from app.subscriptions import Subscriptions
from app.training import simulator_of
from app.watch import CardWatch, Pace, Reconciler, SubscriptionWatch, Watch
from app.ways import Ways
from app.webhooks import PayDesk, PublicDoor, brand_of, readdress

if TYPE_CHECKING:
    from app.sandbox import SandboxServer

_MONEY_CAME: Final = frozenset({"attempt.paid", "exception.opened", "subscription.renewed"})
_MONEY_WENT: Final = "refund."
"""Facts after which a refund that came before its payment, or before our own, can be settled."""

_log = logging.getLogger(__name__)


class Till:
    """A whole till without its window. `start` and `aclose` run on the loop that uses it.

    One that sells nothing may do without the catalog, which a person may be editing just now.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        catalog_path: Path | None = None,
        with_catalog: bool = True,
        sandbox_url: str = "",
        register_webhooks: bool = True,
        clock: Clock | None = None,
        chance: Chance | None = None,
        pace: Pace | None = None,
        deadline: timedelta | None = None,
        address: Callable[[], str] = shop_address,
    ) -> None:
        self._address = address
        self._deadline = deadline or timedelta(minutes=settings.file.checkout.deadline_minutes)
        self.settings = settings
        self.mode = settings.mode
        self._clock = clock or SystemClock()
        self._catalog_path = catalog_path
        # A faulty one is told before anything is opened.
        _ = self.catalog_watch if with_catalog else None
        self._registers = register_webhooks and settings.mode is Mode.TRAINING
        chance = chance or Chance.of_the_system()
        self.store = open_books(settings, self._clock, chance.ids)
        try:
            self._build(settings, sandbox_url, chance, pace)
        except BaseException:
            self.store.close()
            raise
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._status = TillStatus()

    def _build(
        self, settings: Settings, sandbox_url: str, chance: Chance, pace: Pace | None
    ) -> None:
        self._sandbox: SandboxServer | None = None
        self.sandbox_url = ""
        if settings.mode is Mode.TRAINING:
            self.sandbox_url = (sandbox_url or loopback_base(settings)).rstrip("/")
            if not self.sandbox_url:
                shop = self.catalog.shop.name if self._has_catalog else ""
                self._sandbox = simulator_of(settings, shop)
                self.sandbox_url = self._sandbox.origin
        self.set_up = accounts_of(settings, self.sandbox_url, self._clock)
        self.strategies = self.set_up.strategies
        currency = self.catalog.shop.currency if self._has_catalog else ""
        check_rules(settings, (*self.strategies, *self.set_up.unready), currency)
        self.health = Health(tuple(self.strategies))
        self.orders = OrderBook(self.store)
        self.backups = Backups(self.store, settings, clock=self._clock)
        self.gateway = Gateway(self.store, self.strategies, clock=self._clock, health=self.health)
        self.sessions = Sessions(self.store, self.gateway, clock=self._clock, jitter=chance.jitter)
        self.refunds = Refunds(self.store, self.gateway, clock=self._clock, jitter=chance.jitter)
        self.resolutions = Resolutions(self.store, self.refunds)
        self.ways = Ways(
            self.gateway,
            terms=terms_of(settings),
            rules=rules_of(settings),
            unready=self.set_up.unready,
        )
        pages = {
            name: return_pages(settings, self.sandbox_url, each.provider)
            for name, each in self.strategies.items()
        }
        self.checkout = Checkout(
            self.store,
            self.sessions,
            self.gateway,
            shop=lambda: self.catalog.shop,
            pages=pages,
            clock=self._clock,
            ids=chance.ids,
            deadline=self._deadline,
            ways=self.ways,
        )
        self.account_desk = AccountDesk(
            settings,
            self.sandbox_url,
            clock=self._clock,
            ids=chance.ids,
            currency=lambda: self.catalog.shop.currency,
        )
        self.cards = Cards(
            self.store,
            self.gateway,
            shop=lambda: self.catalog.shop,
            pages=pages,
            clock=self._clock,
            ids=chance.ids,
            jitter=chance.jitter,
            deadline=self._deadline,
        )
        self.phones = (
            None
            if self._sandbox is None
            else Phones(
                self._sandbox.phones,
                self.sandbox_url,
                {
                    name: strategy
                    for name, strategy in self.strategies.items()
                    if isinstance(strategy, MovesPages)
                },
                self.store,
                address=self._address,
                sleep=self._clock.sleep,
            )
        )
        pace = pace or Pace(at_least_s=self._poll_pause_s)
        self.watch = Watch(
            self.store,
            self.sessions,
            self.checkout,
            clock=self._clock,
            jitter=chance.jitter,
            pace=pace,
        )
        self.card_watch = CardWatch(self.store, self.cards, clock=self._clock, pace=pace)
        self.subscriptions = Subscriptions(
            self.store, self.gateway, self.sessions, clock=self._clock, jitter=chance.jitter
        )
        self.subscription_watch = SubscriptionWatch(
            self.store, self.subscriptions, clock=self._clock
        )
        self.door = PublicDoor(
            self.store,
            self.strategies,
            host=settings.host,
            port=settings.port,
            clock=self._clock,
            recheck=self.watch.poke,
            heard=self._heard,
            desk=PayDesk(self.gateway, self.sessions, loop=lambda: self._loop),
            brand=brand_of(settings),
        )
        self.reconciliation = Reconciliation(
            self.store,
            self.gateway,
            clock=self._clock,
            look_at_all=self.watch.look_at_all,
            wake=self.door.wake,
            recheck=self.watch.poke,
        )
        MoneyChores(self.store, self.gateway, self.refunds, clock=self._clock).add_to(
            self.reconciliation
        )
        self.reconciliation.afterwards.append(("subscriptions", self.subscription_watch.reconcile))
        self.reconciler = Reconciler(
            self.reconciliation,
            self.store,
            clock=self._clock,
            jitter=chance.jitter,
            look_at_codes=self.watch.look_at_codes,
        )
        self.introductions = Introductions(
            self.gateway,
            health=self.health,
            clock=self._clock,
            owner=self.store.till_id,
            address_for=self._webhook_address,
            registered=self.watch.look_again,
            introduced=self._introduced,
        )

    @cached_property
    def catalog_watch(self) -> CatalogWatch:
        """Give what follows the catalog; its file is first read when it is first asked for.

        Raises CatalogError.
        """
        return catalog_watch_of(self.settings, self._catalog_path, self._clock)

    @property
    def _has_catalog(self) -> bool:
        return "catalog_watch" in vars(self)

    @property
    def catalog(self) -> Catalog:
        """Give what the shop sells now."""
        return self.catalog_watch.catalog

    @property
    def catalog_path(self) -> Path:
        """Give the file that the catalog came from."""
        return self.catalog_watch.path

    @property
    def accounts(self) -> tuple[str, ...]:
        """Give the names of the payment accounts that are set up, the default first."""
        return tuple(self.strategies)

    @property
    def token(self) -> str:
        """Give the token of the local API."""
        return token_of(self.settings.directory)

    async def start(self) -> None:
        """Open the public door and begin to watch; what was in progress is taken up again.

        Raises ConfigError where the door's port cannot be had.
        """
        self._loop = asyncio.get_running_loop()
        if (exposed := self.account_desk.exposed) is not None:
            _log.warning("%s", exposed)
        await self.adopt()
        if self.phones is not None:
            await self.phones.start()
        await asyncio.to_thread(self.door.start)
        served = serve_pages(self.settings, self.strategies, self.door.address)
        await readdress(self.store, served)
        self.store.bus.subscribe(self._on_fact)
        await self._refresh_status()
        self.watch.start()
        self.backups.start()
        self.reconciler.start()
        self.catalog_watch.start()
        self._spawn(self.refunds.keep_sweeping())
        self._spawn(self.subscription_watch.run())
        self._spawn(self.card_watch.run())
        for name, strategy in self.strategies.items():
            self._spawn(self.introductions.of(name, strategy))

    async def adopt(self) -> None:
        """Learn from the books whose accounts these are; part of `start`."""
        for name, strategy in self.strategies.items():
            digest = strategy.credential_digest
            known = await self.store.read(partial(known_for, name=name, credential=digest))
            if known is not None:
                strategy.adopt(known.provider_account)
        self.reconciler.last = await self.reconciliation.last()

    async def aclose(self) -> None:
        """Stop in the order in which nothing is lost, then let another till have the books.

        A step that fails is logged and does not keep the others from being taken.
        """
        if self._has_catalog:
            await self._closing("catalog", self.catalog_watch.stop())
        await self._closing("reconciler", self.reconciler.stop())
        await self._closing("watch", self.watch.stop())
        await self._closing("backups", self.backups.stop())
        if self.phones is not None:
            await self._closing("phones", self.phones.stop())
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._closing("door", asyncio.to_thread(self.door.stop))
        for name, strategy in self.strategies.items():
            await self._closing(name, strategy.aclose())
        await self._closing("books", asyncio.to_thread(self.store.close))
        if self._sandbox is not None:
            await self._closing("simulator", asyncio.to_thread(self._sandbox.stop))

    def subscribe(self, listener: Callable[[Fact], None]) -> Callable[[], None]:
        """Have `listener` called for each fact on the till's own loop; call the result to stop."""

        def hand_over(fact: Fact) -> None:
            if self._loop is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(listener, fact)

        return self.store.bus.subscribe(hand_over)

    def status(self) -> TillStatus:
        """Give how the till stands, without waiting."""
        off = self.gateway.clock_off()
        times = (self.door.last_received_at, self._status.last_event_at)
        return replace(
            self._status,
            accounts=self.gateway.health,
            webhook_address=self.door.address,
            last_event_at=max((at for at in times if at is not None), default=None),
            books=replace(
                self._status.books, trouble=self.store.trouble, backup=self.backups.state
            ),
            clock_off_s=None if off is None else off.total_seconds(),
            is_making_sure=self.reconciler.is_making_sure,
            reconciled=self.reconciler.last,
            exposed_keys=self.account_desk.exposed,
        )

    async def reconcile(self) -> Report:
        """Compare the books with the providers' at the operator's wish."""
        return await self.reconciler.run("by hand")

    def _webhook_address(self, account: str) -> str:
        registers = self._registers and account not in self.set_up.with_secret
        return f"{self.door.address}/webhooks/{account}" if registers else ""

    def _poll_pause_s(self, account: str) -> float:
        strategy = self.strategies.get(account)
        return 0.0 if strategy is None else strategy.capabilities.poll_pause.total_seconds()

    def _heard(self) -> None:
        self.subscription_watch.wake()
        self.card_watch.wake()

    def _introduced(self) -> None:
        self.door.wake()
        # What happened before the address was known is on the provider's list alone.
        self.reconciler.soon()

    def _on_fact(self, fact: Fact) -> None:
        if fact.name.startswith(("exception.", "till.")) and self._loop is not None:
            self._loop.call_soon_threadsafe(lambda: self._spawn(self._refresh_status()))
        if fact.name in _MONEY_CAME or fact.name.startswith(_MONEY_WENT):
            self.door.wake()

    async def _refresh_status(self) -> None:
        def look(db: sqlite3.Connection) -> tuple[datetime | None, int, bool]:
            return last_received(db), count_waiting(db), needs_reconciliation(db)

        last, waiting, must_reconcile = await self.store.read(look)
        self._status = TillStatus(
            last_event_at=last,
            needs_person=waiting,
            books=BooksState(must_reconcile=must_reconcile),
        )

    @staticmethod
    async def _closing(what: str, step: Awaitable[object]) -> None:
        try:
            await step
        except Exception:  # noqa: BLE001 - logged; the lock has to be let go of all the same
            _log.exception("the %s did not close cleanly", what)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
