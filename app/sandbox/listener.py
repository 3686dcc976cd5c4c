"""The simulator's socket, and uvicorn without its logs and its signal handlers."""

import asyncio
import contextlib
import ipaddress
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from app.sandbox.wire import CuttableProtocol

_GRACE_S = 2


class Listener(uvicorn.Server):
    """uvicorn without its logs and its signal handlers."""

    def __init__(
        self,
        app: ASGIApp,
        on_ready: Callable[[], None],
        on_stop: Callable[[], None],
        *,
        protocol: type[CuttableProtocol] = CuttableProtocol,
        keep_alive_s: int = 75,
        longest_head: int | None = None,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=protocol,
                ws="none",
                loop="asyncio",
                lifespan="off",
                log_config=None,  # and no level: the loggers are the whole process's
                access_log=False,
                server_header=False,
                date_header=False,
                proxy_headers=False,
                timeout_keep_alive=keep_alive_s,
                h11_max_incomplete_event_size=longest_head,
            )
        )
        self._on_ready = on_ready
        self._on_stop = on_stop
        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()

    def ask_to_stop(self) -> None:
        """May be called from any thread, and again."""
        with contextlib.suppress(RuntimeError):  # its loop is closed: it has stopped
            self._loop.call_soon_threadsafe(self._stopped.set)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()

    async def main_loop(self) -> None:
        await self._stopped.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn does it, without its fixed pause and its log line for what it cuts off."""
        self._on_stop()
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        if self.server_state.tasks:
            await asyncio.wait(set(self.server_state.tasks), timeout=_GRACE_S)
        for task in set(self.server_state.tasks):
            task.cancel()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)


def listening(host: str, port: int, last_port: str | None) -> socket.socket:
    """A listening socket: on the port asked for, else on the last one, else on any."""
    if port == 0 and last_port is not None:
        with contextlib.suppress(OSError):
            return _bound(host, int(last_port))
    return _bound(host, port)


def _bound(host: str, port: int) -> socket.socket:
    # The protocol is named because asyncio sets TCP_NODELAY only then: 40 ms for each reply.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform != "win32":  # there it would let two servers share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    return listener


def origin_of(host: str, port: int) -> str:
    with contextlib.suppress(ValueError):
        address = ipaddress.ip_address(host)
        if address.is_unspecified:  # every interface: this computer reaches it by loopback
            host = "::1" if address.version == 6 else "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextlib.contextmanager
def stopped_by_signals(stop: Callable[[], None]) -> Iterator[None]:
    def on_signal(_: int, __: FrameType | None) -> None:
        stop()

    caught = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, on_signal) for number in caught}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
