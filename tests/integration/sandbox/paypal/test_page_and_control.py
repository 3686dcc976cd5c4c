"""The payer's page in a browser's eyes, and what the control API does to PayPal's sessions."""

import json
from typing import Any

import httpx
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
from tests.integration.sandbox.shop import Receiver, Shop


def _items() -> Any:
    item = {"name": "Tea <b>&</b> \u202etoast", "quantity": "2", "unit_amount": money("5.00")}
    return {
        "amount": {**money("10.00"), "breakdown": {"item_total": money("10.00")}},
        "items": [item],
    }


def test_the_page_shows_the_bill_and_escapes_it(paypal: PayPalShop) -> None:
    asked = order()
    asked["purchase_units"][0].update(_items())
    sold = paypal.api("POST", "/v2/checkout/orders", asked, id="k").json()
    page = paypal.http.get(page_of(sold))
    assert page.status_code == 200 and 'data-state="open"' in page.text
    assert "€10.00" in page.text and "Pay €10.00" in page.text
    assert "&lt;b&gt;&amp;&lt;/b&gt;" in page.text and "<b>&</b>" not in page.text
    assert "http://127.0.0.1:9/back?a=1&amp;token=" in page.text
    assert "script-src 'sha256-" in page.headers["Content-Security-Policy"]


def test_a_source_that_cannot_be_used_leaves_the_page_open(paypal: PayPalShop) -> None:
    sold = paypal.sell()
    answer = paypal.approve(sold, "unusable")
    assert answer.status_code == 402 and 'data-state="declined"' in answer.text
    assert paypal.approve(sold, "nonsense").status_code == 422
    assert paypal.read(sold["id"])["status"] == "PAYER_ACTION_REQUIRED"


def test_a_shop_that_wants_its_money_at_once_takes_no_bank_account(paypal: PayPalShop) -> None:
    asked = order()
    context = asked["payment_source"]["paypal"]["experience_context"]
    context["payment_method_preference"] = "IMMEDIATE_PAYMENT_REQUIRED"
    sold = paypal.api("POST", "/v2/checkout/orders", asked, id="k").json()
    assert paypal.approve(sold, "echeck").status_code == 402


def test_a_page_that_is_opened_again_asks_for_nothing_more(paypal: PayPalShop) -> None:
    sold = paypal.sell()
    paypal.approve(sold)
    for state in ("processing", "paid"):
        again = paypal.http.get(page_of(sold))
        assert f'data-state="{state}"' in again.text
        assert paypal.approve(sold).status_code == 200
        paypal.capture(sold["id"])
    assert len(paypal.books()["payments"]) == 1


def test_who_opens_the_page_after_the_bank_did_not_pay_is_told_so(paypal: PayPalShop) -> None:
    sold = paypal.sell()
    paypal.approve(sold, "echeck")
    paypal.capture(sold["id"])
    assert "on its way" in paypal.http.get(page_of(sold)).text
    paypal.control("POST", f"sessions/{sold['id']}/settle", {"succeeded": False})
    again = paypal.http.get(page_of(sold)).text
    assert 'data-state="failed"' in again and "Nothing was taken" in again
    assert "charged once" not in again


def test_who_comes_back_to_the_shop_is_told_the_truth(paypal: PayPalShop) -> None:
    asked = order()
    context = asked["payment_source"]["paypal"]["experience_context"]
    context["return_url"] = f"{paypal.origin}/success"
    sold = paypal.api("POST", "/v2/checkout/orders", asked, id="k").json()
    back = paypal.approve(sold).headers["Location"]
    assert back.startswith("/success?token=")
    assert "on its way" in paypal.http.get(back).text
    paypal.capture(sold["id"])
    assert "Payment received" in paypal.http.get(back).text


def test_its_address_is_as_long_as_in_life(paypal: PayPalShop) -> None:
    assert 58 <= len(page_of(paypal.sell())) <= 66


def test_a_page_of_nothing_is_not_found(paypal: PayPalShop) -> None:
    assert paypal.http.get("/paypal/checkoutnow?token=0").status_code == 404
    assert paypal.http.get("/paypal/checkoutnow").status_code == 404


def test_a_page_may_be_slow_broken_or_gone(paypal: PayPalShop) -> None:
    sold = paypal.sell()
    match = {"path": "/paypal/checkoutnow"}
    paypal.control("POST", "faults", {"match": match, "fault": {"status": 500, "text": "no"}})
    assert paypal.http.get(page_of(sold)).status_code == 500
    paypal.control("POST", "faults", {"match": match, "fault": {"drop": "after_effect"}})
    with pytest.raises(httpx.HTTPError):
        paypal.approve(sold)
    assert paypal.read(sold["id"])["status"] == "APPROVED"


