"""The way out to providers over real sockets: slow, lying and false servers."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.clock import SystemClock
from app.errors import Protocol, Unavailable
from app.providers import transport
from app.providers.kinds.stripe_checkout import StripeCheckout
from app.providers.transport import Reply, Transport

LOOPBACK = Path(__file__).parents[2] / "parts" / "loopback"
"""A self-signed certificate of 127.0.0.1 with its key: worth nothing, trusted by nobody."""

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(handler: Handler, *, tls: bool = False) -> AsyncIterator[str]:
    context = None
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(LOOPBACK / "cert.pem", LOOPBACK / "key.pem")

    async def handled(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(handled, "127.0.0.1", 0, ssl=context)
    port = listening.sockets[0].getsockname()[1]
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    finally:
        listening.close()


def asked(handler: Handler, *, tls: bool = False) -> Reply:
    async def ask() -> Reply:
        async with server(handler, tls=tls) as base:
            wire = Transport(base, clock=SystemClock())
            try:
                return await wire.send("GET", f"{base}/v1/account", {})
            finally:
                await wire.aclose()

    return asyncio.run(ask())


def answering(head: bytes, body: bytes = b"") -> Handler:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head + b"\r\n\r\n" + body)
        await writer.drain()

    return answer


def test_an_honest_server_is_heard() -> None:
    reply = asked(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: b", b"{}"))
    assert (reply.status, reply.body, reply.headers["x-a"]) == (200, b"{}", "b")


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def trickling_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Every single wait is short; only the whole exchange is long."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


async def trickling_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\n")
    for n in range(10_000):
        writer.write(b"X-%d: y\r\n" % n)
        await writer.drain()
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("handler", [silent, trickling_body, trickling_head])
def test_the_deadline_is_over_the_whole_exchange(
    handler: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert transport.DEADLINE_S == 10
    monkeypatch.setattr(transport, "DEADLINE_S", 0.4)
    began = time.monotonic()
    with pytest.raises(Unavailable):
        asked(handler)
    assert time.monotonic() - began < 10


def test_an_endless_body_is_cut_off_at_one_mebibyte() -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()

    with pytest.raises(Protocol, match="more than the till takes"):
        asked(endless)


def test_a_bomb_is_refused_unopened() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3"
    with pytest.raises(Protocol, match="compressed"):
        asked(answering(head, b"\x1f\x8b\x08"))


def test_a_redirect_is_neither_followed_nor_a_success() -> None:
    visited = []

    async def redirecting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        visited.append(head.split()[1])
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async def ask() -> None:
        async with server(redirecting) as base:
            strategy = StripeCheckout("main", "sk_test_1", clock=SystemClock(), api_base=base)
            try:
                await strategy.open_session({}, key="0123456789")
            finally:
                await strategy.aclose()

    with pytest.raises(Protocol):
        asyncio.run(ask())
    assert visited == [b"/v1/checkout/sessions"]


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked",
        b"nonsense",
        b"HTTP/1.1 99999 OK",
    ],
)
def test_a_reply_that_is_cut_off_or_no_http_is_no_answer(head: bytes) -> None:
    with pytest.raises((Unavailable, Protocol)):
        asked(answering(head, b"{}"))


def test_nobody_there_is_no_answer() -> None:
    async def ask() -> None:
        async with server(silent) as base:
            pass
        wire = Transport(base, clock=SystemClock())
        try:
            await wire.send("GET", base, {})
        finally:
            await wire.aclose()

    with pytest.raises(Unavailable, match="could not be reached"):
        asyncio.run(ask())


def test_a_name_that_does_not_exist_is_no_answer() -> None:
    async def ask() -> None:
        wire = Transport("https://nowhere.invalid", clock=SystemClock())
        try:
            await wire.send("GET", "https://nowhere.invalid/v1", {})
        finally:
            await wire.aclose()

    with pytest.raises(Unavailable):
        asyncio.run(ask())


def test_a_server_that_cannot_prove_who_it_is_is_told_nothing() -> None:
    heard = []

    async def listening(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(100))

    with pytest.raises(Unavailable) as error:
        asked(listening, tls=True)
    assert "certificate" in error.value.detail.lower()
    assert heard in ([], [b""])


def test_the_certificate_of_another_name_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even one that is trusted: the till asks for the very host that it calls."""
    monkeypatch.setenv("SSL_CERT_FILE", str(LOOPBACK / "cert.pem"))

    async def ask(host: str) -> Reply:
        reply = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0")
        async with server(reply, tls=True) as base:
            url = base.replace("127.0.0.1", host)
            # Loopback addresses ignore the environment; the real provider's do not.
            wire = Transport("https://api.stripe.com", clock=SystemClock())
            try:
                return await wire.send("GET", url, {})
            finally:
                await wire.aclose()

    assert asyncio.run(ask("127.0.0.1")).status == 200
    with pytest.raises(Unavailable):
        asyncio.run(ask("127.0.0.2"))
