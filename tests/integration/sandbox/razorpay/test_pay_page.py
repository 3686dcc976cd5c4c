"""The page behind a link's short address, and the way back to the shop."""

import hashlib
import hmac
import re
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from app.sandbox import SandboxServer
from tests.integration.sandbox.razorpay.shop import CHALLENGED, DECLINED, Shop


def _came_back(response: httpx.Response) -> dict[str, str]:
    assert response.status_code == 303
    return {k: v[0] for k, v in parse_qs(urlsplit(response.headers["location"]).query).items()}


def test_the_page_shows_the_bill_and_both_ways_to_pay(new_shop: Shop) -> None:
    page = new_shop.http.get(new_shop.sell()["short_url"])
    assert page.status_code == 200
    assert "₹380.00" in page.text and "Order 7" in page.text
    assert re.findall(r'name="method" value="(\w+)"( checked)?', page.text) == [
        ("card", " checked"),
        ("upi", ""),
    ]
    assert 'id="vpa"' in page.text


def test_the_address_is_as_short_as_a_real_one(new_shop: Shop) -> None:
    url = new_shop.sell()["short_url"]
    assert len(url) - len(new_shop.origin) == len("/razorpay/i/") + 7


def test_the_payer_comes_back_with_what_happened_signed_with_the_key(new_shop: Shop) -> None:
    made = new_shop.sell()
    response = new_shop.pay(made["short_url"])
    assert response.headers["location"].startswith("http://127.0.0.1:9/thanks?")
    back = _came_back(response)
    assert set(back) == {
        "razorpay_payment_id",
        "razorpay_payment_link_id",
        "razorpay_payment_link_reference_id",
        "razorpay_payment_link_status",
        "razorpay_signature",
    }
    signed = "|".join([made["id"], "till1-7-1", "paid", back["razorpay_payment_id"]])
    wanted = hmac.new(new_shop.secret.encode(), signed.encode(), hashlib.sha256).hexdigest()
    assert back["razorpay_signature"] == wanted
    assert back["razorpay_payment_link_status"] == "paid"


def test_an_address_to_come_back_to_may_have_a_query_of_its_own(new_shop: Shop) -> None:
    made = new_shop.sell(callback_url="http://127.0.0.1:9/thanks?till=1")
    assert _came_back(new_shop.pay(made["short_url"]))["till"] == "1"


def test_without_an_address_to_come_back_to_the_page_says_that_it_is_paid(new_shop: Shop) -> None:
    made = new_shop.sell(callback_url=None, callback_method=None)
    page = new_shop.pay(made["short_url"])
    assert page.status_code == 200 and 'data-state="paid"' in page.text


def test_upi_pays_as_well(new_shop: Shop) -> None:
    made = new_shop.sell()
    assert new_shop.pay_upi(made["short_url"]).status_code == 303
    payment = new_shop.payment(new_shop.read(made))
    assert (payment["method"], payment["vpa"]) == ("upi", "success@razorpay")
    assert payment["card_id"] is None


def test_a_second_tap_pays_nothing(new_shop: Shop) -> None:
    made = new_shop.sell()
    assert new_shop.pay(made["short_url"]).status_code == 303
    again = new_shop.pay(made["short_url"])
    assert "Already paid" in again.text
    assert new_shop.read(made)["amount_paid"] == 38000
    assert len(new_shop.get("payments")["items"]) == 1


def test_a_declined_card_is_told_and_may_be_followed_by_another(new_shop: Shop) -> None:
    made = new_shop.sell()
    page = new_shop.pay(made["short_url"], DECLINED)
    assert page.status_code == 402 and 'data-code="payment_failed"' in page.text
    assert new_shop.pay(made["short_url"]).status_code == 303


def test_the_bank_may_ask_who_pays(new_shop: Shop) -> None:
    made = new_shop.sell()
    asked = new_shop.pay(made["short_url"], CHALLENGED)
    assert asked.status_code == 303
    bank = f"{new_shop.origin}{asked.headers['location']}"
    assert "Is it you who pays?" in new_shop.http.get(bank).text
    assert new_shop.http.post(bank, data={"verdict": "fail"}).status_code == 402
    new_shop.pay(made["short_url"], CHALLENGED)
    assert new_shop.read(made)["status"] == "created"
    assert _came_back(new_shop.http.post(bank, data={"verdict": "complete"}))
    assert new_shop.read(made)["status"] == "paid"
    statuses = [payment["status"] for payment in new_shop.get("payments")["items"]]
    assert sorted(statuses) == ["captured", "failed"]


@pytest.mark.parametrize(
    "form",
    [
        {"card_number": ""},
        {"card_number": "4000056655665556"},
        {"exp": "13/34"},
        {"cvc": "12"},
        {"method": "upi", "vpa": "nonsense"},
        {"method": "upi", "vpa": "ada@bank"},
    ],
)
def test_a_form_that_cannot_be_used_charges_nothing(new_shop: Shop, form: dict[str, str]) -> None:
    made = new_shop.sell()
    fields = {"card_number": "4111111111111111", "exp": "12/34", "cvc": "123", **form}
    page = new_shop.http.post(made["short_url"], data=fields)
    assert page.status_code == 422 and 'role="alert"' in page.text
    assert new_shop.get("payments")["items"] == []


def test_an_unknown_address_leads_to_nothing(new_shop: Shop) -> None:
    assert new_shop.http.get("/razorpay/i/AbCdEfG").status_code == 404


def test_a_link_is_found_at_the_port_of_a_simulator_that_came_back(server: SandboxServer) -> None:
    shop = Shop(server.origin)
    made = shop.sell()
    shop.close()
    server.stop()
    with SandboxServer(books_path=server.books_path, public_origin="http://till.example") as back:
        shop = Shop(f"http://127.0.0.1:{back.listening_port}")
        slug = made["short_url"].rpartition("/")[2]
        assert shop.read(made)["short_url"] == f"http://till.example/razorpay/i/{slug}"
        assert shop.http.get(f"/razorpay/i/{slug}").status_code == 200
        shop.close()
