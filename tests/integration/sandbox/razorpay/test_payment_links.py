"""Payment links: created, read, found by reference, paid, cancelled, expired."""

import time
from typing import Any

import pytest

from tests.integration.sandbox.razorpay.shop import Shop, link

SIX_MONTHS = 190 * 86_400


def test_a_new_link_is_created_unpaid_and_has_a_short_address(new_shop: Shop) -> None:
    made = new_shop.sell()
    assert made["id"].startswith("plink_") and len(made["id"]) == 20
    assert (made["status"], made["amount"], made["amount_paid"]) == ("created", 38000, 0)
    assert (made["reference_id"], made["notes"]) == ("till1-7-1", {"till": "1"})
    assert made["payments"] is None
    assert made["short_url"].startswith(f"{new_shop.origin}/razorpay/i/")
    assert len(made["short_url"].rpartition("/")[2]) == 7
    assert new_shop.read(made) == made


def test_a_reference_that_was_used_is_refused_whatever_became_of_its_link(new_shop: Shop) -> None:
    first = new_shop.sell()
    error = new_shop.refused("POST", "payment_links", link(amount=500))
    assert error["code"] == "BAD_REQUEST_ERROR"
    assert error["description"] == "payment link creation with reference ID already attempted"
    new_shop.post(f"payment_links/{first['id']}/cancel")
    assert new_shop.refused("POST", "payment_links", link()) == error
    found = new_shop.get("payment_links", reference_id="till1-7-1")
    assert [one["id"] for one in found["payment_links"]] == [first["id"]]


def test_no_header_makes_the_creation_of_a_link_idempotent(new_shop: Shop) -> None:
    headers = {"X-Refund-Idempotency": "till1-7-1-create", "Idempotency-Key": "till1-7-1-create"}
    first = new_shop.post("payment_links", link(reference_id=None), headers=headers)
    second = new_shop.post("payment_links", link(reference_id=None), headers=headers)
    assert first["id"] != second["id"]


def test_links_of_another_account_are_not_there(new_shop: Shop) -> None:
    made = new_shop.sell()
    other = Shop(new_shop.origin, new_shop.key_id + "x", "another")
    error = other.refused("GET", f"payment_links/{made['id']}")
    assert error["description"] == "The id provided does not exist"
    assert other.get("payment_links", reference_id="till1-7-1") == {"payment_links": []}
    assert other.sell()["id"] != made["id"]
    other.close()


def test_a_paid_link_tells_its_payment_and_its_order(new_shop: Shop) -> None:
    sold = new_shop.sold()
    assert (sold["status"], sold["amount_paid"]) == ("paid", 38000)
    [paid] = sold["payments"]
    assert (paid["amount"], paid["status"], paid["plink_id"]) == (38000, "captured", sold["id"])
    payment = new_shop.payment(sold)
    assert (payment["status"], payment["captured"]) == ("captured", True)
    assert payment["order_id"] == sold["order_id"]
    order = new_shop.get(f"orders/{sold['order_id']}")
    assert (order["status"], order["amount_due"], order["receipt"]) == ("paid", 0, "till1-7-1")
    found = new_shop.get("payment_links", payment_id=payment["id"])
    assert [one["id"] for one in found["payment_links"]] == [sold["id"]]
    of_order = new_shop.get(f"orders/{sold['order_id']}/payments")
    assert [one["id"] for one in of_order["items"]] == [payment["id"]]


def test_a_cancelled_link_takes_no_money_and_cannot_be_cancelled_twice(new_shop: Shop) -> None:
    made = new_shop.sell()
    gone = new_shop.post(f"payment_links/{made['id']}/cancel")
    assert gone["status"] == "cancelled" and gone["cancelled_at"] > 0
    assert new_shop.pay(made["short_url"]).status_code == 410
    assert new_shop.read(made)["amount_paid"] == 0
    error = new_shop.refused("POST", f"payment_links/{made['id']}/cancel")
    assert "already cancelled" in error["description"]


