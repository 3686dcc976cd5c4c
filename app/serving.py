"""An HTTP server inside a running event loop: uvicorn without its signals, with a deadline.

A connection that has not sent a whole request head in time is dropped: neither uvicorn nor the
system does that by itself, and a thousand half-open sockets would otherwise stay.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import Iterator
from typing import Any, Final

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_DEADLINE_S: Final = 10.0
_START_DEADLINE_S: Final = 10.0
_BACKLOG: Final = 512


class _DeadlineProtocol(H11Protocol):
    """Drops a connection whose first request head does not arrive in time."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.loop.call_later(HEAD_DEADLINE_S, self._drop_if_silent)

    def _drop_if_silent(self) -> None:
        if getattr(self, "cycle", None) is None and not self.transport.is_closing():
            self.transport.abort()


class _QuietServer(uvicorn.Server):
    """Leaves the process's signals to whoever owns the process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class LoopServer:
    """Serves an ASGI application on the running loop, at a port that is known once it listens."""

    def __init__(self, application: Any, *, host: str, port: int, most_at_once: int) -> None:
        self._host = host
        self._port = port
        self._server = _QuietServer(
            uvicorn.Config(
                application,
                http=_DeadlineProtocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_keep_alive=5,
                timeout_graceful_shutdown=2,
                limit_concurrency=most_at_once,
                h11_max_incomplete_event_size=16 * 1024,
            )
        )
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> int:
        """Listen, and give the port. Raises OSError where the address cannot be had."""
        listener = _listener(self._host, self._port)
        self._task = asyncio.create_task(self._server.serve([listener]), name="http-server")
        async with asyncio.timeout(_START_DEADLINE_S):
            while not self._server.started:
                if self._task.done():
                    self._task.result()
                await asyncio.sleep(0.005)
        return int(listener.getsockname()[1])

    async def stop(self) -> None:
        """Stop listening; what is under way has two seconds to finish."""
        if self._task is not None:
            self._server.should_exit = True
            await self._task


def _listener(host: str, port: int) -> socket.socket:
    """Open a listening socket, named as TCP: asyncio sends small replies at once only on such."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener
