"""`PayPal-Request-Id`: a repeated call brings back the first one's object as it is by then."""

import threading
from typing import Any

from tests.integration.sandbox.paypal.shop import PayPalShop, capture_of, issue_of, order


def _create(paypal: PayPalShop, id: str | None, value: str = "12.34") -> Any:
    return paypal.api("POST", "/v2/checkout/orders", order(value), id=id)


def test_the_same_id_brings_the_same_order_as_it_is_now(paypal: PayPalShop) -> None:
    first = _create(paypal, "one")
    assert first.status_code == 201
    paypal.approve(first.json())
    again = _create(paypal, "one")
    assert (again.status_code, again.json()["status"]) == (200, "APPROVED")
    assert again.json()["id"] == first.json()["id"]
    assert len(paypal.books()["sessions"]) == 1


def test_the_same_id_with_another_body_brings_the_first_order(paypal: PayPalShop) -> None:
    first, again = _create(paypal, "one"), _create(paypal, "one", "99.00")
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    assert again.json()["purchase_units"][0]["amount"]["value"] == "12.34"


def test_without_an_id_every_call_runs_again(paypal: PayPalShop) -> None:
    asked = {**order(), "payment_source": None}
    made = [paypal.api("POST", "/v2/checkout/orders", asked).json()["id"] for _ in range(2)]
    assert len(set(made)) == 2


def test_a_payment_source_needs_an_id(paypal: PayPalShop) -> None:
    answer = _create(paypal, None)
    assert (answer.status_code, issue_of(answer)) == (400, "PAYPAL_REQUEST_ID_REQUIRED")


def test_a_capture_is_repeated_without_a_second_payment(paypal: PayPalShop) -> None:
    sold = paypal.sell()
    paypal.approve(sold, "echeck")
    first = paypal.capture(sold["id"], key="k")
    paypal.control("POST", f"sessions/{sold['id']}/settle", {})
    again = paypal.capture(sold["id"], key="k")
    assert (first.status_code, again.status_code) == (201, 200)
    assert capture_of(first.json())["status"] == "PENDING"
    assert capture_of(again.json())["status"] == "COMPLETED"
    assert len(paypal.books()["payments"]) == 1


def test_one_id_may_serve_an_order_and_its_capture(paypal: PayPalShop) -> None:
    sold = _create(paypal, "one").json()
    paypal.approve(sold)
    assert paypal.capture(sold["id"], key="one").status_code == 201


def test_a_refusal_is_not_kept(paypal: PayPalShop) -> None:
    sold = paypal.sell()
    assert issue_of(paypal.capture(sold["id"], key="k")) == "ORDER_NOT_APPROVED"
    paypal.approve(sold, "declines")
    assert issue_of(paypal.capture(sold["id"], key="k")) == "INSTRUMENT_DECLINED"
    paypal.approve(sold)
    assert paypal.capture(sold["id"], key="k").status_code == 201


def test_a_failure_inside_is_not_kept(paypal: PayPalShop) -> None:
    paypal.sell()
    fault = {"match": {"path": "/paypal/v2/checkout/orders"}, "fault": {"status": 500}}
    paypal.control("POST", "faults", fault)
    assert _create(paypal, "k").status_code == 500
    assert _create(paypal, "k").status_code == 201


def test_an_orders_id_is_forgotten_after_six_hours(paypal: PayPalShop) -> None:
    sold = _create(paypal, "one").json()
    paypal.approve(sold)
    paypal.capture(sold["id"])
    paypal.control("POST", "clock", {"advance_s": 6 * 3600 - 60})
    assert _create(paypal, "one").status_code == 200
    paypal.control("POST", "clock", {"advance_s": 120})
    assert _create(paypal, "one").status_code == 201


def test_an_order_that_is_over_is_not_brought_back_by_its_id(paypal: PayPalShop) -> None:
    _create(paypal, "one")
    paypal.control("POST", "clock", {"advance_s": 3 * 3600 + 1})
    assert _create(paypal, "one").status_code == 404


def test_a_refunds_id_is_kept_for_forty_five_days(paypal: PayPalShop) -> None:
    capture = paypal.sold()["id"]
    body = {"amount": {"currency_code": "EUR", "value": "1.00"}}
    first = paypal.refund(capture, body, key="r").json()["id"]
    paypal.control("POST", "clock", {"advance_s": 44 * 86_400})
    paypal.renew()
    again = paypal.refund(capture, body, key="r")
    assert (again.status_code, again.json()["id"]) == (200, first)
    paypal.control("POST", "clock", {"advance_s": 2 * 86_400})
    paypal.renew()
    assert paypal.refund(capture, body, key="r").status_code == 201
    assert paypal.books()["payments"][0]["refunded_minor"] == 200


def test_an_id_has_at_most_108_characters(paypal: PayPalShop) -> None:
    assert _create(paypal, "k" * 108).status_code == 201
    answer = _create(paypal, "k" * 109)
    assert (answer.status_code, issue_of(answer)) == (400, "INVALID_STRING_LENGTH")


def test_a_second_call_at_the_same_time_is_refused_or_finds_the_first(
    paypal: PayPalShop,
) -> None:
    sold = paypal.sell()
    paypal.approve(sold)
    fault = {"match": {"path": "*/capture"}, "fault": {"latency_ms": 100}, "times": None}
    paypal.control("POST", "faults", fault)
    statuses: list[int] = []

    def capture() -> None:
        statuses.append(paypal.capture(sold["id"], key="k").status_code)

    running = [threading.Thread(target=capture) for _ in range(6)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    assert statuses.count(201) == 1 and set(statuses) <= {200, 201, 409}
    assert len(paypal.books()["payments"]) == 1
