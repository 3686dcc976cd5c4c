"""The simulator as a server: in a thread of its own for a till, or in the foreground.

This is where its parts are put together.
"""

import asyncio
import random
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from app.sandbox.bench import Bench
from app.sandbox.books import Books
from app.sandbox.clock import Clock, SandboxClock
from app.sandbox.control import Control
from app.sandbox.control_money import MoneyControl
from app.sandbox.courier import Courier
from app.sandbox.deliveries import Queue, RetrySchedule
from app.sandbox.exchange import Surroundings
from app.sandbox.faults import Faults
from app.sandbox.ids import Ids, RandomIds
from app.sandbox.limits import Limits
from app.sandbox.listener import Listener, listening, origin_of, stopped_by_signals
from app.sandbox.pages.outcome import (
    cancelled_page,
    not_debited_page,
    not_found_page,
    success_page,
    underway_page,
)
from app.sandbox.paypal.provider import PayPalSandbox
from app.sandbox.paypal.workbench import Workbench as PayPalWorkbench
from app.sandbox.phone_door import PhoneDoor, hung_up
from app.sandbox.providers import Provider, Providers
from app.sandbox.razorpay.provider import RazorpaySandbox
from app.sandbox.razorpay.workbench import Workbench as RazorpayWorkbench
from app.sandbox.square.provider import SquareSandbox
from app.sandbox.square.workbench import Workbench as SquareWorkbench
from app.sandbox.stripe.provider import StripeSandbox
from app.sandbox.stripe.workbench import Workbench
from app.sandbox.traffic import Traffic

_START_WAIT_S = 20.0
_STOP_WAIT_S = 10.0
_SWEEP_S = 0.5
_LAST_PORT = "last_port"

AnyBench = TypeVar("AnyBench", bound=Bench)


