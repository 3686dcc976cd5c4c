"""Orders: made, approved on the page, captured by the shop, and gone after three hours."""

from typing import Any

import pytest

from app.sandbox import SandboxServer
from tests.integration.sandbox.paypal.shop import (
    PayPalShop,
    capture_of,
    issue_of,
    money,
    order,
    page_of,
)


def test_an_order_with_a_payment_source_waits_for_its_payer(paypal: PayPalShop) -> None:
    sold = paypal.sell(invoice_id="7-1")
    assert sold["status"] == "PAYER_ACTION_REQUIRED"
    assert [link["rel"] for link in sold["links"]] == ["self", "payer-action"]
    unit = sold["purchase_units"][0]
    assert (unit["custom_id"], unit["reference_id"]) == ("till1-7-1", "default")
    assert unit["payee"]["merchant_id"].startswith("PP")
    assert len(sold["id"]) == 17 and sold["id"].isupper() and sold["id"].isalnum()
    assert page_of(sold).endswith(f"/paypal/checkoutnow?token={sold['id']}")


def test_an_order_without_one_is_created_and_to_be_approved(paypal: PayPalShop) -> None:
    asked = {**order(), "payment_source": None}
    answer = paypal.api("POST", "/v2/checkout/orders", asked)
    assert answer.status_code == 201
    rels = [link["rel"] for link in answer.json()["links"]]
    assert (answer.json()["status"], rels) == ("CREATED", ["self", "approve", "update", "capture"])


def test_a_minimal_answer_has_id_status_and_links_only(paypal: PayPalShop) -> None:
    answer = paypal.api("POST", "/v2/checkout/orders", order(), id="m", Prefer="return=minimal")
    assert set(answer.json()) == {"id", "status", "payment_source", "links"}


def test_approval_moves_no_money(paypal: PayPalShop) -> None:
    sold = paypal.sell()
    back = paypal.approve(sold)
    assert back.status_code == 303
    assert back.headers["Location"].startswith(
        f"http://127.0.0.1:9/thanks?token={sold['id']}&PayerID="
    )
    approved = paypal.read(sold["id"])
    assert approved["status"] == "APPROVED" and approved["payer"]["payer_id"]
    assert "payments" not in approved["purchase_units"][0]
    assert paypal.books()["payments"] == []


def test_our_capture_takes_the_money_with_its_fee(paypal: PayPalShop) -> None:
    capture = paypal.sold("100.00")
    assert (capture["status"], capture["amount"]) == ("COMPLETED", money("100.00"))
    assert capture["seller_receivable_breakdown"] == {
        "gross_amount": money("100.00"),
        "paypal_fee": money("3.98"),
        "net_amount": money("96.02"),
    }
    (payment,) = paypal.books()["payments"]
    assert (payment["captured_minor"], payment["fee_minor"]) == (10_000, 398)
    assert (payment["reference"], payment["currency"]) == ("till1-7-1", "EUR")
    alone = paypal.api("GET", f"/v2/payments/captures/{capture['id']}").json()
    assert alone["custom_id"] == "till1-7-1"
    assert alone["supplementary_data"]["related_ids"]["order_id"] == payment["session_id"]


def test_what_was_not_approved_cannot_be_captured(paypal: PayPalShop) -> None:
    sold = paypal.sell()
    answer = paypal.capture(sold["id"])
    assert (answer.status_code, issue_of(answer)) == (422, "ORDER_NOT_APPROVED")


def test_an_order_is_captured_once_and_reading_it_tells_that_it_was(paypal: PayPalShop) -> None:
    sold = paypal.sell()
    paypal.approve(sold)
    first = paypal.capture(sold["id"])
    second = paypal.capture(sold["id"], key="another")
    assert (second.status_code, issue_of(second)) == (422, "ORDER_ALREADY_CAPTURED")
    assert capture_of(paypal.read(sold["id"]))["id"] == capture_of(first.json())["id"]


def test_a_declined_instrument_can_be_replaced_by_the_payer(paypal: PayPalShop) -> None:
    sold = paypal.sell()
    paypal.approve(sold, "declines")
    answer = paypal.capture(sold["id"])
    assert (answer.status_code, issue_of(answer)) == (422, "INSTRUMENT_DECLINED")
    assert {"redirect", "information_link"} == {link["rel"] for link in answer.json()["links"]}
    assert "declined" in paypal.http.get(page_of(sold)).text
    assert paypal.approve(sold).status_code == 303
    assert paypal.capture(sold["id"]).status_code == 201


