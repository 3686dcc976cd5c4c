"""The simulator's door on the shop's network: the customer's pages, and nothing else at all."""

import asyncio
import contextlib
import socket
import sqlite3
import sys
import time
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
import pytest
from uvicorn.server import ServerState

from app.sandbox import SANDBOX_KEY, SandboxServer, phone_door
from tests.integration.sandbox.shop import Shop
from tests.integration.till.house import until

T = TypeVar("T")
pytestmark = pytest.mark.skipif(
    sys.platform == "darwin", reason="macOS has one loopback address only"
)
NETWORK = "127.0.0.2"
"""Stands for this computer's address on the shop's network: loopback has more than one."""

API = ["/v1/account", "/v1/checkout/sessions", "/v1/webhook_endpoints", "/v1/events"]
CONTROL = ["/_control/health", "/_control/books", "/_control/requests", "/_control/clock"]


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(coroutine)


@pytest.fixture
def door(server: SandboxServer) -> str:
    return run(server.phones.open(NETWORK))


@pytest.fixture
def phone(door: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=door, timeout=10) as client:
        yield client


def refuses(origin: str) -> bool:
    parts = urlsplit(origin)
    with socket.socket() as probe:
        return probe.connect_ex((parts.hostname, parts.port)) != 0


def test_it_is_closed_until_it_is_opened(server: SandboxServer) -> None:
    assert server.phones.origin == ""
    assert refuses(f"http://{NETWORK}:{server.listening_port}")


def test_it_takes_the_number_of_the_port_at_home(server: SandboxServer, door: str) -> None:
    assert door == f"http://{NETWORK}:{server.listening_port}" == server.phones.origin


def test_another_port_is_taken_where_that_one_is_not_free(server: SandboxServer) -> None:
    with socket.socket() as other:
        other.bind((NETWORK, server.listening_port))
        other.listen()
        door = run(server.phones.open(NETWORK))
        assert door != f"http://{NETWORK}:{server.listening_port}"
        assert httpx.get(f"{door}/success").status_code == 200


def test_a_customer_pays_and_lands_where_they_came_by(
    server: SandboxServer, shop: Shop, door: str, phone: httpx.Client
) -> None:
    session = shop.sell(
        success_url=f"{server.origin}/success?session={{CHECKOUT_SESSION_ID}}",
        cancel_url=f"{server.origin}/cancelled",
    )
    assert session.url is not None and session.url.startswith(f"{door}/c/pay/{session.id}#")
    page = phone.get(session.url)
    assert 'href="/cancelled"' in page.text and server.origin not in page.text
    fields = {"card_number": "4242424242424242", "exp": "12/34", "cvc": "123", "name": "Ada"}
    paid = phone.post(session.url, data=fields)
    assert (paid.status_code, paid.headers["location"]) == (303, f"/success?session={session.id}")
    landed = phone.get(paid.headers["location"])
    assert landed.status_code == 200 and "Payment received" in landed.text
    assert shop.read(session.id).payment_status == "paid"


def test_a_shops_own_page_is_left_as_it_is(shop: Shop, phone: httpx.Client) -> None:
    session = shop.sell(success_url="https://shop.example/thanks")
    assert shop.http.post(str(session.url), data={}).status_code == 422
    fields = {"card_number": "4242424242424242", "exp": "12/34", "cvc": "123", "name": "Ada"}
    assert phone.post(str(session.url), data=fields).headers["location"] == (
        "https://shop.example/thanks"
    )


def test_open_sessions_are_named_at_the_door_and_at_home_again(
    server: SandboxServer, shop: Shop
) -> None:
    session = shop.sell()
    at_home = str(session.url)
    assert at_home.startswith(f"{server.origin}/c/pay/")
    door = run(server.phones.open(NETWORK))
    assert shop.read(session.id).url == at_home.replace(server.origin, door)
    run(server.phones.close())
    assert shop.read(session.id).url == at_home
    assert refuses(door)


def test_a_repeated_creation_is_answered_with_where_the_page_is_now(
    server: SandboxServer, shop: Shop
) -> None:
    def create() -> Any:
        form = {
            "mode": "payment",
            "success_url": "https://shop.example",
            "line_items[0][quantity]": "1",
            "line_items[0][price_data][currency]": "eur",
            "line_items[0][price_data][unit_amount]": "380",
            "line_items[0][price_data][product_data][name]": "Coffee",
        }
        headers = {"Idempotency-Key": "one-key-for-both"}
        return shop.api("POST", "/v1/checkout/sessions", data=form, headers=headers).json()

    first = create()
    door = run(server.phones.open(NETWORK))
    again = create()
    assert again["id"] == first["id"]
    assert again["url"] == first["url"].replace(server.origin, door)