@pytest.mark.parametrize(
    "wish, outcome, at_capture",
    [
        ({}, "approved", 201),
        (
            {"card": "4242424242424242", "name": "Ada", "exp": "12/34", "cvc": "123"},
            "approved",
            201,
        ),
        ({"card": "4000 0000 0000 0002"}, "declined", "ORDER_NOT_APPROVED"),
        ({"declined": True}, "approved", "INSTRUMENT_DECLINED"),
        ({"card": "4000002500003155"}, "approved", "PAYER_ACTION_REQUIRED"),
        ({"delayed": True}, "approved", 201),
        ({"capture": True}, "paid", "ORDER_ALREADY_CAPTURED"),
        ({"capture": True, "delayed": True}, "processing", "ORDER_ALREADY_CAPTURED"),
    ],
)
def test_the_control_api_plays_the_payer(
    new_paypal: PayPalShop, wish: Any, outcome: str, at_capture: int | str
) -> None:
    sold = new_paypal.sell()
    done = new_paypal.control("POST", f"sessions/{sold['id']}/pay", wish)
    assert (done["outcome"], done["reference"]) == (outcome, "till1-7-1")
    answer = new_paypal.capture(sold["id"])
    assert at_capture == (answer.status_code if answer.status_code < 300 else issue_of(answer))


def test_the_control_api_answers_the_bank(paypal: PayPalShop) -> None:
    sold = paypal.sell()
    path = f"sessions/{sold['id']}"
    paypal.control("POST", f"{path}/pay", {"funding": "challenged"})
    refused = paypal.control("POST", f"{path}/challenge", {"succeeded": False})
    assert refused["outcome"] == "declined"
    assert issue_of(paypal.capture(sold["id"])) == "INSTRUMENT_DECLINED"
    paypal.control("POST", f"{path}/pay", {"funding": "challenged"})
    assert paypal.control("POST", f"{path}/challenge", {})["outcome"] == "approved"
    assert paypal.capture(sold["id"]).status_code == 201


@pytest.mark.parametrize(
    "wish, expected",
    [
        ({"amount_minor": 1233}, money("12.33")),
        ({"currency": "USD"}, money("12.34", "USD")),
    ],
)
def test_a_capture_may_be_another_than_the_order_says(
    paypal: PayPalShop, wish: Any, expected: Any
) -> None:
    sold = paypal.sell()
    paypal.control("POST", f"sessions/{sold['id']}/pay", wish)
    assert capture_of(paypal.capture(sold["id"]).json())["amount"] == expected


def test_an_order_may_be_ended_and_approved_late(paypal: PayPalShop) -> None:
    sold = paypal.sell()
    path = f"sessions/{sold['id']}"
    assert paypal.control("POST", f"{path}/expire")["status"] == "EXPIRED"
    assert paypal.api("GET", f"/v2/checkout/orders/{sold['id']}").status_code == 404
    assert paypal.control("POST", f"{path}/pay", {})["outcome"] == "expired"
    assert paypal.control("POST", f"{path}/pay", {"force": True})["outcome"] == "approved"
    assert paypal.capture(sold["id"]).status_code == 201


def test_an_order_may_be_paid_a_second_time(paypal: PayPalShop) -> None:
    sold = paypal.sell()
    paypal.control("POST", f"sessions/{sold['id']}/pay", {"capture": True})
    paypal.control("POST", f"sessions/{sold['id']}/pay", {"force": True})
    assert len(paypal.read(sold["id"])["purchase_units"][0]["payments"]["captures"]) == 2
    assert sum(each["captured_minor"] for each in paypal.books()["payments"]) == 2468


@pytest.mark.parametrize("wish", [{"funding": "gold"}, {"currency": "KWD"}, {"nonsense": 1}])
def test_a_senseless_order_to_the_control_api_is_refused(new_paypal: PayPalShop, wish: Any) -> None:
    sold = new_paypal.sell()
    path = f"/_control/sessions/{sold['id']}/pay"
    assert new_paypal.http.post(path, json=wish).status_code == 400


def test_both_providers_live_side_by_side(
    paypal: PayPalShop, shop: Shop, receiver: Receiver
) -> None:
    shop.sold()
    paypal.listen(receiver)
    paypal.sold()
    receiver.wait(2)
    books = paypal.control("GET", "books")["accounts"]
    assert [len(each["payments"]) for each in books.values()] == [1, 1]
    event = json.loads(receiver.received[0][1])["id"]
    statuses = paypal.control("POST", f"events/{event}/deliver", {"times": 2})["statuses"]
    assert statuses == [200, 200]


def test_a_phone_sees_the_page_and_nothing_else(paypal: PayPalShop, server: SandboxServer) -> None:
    pages: Any = server.phones._routes
    routes = {route.path for route in pages}
    assert {"/paypal/checkoutnow", "/paypal/checkoutnow/challenge"} <= routes
    assert not any(path.startswith(("/paypal/v", "/paypal/{")) for path in routes)
