"""The hosted page as a customer's phone sees it, asked and answered by a plain HTTP client."""

import threading
from pathlib import Path

import httpx
import pytest
import stripe

from tests.integration.sandbox.shop import DECLINED, GOOD_CARD, NO_FUNDS, Shop, line


def _intent(shop: Shop, session_id: str) -> stripe.PaymentIntent:
    intent = shop.read(session_id, "payment_intent.latest_charge").payment_intent
    assert isinstance(intent, stripe.PaymentIntent)
    return intent


def test_the_page_shows_the_shop_the_total_the_lines_and_that_it_is_a_simulator(
    shop: Shop,
) -> None:
    session = shop.sell(line_items=[line("Coffee", 380, 2), line("Cake", 450)])
    page = shop.http.get(session.url or "")
    assert page.status_code == 200
    for words in (
        "no real money",
        "Training shop",
        "€12.10",
        "Coffee",
        "2 \N{MULTIPLICATION SIGN} €3.80",
        "Pay €12.10",
    ):
        assert words in page.text
    assert 'href="http://127.0.0.1:9/back"' in page.text
    assert page.headers["Cache-Control"] == "no-store"


def test_a_good_card_pays_and_leads_to_the_shops_own_page(shop: Shop) -> None:
    session = shop.sell()
    response = shop.pay(session.url, email="ada@example.com")
    assert response.status_code == 303
    assert response.headers["Location"] == f"http://127.0.0.1:9/thanks?session={session.id}"
    paid = shop.read(session.id)
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    assert paid.customer_details is not None and paid.customer_details.email == "ada@example.com"
    intent = _intent(shop, session.id)
    assert (intent.status, intent.amount_received) == ("succeeded", 380)
    charge = intent.latest_charge
    assert isinstance(charge, stripe.Charge) and charge.payment_method_details is not None
    card = charge.payment_method_details.card
    assert card is not None and (card.brand, card.last4) == ("visa", "4242")


@pytest.mark.parametrize(
    "card, exp, code, decline_code",
    [
        (DECLINED, "12/34", "card_declined", "generic_decline"),
        (NO_FUNDS, "12/34", "card_declined", "insufficient_funds"),
        ("4000000000000069", "12/34", "expired_card", "expired_card"),
        (GOOD_CARD, "01/20", "expired_card", "expired_card"),
    ],
)
def test_a_declined_card_leaves_the_session_open_and_says_why(
    shop: Shop, card: str, exp: str, code: str, decline_code: str
) -> None:
    session = shop.sell()
    page = shop.pay(session.url, card, exp=exp, name="Ada Lovelace")
    assert page.status_code == 402
    assert f'data-code="{decline_code}"' in page.text
    assert 'value="Ada Lovelace"' in page.text and f'value="{exp}"' in page.text
    assert 'value="123"' not in page.text
    assert shop.read(session.id).status == "open"
    intent = _intent(shop, session.id)
    assert intent.status == "requires_payment_method"
    error = intent.last_payment_error
    assert error is not None
    assert (error.code, error.decline_code) == (code, decline_code)


def test_declined_first_and_paid_with_another_card_then(shop: Shop) -> None:
    session = shop.sell()
    assert shop.pay(session.url, DECLINED).status_code == 402
    declined = _intent(shop, session.id)
    assert shop.pay(session.url).status_code == 303
    paid = _intent(shop, session.id)
    assert paid.id == declined.id and paid.last_payment_error is None
    (payment,) = shop.books()["payments"]
    assert payment["captured_minor"] == 380


@pytest.mark.parametrize(
    "form, code",
    [
        ({"card_number": "4242424242424241"}, "incorrect_number"),
        ({"card_number": ""}, "incomplete_number"),
        ({"card_number": "5555555555554444"}, "not_a_test_card"),
        ({"exp": "13/30"}, "invalid_expiry"),
        ({"cvc": "12"}, "incorrect_cvc"),
    ],
)
def test_a_form_that_cannot_be_sent_on_reaches_no_bank(
    shop: Shop, form: dict[str, str], code: str
) -> None:
    session = shop.sell()
    assert session.url is not None
    fields = {"card_number": GOOD_CARD, "exp": "12/34", "cvc": "123", **form}
    page = shop.http.post(session.url, data=fields)
    assert page.status_code == 422
    assert f'data-code="{code}"' in page.text
    assert shop.read(session.id).payment_intent is None


