"""Refunds: whole, in parts, with the header that makes them happen once, and their fates."""

import threading
from typing import Any

import httpx
import pytest

from tests.integration.sandbox.razorpay.shop import Shop

HEADER = "X-Refund-Idempotency"


def _paid(shop: Shop, **changes: Any) -> str:
    return str(shop.payment(shop.sold(**changes))["id"])


def _refund(shop: Shop, payment: str, key: str | None = None, **body: Any) -> Any:
    headers = {} if key is None else {HEADER: key}
    return shop.ask("POST", f"payments/{payment}/refund", body, headers=headers)


def test_without_an_amount_all_that_is_left_goes_back(new_shop: Shop) -> None:
    payment = _paid(new_shop)
    part = new_shop.post(f"payments/{payment}/refund", {"amount": 10000, "notes": {"a": "b"}})
    assert part["id"].startswith("rfnd_") and part["entity"] == "refund"
    assert (part["amount"], part["status"], part["payment_id"]) == (10000, "processed", payment)
    assert (part["notes"], part["speed_requested"]) == ({"a": "b"}, "normal")
    read = new_shop.get(f"payments/{payment}")
    assert (read["amount_refunded"], read["refund_status"]) == (10000, "partial")
    assert read["status"] == "captured"
    rest = new_shop.post(f"payments/{payment}/refund")
    assert rest["amount"] == 28000 and rest["notes"] == []
    read = new_shop.get(f"payments/{payment}")
    assert (read["amount_refunded"], read["refund_status"]) == (38000, "full")
    assert read["status"] == "refunded" and read["captured"] is True


def test_no_more_goes_back_than_was_captured(new_shop: Shop) -> None:
    payment = _paid(new_shop)
    path = f"payments/{payment}/refund"
    error = new_shop.refused("POST", path, {"amount": 38001})
    assert error["description"] == "The refund amount provided is greater than amount captured"
    new_shop.post(path, {"amount": 37900})
    assert "greater than" in new_shop.refused("POST", path, {"amount": 101})["description"]
    new_shop.post(path)
    error = new_shop.refused("POST", path)
    assert error["description"] == "The payment has been fully refunded already"
    assert new_shop.books()["payments"][0]["refunded_minor"] == 38000


def test_the_same_key_gives_the_same_refund_again(new_shop: Shop) -> None:
    payment = _paid(new_shop)
    first = _refund(new_shop, payment, "till1-7-1-r1", amount=10000)
    second = _refund(new_shop, payment, "till1-7-1-r1", amount=10000)
    assert first.json() == second.json()
    assert len(new_shop.get("refunds")["items"]) == 1
    other = _refund(new_shop, payment, "till1-7-1-r2", amount=10000).json()
    assert other["id"] != first.json()["id"]
    assert new_shop.get(f"payments/{payment}")["amount_refunded"] == 20000


def test_without_a_key_the_same_request_gives_money_back_twice(new_shop: Shop) -> None:
    payment = _paid(new_shop)
    ids = {_refund(new_shop, payment, amount=10000).json()["id"] for _ in range(2)}
    assert len(ids) == 2
    assert new_shop.get(f"payments/{payment}")["amount_refunded"] == 20000


def test_a_key_with_another_body_or_another_payment_is_refused(new_shop: Shop) -> None:
    payment = _paid(new_shop)
    other = _paid(new_shop, reference_id="till1-8-1")
    assert _refund(new_shop, payment, "till1-7-1-r1", amount=10000).status_code == 200
    for response in (
        _refund(new_shop, payment, "till1-7-1-r1", amount=10001),
        _refund(new_shop, other, "till1-7-1-r1", amount=10000),
    ):
        assert response.status_code == 400
        assert response.json()["error"]["code"] == "BAD_REQUEST_ERROR"
    assert len(new_shop.get("refunds")["items"]) == 1


@pytest.mark.parametrize("key", ["nine-char", "with a space", "till1/7/1/r1", "ümlaut-key-1"])
def test_a_key_of_another_form_is_refused(new_shop: Shop, key: str) -> None:
    payment = _paid(new_shop)
    response = new_shop.ask(
        "POST", f"payments/{payment}/refund", {}, headers={HEADER: key.encode()}
    )
    assert response.status_code == 400
    assert new_shop.get("refunds")["items"] == []


def test_a_second_request_while_the_first_is_worked_on_is_a_conflict(shop: Shop) -> None:
    payment = _paid(shop)
    fault = {"match": {"path": "*/refund"}, "fault": {"latency_ms": 1000}}
    shop.control("POST", "faults", fault)
    first: list[Any] = []
    slow = threading.Thread(
        target=lambda: first.append(_refund(shop, payment, "till1-7-1-r1", amount=100))
    )
    slow.start()
    while not shop.control("GET", "faults")["faults"][0]["fired"]:
        continue
    second = _refund(shop, payment, "till1-7-1-r1", amount=100)
    slow.join()
    assert (first[0].status_code, second.status_code) == (200, 409)
    assert second.json()["error"]["code"] == "BAD_REQUEST_ERROR"
    assert _refund(shop, payment, "till1-7-1-r1", amount=100).json() == first[0].json()


