"""The simulator is killed, stopped and started again; its books go on."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from app.sandbox import SandboxServer
from app.sandbox.books import BooksUnusable
from tests.integration.sandbox.shop import Receiver, Shop, order

_PROGRAM = """
import sys
from app.sandbox import SandboxServer
server = SandboxServer(books_path=sys.argv[1])
server.serve(on_ready=lambda origin: print(origin, flush=True))
print("stopped", flush=True)
"""
_ROOT = Path(__file__).parents[3]


@contextmanager
def _process(books_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(books_path)],
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


def test_a_killed_simulator_comes_back_with_all_it_ever_answered(
    books_path: Path, receiver: Receiver
) -> None:
    with _process(books_path) as (process, origin):
        shop = Shop(origin)
        shop.listen(receiver, "checkout.session.completed")
        shop.control("POST", "webhooks", {"mode": "withhold"})
        session = shop.client.v1.checkout.sessions.create(order(), {"idempotency_key": "key-1"})
        shop.pay(session.url)
        unpaid = shop.sell()
        shop.close()
        process.send_signal(signal.SIGKILL)
        process.wait(5)
    with _process(books_path) as (_, again):
        assert again == origin
        shop = Shop(again)
        assert shop.read(session.id).payment_status == "paid"
        assert shop.read(unpaid.id).status == "open"
        replay = shop.client.v1.checkout.sessions.create(order(), {"idempotency_key": "key-1"})
        assert (replay.id, replay.url) == (session.id, session.url)
        receiver.wait(1)
        assert receiver.types() == ["checkout.session.completed"]
        assert [p["captured_minor"] for p in shop.books()["payments"]] == [380]
        shop.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_foreground_server_cleanly_and_quietly(
    books_path: Path, number: signal.Signals
) -> None:
    with _process(books_path) as (process, origin):
        shop = Shop(origin)
        shop.sold()
        process.send_signal(number)
        out, err = process.communicate(timeout=5)
        shop.close()
        assert (process.returncode, out, err) == (0, "stopped\n", "")


def test_stop_and_start_again_keep_the_address_if_the_port_is_free(server: SandboxServer) -> None:
    first = server.origin
    started = time.monotonic()
    server.stop()
    server.stop()
    assert server.start() == first
    assert time.monotonic() - started < 10


def test_another_port_is_taken_where_the_last_one_is_in_use(server: SandboxServer) -> None:
    port = server.listening_port
    server.stop()
    with socket.create_server(("127.0.0.1", port)):
        assert server.start() != f"http://127.0.0.1:{port}"
        server.stop()


def test_a_port_that_is_asked_for_and_in_use_is_an_error(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = SandboxServer(books_path=tmp_path / "b", port=taken.getsockname()[1])
        with pytest.raises(OSError, match=r"in use|only one usage"):
            server.start()


def test_two_simulators_do_not_share_books(server: SandboxServer) -> None:
    with pytest.raises(BooksUnusable, match="in use"):
        SandboxServer(books_path=server.books_path).start()


def test_a_notice_that_nobody_took_is_sent_after_a_restart(
    shop: Shop, server: SandboxServer, receiver: Receiver
) -> None:
    shop.listen(receiver, "checkout.session.completed")
    shop.control("POST", "webhooks", {"mode": "withhold"})
    shop.sold()
    server.stop()
    assert receiver.received == []
    server.start()
    receiver.wait(1)
    assert receiver.types() == ["checkout.session.completed"]


def test_the_same_seed_gives_the_same_ids(tmp_path: Path) -> None:
    from app.sandbox.ids import SeededIds

    def first_session(name: str) -> tuple[str, str | None]:
        with SandboxServer(books_path=tmp_path / name, ids=SeededIds(7), port=0) as server:
            shop = Shop(server.origin)
            session = shop.sold()
            shop.close()
            return session.id, str(session.payment_intent)

    assert first_session("one") == first_session("two")


def test_the_same_seed_and_clock_give_the_same_story_to_the_last_letter(tmp_path: Path) -> None:
    from app.sandbox.ids import SeededIds

    def story(name: str) -> Any:
        server = SandboxServer(
            books_path=tmp_path / name, ids=SeededIds(7), clock=lambda: 1_795_000_000.0
        )
        with server:
            shop = Shop(server.origin)
            payment = str(shop.sold().payment_intent)
            pending = {"amount_minor": 10, "outcome": "pends_then_fails"}
            shop.control("POST", f"payments/{payment}/refund", pending)
            dispute = shop.control("POST", f"payments/{payment}/dispute", {})["dispute_id"]
            shop.control("POST", "clock", {"advance_s": 61})
            shop.control("POST", f"disputes/{dispute}/move", {"status": "won"})
            told = shop.api("GET", "/v1/events", params={"limit": 100}).json()["data"]
            books = shop.books()
            shop.close()
            return told, books

    told, books = story("one")
    assert (told, books) == story("two")
    assert len(told) == 13


def test_what_was_set_for_money_to_come_outlives_a_restart(
    shop: Shop, server: SandboxServer
) -> None:
    shop.control("POST", "refunds", {"outcome": "pends"})
    shop.control("POST", "fees", {"after_s": 300})
    payment = str(shop.sold().payment_intent)
    dispute = shop.control("POST", f"payments/{payment}/dispute", {"amount_minor": 5})
    server.stop()
    server.start()
    assert shop.books()["disputes"] == [dispute]
    assert shop.control("POST", "fees", {})["after_s"] == 300
    other = str(shop.sold().payment_intent)
    assert shop.client.v1.refunds.create({"payment_intent": other}).status == "pending"
    shop.control("POST", "clock", {"advance_s": 301})
    assert [p["fee_minor"] for p in shop.books()["payments"]] == [41, 41]
