"""The door for phones: a second socket, on the shop's network, that has the customer's pages only.

What comes in there is anybody's. The provider's API and the control API are not behind it: it is an
application of its own, so that no header and no mistaken address can lead to them.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from app.sandbox.books import Books
from app.sandbox.listener import Listener, listening, origin_of
from app.sandbox.wire import CuttableProtocol

T = TypeVar("T")

RECEIPT_DEADLINE_S = 10.0
MOST_CONNECTIONS = 64
_LONGEST_HEAD = 16 * 1024
_KEEP_ALIVE_S = 5
_WANTED, _LAST_PORT = "phones_wanted", "phones_last_port"


class PhoneProtocol(CuttableProtocol):
    """Drops a connection whose request is not here in time, head and body, or that is one too many.

    What is being answered has all the time that it takes, as long as the answer is taken off.
    """

    _next_look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._waits_since = self.loop.time()
        if len(self.connections) > MOST_CONNECTIONS:
            transport.abort()
        else:
            self._drop_if_slow()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._next_look is not None:
            self._next_look.cancel()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._waits_since = self.loop.time()

    def _drop_if_slow(self) -> None:
        cycle = getattr(self, "cycle", None)
        is_due = cycle is not None and not cycle.more_body and not cycle.response_complete
        is_answering = is_due and not self.flow.write_paused
        now = self.loop.time()
        due = (now if is_answering else self._waits_since) + RECEIPT_DEADLINE_S
        if due <= now:
            self.transport.abort()
        else:
            self._next_look = self.loop.call_at(due, self._drop_if_slow)


class PhoneDoor:
    """Closed until it is opened at an address of this computer.

    Its verbs may be awaited on any loop: they run on the simulator's own. Whether phones are wanted
    is remembered in the simulator's books, and so is the port, so that what was handed out stays
    good.
    """

    def __init__(self, books: Books, routes: Sequence[BaseRoute], home_port: int) -> None:
        self._books = books
        self._routes = routes
        self._home_port = home_port
        self._loop = asyncio.get_running_loop()
        self._listener: Listener | None = None
        self._serving: asyncio.Task[None] | None = None
        self._origin = ""

    @property
    def origin(self) -> str:
        """What its addresses begin with; nothing while it is closed."""
        return self._origin

    async def is_wanted(self) -> bool:
        """Whether phones were allowed when somebody last said so; at first they are not."""
        return await self._at_home(self._read_wanted())

    async def want(self, *, wanted: bool) -> None:
        """Remember whether phones are to be let in."""
        await self._at_home(self._write_wanted(wanted=wanted))

    async def open(self, address: str) -> str:
        """Listen at an address of this computer instead of where it listened; answers the origin.

        Raises `OSError` where the address or every port of it is refused; then it is closed.
        """
        return await self._at_home(self._open(address))

    async def close(self) -> None:
        """Listen no more; what is being answered has two seconds."""
        await self._at_home(self._close())

    async def _read_wanted(self) -> bool:
        return self._books.fact(_WANTED) == "yes"

    async def _write_wanted(self, *, wanted: bool) -> None:
        with self._books.transaction():
            self._books.set_fact(_WANTED, "yes" if wanted else "no")

    async def _open(self, address: str) -> str:
        await self._close()
        # The same number as at home, where it is free: there is one less to remember.
        wanted_port = self._books.fact(_LAST_PORT) or str(self._home_port)
        socket = listening(address, 0, wanted_port)
        port = int(socket.getsockname()[1])
        try:
            with self._books.transaction():
                self._books.set_fact(_LAST_PORT, str(port))
        except BaseException:
            socket.close()
            raise
        is_ready = asyncio.Event()
        app = Starlette(routes=self._routes, exception_handlers={ClientDisconnect: hung_up})
        self._listener = Listener(
            app,
            is_ready.set,
            lambda: None,
            protocol=PhoneProtocol,
            keep_alive_s=_KEEP_ALIVE_S,
            longest_head=_LONGEST_HEAD,
        )
        self._serving = asyncio.create_task(self._listener.serve(sockets=[socket]))
        ready = asyncio.create_task(is_ready.wait())
        await asyncio.wait((self._serving, ready), return_when=asyncio.FIRST_COMPLETED)
        if not is_ready.is_set():
            ready.cancel()
            socket.close()
            await self._close()  # which raises what it failed with
        self._origin = origin_of(address, port)
        return self._origin

    async def _close(self) -> None:
        self._origin = ""
        serving = self._serving
        if self._listener is None or serving is None:
            return
        self._listener.ask_to_stop()
        try:
            # Whoever asked may be gone before it is over; it comes to its end all the same.
            await asyncio.shield(serving)
        finally:
            if serving.done() and self._serving is serving:
                self._listener = self._serving = None

    async def _at_home(self, work: Coroutine[Any, Any, T]) -> T:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))


async def hung_up(_: Request, __: Exception) -> Response:
    """A client that is gone before its request was whole has asked for nothing."""
    return Response(status_code=400)
