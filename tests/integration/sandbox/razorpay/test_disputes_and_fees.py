"""Disputes as banks move them, and the fee, which includes its tax and may be known late."""

from typing import Any

import pytest

from tests.integration.sandbox.razorpay.shop import Shop


def _paid(shop: Shop, **changes: Any) -> str:
    return str(shop.payment(shop.sold(**changes))["id"])


def _dispute(shop: Shop, payment: str, **order: Any) -> Any:
    return shop.control("POST", f"payments/{payment}/dispute", order)


def test_a_dispute_takes_nothing_before_it_is_lost(shop: Shop) -> None:
    payment = _paid(shop)
    made = _dispute(shop, payment, reason="goods_not_received", due_by=1_900_000_000)
    dispute = shop.get(f"disputes/{made['dispute_id']}")
    assert (dispute["status"], dispute["phase"]) == ("open", "chargeback")
    assert (dispute["amount"], dispute["amount_deducted"]) == (38000, 0)
    assert (dispute["reason_code"], dispute["respond_by"]) == ("goods_not_received", 1_900_000_000)
    for status in ("under_review", "action_required", "under_review", "lost"):
        assert shop.books()["disputes"][0]["withdrawn_minor"] == 0
        shop.control("POST", f"disputes/{made['dispute_id']}/move", {"status": status})
    dispute = shop.get(f"disputes/{made['dispute_id']}")
    assert (dispute["status"], dispute["amount_deducted"]) == ("lost", 38000)
    assert shop.told()[-5:] == [
        "payment.dispute.created",
        "payment.dispute.under_review",
        "payment.dispute.action_required",
        "payment.dispute.under_review",
        "payment.dispute.lost",
    ]
    [line] = shop.books()["disputes"]
    assert (line["withdrawn_minor"], line["payment_id"]) == (38000, payment)


@pytest.mark.parametrize("end", ["won", "closed"])
def test_an_end_that_is_not_lost_costs_nothing(new_shop: Shop, end: str) -> None:
    made = _dispute(new_shop, _paid(new_shop), amount_minor=1000, phase="arbitration")
    line = new_shop.control("POST", f"disputes/{made['dispute_id']}/move", {"status": end})
    assert (line["status"], line["withdrawn_minor"]) == (end, 0)
    response = new_shop.http.post(
        f"/_control/disputes/{made['dispute_id']}/move", json={"status": "lost"}
    )
    assert response.status_code == 400 and f"from {end}" in response.json()["error"]


def test_the_shop_may_contest_or_give_in(new_shop: Shop) -> None:
    first = _dispute(new_shop, _paid(new_shop))["dispute_id"]
    body = {"summary": "It was handed over.", "action": "draft"}
    draft = new_shop.ask("PATCH", f"disputes/{first}/contest", body).json()
    assert (draft["status"], draft["evidence"]["submitted_at"]) == ("open", None)
    sent = new_shop.ask("PATCH", f"disputes/{first}/contest", {"action": "submit"}).json()
    assert sent["status"] == "under_review"
    assert sent["evidence"]["summary"] == "It was handed over."
    error = new_shop.refused("POST", f"disputes/{first}/accept")
    assert "cannot be accepted" in error["description"]
    second = _dispute(new_shop, _paid(new_shop, reference_id="till1-8-1"))["dispute_id"]
    assert new_shop.post(f"disputes/{second}/accept")["status"] == "lost"


@pytest.mark.parametrize(
    "order", [{"amount_minor": 38001}, {"phase": "odd"}, {"reason": 1}, {"odd": 1}]
)
def test_a_dispute_that_makes_no_sense_is_refused(new_shop: Shop, order: dict[str, Any]) -> None:
    response = new_shop.http.post(f"/_control/payments/{_paid(new_shop)}/dispute", json=order)
    assert response.status_code == 400 and response.json()["error"]


def test_a_payment_has_one_open_dispute(new_shop: Shop) -> None:
    payment = _paid(new_shop)
    _dispute(new_shop, payment)
    response = new_shop.http.post(f"/_control/payments/{payment}/dispute", json={})
    assert response.status_code == 400 and "disputed already" in response.json()["error"]


def test_the_fee_is_null_before_the_capture_and_includes_its_tax_after(new_shop: Shop) -> None:
    made = new_shop.sell(amount=10000)
    new_shop.control("POST", f"sessions/{made['id']}/pay", {"delayed": True})
    [payment] = new_shop.get("payments")["items"]
    assert (payment["fee"], payment["tax"]) == (None, None)
    new_shop.control("POST", f"sessions/{made['id']}/settle", {})
    payment = new_shop.get(f"payments/{payment['id']}")
    assert (payment["fee"], payment["tax"]) == (236, 36)
    [line] = new_shop.books()["payments"]
    assert (line["fee_minor"], line["fee_currency"]) == (236, "INR")
    assert new_shop.books()["balance"] == {"INR": 10000 - 236}


def test_the_fee_may_be_known_long_after_the_money(shop: Shop) -> None:
    terms = {"provider": "razorpay", "after_s": 600, "per_mille": 10, "tax_per_mille": 0}
    assert shop.control("POST", "fees", terms)["after_s"] == 600
    payment = _paid(shop, amount=10000)
    assert shop.get(f"payments/{payment}")["fee"] is None
    assert shop.books()["payments"][0]["fee_minor"] is None
    before = shop.told()
    shop.advance(601)
    assert shop.get(f"payments/{payment}")["fee"] == 100
    # No notice tells of it.
    assert shop.told() == before


@pytest.mark.parametrize("order", [{"per_mille": 1001}, {"dispute_minor": 1}, {"after_s": -1}])
def test_terms_that_make_no_sense_are_refused(shop: Shop, order: dict[str, Any]) -> None:
    response = shop.http.post("/_control/fees", json={"provider": "razorpay", **order})
    assert response.status_code == 400 and response.json()["error"]
