"""The control API has the same orders for a payment link as for any other session."""

import asyncio
import sys
from typing import Any

import httpx
import pytest

from app.sandbox import SANDBOX_KEY, SandboxServer
from tests.integration.sandbox.shop import Shop
from tests.integration.sandbox.square.shop import DECLINED, GOOD_CARD, SquareShop


def paid(square: SquareShop, link: Any, **order: Any) -> Any:
    return square.control("POST", f"sessions/{link['id']}/pay", {"card": GOOD_CARD, **order})


def test_paying_by_control_is_paying_by_the_page(square: SquareShop) -> None:
    link = square.sell()
    declined = paid(square, link, card=DECLINED)
    assert (declined["outcome"], declined["code"]) == ("declined", "GENERIC_DECLINE")
    assert paid(square, link, declined=True)["outcome"] == "declined"
    assert paid(square, link, card="4242424242424241")["outcome"] == "unusable"
    answer = paid(square, link)
    assert (answer["outcome"], answer["payment_status"]) == ("paid", "paid")
    assert paid(square, link)["outcome"] == "already_complete"
    captured = [line["captured_minor"] for line in square.books()["payments"]]
    assert captured == [0, 0, 380]


def test_a_link_is_known_by_its_order_too(square: SquareShop) -> None:
    link = square.sell()
    path = f"sessions/{link['order_id']}/pay"
    assert square.control("POST", path, {"card": GOOD_CARD})["id"] == link["id"]


@pytest.mark.parametrize(
    "delayed, status, source",
    [(True, "PENDING", "BANK_ACCOUNT"), ("APPROVED", "APPROVED", "CARD")],
)
def test_money_may_be_on_its_way_and_come(
    square: SquareShop, delayed: bool | str, status: str, source: str
) -> None:
    link = square.sell()
    assert paid(square, link, delayed=delayed)["outcome"] == "processing"
    payment, order = square.payment_of(link), square.order_of(link)
    assert (payment["status"], payment["source_type"]) == (status, source)
    assert order["state"] == "OPEN" and order["net_amount_due_money"]["amount"] == 380
    assert "on its way" in square.http.get(link["long_url"]).text
    assert square.http.get(f"/success?orderId={order['id']}").text.count("on its way")
    settled = square.control("POST", f"sessions/{link['id']}/settle", {})
    assert settled["payment_status"] == "paid"
    assert square.payment_of(link)["status"] == "COMPLETED"
    assert square.order_of(link)["net_amount_due_money"]["amount"] == 0


@pytest.mark.parametrize("delayed", [True, "APPROVED"])
def test_money_on_its_way_may_not_come_and_the_link_can_be_paid_again(
    square: SquareShop, delayed: bool | str
) -> None:
    link = square.sell()
    paid(square, link, delayed=delayed)
    square.control("POST", f"sessions/{link['id']}/settle", {"succeeded": False})
    assert square.order_of(link)["state"] == "DRAFT"
    assert [line["status"] for line in square.books()["payments"]] == ["FAILED"]
    assert paid(square, link)["outcome"] == "paid"
    assert square.http.post(f"/_control/sessions/{link['id']}/settle", json={}).status_code == 404


def test_a_challenge_can_be_answered(square: SquareShop) -> None:
    link = square.sell()
    assert paid(square, link, card="4000002500003155")["outcome"] == "requires_action"
    path = f"sessions/{link['id']}/challenge"
    assert square.control("POST", path, {"succeeded": False})["outcome"] == "declined"
    paid(square, link, card="4000002500003155")
    assert square.control("POST", path, {})["outcome"] == "paid"
    assert square.http.post(f"/_control/{path}", json={}).status_code == 404


def test_a_link_can_be_expired_as_if_it_were_deleted(square: SquareShop) -> None:
    link = square.sell()
    assert square.control("POST", f"sessions/{link['id']}/expire")["status"] == "expired"
    assert square.order_of(link)["state"] == "CANCELED"
    assert paid(square, link)["outcome"] == "expired"


def test_money_may_come_by_a_deleted_link_or_a_second_time(square: SquareShop) -> None:
    link = square.sell()
    square.control("POST", f"sessions/{link['id']}/expire")
    assert paid(square, link, force=True)["outcome"] == "paid"
    assert square.order_of(link)["state"] == "OPEN"
    assert paid(square, link, force=True)["outcome"] == "paid"
    assert len(square.order_of(link)["tenders"]) == 2
    assert [line["captured_minor"] for line in square.books()["payments"]] == [380, 380]


