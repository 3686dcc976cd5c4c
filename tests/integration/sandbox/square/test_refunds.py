"""Refunds: always with an amount, pending at first, never more than is left."""

import pytest

from tests.integration.sandbox.square.shop import SquareShop, line


def test_a_refund_is_pending_and_completed_a_little_later(square: SquareShop) -> None:
    payment = square.payment_of(square.sold())
    refund = square.refund(payment, 100, reason="cold")
    assert refund["status"] == "PENDING" and refund["reason"] == "cold"
    assert refund["id"].startswith(payment["id"] + "_")
    assert refund["order_id"] != payment["order_id"]
    square.later()
    refund = square.api("GET", f"/v2/refunds/{refund['id']}")["refund"]
    assert refund["status"] == "COMPLETED"
    payment = square.api("GET", f"/v2/payments/{payment['id']}")["payment"]
    assert payment["refunded_money"]["amount"] == 100
    assert payment["refund_ids"] == [refund["id"]]
    assert payment["status"] == "COMPLETED"


def test_the_amount_is_required_even_for_the_whole(merchant: SquareShop) -> None:
    body = merchant.refund_body(merchant.payment_of(merchant.sold()))
    del body["amount_money"]
    assert merchant.refused("POST", "/v2/refunds", body) == (
        400,
        "MISSING_REQUIRED_PARAMETER",
        "amount_money",
    )


def test_a_refund_needs_a_key_of_at_most_45_characters(merchant: SquareShop) -> None:
    payment = merchant.payment_of(merchant.sold())
    for key, code in (("k" * 46, "VALUE_TOO_LONG"), ("", "VALUE_EMPTY")):
        body = merchant.refund_body(payment, idempotency_key=key)
        refusal = merchant.refused("POST", "/v2/refunds", body)
        assert refusal == (400, code, "idempotency_key")
    merchant.refund(payment, idempotency_key="k" * 45)


def test_the_same_key_refunds_once(merchant: SquareShop) -> None:
    payment = merchant.payment_of(merchant.sold())
    body = merchant.refund_body(payment, 100)
    first, second = (merchant.api("POST", "/v2/refunds", body) for _ in range(2))
    assert first == second
    assert merchant.books()["payments"][0]["refunded_minor"] == 100
    other = {**body, "amount_money": {"amount": 101, "currency": "EUR"}}
    assert merchant.refused("POST", "/v2/refunds", other)[1] == "IDEMPOTENCY_KEY_REUSED"


def test_parts_may_follow_each_other_until_nothing_is_left(square: SquareShop) -> None:
    payment = square.payment_of(square.sold(line_items=[line(amount=300)]))
    square.refund(payment, 100)
    square.refund(payment, 200)
    body = square.refund_body(payment, 1)
    assert square.refused("POST", "/v2/refunds", body)[1] == "REFUND_ALREADY_PENDING"
    square.later()
    body = square.refund_body(payment, 1)
    assert square.refused("POST", "/v2/refunds", body)[1] == "REFUND_AMOUNT_INVALID"
    assert square.books()["payments"][0]["refunded_minor"] == 300


def test_more_than_was_paid_or_another_currency_is_refused(merchant: SquareShop) -> None:
    payment = merchant.payment_of(merchant.sold())
    body = merchant.refund_body(payment, 381)
    assert merchant.refused("POST", "/v2/refunds", body) == (
        400,
        "REFUND_AMOUNT_INVALID",
        "amount_money.amount",
    )
    body["amount_money"] = {"amount": 1, "currency": "USD"}
    body["idempotency_key"] = merchant.key()
    assert merchant.refused("POST", "/v2/refunds", body) == (
        400,
        "INVALID_VALUE",
        "amount_money.currency",
    )


def test_money_that_has_not_come_cannot_be_given_back(merchant: SquareShop) -> None:
    link = merchant.sell()
    merchant.control("POST", f"sessions/{link['id']}/pay", {"delayed": True})
    body = merchant.refund_body(merchant.payment_of(link))
    refusal = merchant.refused("POST", "/v2/refunds", body)
    assert refusal[1] == "REFUND_ERROR_PAYMENT_NEEDS_COMPLETION"


@pytest.mark.parametrize(
    "outcome, first, last",
    [
        ("succeeds", "COMPLETED", "COMPLETED"),
        ("succeeds_later", "PENDING", "COMPLETED"),
        ("fails", "FAILED", "FAILED"),
        ("pends", "PENDING", "PENDING"),
        ("pends_then_fails", "PENDING", "FAILED"),
        ("rejected", "PENDING", "REJECTED"),
    ],
)
def test_a_test_decides_what_becomes_of_refunds(
    square: SquareShop, outcome: str, first: str, last: str
) -> None:
    square.control("POST", "refunds", {"provider": "square", "outcome": outcome, "after_s": 30})
    payment = square.payment_of(square.sold())
    refund = square.refund(payment)
    assert square.api("GET", f"/v2/refunds/{refund['id']}")["refund"]["status"] == first
    square.later(31)
    assert square.api("GET", f"/v2/refunds/{refund['id']}")["refund"]["status"] == last
    back = 380 if last in ("COMPLETED", "PENDING") else 0
    assert square.books()["payments"][0]["refunded_minor"] == back


def test_what_failed_can_be_given_back_again(square: SquareShop) -> None:
    payment = square.payment_of(square.sold())
    refund = square.refund(payment)
    square.control("POST", f"refunds/{refund['id']}/settle", {"status": "failed"})
    again = square.refund(payment)
    square.control("POST", f"refunds/{again['id']}/settle", {"status": "succeeded"})
    response = square.http.post(
        f"/_control/refunds/{again['id']}/settle", json={"status": "failed"}
    )
    assert response.status_code == 400
    assert [each["status"] for each in square.books()["refunds"]] == ["FAILED", "COMPLETED"]


def test_a_refund_at_the_dashboard_has_no_key_of_ours(square: SquareShop) -> None:
    payment = square.payment_of(square.sold())
    made = square.control("POST", f"payments/{payment['id']}/refund", {"amount_minor": 80})
    assert (made["amount_minor"], made["status"]) == (80, "PENDING")
    square.later()
    (listed,) = square.api("GET", "/v2/refunds")["refunds"]
    assert listed["id"] == made["refund_id"] and listed["status"] == "COMPLETED"


def test_the_return_is_an_order_of_its_own(square: SquareShop) -> None:
    link = square.sold()
    refund = square.refund(square.payment_of(link), 100)
    order = square.api("GET", f"/v2/orders/{refund['order_id']}")["order"]
    assert order["returns"][0]["source_order_id"] == link["order_id"]
    assert order["state"] == "COMPLETED" and "reference_id" not in order
    assert order["net_amounts"]["total_money"]["amount"] == -100
