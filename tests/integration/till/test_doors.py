"""Both doors on real sockets: half-open, lying, too many, and what they let through meanwhile."""

import asyncio
import socket
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from app import serving
from app.api import PrivateDoor
from app.bootstrap import Till
from app.errors import ConfigError
from app.serving import LoopServer
from app.webhooks import door as public
from app.webhooks import receiver
from tests.conftest import ExpectedLogs
from tests.integration.till.house import (
    NEVER,
    Customer,
    open_till,
    rows,
    show,
    until,
    until_registered,
    until_state,
)


def with_till(root: Path, customer: Customer, story: Callable[[Till], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with open_till(root, customer.origin, pace=NEVER) as till:
            return await story(till)

    return asyncio.run(run())


def address(till: Till) -> tuple[str, int]:
    host, port = till.door.address.removeprefix("http://").split(":")
    return host, int(port)


async def said(reader: asyncio.StreamReader, *, within_s: float = 3) -> bytes:
    """Read until the door hangs up."""
    async with asyncio.timeout(within_s):
        try:
            return await reader.read()
        except ConnectionError:
            return b""


async def talk(till: Till, *pieces: bytes, within_s: float = 3) -> bytes:
    reader, writer = await asyncio.open_connection(*address(till))
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
    try:
        return await said(reader, within_s=within_s)
    finally:
        writer.close()


@asynccontextmanager
async def connections(
    till: Till, count: int
) -> AsyncIterator[list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]:
    """Open connections that say nothing by themselves."""
    opened = [await asyncio.open_connection(*address(till)) for _ in range(count)]
    try:
        yield opened
    finally:
        for _, writer in opened:
            writer.close()


HEAD = b"POST /webhooks/stripe HTTP/1.1\r\nHost: till\r\nConnection: close\r\n"


def test_a_delivery_with_a_length_that_is_too_large_is_refused_unread(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        answer = await talk(till, HEAD + b"Content-Length: 999999999\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 413")

    with_till(root, customer, story)


def test_a_chunked_delivery_is_refused_when_it_has_grown_too_large(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        head = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
        answer = await talk(till, head, *[chunk] * 5)
        assert answer.startswith(b"HTTP/1.1 413") or answer == b""

    with_till(root, customer, story)
    assert rows(root, "SELECT count(*) FROM inbox") == [(0,)]


def test_a_delivery_that_never_ends_is_given_up(
    root: Path, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiver, "BODY_DEADLINE_S", 0.2)

    async def story(till: Till) -> None:
        answer = await talk(till, HEAD + b"Content-Length: 1000\r\n\r\n", b"only this")
        assert answer.startswith(b"HTTP/1.1 408")

    with_till(root, customer, story)


@pytest.mark.parametrize(
    "head",
    [
        HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nxxxxx",
        HEAD + b"Content-Length: -5\r\n\r\n",
        HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GARBAGE\r\n\r\n",
        b"POST /webhooks/stripe HTTP/1.1\r\n" + b"X-A: " + b"y" * 40_000 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_what_is_no_honest_http_is_refused_and_the_door_lives(
    root: Path, customer: Customer, head: bytes, expected_logs: ExpectedLogs
) -> None:
    async def story(till: Till) -> None:
        answer = await talk(till, head)
        assert answer == b"" or answer.split()[1].startswith(b"4")
        assert (await talk(till, HEAD + b"Content-Length: 0\r\n\r\n")).startswith(b"HTTP/1.1 400")

    with_till(root, customer, story)
    expected_logs.take_all("Invalid HTTP request")
    assert rows(root, "SELECT count(*) FROM inbox") == [(0,)]


def test_nonsense_after_the_answer_is_hung_up_on(
    root: Path, customer: Customer, expected_logs: ExpectedLogs
) -> None:
    async def story(till: Till) -> None:
        reader, writer = await asyncio.open_connection(*address(till))
        writer.write(b"GET /nowhere HTTP/1.1\r\nHost: till\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 4")
        writer.write(b"no chunk\r\n")
        await said(reader, within_s=30)
        writer.close()

    with_till(root, customer, story)
    expected_logs.take_all("Invalid HTTP request")


def test_half_open_sockets_are_dropped_and_do_not_keep_a_genuine_delivery_out(
    root: Path, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert serving.HEAD_DEADLINE_S == 10
    monkeypatch.setattr(serving, "HEAD_DEADLINE_S", 1.0)

    async def story(till: Till) -> None:
        await until_registered(till, customer)
        order, attempt = await show(till)
        async with connections(till, 300) as opened:
            for _, writer in opened[:150]:
                writer.write(b"POST /webhooks/stripe HTTP/1.1\r\nHost: ti")
            began = time.monotonic()
            await asyncio.to_thread(customer.pay, attempt.url)
            await until_state(till, order, "paid", within_s=3)
            answers = await asyncio.gather(*(said(reader) for reader, _ in opened))
            assert set(answers) == {b""}
            assert time.monotonic() - began < 5

    with_till(root, customer, story)


def test_a_second_head_that_does_not_come_is_not_waited_for_either(
    root: Path, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sender that was heard once gets no longer to send its next head than anybody else."""
    monkeypatch.setattr(serving, "HEAD_DEADLINE_S", 0.5)

    async def story(till: Till) -> None:
        async with connections(till, 1) as [(reader, writer)]:
            writer.write(b"GET /success HTTP/1.1\r\nHost: till\r\n\r\n")
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
            writer.write(b"GET /success HTTP/1.1\r\nHos")
            began = time.monotonic()
            await said(reader, within_s=4)
            assert time.monotonic() - began < 3

    with_till(root, customer, story)


def test_a_connection_that_is_used_is_kept(
    root: Path, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "HEAD_DEADLINE_S", 0.3)

    async def story(till: Till) -> None:
        async with httpx.AsyncClient(base_url=till.door.address) as client:
            for _ in range(4):
                assert (await client.get("/success")).status_code == 200
                await asyncio.sleep(0.2)

    with_till(root, customer, story)


def test_connections_beyond_the_most_are_dropped_and_others_let_in_afterwards(
    root: Path, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public, "_MOST_CONNECTIONS", 5)

    async def story(till: Till) -> None:
        async def answers(start: bytes) -> bool:
            try:
                answer = await talk(till, HEAD + b"Content-Length: 0\r\n\r\n")
            except ConnectionError:
                answer = b"dropped"
            return (answer or b"dropped").startswith(start)

        async with connections(till, 5):
            await until(lambda: answers(b"dropped"))
        await until(lambda: answers(b"HTTP/1.1 400"))

    with_till(root, customer, story)


def test_an_unsigned_flood_does_not_keep_a_signed_delivery_out(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        await until_registered(till, customer)
        order, attempt = await show(till)
        flooding = True
        answers: list[int] = []

        async def flood() -> None:
            limits = httpx.Limits(max_connections=20)
            async with httpx.AsyncClient(base_url=till.door.address, limits=limits) as client:
                while flooding:
                    answer = await client.post("/webhooks/stripe", content=b"{}" * 500)
                    answers.append(answer.status_code)

        floods = [asyncio.create_task(flood()) for _ in range(5)]
        await asyncio.sleep(0.1)
        await asyncio.to_thread(customer.pay, attempt.url)
        await until_state(till, order, "paid", within_s=4)
        flooding = False
        await asyncio.gather(*floods)
        assert set(answers) == {400}

    with_till(root, customer, story)
    assert rows(root, "SELECT count(*) FROM inbox") == [(1,)]


def test_books_that_are_locked_keep_a_delivery_waiting_and_then_take_it(
    root: Path, customer: Customer
) -> None:
    """Another process holds the write lock: no acknowledgement before it lets go."""

    async def story(till: Till) -> None:
        await until_registered(till, customer)
        order, attempt = await show(till)
        blocker = sqlite3.connect(root / "training" / "till.db", isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        await asyncio.to_thread(customer.control, "POST", "webhooks", mode="withhold")
        await asyncio.to_thread(customer.pay, attempt.url)
        event = await asyncio.to_thread(customer.event, "checkout.session.completed")
        delivery = asyncio.create_task(
            asyncio.to_thread(customer.control, "POST", f"events/{event}/deliver", times=1)
        )
        await asyncio.sleep(0.5)
        assert not delivery.done()
        blocker.execute("ROLLBACK")
        blocker.close()
        assert (await delivery)["statuses"] == [200]
        await until_state(till, order, "paid")

    with_till(root, customer, story)


def test_a_door_whose_worker_breaks_says_so_loudly(
    root: Path,
    customer: Customer,
    monkeypatch: pytest.MonkeyPatch,
    expected_logs: ExpectedLogs,
) -> None:
    async def broken(self: Any) -> None:
        await asyncio.sleep(0.05)
        raise ZeroDivisionError("ours")

    monkeypatch.setattr("app.webhooks.inbox_worker.InboxWorker.run", broken)

    async def story(till: Till) -> None:
        await until(lambda: not till.door._thread.is_alive())

    with_till(root, customer, story)
    assert expected_logs.take("webhook door has stopped").levelname == "CRITICAL"


def test_a_door_that_does_not_come_up_in_time_is_said_in_words(
    root: Path, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public, "_START_DEADLINE_S", 0.05)

    async def slow(self: LoopServer) -> int:
        await asyncio.sleep(0.4)
        raise OSError("too late")

    monkeypatch.setattr(LoopServer, "start", slow)
    with pytest.raises(ConfigError, match="webhook door cannot listen"):
        with_till(root, customer, show)


# --- the private door --------------------------------------------------------------------------


@asynccontextmanager
async def private_door(till: Till, port: int = 0) -> AsyncIterator[PrivateDoor]:
    door = PrivateDoor.of(till, port=port)
    await door.start()
    try:
        yield door
    finally:
        await door.stop()


def test_the_private_door_answers_on_loopback_only_with_the_token(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        async with private_door(till) as door, httpx.AsyncClient(base_url=door.address) as client:
            assert door.address.startswith("http://127.0.0.1:")
            assert (await client.get("/health")).json() == {"status": "ok"}
            assert (await client.get("/api/v1/status")).status_code == 401
            client.headers["Authorization"] = f"Bearer {till.token}"
            status = (await client.get("/api/v1/status")).json()
            assert status["mode"] == "training"
            foreign = await client.get("/api/v1/status", headers={"Host": "evil.example"})
            assert foreign.status_code == 421
            port = int(door.address.rsplit(":", 1)[1])
            with socket.socket() as probe:
                probe.settimeout(1)
                with pytest.raises(OSError, match=r".*"):
                    probe.connect((own_address(), port))

    with_till(root, customer, story)


def own_address() -> str:
    """Give an address of this computer that is not the door's; another loopback one will do."""
    return "127.0.0.2"


def test_a_private_port_that_is_taken_is_said_in_words(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        async with private_door(till) as door:
            port = int(door.address.rsplit(":", 1)[1])
            with pytest.raises(ConfigError, match="local API cannot listen"):
                async with private_door(till, port):
                    pass

    with_till(root, customer, story)
