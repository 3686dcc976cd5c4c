"""An HTTP server inside a running event loop: uvicorn without its signals, with deadlines.

A connection that does not send a whole request head in time is dropped, before its first request
and between requests; so is one beyond the most that are served at once. Neither uvicorn nor the
system does that by itself, and a thousand half-open sockets would use up the process's files.
"""

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import Iterator
from typing import Any, Final

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

if sys.platform != "win32":
    import resource

HEAD_DEADLINE_S: Final = 10.0
_START_DEADLINE_S: Final = 10.0
_BACKLOG: Final = 512
_MANY_FILES: Final = 8_192


class _DeadlineProtocol(H11Protocol):
    """Drops a connection whose next request head does not arrive in time, or that is one too many.

    `most_connections` is set by the server that it belongs to.
    """

    most_connections = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.most_connections:
            transport.abort()
        self._waits_since = self.loop.time()
        self._drop_if_silent()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._waits_since = self.loop.time()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP; after an answer has begun nothing but hanging up is left."""
        cycle = getattr(self, "cycle", None)
        if cycle is None or not cycle.response_started:
            super().send_400_response(msg)
        else:
            self.transport.abort()

    def _drop_if_silent(self) -> None:
        cycle = getattr(self, "cycle", None)
        is_answering = cycle is not None and not cycle.response_complete
        # Who asks and asks and never reads an answer is not being answered.
        is_answering = is_answering and not self.flow.write_paused
        now = self.loop.time()
        due = (now if is_answering else self._waits_since) + HEAD_DEADLINE_S
        if self.transport.is_closing():
            return
        if due <= now:
            self.transport.abort()
        else:
            self.loop.call_at(due, self._drop_if_silent)


class _QuietServer(uvicorn.Server):
    """Leaves the process's signals to whoever owns the process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class LoopServer:
    """Serves an ASGI application on the running loop, at a port that is known once it listens."""

    def __init__(self, application: Any, *, host: str, port: int, most_at_once: int) -> None:
        most = min(most_at_once, _spare_files())
        protocol = type("Protocol", (_DeadlineProtocol,), {"most_connections": most})
        self._host = host
        self._port = port
        self._server = _QuietServer(
            uvicorn.Config(
                application,
                http=protocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_keep_alive=5,
                timeout_graceful_shutdown=2,
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


def _spare_files() -> int:
    """Say how many connections leave the process files enough for its books; ask for more files."""
    if sys.platform == "win32":
        return _MANY_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MANY_FILES if hard == resource.RLIM_INFINITY else min(hard, _MANY_FILES)
    if 0 <= soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return max(64, soft // 2) if soft >= 0 else _MANY_FILES
