"""The shell around the HTTP server, by itself."""

import asyncio
import socket
from typing import Any

import pytest

from app import serving
from app.errors import StoreError
from app.serving import LoopServer
from tests.integration.till.house import until


def test_whoever_asks_on_and_on_and_never_reads_is_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(serving, "HEAD_DEADLINE_S", 0.5)

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x" * 65536})

    async def run() -> None:
        server = LoopServer(answer, host="127.0.0.1", port=0, most_at_once=10)
        port = await server.start()
        connected = server._server.server_state.connections
        with socket.create_connection(("127.0.0.1", port)) as deaf:
            ask = b"GET / HTTP/1.1\r\nHost: till\r\n\r\n" * 500
            await asyncio.to_thread(deaf.sendall, ask)
            await until(lambda: len(connected) == 1)
            await until(lambda: not connected, within_s=10)
        await server.stop()

    asyncio.run(run())


def test_a_server_that_was_never_started_can_be_stopped() -> None:
    async def stop() -> None:
        await LoopServer(None, host="127.0.0.1", port=0, most_at_once=1).stop()

    asyncio.run(stop())


def test_a_server_whose_task_ends_before_it_listens_raises_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def start() -> None:
        server = LoopServer(None, host="127.0.0.1", port=0, most_at_once=1)

        async def fails(sockets: Any) -> None:
            sockets[0].close()
            raise StoreError("not today")

        monkeypatch.setattr(server._server, "serve", fails)
        await server.start()

    with pytest.raises(StoreError, match="not today"):
        asyncio.run(start())