def test_a_double_tap_charges_once(shop: Shop) -> None:
    session = shop.sell()
    assert session.url is not None
    url = session.url
    answers: list[httpx.Response] = []

    def tap() -> None:
        data = {"card_number": GOOD_CARD, "exp": "12/34", "cvc": "123"}
        answers.append(httpx.post(url, data=data))

    threads = [threading.Thread(target=tap) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [303]
    assert all("Already paid" in a.text for a in answers if a.status_code == 200)
    assert [p["captured_minor"] for p in shop.books()["payments"]] == [380]


def test_a_second_tab_says_already_paid(shop: Shop) -> None:
    session = shop.sell()
    shop.pay(session.url)
    page = shop.http.get(session.url or "")
    assert page.status_code == 200 and 'data-state="paid"' in page.text
    assert "Already paid" in page.text


def test_an_expired_session_cannot_be_paid(shop: Shop) -> None:
    session = shop.sell()
    shop.client.v1.checkout.sessions.expire(session.id)
    for page in (shop.http.get(session.url or ""), shop.pay(session.url)):
        assert page.status_code == 410 and "expired" in page.text
    assert shop.books()["payments"] == []


def test_a_form_that_is_none_is_an_empty_one_and_a_huge_one_is_refused(shop: Shop) -> None:
    url = shop.sell().url or ""
    assert shop.http.post(url, content=b"&".join(b"a=1" for _ in range(99))).status_code == 422
    assert shop.http.post(url, content=b"a" * (1024 * 1024 + 1)).status_code == 413


def test_an_unknown_address_says_so(shop: Shop) -> None:
    assert shop.http.get("/c/pay/cs_test_nobody").status_code == 404
    assert shop.http.get("/anything").status_code == 404


def test_everything_a_shop_or_a_customer_writes_is_shown_literally(shop: Shop) -> None:
    evil = '<script>alert("1")</script>'
    session = shop.sell(
        line_items=[line(evil)],
        branding_settings={"display_name": evil},
        cancel_url='https://shop.example/?a="><script>',
    )
    page = shop.pay(session.url, DECLINED, name=evil, email=evil)
    assert evil not in page.text
    assert page.text.count("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;") >= 4
    assert page.text.count("<script>") == 1
    assert "script-src 'sha256-" in page.headers["Content-Security-Policy"]


def test_no_card_number_is_kept_anywhere(shop: Shop, books_path: Path) -> None:
    session = shop.sell()
    shop.pay(session.url, DECLINED)
    shop.pay(session.url, GOOD_CARD)
    for path in books_path.parent.iterdir():
        text = path.read_bytes()
        assert GOOD_CARD.encode() not in text and DECLINED.encode() not in text
    seen = shop.http.get("/_control/requests").text
    assert GOOD_CARD not in seen


def test_the_simulators_own_pages_say_how_it_ended(shop: Shop) -> None:
    assert "put your phone away" in shop.http.get("/success").text
    assert "Nothing was paid" in shop.http.get("/cancelled").text


def test_a_known_e_mail_is_not_asked_for_again(shop: Shop) -> None:
    session = shop.sell(customer_email="ada@example.com")
    assert 'name="email"' not in shop.http.get(session.url or "").text
    shop.pay(session.url)
    details = shop.read(session.id).customer_details
    assert details is not None and details.email == "ada@example.com"


def test_forty_lines_are_folded_and_all_there(shop: Shop) -> None:
    session = shop.sell(line_items=[line(f"Thing {n}", 100) for n in range(40)])
    page = shop.http.get(session.url or "").text
    assert "<summary>40 items</summary>" in page
    assert all(f"Thing {n}<" in page for n in range(40))