@pytest.mark.parametrize("path", [*API, *CONTROL])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_neither_api_exists_behind_it(
    server: SandboxServer, phone: httpx.Client, method: str, path: str
) -> None:
    home = f"127.0.0.1:{server.listening_port}"
    headers = {
        "Host": home,
        "Authorization": f"Bearer {SANDBOX_KEY}",
        "X-Forwarded-For": "127.0.0.1",
        "Forwarded": "for=127.0.0.1;host=localhost",
        "X-Real-IP": "127.0.0.1",
    }
    for way in (path, f"/{path}", path.replace("_", "%5F"), f"/c/pay/..{path}", f"{path}/"):
        answer = phone.request(method, way, headers=headers)
        assert answer.status_code in (404, 405), way
        assert "object" not in answer.text and '"ok"' not in answer.text


def test_only_the_customers_paths_are_there(server: SandboxServer) -> None:
    paths = {getattr(route, "path", "") for route in server.phones._routes}
    assert paths == {
        "/razorpay/i/{slug}",
        "/razorpay/i/{slug}/bank",
        "/test_{link}",
        "/c/pay/{session}",
        "/c/pay/{session}/challenge",
        "/square/u/{code}",
        "/square/merchant/{merchant}/checkout/{link}",
        "/square/merchant/{merchant}/checkout/{link}/challenge",
        "/paypal/checkoutnow",
        "/paypal/checkoutnow/challenge",
        "/paypal/webapps/billing/subscriptions",
        "/success",
        "/cancelled",
        "/{path:path}",
    }


