"""The public door's thread: its own loop, its own port, so that a flood never meets the window."""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from starlette.routing import Route

from app.clock import Clock
from app.errors import ConfigError, Message
from app.providers.strategy import HasOwnPage, PaymentStrategy
from app.serving import LoopServer
from app.store import Store
from app.webhooks.inbox_worker import InboxWorker
from app.webhooks.languages import Languages
from app.webhooks.pay_brand import Brand
from app.webhooks.pay_desk import PayDesk
from app.webhooks.pay_pages import PayPages
from app.webhooks.receiver import Receiver

_START_DEADLINE_S: Final = 15.0
_MOST_CONNECTIONS: Final = 1_000

_log = logging.getLogger(__name__)


class PublicDoor:
    """Listens on `host:port` in a thread; `address` is known once `start` returned.

    `desk` speaks to providers for the pay page, which is at this door where an account needs it;
    `brand` is how the shop wants that page to look.
    """

    def __init__(
        self,
        store: Store,
        strategies: Mapping[str, PaymentStrategy],
        *,
        host: str,
        port: int,
        clock: Clock,
        recheck: Callable[[int], None],
        heard: Callable[[], None] = lambda: None,
        desk: PayDesk | None = None,
        brand: Brand | None = None,
    ) -> None:
        self._desk = desk
        self._brand = brand
        self._store = store
        self._strategies = strategies
        self._host = host
        self._port = port
        self._clock = clock
        self._recheck = recheck
        self._heard = heard
        self._loop: asyncio.AbstractEventLoop | None = None
        self._worker: InboxWorker | None = None
        self._stopping: asyncio.Event | None = None
        self._ready = threading.Event()
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="public-door", daemon=True)
        self.address = ""
        self.last_received_at: datetime | None = None

    def start(self) -> str:
        """Listen, and give the door's address. Raises ConfigError where it cannot be had."""
        self._thread.start()
        if not self._ready.wait(_START_DEADLINE_S) or self._fault is not None:
            raise ConfigError(
                Message(
                    "The webhook door cannot listen on {host}:{port}",
                    host=self._host,
                    port=self._port,
                ),
                f"{self._fault}." if self._fault else Message("It did not start in time."),
                action=Message("Choose another PORT, or stop what uses this one."),
            ) from self._fault
        return self.address

    def wake(self) -> None:
        """Say that what waits in the inbox may be settled now; from any thread."""
        if self._loop is not None and self._worker is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._worker.wake)

    def stop(self) -> None:
        """Stop listening and wait for the thread; what was acknowledged is in the inbox."""
        if self._loop is not None and self._stopping is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
        if self._thread.is_alive():
            self._thread.join()

    def _received(self, worker: InboxWorker) -> None:
        self.last_received_at = self._clock.now()
        worker.wake()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - told to whoever started the thread
            self._fault = error
            if self._ready.is_set():
                _log.critical("the webhook door has stopped", exc_info=error)
        finally:
            self._ready.set()

    def _pages(self, languages: Languages) -> list[Route]:
        """Give the pay page's routes where an account needs it; else its paths do not exist."""
        has_page = any(isinstance(each, HasOwnPage) for each in self._strategies.values())
        if self._desk is None or not has_page:
            return []
        return PayPages(
            self._store,
            self._desk,
            clock=self._clock,
            look=self._recheck,
            languages=languages,
            brand=self._brand,
        ).routes()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        worker = InboxWorker(
            self._store,
            self._strategies,
            clock=self._clock,
            recheck=self._recheck,
            heard=self._heard,
        )
        self._worker = worker
        languages = Languages()
        receiver = Receiver(
            self._store,
            self._strategies,
            clock=self._clock,
            on_received=lambda: self._received(worker),
            pages=self._pages(languages),
            languages=languages,
        )
        server = LoopServer(
            receiver.application(),
            host=self._host,
            port=self._port,
            most_at_once=_MOST_CONNECTIONS,
        )
        port = await server.start()
        self.address = f"http://{self._host}:{port}"
        settling = asyncio.create_task(worker.run(), name="inbox")
        self._ready.set()
        waits = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({settling, waits}, return_when=asyncio.FIRST_COMPLETED)
        await server.stop()
        waits.cancel()
        settling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await settling
