"""Payment links: made once, paid once, deleted while somebody may be paying."""

import pytest

from app.sandbox import SandboxServer
from tests.integration.sandbox.square.shop import (
    DECLINED,
    LINKS,
    SquareShop,
    line,
    query,
)


def test_a_link_is_for_a_draft_order_with_our_reference(merchant: SquareShop) -> None:
    body = merchant.link_body(
        line_items=[line("Coffee", 380, "2"), line("Cake", 450)], metadata={"reference": "r"}
    )
    answer = merchant.api("POST", LINKS, body)
    link, (order,) = answer["payment_link"], answer["related_resources"]["orders"]
    assert link["order_id"] == order["id"] and len(link["id"]) == 16
    assert order["state"] == "DRAFT" and order["reference_id"] == "till1-7-1"
    assert order["total_money"] == {"amount": 1210, "currency": "EUR"}
    assert order["net_amount_due_money"]["amount"] == 1210
    assert merchant.order_of(link) == order
    assert merchant.api("GET", f"{LINKS}/{link['id']}")["payment_link"] == link
    assert merchant.api("GET", LINKS)["payment_links"] == [link]


def test_its_address_is_as_short_as_squares_own_and_leads_to_a_long_one(
    merchant: SquareShop,
) -> None:
    link = merchant.sell()
    path = link["url"].removeprefix(merchant.origin)
    assert path.startswith("/square/u/") and len(path) == 18
    shown = merchant.http.get(link["url"])
    assert merchant.origin + shown.headers["Location"] == link["long_url"]
    page = merchant.http.get(link["long_url"])
    assert page.status_code == 200 and 'data-state="open"' in page.text and "€3.80" in page.text


def test_a_paid_order_is_open_and_stays_so_with_nothing_due(square: SquareShop) -> None:
    link = square.sell()
    response = square.pay(link)
    assert response.status_code == 303
    order, payment = square.order_of(link), square.payment_of(link)
    assert query(response.headers["Location"]) == {
        "orderId": order["id"],
        "transactionId": payment["id"],
    }
    assert order["state"] == "OPEN" and order["net_amount_due_money"]["amount"] == 0
    assert payment["status"] == "COMPLETED" and payment["order_id"] == order["id"]
    assert payment["total_money"] == {"amount": 380, "currency": "EUR"}
    assert "reference_id" not in payment
    square.later(30 * 86_400)
    assert square.order_of(link)["state"] == "OPEN"
    page = square.http.get(link["long_url"])
    assert 'data-state="paid"' in page.text


def test_a_second_tap_does_not_charge_again(merchant: SquareShop) -> None:
    link = merchant.sold()
    assert "Already paid" in merchant.pay(link).text
    assert len(merchant.books()["payments"]) == 1


def test_a_declined_card_leaves_a_failed_payment_and_a_link_that_can_be_paid(
    merchant: SquareShop,
) -> None:
    link = merchant.sell()
    response = merchant.pay(link, DECLINED)
    assert response.status_code == 402 and "declined" in response.text
    order = merchant.order_of(link)
    assert order["state"] == "DRAFT" and "tenders" not in order
    (failed,) = merchant.books()["payments"]
    assert (failed["status"], failed["captured_minor"]) == ("FAILED", 0)
    payment = merchant.api("GET", f"/v2/payments/{failed['payment_id']}")["payment"]
    (error,) = payment["card_details"]["errors"]
    assert error["code"] == "GENERIC_DECLINE"
    assert merchant.pay(link).status_code == 303


@pytest.mark.parametrize(
    "card, form, code",
    [
        ("4000000000009995", {}, "INSUFFICIENT_FUNDS"),
        ("4000000000000069", {}, "CARD_EXPIRED"),
        ("4000000000000119", {}, "TEMPORARY_ERROR"),
        ("4111111111111111", {"cvc": "911"}, "CVV_FAILURE"),
        ("4111111111111111", {"exp": "01/20"}, "CARD_EXPIRED"),
    ],
)
def test_each_bad_card_says_why(
    merchant: SquareShop, card: str, form: dict[str, str], code: str
) -> None:
    response = merchant.pay(merchant.sell(), card, **form)
    assert response.status_code == 402 and f'data-code="{code}"' in response.text