def test_the_till_at_home_is_not_disturbed_by_opening_and_closing(
    server: SandboxServer, shop: Shop
) -> None:
    with socket.create_connection(("127.0.0.1", server.listening_port)) as kept:
        for _ in range(3):
            run(server.phones.open(NETWORK))
            run(server.phones.close())
        kept.sendall(
            b"GET /_control/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )
        assert b'{"ok":true}' in kept.makefile("rb").read()
    assert shop.sell().id


def test_an_address_that_is_not_this_computers_is_refused_and_it_stays_closed(
    server: SandboxServer, shop: Shop
) -> None:
    run(server.phones.open(NETWORK))
    with pytest.raises(OSError, match=r"assign|not valid"):
        run(server.phones.open("203.0.113.7"))
    assert server.phones.origin == ""
    assert str(shop.sell().url).startswith(server.origin)


def test_a_port_that_cannot_be_written_down_is_let_go_of(
    server: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(server.phones._books, "set_fact", full)
        with pytest.raises(sqlite3.OperationalError) as failed:
            run(server.phones.open(NETWORK))
    assert refuses(f"http://{NETWORK}:{server.listening_port}"), failed.value
    assert run(server.phones.open(NETWORK)) == f"http://{NETWORK}:{server.listening_port}"


def test_that_phones_are_wanted_and_the_port_survive_a_restart(books_path: Path) -> None:
    with SandboxServer(books_path=books_path) as first:
        assert run(first.phones.is_wanted()) is False
        run(first.phones.want(wanted=True))
        door = run(first.phones.open(NETWORK))
    assert refuses(door)
    with SandboxServer(books_path=books_path) as second:
        assert run(second.phones.is_wanted()) is True
        assert run(second.phones.open(NETWORK)) == door
        run(second.phones.want(wanted=False))
    with SandboxServer(books_path=books_path) as third:
        assert run(third.phones.is_wanted()) is False


def test_before_the_simulator_listens_there_is_no_door(books_path: Path) -> None:
    with pytest.raises(RuntimeError, match="not been started"):
        _ = SandboxServer(books_path=books_path).phones


# --- what comes in there is anybody's ---------------------------------------------------------


def dropped(connection: socket.socket) -> bool:
    """Say whether the other side hung up within the connection's time-out."""
    try:
        while chunk := connection.recv(65536):
            assert chunk
    except ConnectionError:
        return True
    return True


def drip(connection: socket.socket, *, within_s: float) -> None:
    """Send a byte now and then; raises ConnectionError once the other side has hung up."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        connection.sendall(b"x")
        time.sleep(0.02)


def connected(door: str) -> socket.socket:
    parts = urlsplit(door)
    connection = socket.create_connection((str(parts.hostname), parts.port or 0))
    connection.settimeout(30)
    return connection


def at_the_door(server: SandboxServer) -> ServerState:
    assert server.phones._listener is not None
    return server.phones._listener.server_state


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phone_door, "RECEIPT_DEADLINE_S", 0.3)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"GET /success HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        b"POST /c/pay/cs_test_1 HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\ncard",
    ],
)
def test_a_request_that_does_not_come_whole_is_dropped(door: str, begun: bytes) -> None:
    with connected(door) as connection:
        connection.sendall(begun)
        assert dropped(connection)


@pytest.mark.usefixtures("impatient")
def test_a_request_that_drips_in_is_dropped_all_the_same(door: str) -> None:
    with connected(door) as connection:
        connection.sendall(
            b"POST /c/pay/cs_test_1 HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n"
        )
        with pytest.raises(ConnectionError):
            drip(connection, within_s=30)


@pytest.mark.usefixtures("impatient")
def test_what_is_being_answered_has_the_time_that_it_takes(
    shop: Shop, door: str, phone: httpx.Client
) -> None:
    session = shop.sell()
    path = f"/c/pay/{session.id}"
    fault = {"latency_ms": 900}
    shop.control("POST", "faults", {"match": {"method": "GET", "path": path}, "fault": fault})
    assert "<form" in phone.get(path).text


def test_more_than_it_can_hold_at_once_is_dropped(
    monkeypatch: pytest.MonkeyPatch, door: str
) -> None:
    monkeypatch.setattr(phone_door, "MOST_CONNECTIONS", 2)
    held = [connected(door) for _ in range(2)]
    try:
        for connection in held:
            connection.sendall(b"GET /success HTTP/1.1\r\nHost: x\r\n\r\n")
            assert connection.recv(20).startswith(b"HTTP/1.1 200")
        with connected(door) as one_too_many, contextlib.suppress(ConnectionError):
            one_too_many.sendall(b"GET /success HTTP/1.1\r\nHost: x\r\n\r\n")
            assert one_too_many.recv(20) == b""
    finally:
        for connection in held:
            connection.close()


@pytest.mark.usefixtures("impatient")
def test_who_asks_and_never_takes_the_answers_off_is_dropped(
    server: SandboxServer, door: str
) -> None:
    with connected(door) as deaf:
        deaf.sendall(b"GET /success HTTP/1.1\r\nHost: x\r\n\r\n" * 3000)
        run(until(lambda: at_the_door(server).connections, within_s=30))
        run(until(lambda: not at_the_door(server).connections, within_s=30))


def test_a_head_without_end_and_a_huge_body_are_refused(
    door: str, phone: httpx.Client, expected_logs: Any
) -> None:
    with connected(door) as connection:
        connection.sendall(b"GET /success HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 100_000)
        assert dropped(connection)
    assert expected_logs.take_all("Invalid HTTP request received")
    body = b"x" * (1024 * 1024 + 1)
    assert phone.post("/c/pay/cs_test_1", content=body).status_code == 413


def test_who_sends_nonsense_after_the_answer_is_hung_up_on(door: str, expected_logs: Any) -> None:
    with connected(door) as connection:
        connection.sendall(
            b"POST /success HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        answer = b""
        while not answer.endswith(b"Method Not Allowed"):
            answer += connection.recv(4096)
        connection.sendall(b"no chunk\r\n")
        assert dropped(connection)
    expected_logs.take("Invalid HTTP request received")
    assert expected_logs.records == []


def test_closing_hangs_up_on_who_is_still_connected(server: SandboxServer, door: str) -> None:
    with connected(door) as idle:
        run(server.phones.close())
        assert dropped(idle)


def test_a_till_that_gives_up_waiting_for_the_door_to_close_leaves_no_wreck(
    server: SandboxServer, shop: Shop, door: str
) -> None:
    session = shop.sell()
    path = f"/c/pay/{session.id}"
    fault = {"latency_ms": 60_000}
    shop.control("POST", "faults", {"match": {"method": "GET", "path": path}, "fault": fault})

    async def close_and_give_up() -> None:
        closing = asyncio.ensure_future(server.phones.close())
        await asyncio.sleep(0)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(closing, 0.2)

    with connected(door) as slow:
        slow.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        run(until(lambda: at_the_door(server).tasks, within_s=30))
        run(close_and_give_up())
        server.stop()
    assert refuses(door) and server.phones._listener is None


def test_the_api_at_home_wants_to_be_called_by_its_own_name(
    server: SandboxServer,
    shop: Shop,
) -> None:
    """A page elsewhere whose name was led here (DNS rebinding) carries its own name."""
    stranger = {"Host": f"evil.example:{server.listening_port}"}
    assert shop.api("GET", "/v1/account", headers=stranger).status_code == 403
    assert shop.http.get("/_control/books", headers=stranger).status_code == 403
    assert shop.api("GET", "/v1/account").status_code == 200