def test_a_cancel_that_comes_after_the_payment_is_refused(new_shop: Shop) -> None:
    sold = new_shop.sold()
    error = new_shop.refused("POST", f"payment_links/{sold['id']}/cancel")
    assert "already paid" in error["description"]
    assert new_shop.read(sold)["status"] == "paid"


def test_money_that_was_authorised_before_the_cancel_still_arrives(new_shop: Shop) -> None:
    made = new_shop.sell()
    assert new_shop.control("POST", f"sessions/{made['id']}/pay", {"delayed": True})["outcome"] == (
        "processing"
    )
    assert new_shop.read(made)["status"] == "created"
    assert new_shop.post(f"payment_links/{made['id']}/cancel")["status"] == "cancelled"
    new_shop.control("POST", f"sessions/{made['id']}/settle", {"succeeded": True})
    after = new_shop.read(made)
    assert (after["status"], after["amount_paid"]) == ("paid", 38000)
    assert after["cancelled_at"] > 0


def test_an_authorised_payment_is_not_paid_and_goes_back_after_three_days(shop: Shop) -> None:
    made = shop.sell()
    shop.control("POST", f"sessions/{made['id']}/pay", {"delayed": True})
    [payment] = shop.get("payments")["items"]
    assert (payment["status"], payment["captured"], payment["fee"]) == ("authorized", False, None)
    assert shop.read(made)["payments"] is None
    shop.advance(3 * 86_400 - 60)
    assert shop.get(f"payments/{payment['id']}")["status"] == "authorized"
    shop.advance(120)
    after = shop.get(f"payments/{payment['id']}")
    assert (after["status"], after["captured"]) == ("refunded", False)
    line = shop.books()["payments"][0]
    assert (line["captured_minor"], line["refunded_minor"]) == (0, 0)
    assert shop.read(made)["status"] == "created"


def test_a_payment_that_is_authorised_late_is_captured_by_itself(shop: Shop) -> None:
    made = shop.sell()
    assert "on its way" in shop.pay_upi(made["short_url"], "late@razorpay").text
    assert shop.read(made)["status"] == "created"
    assert "on its way" in shop.http.get(made["short_url"]).text
    shop.advance(30)
    assert shop.read(made)["status"] == "paid"


def test_a_shop_may_capture_all_that_was_authorised_and_nothing_else(new_shop: Shop) -> None:
    made = new_shop.sell()
    new_shop.control("POST", f"sessions/{made['id']}/pay", {"delayed": True})
    [payment] = new_shop.get("payments")["items"]
    path = f"payments/{payment['id']}/capture"
    error = new_shop.refused("POST", path, {"amount": 100, "currency": "INR"})
    assert error["description"] == "Capture amount must be equal to the amount authorized"
    assert new_shop.post(path, {"amount": 38000, "currency": "INR"})["status"] == "captured"
    assert new_shop.read(made)["status"] == "paid"
    error = new_shop.refused("POST", path, {"amount": 38000, "currency": "INR"})
    assert "already been captured" in error["description"]


def test_a_failed_try_leaves_the_link_as_it_was(new_shop: Shop) -> None:
    made = new_shop.sell()
    assert new_shop.pay_upi(made["short_url"], "failure@razorpay").status_code == 402
    after = new_shop.read(made)
    assert (after["status"], after["payments"], after["amount_paid"]) == ("created", None, 0)
    [failed] = new_shop.get("payments")["items"]
    assert (failed["status"], failed["error_code"]) == ("failed", "BAD_REQUEST_ERROR")
    assert failed["error_reason"] == "payment_declined" and failed["fee"] is None
    assert new_shop.pay(made["short_url"]).status_code == 303
    assert new_shop.read(made)["status"] == "paid"


