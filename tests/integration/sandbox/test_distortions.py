"""Replies that are hard to take, from old and new routes alike, as a client meets them."""

import gzip
import socket
import time
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from app.sandbox import SandboxServer
from tests.integration.sandbox.shop import Shop

ROUTES = [
    "/v1/account",
    "/v1/balance",
    "/v1/balance_transactions",
    "/v1/charges",
    "/v1/checkout/sessions",
    "/v1/disputes",
    "/v1/events",
    "/v1/payment_intents",
    "/v1/refunds",
]


def _fault(shop: Shop, path: str = "/v1/*", times: int | None = 1, **fault: Any) -> None:
    shop.control("POST", "faults", {"match": {"path": path}, "fault": fault, "times": times})


@pytest.mark.parametrize("path", ROUTES)
def test_every_route_can_be_refused_with_a_time_to_wait(shop: Shop, path: str) -> None:
    _fault(shop, path, status=503, headers={"Retry-After": "7"})
    refused = shop.api("GET", path)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "7")
    _fault(shop, path, status=429)
    assert shop.api("GET", path).headers["Retry-After"] == "1"
    assert shop.api("GET", path).status_code == 200


@pytest.mark.parametrize("path", ROUTES)
def test_every_route_counts_for_the_limit(shop: Shop, path: str) -> None:
    shop.control("POST", "limits", {"per_second": 1})
    assert [shop.api("GET", path).status_code for _ in range(3)].count(429) >= 1


@pytest.mark.parametrize("path", ROUTES)
def test_every_route_can_be_cut(shop: Shop, path: str) -> None:
    for drop in ("before", "after_effect", "mid_reply", "not_http"):
        _fault(shop, path, drop=drop)
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            shop.api("GET", path)
    assert shop.api("GET", path).status_code == 200


def test_a_reply_that_is_cut_in_the_middle_had_its_effect(shop: Shop) -> None:
    intent = str(shop.sold().payment_intent)
    _fault(shop, "/v1/refunds", drop="mid_reply")
    headers = {"Idempotency-Key": "refund-1"}
    give = {"payment_intent": intent, "amount": "100"}
    with pytest.raises(httpx.RemoteProtocolError, match="complete message"):
        shop.api("POST", "/v1/refunds", data=give, headers=headers)
    (refund,) = shop.books()["refunds"]
    again = shop.api("POST", "/v1/refunds", data=give, headers=headers)
    assert again.json()["id"] == refund["refund_id"]
    assert again.headers["Idempotent-Replayed"] == "true"


def test_a_trickled_reply_comes_byte_by_byte_and_is_whole(shop: Shop) -> None:
    _fault(shop, trickle_ms=1)
    began = time.monotonic()
    with shop.http.stream("GET", "/v1/refunds", auth=(shop.key, "")) as reply:
        pieces = list(reply.iter_raw())
    assert len(b"".join(pieces)) == int(reply.headers["Content-Length"])
    assert time.monotonic() - began >= 0.001 * (len(b"".join(pieces)) - 1)


def test_a_padded_reply_is_as_large_as_asked_and_still_true(shop: Shop) -> None:
    _fault(shop, pad_bytes=3_000_000)
    reply = shop.api("GET", "/v1/refunds")
    assert len(reply.content) == 3_000_000
    assert reply.json()["object"] == "list"


def test_an_all_but_endless_reply_can_be_left(shop: Shop) -> None:
    _fault(shop, pad_bytes=10**12)
    with shop.http.stream("GET", "/v1/refunds", auth=(shop.key, "")) as reply:
        taken = 0
        for piece in reply.iter_raw():
            taken += len(piece)
            if taken > 1_000_000:
                break
    assert shop.api("GET", "/v1/refunds").status_code == 200


def test_a_bomb_is_small_on_the_wire_and_large_when_it_is_unpacked(shop: Shop) -> None:
    _fault(shop, bomb_bytes=20_000_000)
    with shop.http.stream("GET", "/v1/refunds", auth=(shop.key, "")) as reply:
        packed = b"".join(reply.iter_raw())
    assert reply.headers["Content-Encoding"] == "gzip"
    assert len(packed) < 100_000
    assert len(gzip.decompress(packed)) == 20_000_000


def test_the_providers_clock_can_be_off_for_one_reply(shop: Shop) -> None:
    _fault(shop, date_off_s=-600)
    told = [parsedate_to_datetime(shop.api("GET", "/v1/refunds").headers["Date"]) for _ in "12"]
    assert 595 <= (told[1] - told[0]).total_seconds() <= 605


def test_the_providers_clock_can_be_off_altogether(shop: Shop) -> None:
    shop.control("POST", "clock", {"offset_s": 600})
    reply = shop.api("GET", "/v1/refunds")
    told = parsedate_to_datetime(reply.headers["Date"]).timestamp()
    assert 595 <= told - time.time() <= 605
    assert 595 <= shop.sell().created - time.time() <= 605


def test_something_else_may_answer_in_the_providers_place(shop: Shop) -> None:
    page = "<html>Log in to the hotel's network</html>"
    _fault(shop, status=200, text=page, headers={"Content-Type": "text/html"})
    reply = shop.api("GET", "/v1/refunds")
    assert (reply.text, reply.headers["Content-Type"]) == (page, "text/html")
    _fault(shop, status=302, text="", headers={"Location": "http://127.0.0.1:9/portal"})
    assert shop.api("GET", "/v1/refunds").headers["Location"] == "http://127.0.0.1:9/portal"


def test_the_pay_page_is_spoiled_the_same_way(shop: Shop) -> None:
    session = shop.sell()
    _fault(shop, "/c/pay/*", drop="mid_reply")
    with pytest.raises(httpx.RemoteProtocolError):
        shop.http.get(session.url or "")
    _fault(shop, "/c/pay/*", pad_bytes=500_000)
    assert len(shop.http.get(session.url or "").content) == 500_000


def test_stopping_cuts_a_trickled_reply(shop: Shop, server: SandboxServer) -> None:
    _fault(shop, trickle_ms=600_000)
    with socket.create_connection(("127.0.0.1", server.listening_port)) as raw:
        raw.sendall(
            b"GET /v1/refunds HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            b"Authorization: Bearer sk_test_raw\r\n\r\n"
        )
        assert raw.recv(100).startswith(b"HTTP/1.1 200")
        started = time.monotonic()
        server.stop()
        assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    "fault",
    [
        {"text": "no status"},
        {"status": 200, "text": 1},
        {"trickle_ms": -1},
        {"pad_bytes": "many"},
        {"bomb_bytes": 10**9},
        {"date_off_s": 1.5},
    ],
)
def test_a_distortion_that_makes_no_sense_is_refused(shop: Shop, fault: Any) -> None:
    response = shop.http.post("/_control/faults", json={"fault": fault})
    assert response.status_code == 400 and response.json()["error"]
