"""Faults on demand, as the SDK and a plain client meet them."""

import socket
import time
from typing import Any

import httpx
import pytest
import stripe

from app.sandbox import SandboxServer
from tests.integration.sandbox.shop import Shop, order

_CREATE = {"method": "POST", "path": "/v1/checkout/sessions"}


def _fault(shop: Shop, times: int | None = 1, **fault: Any) -> str:
    body = {"match": _CREATE, "fault": fault, "times": times}
    return str(shop.control("POST", "faults", body)["id"])


def _sell(shop: Shop) -> stripe.checkout.Session:
    return shop.client.v1.checkout.sessions.create(order(), {"idempotency_key": "key-1"})


def test_a_reply_lost_after_the_effect_is_given_when_asked_again(shop: Shop) -> None:
    _fault(shop, drop="after_effect")
    with pytest.raises(stripe.APIConnectionError):
        _sell(shop)
    (made,) = shop.books()["sessions"]
    assert _sell(shop).id == made["id"]
    assert len(shop.books()["sessions"]) == 1


def test_a_request_lost_before_the_effect_leaves_nothing(shop: Shop) -> None:
    _fault(shop, drop="before")
    with pytest.raises(stripe.APIConnectionError):
        _sell(shop)
    assert shop.control("GET", "books")["accounts"] == {}
    assert _sell(shop).status == "open"


@pytest.mark.parametrize("when", ["before", "after_effect"])
def test_a_dropped_connection_carries_no_byte_of_a_reply(shop: Shop, when: str) -> None:
    _fault(shop, drop=when)
    host, port = shop.origin.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as raw:
        raw.sendall(
            b"POST /v1/checkout/sessions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n"
            b"Authorization: Bearer sk_test_raw\r\n\r\n"
        )
        try:
            assert raw.recv(100) == b""
        except ConnectionResetError:
            return


def test_an_error_status_comes_with_its_body_and_headers_and_counts(shop: Shop) -> None:
    id = _fault(shop, 2, status=503, headers={"Retry-After": "2"}, body={"error": {"type": "x"}})
    for _ in range(2):
        response = shop.api("POST", "/v1/checkout/sessions")
        assert response.status_code == 503
        assert response.headers["Retry-After"] == "2"
        assert response.json() == {"error": {"type": "x"}}
    (fault,) = shop.control("GET", "faults")["faults"]
    assert (fault["id"], fault["fired"]) == (id, 2)
    assert _sell(shop).status == "open"


@pytest.mark.parametrize("status, kind", [(429, stripe.RateLimitError), (500, stripe.APIError)])
def test_an_injected_error_maps_to_the_sdks_exception(
    shop: Shop, status: int, kind: type[stripe.StripeError]
) -> None:
    _fault(shop, status=status)
    with pytest.raises(kind) as error:
        _sell(shop)
    assert error.value.http_status == status


def test_the_sdk_retries_over_a_fault_with_the_same_key(shop: Shop) -> None:
    client = stripe.StripeClient(
        shop.key, base_addresses={"api": shop.origin}, max_network_retries=2
    )
    _fault(shop, drop="after_effect")
    session = client.v1.checkout.sessions.create(order())
    assert [s["id"] for s in shop.books()["sessions"]] == [session.id]
    requests = shop.control("GET", "requests")["requests"]
    assert [(r["status"], r["replayed"]) for r in requests] == [(None, False), (200, True)]
    assert requests[0]["idempotency_key"] == requests[1]["idempotency_key"]


def test_latency_delays_only_what_matches(shop: Shop) -> None:
    _fault(shop, latency_ms=1_000)
    started = time.monotonic()
    shop.client.v1.checkout.sessions.list()
    assert time.monotonic() - started < 0.9
    started = time.monotonic()
    _sell(shop)
    assert time.monotonic() - started >= 1


def test_stopping_does_not_wait_for_a_slow_reply(shop: Shop, server: SandboxServer) -> None:
    _fault(shop, latency_ms=60_000)
    with socket.create_connection(("127.0.0.1", server.listening_port)) as raw:
        raw.sendall(
            b"POST /v1/checkout/sessions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n"
            b"Authorization: Bearer sk_test_raw\r\n\r\n"
        )
        while not shop.control("GET", "faults")["faults"][0]["fired"]:
            time.sleep(0.01)
        started = time.monotonic()
        server.stop()
        assert time.monotonic() - started < 10


def test_faults_reach_the_pay_page_too(shop: Shop) -> None:
    session = shop.sell()
    shop.control(
        "POST",
        "faults",
        {"match": {"method": "POST", "path": "/c/pay/*"}, "fault": {"drop": "after_effect"}},
    )
    with pytest.raises(httpx.RemoteProtocolError):
        shop.pay(session.url)
    assert shop.read(session.id).payment_status == "paid"


def test_the_pay_page_can_be_down_or_out_of_reach(shop: Shop) -> None:
    session = shop.sell()
    page = {"method": "GET", "path": "/c/pay/*"}
    shop.control("POST", "faults", {"match": page, "fault": {"status": 502}})
    assert shop.http.get(session.url or "").status_code == 502
    shop.control("POST", "faults", {"match": page, "fault": {"drop": "before"}})
    with pytest.raises(httpx.RemoteProtocolError):
        shop.http.get(session.url or "")
    assert shop.http.get(session.url or "").status_code == 200


def test_faults_can_be_taken_back(shop: Shop) -> None:
    first, _ = _fault(shop, None, status=503), _fault(shop, None, status=502)
    assert shop.control("DELETE", f"faults/{first}") == {"removed": 1}
    assert shop.api("POST", "/v1/checkout/sessions").status_code == 502
    assert shop.control("DELETE", "faults") == {"removed": 1}
    assert _sell(shop).status == "open"


@pytest.mark.parametrize(
    "order_",
    [
        {},
        {"fault": {}},
        {"fault": {"drop": "sometimes"}},
        {"fault": {"status": 42}},
        {"fault": {"latency_ms": -1}},
        {"fault": {"status": 503}, "times": 0},
        {"fault": {"explode": True}},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(shop: Shop, order_: Any) -> None:
    response = shop.http.post("/_control/faults", json=order_)
    assert response.status_code == 400 and response.json()["error"]


def test_a_client_that_is_gone_before_its_request_was_whole_has_asked_for_nothing(
    shop: Shop, server: SandboxServer
) -> None:
    """As a till does whose power goes: no traceback, no effect."""
    with socket.create_connection(("127.0.0.1", server.listening_port)) as raw:
        raw.sendall(
            b"POST /v1/checkout/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n"
            b"Authorization: Bearer sk_test_raw\r\n\r\nmode=pay"
        )
    assert _sell(shop).status == "open"
    assert len(shop.books()["sessions"]) == 1