def test_a_bank_that_asks_is_answered_on_the_page(paypal: PayPalShop) -> None:
    sold = paypal.sell()
    asked = paypal.approve(sold, "challenged")
    challenge = asked.headers["Location"]
    assert 'data-state="challenge"' in paypal.http.get(challenge).text
    answer = paypal.capture(sold["id"])
    assert issue_of(answer) == "PAYER_ACTION_REQUIRED"
    assert paypal.http.post(challenge, data={"verdict": "complete"}).status_code == 303
    assert paypal.capture(sold["id"]).status_code == 201


def test_a_completed_order_may_hold_a_capture_that_is_pending(paypal: PayPalShop) -> None:
    sold = paypal.sell()
    paypal.approve(sold, "echeck")
    captured = paypal.capture(sold["id"]).json()
    capture = capture_of(captured)
    assert captured["status"] == "COMPLETED"
    assert (capture["status"], capture["status_details"]) == ("PENDING", {"reason": "ECHECK"})
    assert "seller_receivable_breakdown" not in capture
    (payment,) = paypal.books()["payments"]
    assert payment["captured_minor"] == 0
    paypal.control("POST", f"sessions/{sold['id']}/settle", {})
    assert capture_of(paypal.read(sold["id"]))["status"] == "COMPLETED"
    (payment,) = paypal.books()["payments"]
    assert payment["captured_minor"] == 1234


def test_a_pending_capture_may_be_declined_and_the_order_stays_completed(
    paypal: PayPalShop,
) -> None:
    sold = paypal.sell()
    paypal.approve(sold, "review")
    paypal.capture(sold["id"])
    paypal.control("POST", f"sessions/{sold['id']}/settle", {"succeeded": False})
    read = paypal.read(sold["id"])
    assert (read["status"], capture_of(read)["status"]) == ("COMPLETED", "DECLINED")


@pytest.mark.parametrize("approved", [False, True])
def test_after_three_hours_an_order_is_not_to_be_found(paypal: PayPalShop, approved: bool) -> None:
    sold, kept = paypal.sell(), paypal.sell()
    paypal.approve(kept)
    paypal.capture(kept["id"])
    if approved:
        paypal.approve(sold)
    paypal.control("POST", "clock", {"advance_s": 3 * 3600 - 60})
    assert paypal.read(sold["id"])["id"] == sold["id"]
    paypal.control("POST", "clock", {"advance_s": 61})
    for answer in (
        paypal.api("GET", f"/v2/checkout/orders/{sold['id']}"),
        paypal.capture(sold["id"]),
    ):
        assert (answer.status_code, answer.json()["name"]) == (404, "RESOURCE_NOT_FOUND")
    assert paypal.http.get(page_of(sold)).status_code == 410
    assert paypal.read(kept["id"])["status"] == "COMPLETED"


def test_an_order_cannot_be_cancelled_and_stays_approvable(paypal: PayPalShop) -> None:
    sold = paypal.sell()
    path = f"/v2/checkout/orders/{sold['id']}"
    assert paypal.api("POST", f"{path}/cancel").status_code == 404
    assert paypal.api("DELETE", path).status_code == 404
    assert paypal.approve(sold).status_code == 303


def test_what_is_ours_about_an_order_can_be_changed_before_it_is_paid(paypal: PayPalShop) -> None:
    sold = paypal.sell()
    path = "/purchase_units/@reference_id=='default'/custom_id"
    change = [{"op": "replace", "path": path, "value": "till1-7-2"}]
    answer = paypal.api("PATCH", f"/v2/checkout/orders/{sold['id']}", change)
    assert (answer.status_code, answer.content) == (204, b"")
    assert paypal.read(sold["id"])["purchase_units"][0]["custom_id"] == "till1-7-2"


def test_nobody_reads_another_merchants_order(paypal: PayPalShop, server: SandboxServer) -> None:
    sold = paypal.sell()
    stranger = PayPalShop(server.origin, "A" + "stranger" * 5, "E" + "password" * 5)
    try:
        assert stranger.api("GET", f"/v2/checkout/orders/{sold['id']}").status_code == 404
        assert stranger.capture(sold["id"]).status_code == 404
    finally:
        stranger.close()


def test_the_books_know_their_orders_after_a_restart(
    paypal: PayPalShop, server: SandboxServer
) -> None:
    sold = paypal.sell()
    paypal.approve(sold)
    server.stop()
    again = PayPalShop(server.start())
    try:
        assert again.capture(sold["id"]).status_code == 201
    finally:
        again.close()


def test_zero_decimal_currencies_have_no_decimals(paypal: PayPalShop) -> None:
    capture: Any = paypal.sold("500", "JPY")
    assert capture["amount"] == money("500", "JPY")
    assert paypal.books()["payments"][0]["captured_minor"] == 500