def test_a_link_lives_until_it_is_to_expire_or_half_a_year(shop: Shop) -> None:
    soon = shop.sell(expire_by=int(time.time()) + 16 * 60)
    late = shop.sell(reference_id="till1-8-1")
    assert late["expire_by"] == 0
    shop.advance(17 * 60)
    assert shop.read(soon)["status"] == "expired" and shop.read(soon)["expired_at"] > 0
    assert shop.read(late)["status"] == "created"
    assert shop.pay(soon["short_url"]).status_code == 410
    shop.advance(SIX_MONTHS)
    assert shop.read(late)["status"] == "expired"


def test_a_part_may_be_paid_where_the_link_allows_that(new_shop: Shop) -> None:
    made = new_shop.sell(accept_partial=True, first_min_partial_amount=100)
    path = f"sessions/{made['id']}/pay"
    new_shop.control("POST", path, {"amount_minor": 10000})
    part = new_shop.read(made)
    assert (part["status"], part["amount_paid"]) == ("partially_paid", 10000)
    error = new_shop.refused("POST", f"payment_links/{made['id']}/cancel")
    assert "partially paid" in error["description"]
    assert "280.00" in new_shop.http.get(made["short_url"]).text
    assert new_shop.pay(made["short_url"]).status_code == 303
    whole = new_shop.read(made)
    assert (whole["status"], whole["amount_paid"]) == ("paid", 38000)
    assert [one["amount"] for one in whole["payments"]] == [10000, 28000]


@pytest.mark.parametrize(
    "changes, words, field",
    [
        ({"amount": None}, "The amount field is required.", "amount"),
        ({"amount": "380"}, "The amount must be an integer.", "amount"),
        ({"amount": 99}, "The amount must be atleast INR 1.00", "amount"),
        ({"amount": 50_000_001}, "Amount exceeds maximum amount allowed.", "amount"),
        ({"currency": "inr"}, "Currency is not supported", "currency"),
        ({"currency": "XYZ"}, "Currency is not supported", "currency"),
        ({"currency": "KWD", "amount": 1001}, "must be 0", "amount"),
        ({"reference_id": "x" * 41}, "reference_id: the length must not be", "reference_id"),
        ({"description": "x" * 2049}, "description: the length must not be", "description"),
        ({"notes": {"a": "x" * 256}}, "value: the length must not be greater than 255.", "notes"),
        ({"notes": {str(n): "" for n in range(16)}}, "should be less than 16", "notes"),
        ({"expire_by": 1}, "timestamp must be atleast 15 minutes in future", "expire_by"),
        ({"expire_by": 10**11}, "more than six months", "expire_by"),
        ({"callback_method": None}, "callback_method", None),
        ({"callback_method": "post"}, "The callback_method is invalid", "callback_method"),
        ({"callback_url": "thanks"}, "callback_url: must be a valid URL.", "callback_url"),
        ({"upi_link": True}, "not supported in Test Mode", "upi_link"),
        ({"line_items": []}, "line_items is/are not required", "line_items"),
    ],
)
def test_what_a_link_cannot_be_is_refused_in_words(
    new_shop: Shop, changes: dict[str, Any], words: str, field: str | None
) -> None:
    error = new_shop.refused("POST", "payment_links", link(**changes))
    assert words in error["description"]
    assert error.get("field") == field
    assert new_shop.get("payment_links")["payment_links"] == []


@pytest.mark.parametrize("currency, amount", [("JPY", 1), ("KWD", 1000), ("USD", 50)])
def test_amounts_are_in_the_smallest_unit_of_their_currency(
    new_shop: Shop, currency: str, amount: int
) -> None:
    sold = new_shop.sold(currency=currency, amount=amount)
    assert new_shop.payment(sold)["currency"] == currency
    assert sold["amount_paid"] == amount


def test_all_links_are_listed_newest_first(new_shop: Shop) -> None:
    ids = [new_shop.sell(reference_id=f"till1-{n}-1")["id"] for n in range(3)][::-1]
    listed = new_shop.get("payment_links", count=2)["payment_links"]
    assert [one["id"] for one in listed] == ids[:2]
    listed = new_shop.get("payment_links", count=2, skip=2)["payment_links"]
    assert [one["id"] for one in listed] == ids[2:]