class SandboxServer:
    """A payment provider on this computer, with its books in one file.

    With `port=0` it takes the port that it had the last time, if that is free, so that the
    addresses it gave out stay good; else any free one.
    """

    def __init__(
        self,
        *,
        books_path: str | Path,
        host: str = "127.0.0.1",
        port: int = 0,
        public_origin: str | None = None,
        clock: Clock = time.time,
        ids: Ids | None = None,
        chance: random.Random | None = None,
        retries: RetrySchedule | None = None,
        requests_per_second: int | None = None,
        shop_name: str = "",
    ) -> None:
        self.books_path = Path(books_path)
        self._host = host
        self._port = port
        self._public_origin = public_origin.rstrip("/") if public_origin else None
        self._clock = clock
        self._ids: Ids = RandomIds() if ids is None else ids
        self._chance = random.Random() if chance is None else chance
        self._retries = RetrySchedule() if retries is None else retries
        self._requests_per_second = requests_per_second
        self._shop_name = shop_name or "Training shop"
        self._origin: str | None = None
        self._bound_port = 0
        self._listener: Listener | None = None
        self._phones: PhoneDoor | None = None
        self._thread: threading.Thread | None = None
        self._stop_asked = threading.Event()

    def __enter__(self) -> "SandboxServer":
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def origin(self) -> str:
        """What its addresses begin with; known once it listens."""
        if self._origin is None:
            raise RuntimeError("the sandbox has not been started")
        return self._origin

    @property
    def listening_port(self) -> int:
        """The port it really has, whatever its addresses say; 0 before it listens."""
        return self._bound_port

    @property
    def phones(self) -> PhoneDoor:
        """The door on the shop's network; there is one once the simulator listens."""
        if self._phones is None:
            raise RuntimeError("the sandbox has not been started")
        return self._phones

    def start(self) -> str:
        """Serve from a daemon thread; answers the origin once it listens.

        Raises what kept it from starting: `BooksUnusable`, or `OSError` for a port in use.
        """
        if self._thread is not None:
            return self.origin
        self._stop_asked.clear()
        ready: Future[None] = Future()
        self._thread = threading.Thread(
            target=self._thread_main, args=(ready,), name="scantill-sandbox", daemon=True
        )
        self._thread.start()
        try:
            ready.result(_START_WAIT_S)
        except BaseException:
            self.stop()
            raise
        return self.origin

    def stop(self) -> None:
        """Stop serving, close the books and wait for the thread, all within seconds."""
        self._stop_asked.set()
        listener = self._listener
        if listener is not None:
            listener.ask_to_stop()
        if self._thread is not None:
            self._thread.join(_STOP_WAIT_S)
            self._thread = None

    def serve(self, on_ready: Callable[[str], None] | None = None) -> None:
        """Serve in the foreground until SIGINT or SIGTERM; `on_ready` is told the origin.

        To be called from the main thread, which alone may take signals.
        """
        self._stop_asked.clear()

        def ready() -> None:
            if on_ready is not None:
                on_ready(self.origin)

        with stopped_by_signals(self.stop):
            asyncio.run(self._run(ready))

    def _pages_origin(self) -> str:
        """Where the customer's pages are: at the phones' door while it is open, else at home."""
        return self.phones.origin or self.origin

    def _thread_main(self, ready: "Future[None]") -> None:
        try:
            asyncio.run(self._run(lambda: ready.set_result(None)))
        except Exception as error:
            if ready.done():
                raise
            ready.set_exception(error)
        if not ready.done():
            ready.set_exception(RuntimeError("the sandbox was stopped before it had started"))

    async def _run(self, on_ready: Callable[[], None]) -> None:
        books = Books(self.books_path)
        try:
            with listening(self._host, self._port, books.fact(_LAST_PORT)) as listener:
                await self._serve_on(listener, books, on_ready)
        finally:
            self._listener = None
            books.close()

    async def _serve_on(
        self, listener: socket.socket, books: Books, on_ready: Callable[[], None]
    ) -> None:
        port = self._bound_port = int(listener.getsockname()[1])
        with books.transaction():
            books.set_fact(_LAST_PORT, str(port))
        self._origin = self._public_origin or origin_of(self._host, port)
        faults, traffic = Faults(), Traffic()
        clock = SandboxClock(self._clock, books)
        queue = Queue(books, clock)
        limits = Limits(time.monotonic, self._requests_per_second)
        woken = asyncio.Event()
        surroundings = Surroundings(
            faults=faults, traffic=traffic, limits=limits, changed=woken.set
        )
        providers = Providers(self._built(books, clock, queue, surroundings), books)
        courier = Courier(
            books=books,
            queue=queue,
            postman=providers,
            schedule=self._retries,
            chance=self._chance,
            woken=woken,
        )
        control = Control(
            books=books,
            clock=clock,
            faults=faults,
            traffic=traffic,
            limits=limits,
            courier=courier,
            providers=providers,
        )
        plain = _plain_routes(providers.landing)
        money = MoneyControl(providers)
        app = Starlette(
            routes=[*control.routes(), *money.routes(), *providers.routes(), *plain],
            exception_handlers={ClientDisconnect: hung_up},
        )
        self._phones = PhoneDoor(books, [*providers.page_routes(), *plain], port)
        self._listener = Listener(app, on_ready, faults.stop)
        if self._stop_asked.is_set():
            self._listener.ask_to_stop()
        chores = [
            asyncio.create_task(courier.run()),
            asyncio.create_task(_sweep(providers.catch_up)),
        ]
        try:
            await self._listener.serve(sockets=[listener])
        finally:
            await self._phones.close()
            for chore in chores:
                chore.cancel()
            await asyncio.gather(*chores, return_exceptions=True)
            await courier.close()

    def _built(
        self, books: Books, clock: SandboxClock, queue: Queue, surroundings: Surroundings
    ) -> list[Provider]:
        """Every provider at a bench of its own, with the books and the time of them all."""

        def at(bench: Callable[..., AnyBench]) -> AnyBench:
            return bench(
                books=books,
                clock=clock,
                ids=self._ids,
                queue=queue,
                origin=self._pages_origin,
                home=lambda: self.origin,
                shop_name=self._shop_name,
            )

        return [
            StripeSandbox(at(Workbench), surroundings),
            RazorpaySandbox(at(RazorpayWorkbench), surroundings),
            SquareSandbox(at(SquareWorkbench), surroundings),
            PayPalSandbox(at(PayPalWorkbench), surroundings),
        ]


async def _sweep(catch_up: Callable[[], None]) -> None:
    """Let sessions expire and debits settle by themselves, without anybody asking."""
    while True:
        catch_up()
        await asyncio.sleep(_SWEEP_S)


def _plain_routes(landing: Callable[[str], str]) -> list[Route]:
    async def success(request: Request) -> Response:
        pages = {"paid": success_page, "processing": underway_page, "failed": not_debited_page}
        # PayPal and Square put their order's id there themselves.
        told = request.query_params
        session = told.get("session") or told.get("token") or told.get("orderId", "")
        return pages[landing(session)]()

    async def cancelled(_: Request) -> Response:
        return cancelled_page()

    async def elsewhere(_: Request) -> Response:
        return not_found_page()

    return [
        Route("/success", success),
        Route("/cancelled", cancelled),
        Route("/{path:path}", elsewhere),
    ]
