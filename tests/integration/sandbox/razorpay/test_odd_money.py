"""Payments as they ought not to be, and what the books say of all of them."""

import pytest

from app.sandbox import SandboxServer
from tests.integration.sandbox.razorpay.shop import CHALLENGED, DECLINED, GOOD_CARD, Shop
from tests.integration.sandbox.shop import Shop as StripeShop


def test_a_card_and_a_bank_are_played_by_the_control_api(new_shop: Shop) -> None:
    path = f"sessions/{new_shop.sell()['id']}"
    line = new_shop.control("POST", f"{path}/pay", {"card": DECLINED})
    assert (line["outcome"], line["code"]) == ("declined", "payment_failed")
    assert new_shop.control("POST", f"{path}/pay", {"card": "1"})["outcome"] == "unusable"
    line = new_shop.control("POST", f"{path}/pay", {"card": CHALLENGED})
    assert line["outcome"] == "requires_action"
    line = new_shop.control("POST", f"{path}/challenge", {"succeeded": True})
    assert (line["outcome"], line["status"], line["payment_status"]) == ("paid", "paid", "paid")
    line = new_shop.control("POST", f"{path}/pay", {"card": GOOD_CARD})
    assert line["outcome"] == "already_complete"


@pytest.mark.parametrize("amount", [37999, 38001, 1])
def test_another_amount_than_was_asked_for_shows_on_the_link_and_the_payment(
    new_shop: Shop, amount: int
) -> None:
    made = new_shop.sell()
    new_shop.control("POST", f"sessions/{made['id']}/pay", {"amount_minor": amount})
    sold = new_shop.read(made)
    assert (sold["status"], sold["amount"], sold["amount_paid"]) == ("paid", 38000, amount)
    assert sold["payments"][0]["amount"] == amount == new_shop.payment(sold)["amount"]


def test_another_currency_shows_on_the_payment_alone(new_shop: Shop) -> None:
    made = new_shop.sell()
    new_shop.control("POST", f"sessions/{made['id']}/pay", {"currency": "USD"})
    sold = new_shop.read(made)
    assert (sold["currency"], new_shop.payment(sold)["currency"]) == ("INR", "USD")


def test_a_link_may_be_paid_twice_and_after_its_end(new_shop: Shop) -> None:
    made = new_shop.sold()
    new_shop.control("POST", f"sessions/{made['id']}/pay", {"force": True})
    sold = new_shop.read(made)
    assert sold["amount_paid"] == 76000
    assert len({one["payment_id"] for one in sold["payments"]}) == 2
    late = new_shop.sell(reference_id="till1-8-1")
    line = new_shop.control("POST", f"sessions/{late['id']}/expire", {})
    assert line["status"] == "expired"
    assert new_shop.control("POST", f"sessions/{late['id']}/pay", {})["outcome"] == "expired"
    new_shop.control("POST", f"sessions/{late['id']}/pay", {"force": True})
    assert new_shop.read(late)["status"] == "paid"
    captured = [line["captured_minor"] for line in new_shop.books()["payments"]]
    assert captured == [38000] * 3


def test_a_payment_that_failed_may_turn_out_authorised_after_all(new_shop: Shop) -> None:
    made = new_shop.sell()
    new_shop.control("POST", f"sessions/{made['id']}/pay", {"declined": True})
    new_shop.post(f"payment_links/{made['id']}/cancel")
    new_shop.control("POST", f"sessions/{made['id']}/settle", {"succeeded": True})
    [payment] = new_shop.get("payments")["items"]
    assert (payment["status"], payment["error_code"]) == ("captured", None)
    assert new_shop.read(made)["amount_paid"] == 38000
    told = [name for name in new_shop.told() if name.startswith("payment.")]
    assert told == ["payment.failed", "payment.authorized", "payment.captured"]


def test_what_is_given_back_before_its_capture_was_never_taken(new_shop: Shop) -> None:
    made = new_shop.sell()
    new_shop.control("POST", f"sessions/{made['id']}/pay", {"delayed": True})
    new_shop.control("POST", f"sessions/{made['id']}/settle", {"succeeded": False})
    [payment] = new_shop.get("payments")["items"]
    assert (payment["status"], payment["captured"]) == ("refunded", False)
    assert new_shop.books()["refunds"] == []
    response = new_shop.http.post(f"/_control/sessions/{made['id']}/settle", json={})
    assert response.status_code == 404


@pytest.mark.parametrize(
    "order",
    [{"amount_minor": 0}, {"currency": "XYZ"}, {"force": 1}, {"livemode": True}, {"delayed": 1}],
)
def test_an_odd_way_to_pay_that_makes_no_sense_is_refused(
    new_shop: Shop, order: dict[str, object]
) -> None:
    path = f"/_control/sessions/{new_shop.sell()['id']}/pay"
    assert new_shop.http.post(path, json=order).status_code == 400


def test_the_books_name_reference_money_and_sessions(new_shop: Shop) -> None:
    sold, shown = new_shop.sold(), new_shop.show(notes={"reference": "till1-8-1"})
    new_shop.control("POST", f"sessions/{shown['id']}/pay", {})
    new_shop.post(f"payments/{new_shop.payment(sold)['id']}/refund", {"amount": 8000})
    books = new_shop.books()
    assert [
        (line["session_id"], line["reference"], line["captured_minor"], line["refunded_minor"])
        for line in books["payments"]
    ] == [(sold["id"], "till1-7-1", 38000, 8000), (shown["id"], "till1-8-1", 38000, 0)]
    assert {line["currency"] for line in books["payments"]} == {"INR"}
    assert [(line["reference"], line["payment_status"]) for line in books["sessions"]] == [
        ("till1-7-1", "paid"),
        ("till1-8-1", "paid"),
    ]
    assert [line["amount_minor"] for line in books["refunds"]] == [8000]


def test_both_providers_have_books_of_their_own(shop: Shop) -> None:
    other = StripeShop(shop.origin)
    other.sold()
    shop.sold()
    accounts = shop.control("GET", "books")["accounts"]
    assert sorted(name.partition("_")[0] for name in accounts) == ["acc", "acct"]
    assert all(len(books["payments"]) == 1 for books in accounts.values())
    other.close()


def test_a_simulator_that_was_stopped_knows_all_of_it_again(server: SandboxServer) -> None:
    shop = Shop(server.origin)
    sold, shown = shop.sold(), shop.show()
    headers = {"X-Refund-Idempotency": "till1-7-1-r1"}
    path = f"payments/{shop.payment(sold)['id']}/refund"
    refund = shop.post(path, {"amount": 100}, headers=headers)
    before = shop.books()
    shop.close()
    server.stop()
    with SandboxServer(books_path=server.books_path) as back:
        shop = Shop(back.origin)
        assert shop.books() == before
        assert shop.post(path, {"amount": 100}, headers=headers) == refund
        assert shop.get(f"payments/qr_codes/{shown['id']}")["status"] == "active"
        shop.close()
