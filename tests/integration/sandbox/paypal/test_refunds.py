"""Refunds: whole, in parts, never more than was captured, and what may become of them."""

import threading
from typing import Any

import pytest

from tests.integration.sandbox.paypal.shop import PayPalShop, capture_of, issue_of, money
from tests.integration.sandbox.shop import Receiver


def _part(value: str, currency: str = "EUR") -> Any:
    return {"amount": money(value, currency)}


def test_a_refund_without_amount_gives_back_the_rest(paypal: PayPalShop) -> None:
    capture = paypal.sold("10.00")["id"]
    first = paypal.refund(capture, _part("3.00"))
    assert (first.status_code, first.json()["status"]) == (201, "COMPLETED")
    assert _status(paypal, capture) == "PARTIALLY_REFUNDED"
    rest = paypal.refund(capture).json()
    assert rest["amount"] == money("7.00")
    assert rest["seller_payable_breakdown"] == {
        "gross_amount": money("7.00"),
        "paypal_fee": money("0.00"),
        "net_amount": money("7.00"),
        "total_refunded_amount": money("10.00"),
    }
    assert _status(paypal, capture) == "REFUNDED"
    assert issue_of(paypal.refund(capture)) == "CAPTURE_FULLY_REFUNDED"


def test_an_order_shows_its_refunds_and_stays_completed(paypal: PayPalShop) -> None:
    capture = paypal.sold("10.00")
    refund = paypal.refund(capture["id"], _part("1.00")).json()
    id = paypal.books()["payments"][0]["session_id"]
    read = paypal.read(id)
    assert read["status"] == "COMPLETED"
    assert capture_of(read)["status"] == "PARTIALLY_REFUNDED"
    assert [r["id"] for r in read["purchase_units"][0]["payments"]["refunds"]] == [refund["id"]]


@pytest.mark.parametrize(
    "body, issue",
    [
        (_part("10.01"), "REFUND_AMOUNT_EXCEEDED"),
        (_part("0.00"), "CANNOT_BE_ZERO_OR_NEGATIVE"),
        (_part("-1.00"), "CANNOT_BE_ZERO_OR_NEGATIVE"),
        (_part("1.001"), "DECIMAL_PRECISION"),
        (_part("1.00", "USD"), "REFUND_CAPTURE_CURRENCY_MISMATCH"),
    ],
)
def test_a_wrong_amount_is_refused(new_paypal: PayPalShop, body: Any, issue: str) -> None:
    capture = new_paypal.sold("10.00")["id"]
    answer = new_paypal.refund(capture, body)
    assert (answer.status_code, issue_of(answer)) == (422, issue)


def test_what_is_pending_or_declined_is_not_refunded(paypal: PayPalShop) -> None:
    sold = paypal.sell()
    paypal.approve(sold, "echeck")
    capture = capture_of(paypal.capture(sold["id"]).json())["id"]
    assert issue_of(paypal.refund(capture)) == "PENDING_CAPTURE"
    paypal.control("POST", f"sessions/{sold['id']}/settle", {"succeeded": False})
    assert issue_of(paypal.refund(capture)) == "REFUND_NOT_ALLOWED"
    assert paypal.refund("0NOSUCHCAPTURE000").status_code == 404


def test_many_partial_refunds_at_once_sum_to_no_more_than_was_captured(
    paypal: PayPalShop,
) -> None:
    capture = paypal.sold("10.00")["id"]

    def give_back() -> None:
        for _ in range(4):
            paypal.refund(capture, _part("0.90"))

    threads = [threading.Thread(target=give_back) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(refund["amount_minor"] for refund in paypal.books()["refunds"]) == 990


def test_a_refund_may_take_its_time_and_fail(paypal: PayPalShop, receiver: Receiver) -> None:
    paypal.listen(receiver, "PAYMENT.REFUND.PENDING", "PAYMENT.REFUND.FAILED")
    paypal.control("POST", "refunds", {"provider": "paypal", "outcome": "pends_then_fails"})
    capture = paypal.sold("10.00")["id"]
    refund = paypal.refund(capture).json()
    assert (refund["status"], _status(paypal, capture)) == ("PENDING", "REFUNDED")
    paypal.control("POST", "clock", {"advance_s": 61})
    assert _refund_status(paypal, refund["id"]) == "FAILED"
    assert _status(paypal, capture) == "COMPLETED"
    receiver.wait(2)
    assert paypal.books()["payments"][0]["refunded_minor"] == 0


def test_a_pending_refund_is_decided_from_outside(paypal: PayPalShop) -> None:
    paypal.control("POST", "refunds", {"provider": "paypal", "outcome": "pends"})
    refund = paypal.refund(paypal.sold()["id"]).json()
    paypal.control("POST", f"refunds/{refund['id']}/settle", {"status": "succeeded"})
    assert _refund_status(paypal, refund["id"]) == "COMPLETED"


def test_the_owner_refunds_at_paypal_itself(paypal: PayPalShop) -> None:
    capture = paypal.sold("10.00")["id"]
    line = paypal.control("POST", f"payments/{capture}/refund", {"amount_minor": 250})
    assert (line["payment_id"], line["amount_minor"], line["status"]) == (capture, 250, "COMPLETED")
    assert paypal.books()["payments"][0]["refunded_minor"] == 250


def test_after_180_days_nothing_is_refunded(paypal: PayPalShop) -> None:
    capture = paypal.sold()["id"]
    paypal.control("POST", "clock", {"advance_s": 181 * 86_400})
    paypal.renew()
    assert issue_of(paypal.refund(capture)) == "REFUND_TIME_LIMIT_EXCEEDED"


def _status(paypal: PayPalShop, capture: str) -> str:
    return str(paypal.api("GET", f"/v2/payments/captures/{capture}").json()["status"])


def _refund_status(paypal: PayPalShop, id: str) -> str:
    return str(paypal.api("GET", f"/v2/payments/refunds/{id}").json()["status"])
