"""Idempotency keys: one effect, the same answer again, and nothing kept that had no effect."""

import threading
from typing import Any

import httpx
import pytest
import stripe

from app.sandbox import SandboxServer
from tests.integration.sandbox.shop import Shop, line, order


def _sell(shop: Shop, key: str, **changes: Any) -> stripe.checkout.Session:
    return shop.client.v1.checkout.sessions.create(order(**changes), {"idempotency_key": key})


def _error(error: stripe.StripeError) -> Any:
    body: Any = error.json_body
    return body["error"]


def _post(shop: Shop, path: str, key: str, **data: str) -> httpx.Response:
    return shop.api("POST", path, data=data, headers={"Idempotency-Key": key})


def test_the_same_key_gives_the_same_session_and_says_so(shop: Shop) -> None:
    first, again = _sell(shop, "key-1"), _sell(shop, "key-1")
    assert again.id == first.id and again.url == first.url
    assert len(shop.client.v1.checkout.sessions.list().data) == 1
    kept, replay = first.last_response, again.last_response
    assert kept is not None and replay is not None
    assert "Idempotent-Replayed" not in kept.headers
    assert replay.headers["Idempotent-Replayed"] == "true"
    assert replay.headers["Original-Request"] == kept.headers["Request-Id"]
    assert replay.headers["Request-Id"] != kept.headers["Request-Id"]
    assert replay.headers["Idempotency-Key"] == "key-1"


def test_a_replay_tells_the_state_of_then_not_of_now(shop: Shop) -> None:
    first = _sell(shop, "key-1")
    shop.pay(first.url)
    assert _sell(shop, "key-1").status == "open"
    assert shop.read(first.id).status == "complete"


def test_another_body_with_the_same_key_is_refused(shop: Shop) -> None:
    _sell(shop, "key-1")
    with pytest.raises(stripe.IdempotencyError, match="same parameters") as error:
        _sell(shop, "key-1", line_items=[line("Tea")])
    assert error.value.http_status == 400
    assert len(shop.client.v1.checkout.sessions.list().data) == 1


def test_another_path_with_the_same_key_is_refused(shop: Shop) -> None:
    session = _sell(shop, "key-1")
    response = _post(shop, f"/v1/checkout/sessions/{session.id}/expire", "key-1")
    assert response.status_code == 400
    error = response.json()["error"]
    assert error["type"] == "idempotency_error" and "same endpoint" in error["message"]
    assert shop.read(session.id).status == "open"


def test_two_requests_at_once_with_one_key_make_one_session(shop: Shop) -> None:
    shop.control(
        "POST",
        "faults",
        {
            "match": {"method": "POST", "path": "/v1/checkout/sessions"},
            "fault": {"latency_ms": 300},
        },
    )
    slow: list[stripe.checkout.Session] = []
    thread = threading.Thread(target=lambda: slow.append(_sell(shop, "key-1")))
    thread.start()
    while not shop.control("GET", "faults")["faults"][0]["fired"]:
        pass
    with pytest.raises(stripe.APIError) as error:
        _sell(shop, "key-1")
    assert error.value.http_status == 409
    assert _error(error.value)["code"] == "idempotency_key_in_use"
    thread.join()
    assert _sell(shop, "key-1").id == slow[0].id
    assert len(shop.client.v1.checkout.sessions.list().data) == 1


def test_a_thousand_requests_at_once_with_one_key_make_one_session(shop: Shop) -> None:
    statuses: list[int] = []

    def sell() -> None:
        with httpx.Client(base_url=shop.origin) as http:
            for _ in range(50):
                response = http.post(
                    "/v1/checkout/sessions",
                    headers={"Authorization": f"Bearer {shop.key}", "Idempotency-Key": "k"},
                    data={
                        "mode": "payment",
                        "success_url": "https://shop.example/ok",
                        "line_items[0][quantity]": "1",
                        "line_items[0][price_data][currency]": "eur",
                        "line_items[0][price_data][unit_amount]": "500",
                        "line_items[0][price_data][product_data][name]": "Tea",
                    },
                )
                statuses.append(response.status_code)

    threads = [threading.Thread(target=sell) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(statuses) == 1000 and set(statuses) <= {200, 409}
    assert len(shop.client.v1.checkout.sessions.list().data) == 1


def test_a_refused_parameter_is_not_kept(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        _sell(shop, "key-1", mode="gift")
    assert _sell(shop, "key-1").status == "open"


def test_a_refusal_by_the_objects_state_is_kept(shop: Shop) -> None:
    session = shop.sold()
    path = f"/v1/checkout/sessions/{session.id}/expire"
    first, again = _post(shop, path, "key-1"), _post(shop, path, "key-1")
    assert (first.status_code, again.status_code) == (400, 400)
    assert first.text == again.text
    assert again.headers["Idempotent-Replayed"] == "true"


def test_a_500_is_kept_and_a_503_is_not(shop: Shop) -> None:
    for status in (500, 503):
        shop.control("POST", "faults", {"fault": {"status": status}})
        answers = [_post(shop, "/v1/refunds", f"key-{status}", payment_intent="pi_x")
                   for _ in range(2)]  # fmt: skip
        assert [a.status_code for a in answers] == [status, 500 if status == 500 else 404]


def test_a_key_lives_for_a_day_of_the_simulators_clock(shop: Shop) -> None:
    first = _sell(shop, "key-1")
    shop.control("POST", "clock", {"advance_s": 24 * 3600 - 60})
    assert _sell(shop, "key-1").id == first.id
    shop.control("POST", "clock", {"advance_s": 61})
    assert _sell(shop, "key-1").id != first.id


def test_keys_are_each_accounts_own(shop: Shop) -> None:
    other = Shop(shop.origin, "sk_test_another")
    assert _sell(shop, "key-1").id != _sell(other, "key-1").id
    other.close()


def test_a_key_over_255_characters_is_refused(shop: Shop) -> None:
    assert _sell(shop, "k" * 255).id
    with pytest.raises(stripe.InvalidRequestError, match="at most 255"):
        _sell(shop, "k" * 256)


def test_keys_are_kept_over_a_restart_and_follow_to_another_port(
    shop: Shop, server: SandboxServer
) -> None:
    first = _sell(shop, "key-1")
    server.stop()
    moved = SandboxServer(books_path=server.books_path, port=0, public_origin="http://127.0.0.1:1")
    moved.start()
    try:
        port = moved.listening_port
        back = Shop(f"http://127.0.0.1:{port}", shop.key)
        replay = _sell(back, "key-1")
        assert replay.id == first.id
        assert first.url is not None and replay.url is not None
        assert replay.url == first.url.replace(server.origin, "http://127.0.0.1:1")
        back.close()
    finally:
        moved.stop()