def test_a_refusal_does_not_use_the_key_up(new_shop: Shop) -> None:
    made = new_shop.sell()
    new_shop.control("POST", f"sessions/{made['id']}/pay", {"delayed": True})
    [payment] = new_shop.get("payments")["items"]
    assert _refund(new_shop, payment["id"], "till1-7-1-r1").status_code == 400
    new_shop.control("POST", f"sessions/{made['id']}/settle", {})
    assert _refund(new_shop, payment["id"], "till1-7-1-r1").status_code == 200


def test_a_reply_that_was_lost_is_had_again_with_the_key(shop: Shop) -> None:
    payment = _paid(shop)
    fault = {"match": {"path": "*/refund"}, "fault": {"drop": "after_effect"}}
    shop.control("POST", "faults", fault)
    with pytest.raises(httpx.TransportError):
        _refund(shop, payment, "till1-7-1-r1", amount=100)
    again = _refund(shop, payment, "till1-7-1-r1", amount=100).json()
    assert [one["id"] for one in shop.get("refunds")["items"]] == [again["id"]]


def test_an_error_from_inside_is_not_kept_for_the_key(shop: Shop) -> None:
    payment = _paid(shop)
    shop.control("POST", "faults", {"match": {"path": "*/refund"}, "fault": {"status": 500}})
    assert _refund(shop, payment, "till1-7-1-r1").status_code == 500
    assert _refund(shop, payment, "till1-7-1-r1").status_code == 200


def test_a_refund_may_take_its_time_and_fail(shop: Shop) -> None:
    payment = _paid(shop)
    order = {"provider": "razorpay", "outcome": "pends_then_fails", "after_s": 60}
    shop.control("POST", "refunds", order)
    made = _refund(shop, payment, "till1-7-1-r1").json()
    assert made["status"] == "pending"
    assert shop.get(f"payments/{payment}")["status"] == "refunded"
    shop.advance(61)
    assert shop.get(f"refunds/{made['id']}")["status"] == "failed"
    read = shop.get(f"payments/{payment}")
    assert (read["status"], read["amount_refunded"], read["refund_status"]) == (
        "captured",
        0,
        None,
    )
    # The key stands for the request, so its answer is the one that was given.
    assert _refund(shop, payment, "till1-7-1-r1").json()["status"] == "pending"
    assert shop.books()["payments"][0]["refunded_minor"] == 0
    assert shop.told()[-2:] == ["refund.created", "refund.failed"]


@pytest.mark.parametrize("status", ["processed", "failed"])
def test_a_pending_refund_is_decided_when_told(shop: Shop, status: str) -> None:
    payment = _paid(shop)
    shop.control("POST", "refunds", {"provider": "razorpay", "outcome": "pends"})
    made = _refund(shop, payment, amount=10000).json()
    line = shop.control("POST", f"refunds/{made['id']}/settle", {"status": status})
    assert line["status"] == status
    assert shop.get(f"refunds/{made['id']}")["status"] == status
    left = 10000 if status == "processed" else 0
    assert shop.get(f"payments/{payment}")["amount_refunded"] == left
    other = "failed" if status == "processed" else "processed"
    refused = shop.http.post(f"/_control/refunds/{made['id']}/settle", json={"status": other})
    assert refused.status_code == 400


def test_the_owner_gives_money_back_at_the_dashboard(new_shop: Shop) -> None:
    payment = _paid(new_shop)
    line = new_shop.control("POST", f"payments/{payment}/refund", {"amount_minor": 5000})
    assert (line["amount_minor"], line["metadata"]) == (5000, {})
    listed = new_shop.get(f"payments/{payment}/refunds")
    assert [one["id"] for one in listed["items"]] == [line["refund_id"]]
    read = new_shop.get(f"payments/{payment}/refunds/{line['refund_id']}")
    assert read["amount"] == 5000


def test_what_was_never_captured_cannot_be_refunded(new_shop: Shop) -> None:
    made = new_shop.sell()
    new_shop.pay(made["short_url"], "4000000000000002")
    [failed] = new_shop.get("payments")["items"]
    error = new_shop.refused("POST", f"payments/{failed['id']}/refund")
    assert "should be captured" in error["description"]


def test_a_payment_of_half_a_year_ago_cannot_be_refunded(shop: Shop) -> None:
    payment = _paid(shop)
    shop.advance(190 * 86_400)
    error = shop.refused("POST", f"payments/{payment}/refund")
    assert "older than 6 months" in error["description"]


@pytest.mark.parametrize(
    "body, words",
    [
        ({"amount": "10"}, "must be an integer"),
        ({"amount": 99}, "atleast INR 1.00"),
        ({"speed": "slow"}, "The speed is invalid"),
        ({"reason": "x"}, "not required and should not be sent"),
    ],
)
def test_what_a_refund_cannot_be_is_refused_in_words(
    new_shop: Shop, body: dict[str, Any], words: str
) -> None:
    payment = _paid(new_shop)
    error = new_shop.refused("POST", f"payments/{payment}/refund", body)
    assert words in error["description"]