@pytest.mark.parametrize("form", [{"exp": "13/30"}, {"cvc": "1"}, {"card_number": "4111"}])
def test_what_is_no_card_makes_no_payment(merchant: SquareShop, form: dict[str, str]) -> None:
    link = merchant.sell()
    assert (
        merchant.pay(link, form.get("card_number", "4111111111111111"), **form).status_code == 422
    )
    assert merchant.books()["payments"] == []


def test_a_bank_may_ask_who_pays(merchant: SquareShop) -> None:
    link = merchant.sell()
    asked = merchant.pay(link, "4800000000000004")
    assert asked.status_code == 303 and asked.headers["Location"].endswith("/challenge")
    path = asked.headers["Location"]
    assert "Is it you who pays?" in merchant.http.get(path).text
    assert merchant.http.post(path, data={"verdict": "fail"}).status_code == 402
    assert merchant.order_of(link)["state"] == "DRAFT"
    merchant.pay(link, "4800000000000004")
    assert merchant.http.post(path, data={"verdict": "complete"}).status_code == 303
    assert merchant.payment_of(link)["status"] == "COMPLETED"


def test_a_deleted_link_cancels_its_order_and_an_open_page_cannot_pay(
    merchant: SquareShop,
) -> None:
    link = merchant.sell()
    assert merchant.http.get(link["long_url"]).status_code == 200
    gone = merchant.api("DELETE", f"{LINKS}/{link['id']}")
    assert gone == {"id": link["id"], "cancelled_order_id": link["order_id"]}
    late = merchant.pay(link)
    assert late.status_code == 410 and 'data-state="expired"' in late.text
    order = merchant.order_of(link)
    assert order["state"] == "CANCELED" and "tenders" not in order
    assert merchant.books()["payments"] == []
    assert merchant.refused("GET", f"{LINKS}/{link['id']}")[:2] == (404, "NOT_FOUND")
    assert merchant.refused("DELETE", f"{LINKS}/{link['id']}")[:2] == (404, "NOT_FOUND")
    assert merchant.api("GET", LINKS) == {}


def test_a_link_that_was_paid_first_is_not_deleted(merchant: SquareShop) -> None:
    """The race that a till loses: it has to look, and finds the money."""
    link = merchant.sold()
    assert merchant.refused("DELETE", f"{LINKS}/{link['id']}")[:2] == (400, "BAD_REQUEST")
    assert merchant.payment_of(link)["status"] == "COMPLETED"


def test_a_link_never_expires_by_itself(square: SquareShop) -> None:
    link = square.sell()
    square.later(400 * 86_400)
    assert square.pay(link, exp="12/49").status_code == 303


def test_quick_pay_is_an_order_of_one_line(merchant: SquareShop) -> None:
    quick = {
        "name": "Coffee",
        "price_money": {"amount": 250, "currency": "EUR"},
        "location_id": merchant.location,
    }
    link = merchant.api("POST", LINKS, {"quick_pay": quick})["payment_link"]
    (item,) = merchant.order_of(link)["line_items"]
    assert (item["name"], item["quantity"], item["total_money"]["amount"]) == ("Coffee", "1", 250)


def test_yen_have_no_decimals(shared_server: SandboxServer) -> None:
    shop = SquareShop(shared_server.origin, "EAAAl-test-jpy")
    link = shop.sell(line_items=[line("Tea", 500, currency="JPY")])
    assert "¥500" in shop.http.get(link["long_url"]).text
    shop.pay(link)
    assert shop.payment_of(link)["total_money"] == {"amount": 500, "currency": "JPY"}
    shop.close()


def test_a_buyers_address_and_note_are_on_the_payment(merchant: SquareShop) -> None:
    body = merchant.link_body()
    body["pre_populated_data"] = {"buyer_email": "ada@example.org"}
    body["payment_note"] = "table 4"
    link = merchant.api("POST", LINKS, body)["payment_link"]
    merchant.pay(link)
    payment = merchant.payment_of(link)
    assert (payment["buyer_email_address"], payment["note"]) == ("ada@example.org", "table 4")


def test_without_a_page_to_return_to_the_payer_stays(merchant: SquareShop) -> None:
    link = merchant.sell(checkout_options=None)
    response = merchant.pay(link)
    assert merchant.origin + response.headers["Location"] == link["long_url"]
