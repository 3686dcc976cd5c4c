"""The one way out, over a scripted wire; what needs real sockets is in tests/integration/till."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from app.errors import Protocol, Unavailable
from app.providers.stripe.client import TransportClient
from app.providers.transport import MAX_REPLY_BYTES, Transport
from tests.parts.clock import VirtualClock
from tests.parts.stripe import Raw, Wire

URL = "https://api.stripe.com/v1/account"


def sent(wire: httpx.AsyncBaseTransport, url: str = URL) -> bytes:
    clock = VirtualClock()
    transport = Transport("https://api.stripe.com", clock=clock, transport=wire)
    return asyncio.run(transport.send("GET", url, {"X-A": "b"})).body


def test_a_reply_comes_back_whole() -> None:
    assert sent(Wire(Raw(200, b"x" * MAX_REPLY_BYTES))) == b"x" * MAX_REPLY_BYTES


def test_a_reply_over_one_mebibyte_is_refused_without_reading_it_all() -> None:
    class Endless(httpx.AsyncBaseTransport):
        given = 0

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            async def body() -> AsyncIterator[bytes]:
                while True:
                    self.given += 65_536
                    yield b"x" * 65_536

            return httpx.Response(200, content=body())

    wire = Endless()
    with pytest.raises(Protocol, match="more than the till takes"):
        sent(wire)
    assert wire.given <= MAX_REPLY_BYTES + 2 * 65_536


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "zstd", "identity, gzip"])
def test_a_compressed_reply_is_refused_unread(encoding: str) -> None:
    wire = Wire(Raw(200, b"bomb", {"Content-Encoding": encoding}))
    with pytest.raises(Protocol, match="compressed"):
        sent(wire)


def test_an_uncompressed_reply_may_say_so() -> None:
    assert sent(Wire(Raw(200, b"x", {"Content-Encoding": "identity"}))) == b"x"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    wire = Wire(Raw(status, b"", {"Location": "https://evil.example/"}))
    sent(wire)
    assert len(wire.requests) == 1


@pytest.mark.parametrize("url", ["https://host:bad/", "http://", "nothing"])
def test_an_address_that_is_none_is_our_fault_and_not_the_networks(url: str) -> None:
    transport = Transport("https://api.stripe.com", clock=VirtualClock())
    with pytest.raises((Protocol, Unavailable)):
        asyncio.run(transport.send("GET", url, {}))


def test_headers_are_sent_and_compression_is_never_asked_for() -> None:
    wire = Wire(Raw())
    sent(wire)
    assert wire.requests[0].headers["x-a"] == "b"
    assert wire.requests[0].headers["accept-encoding"] == "identity"


TOLD = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def told(clock: VirtualClock) -> Transport:
    """Give a transport that has heard the provider's clock once."""
    wire = Wire(Raw(200, b"", {"Date": "Sat, 21 Nov 2026 12:00:00 GMT"}), Raw(200))
    transport = Transport("https://api.stripe.com", clock=clock, transport=wire)
    assert transport.provider_now() is None
    asyncio.run(transport.send("GET", URL, {}))
    return transport


def test_the_providers_clock_runs_on_between_its_replies() -> None:
    clock = VirtualClock()
    transport = told(clock)
    clock.advance(90)
    asyncio.run(transport.send("GET", URL, {}))
    assert transport.provider_now() == TOLD + timedelta(seconds=90)


@pytest.mark.parametrize("jump_s", [-36_000, -31, 31, 36_000])
def test_after_a_jump_of_our_clock_the_providers_is_asked_for_again(jump_s: float) -> None:
    """The computer slept, or its clock was set: nobody knows how long ago the reply was."""
    clock = VirtualClock()
    transport = told(clock)
    clock.set_wrong_by(jump_s)
    assert transport.provider_now() is None


@pytest.mark.parametrize("wrong_s", [-600, 0, 600])
def test_how_wrong_our_clock_is_stays_known_through_sleep_and_corrections(wrong_s: float) -> None:
    clock = VirtualClock(TOLD)
    transport = Transport("https://api.stripe.com", clock=clock)
    assert transport.clock_off() is None
    transport = told(clock)
    clock.advance(90)
    clock.suspend(8 * 3600)
    clock.set_wrong_by(wrong_s)
    assert transport.clock_off() == timedelta(seconds=wrong_s)


def test_the_sdk_closes_the_transport_with_its_client() -> None:
    transport = Transport("https://api.stripe.com", clock=VirtualClock(), transport=Wire())
    asyncio.run(TransportClient(transport).close_async())
    with pytest.raises(Unavailable):
        asyncio.run(transport.send("GET", URL, {}))