def test_another_sum_or_currency_may_be_paid(square: SquareShop) -> None:
    link = square.sell()
    paid(square, link, amount_minor=100)
    assert square.payment_of(link)["total_money"] == {"amount": 100, "currency": "EUR"}
    assert square.order_of(link)["net_amount_due_money"]["amount"] == 280
    other = square.sell()
    paid(square, other, currency="usd")
    assert square.payment_of(other)["total_money"] == {"amount": 380, "currency": "USD"}


@pytest.mark.parametrize("order", [{"livemode": True}, {"currency": "kwd"}, {"delayed": "no"}])
def test_what_square_cannot_do_is_refused(square: SquareShop, order: Any) -> None:
    link = square.sell()
    response = square.http.post(f"/_control/sessions/{link['id']}/pay", json=order)
    assert response.status_code == 400
    assert square.books()["payments"] == []


def test_both_providers_books_stand_side_by_side(server: SandboxServer, square: SquareShop) -> None:
    stripe = Shop(server.origin, SANDBOX_KEY)
    session = stripe.sold()
    link = square.sold()
    accounts = square.control("GET", "books")["accounts"]
    assert len(accounts) == 2
    (line,) = accounts[square.merchant]["payments"]
    assert (line["session_id"], line["reference"]) == (link["id"], "till1-7-1")
    assert (line["captured_minor"], line["currency"]) == (380, "EUR")
    (other,) = next(books for name, books in accounts.items() if name != square.merchant)[
        "payments"
    ]
    assert other["session_id"] == session.id
    stripe.close()
    # Only Stripe's books name a renewal's subscription beside its payment.
    assert set(line) >= set(other) - {"subscription_id"}


def test_the_books_add_up(square: SquareShop) -> None:
    square.control(
        "POST", "fees", {"provider": "square", "per_mille": 25, "fixed_minor": 10, "after_s": 0}
    )
    payment = square.payment_of(square.sold())
    square.refund(payment, 80)
    square.later()
    books = square.books()
    assert books["payments"][0]["fee_minor"] == 20  # 9.5, half to even, and 10
    assert books["balance"] == {"EUR": 380 - 80 - 20}
    assert [line["status"] for line in books["refunds"]] == ["COMPLETED"]
    assert set(books) == {
        "balance",
        "disputes",
        "payments",
        "provider",
        "refunds",
        "sessions",
    }


def test_what_was_answered_is_still_there_after_a_restart(
    server: SandboxServer, square: SquareShop
) -> None:
    link = square.sold()
    server.stop()
    with SandboxServer(books_path=server.books_path) as again:
        later = SquareShop(again.origin)
        assert later.payment_of(link)["status"] == "COMPLETED"
        later.close()


def test_an_old_draft_may_be_forgotten(square: SquareShop) -> None:
    link, sold = square.sell(), square.sold()
    square.control("POST", f"square/orders/{link['order_id']}/purge")
    assert square.refused("GET", f"/v2/orders/{link['order_id']}")[:2] == (404, "NOT_FOUND")
    found = square.api("POST", "/v2/orders/search", {"location_ids": [square.location]})
    assert [each["id"] for each in found["orders"]] == [sold["order_id"]]
    assert paid(square, link)["outcome"] == "expired"
    assert square.pay(link).status_code == 410
    response = square.http.post(f"/_control/square/orders/{sold['order_id']}/purge")
    assert response.status_code == 404


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS has one loopback address only")
def test_phones_pay_by_their_own_door_and_find_no_api_there(
    server: SandboxServer, square: SquareShop
) -> None:
    """One address of loopback stands for this computer's on the shop's network."""
    door = asyncio.run(server.phones.open("127.0.0.2"))
    link = square.sell()
    assert link["url"].startswith(f"{door}/square/u/")
    with httpx.Client(base_url=door, timeout=10) as phone:
        shown = phone.get(link["url"])
        assert shown.status_code == 302 and shown.headers["Location"].startswith("/square/")
        assert phone.get("/square/v2/locations").status_code == 404
        form = {"card_number": GOOD_CARD, "exp": "12/34", "cvc": "123", "name": "Ada"}
        assert phone.post(shown.headers["Location"], data=form).status_code == 303
    assert square.payment_of(link)["status"] == "COMPLETED"
