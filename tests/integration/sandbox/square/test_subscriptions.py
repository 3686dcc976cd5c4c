"""Subscriptions: a plan's variation in a quick-pay link, renewed as time passes."""

import json
from typing import Any

import pytest

from tests.integration.sandbox.shop import Receiver
from tests.integration.sandbox.square.shop import DECLINED, GOOD_CARD, LINKS, SquareShop

CARD = {"card": GOOD_CARD}
PRICE = {"amount": 900, "currency": "EUR"}


def variation(square: SquareShop, cadence: str = "MONTHLY", **phase: Any) -> str:
    """Make a plan and its one variation; answers the variation's id."""
    plan = {"type": "SUBSCRIPTION_PLAN", "id": "#plan", "subscription_plan_data": {"name": "Club"}}
    made = square.api(
        "POST", "/v2/catalog/object", {"idempotency_key": square.key(), "object": plan}
    )
    (mapping,) = made["id_mappings"]
    assert mapping == {"client_object_id": "#plan", "object_id": made["catalog_object"]["id"]}
    pricing = {"type": "STATIC", "price_money": PRICE}
    data = {
        "name": "Club, monthly",
        "phases": [{"cadence": cadence, "pricing": pricing, **phase}],
        "subscription_plan_id": mapping["object_id"],
    }
    thing = {
        "type": "SUBSCRIPTION_PLAN_VARIATION",
        "id": "#variation",
        "subscription_plan_variation_data": data,
    }
    body = {"idempotency_key": square.key(), "object": thing}
    return str(square.api("POST", "/v2/catalog/object", body)["catalog_object"]["id"])


def club_body(square: SquareShop, plan: str, price: Any = PRICE) -> Any:
    return {
        "idempotency_key": square.key(),
        "quick_pay": {"name": "Club", "price_money": price, "location_id": square.location},
        "checkout_options": {"subscription_plan_id": plan},
    }


def subscribed(square: SquareShop, cadence: str = "MONTHLY") -> Any:
    body = club_body(square, variation(square, cadence))
    link = square.api("POST", LINKS, body)["payment_link"]
    assert square.pay(link, exp="12/49").status_code == 303
    found = square.api("POST", "/v2/subscriptions/search", {})["subscriptions"]
    return found[-1]


def test_the_first_payment_begins_a_subscription(square: SquareShop, receiver: Receiver) -> None:
    square.listen(receiver, "subscription.created", "invoice.payment_made")
    club = subscribed(square)
    assert club["status"] == "ACTIVE" and len(club["invoice_ids"]) == 1
    receiver.wait(2)
    told = {event["type"]: event for event in (json.loads(body) for _, body in receiver.received)}
    invoice = told["invoice.payment_made"]["data"]["object"]["invoice"]
    assert invoice["subscription_id"] == club["id"] and invoice["status"] == "PAID"
    assert told["subscription.created"]["data"]["object"]["subscription"]["id"] == club["id"]


@pytest.mark.parametrize(
    "cadence, often",
    [
        ("MONTHLY", "every month"),
        ("QUARTERLY", "every 3 months"),
        ("ANNUAL", "every year"),
        ("EVERY_TWO_YEARS", "every 2 years"),
        ("EVERY_TWO_WEEKS", "every 2 weeks"),
        ("THIRTY_DAYS", "every 30 days"),
        ("DAILY", "every day"),
    ],
)
def test_the_page_says_what_is_paid_from_now_on_and_how_often(
    square: SquareShop, cadence: str, often: str
) -> None:
    body = club_body(square, variation(square, cadence))
    link = square.api("POST", LINKS, body)["payment_link"]
    page = square.http.get(link["url"], follow_redirects=True).text
    assert f"To pay now, then €9.00 {often}<" in page


def test_a_renewal_has_an_order_and_a_payment_of_its_own(
    square: SquareShop, receiver: Receiver
) -> None:
    club = subscribed(square)
    square.listen(receiver, "invoice.payment_made")
    square.later(32 * 86_400)
    receiver.wait(1)
    invoice = json.loads(receiver.received[0][1])["data"]["object"]["invoice"]
    first, second = square.books()["payments"]
    assert invoice["order_id"] == second["order_id"] != first["order_id"]
    assert (second["captured_minor"], second["session_id"]) == (900, None)
    later = square.api("GET", f"/v2/subscriptions/{club['id']}")["subscription"]
    assert later["charged_through_date"] > club["charged_through_date"]
    assert len(later["invoice_ids"]) == 2
    assert square.api("GET", f"/v2/orders/{second['order_id']}")["order"]["state"] == "COMPLETED"


def test_a_renewal_that_fails_is_told(square: SquareShop, receiver: Receiver) -> None:
    club = subscribed(square)
    square.listen(receiver, "invoice.scheduled_charge_failed")
    path = f"square/subscriptions/{club['id']}/renew"
    square.control("POST", path, {"succeeded": False})
    receiver.wait(1)
    assert [line["status"] for line in square.books()["payments"]] == ["COMPLETED", "FAILED"]
    assert square.http.post("/_control/square/subscriptions/x/renew").status_code == 404


def test_a_cancelled_one_runs_until_the_end_of_what_was_paid(square: SquareShop) -> None:
    club = subscribed(square, "WEEKLY")
    path = f"/v2/subscriptions/{club['id']}"
    answer = square.api("POST", f"{path}/cancel", {})
    assert answer["subscription"]["canceled_date"] == club["charged_through_date"]
    assert answer["subscription"]["status"] == "ACTIVE"
    assert square.refused("POST", f"{path}/cancel", {})[1] == "BAD_REQUEST"
    square.later(8 * 86_400)
    assert square.api("GET", path)["subscription"]["status"] == "CANCELED"
    square.later(30 * 86_400)
    assert len(square.books()["payments"]) == 1


def test_a_cancellation_can_be_taken_back(square: SquareShop) -> None:
    club = subscribed(square, "ANNUAL")
    path = f"/v2/subscriptions/{club['id']}"
    (action,) = square.api("POST", f"{path}/cancel", {})["actions"]
    shown = square.api("GET", f"{path}?include=actions")["subscription"]
    assert shown["actions"] == [action]
    back = square.api("DELETE", f"{path}/actions/{action['id']}")["subscription"]
    assert "canceled_date" not in back
    assert square.refused("DELETE", f"{path}/actions/{action['id']}")[:2] == (404, "NOT_FOUND")
    square.later(366 * 86_400)
    assert len(square.books()["payments"]) == 2


def test_a_checkout_takes_a_variation_and_nothing_else(merchant: SquareShop) -> None:
    plan = variation(merchant)
    refusal = merchant.refused("POST", LINKS, club_body(merchant, "NOBODYS"))
    assert refusal[1:] == ("NOT_FOUND", "checkout_options.subscription_plan_id")
    body = {**merchant.link_body(), "checkout_options": {"subscription_plan_id": plan}}
    assert merchant.refused("POST", LINKS, body)[1] == "NOT_IMPLEMENTED"


def test_another_price_than_the_plans_counts_now_and_at_each_renewal(square: SquareShop) -> None:
    body = club_body(square, variation(square), {"amount": 850, "currency": "EUR"})
    assert square.pay(square.api("POST", LINKS, body)["payment_link"]).status_code == 303
    (club,) = square.api("POST", "/v2/subscriptions/search", {})["subscriptions"]
    assert club["price_override_money"] == {"amount": 850, "currency": "EUR"}
    square.later(32 * 86_400)
    assert [line["captured_minor"] for line in square.books()["payments"]] == [850, 850]


def test_what_a_subscriber_pays_is_an_order_of_its_own_and_the_links_stays_a_draft(
    square: SquareShop,
) -> None:
    body = {**club_body(square, variation(square)), "payment_note": "till1-7-1"}
    link = square.api("POST", LINKS, body)["payment_link"]
    assert square.pay(link, DECLINED).status_code == 402
    back = square.pay(link)
    assert square.order_of(link)["state"] == "DRAFT"
    declined, paid = square.books()["payments"]
    assert declined["order_id"] == paid["order_id"] != link["order_id"]
    assert paid["reference"] == "till1-7-1"
    payment = square.api("GET", f"/v2/payments/{paid['payment_id']}")["payment"]
    (club,) = square.api("POST", "/v2/subscriptions/search", {})["subscriptions"]
    assert payment["customer_id"] == club["customer_id"] and payment["note"] == "till1-7-1"
    assert payment["card_details"]["entry_method"] == "ON_FILE"
    (session,) = square.books()["sessions"]
    assert (session["order_id"], session["payment_status"]) == (link["order_id"], "paid")
    assert back.status_code == 303 and "<form" not in square.http.get(link["long_url"]).text
    # Nobody subscribes twice, and the link can still be taken away.
    assert (
        square.control("POST", f"sessions/{link['id']}/pay", CARD)["outcome"] == "already_complete"
    )
    square.api("DELETE", f"{LINKS}/{link['id']}")
    assert square.order_of(link)["state"] == "CANCELED"


def test_where_it_is_so_wanted_a_subscriber_pays_the_links_order(square: SquareShop) -> None:
    square.control("POST", "square/subscriptions", {"pays_link": True})
    link = square.api("POST", LINKS, club_body(square, variation(square)))["payment_link"]
    square.pay(link)
    assert square.order_of(link)["state"] == "OPEN"
    assert square.payment_of(link)["order_id"] == link["order_id"]
    assert square.refused("DELETE", f"{LINKS}/{link['id']}")[1] == "BAD_REQUEST"


def test_a_deleted_link_takes_no_subscriber_any_more(square: SquareShop) -> None:
    link = square.api("POST", LINKS, club_body(square, variation(square)))["payment_link"]
    square.pay(link, DECLINED)
    square.api("DELETE", f"{LINKS}/{link['id']}")
    assert square.control("POST", f"sessions/{link['id']}/pay", CARD)["outcome"] == "expired"


def test_a_bank_payment_begins_a_subscription_when_it_has_come(square: SquareShop) -> None:
    link = square.api("POST", LINKS, club_body(square, variation(square)))["payment_link"]
    path = f"sessions/{link['id']}"
    assert square.control("POST", f"{path}/pay", {"delayed": True})["outcome"] == "processing"
    assert square.api("POST", "/v2/subscriptions/search", {}) == {}
    square.control("POST", f"{path}/settle", {"succeeded": True})
    (club,) = square.api("POST", "/v2/subscriptions/search", {})["subscriptions"]
    assert club["status"] == "ACTIVE"


def test_what_was_refused_is_the_same_invoice_until_it_is_paid(square: SquareShop) -> None:
    club = subscribed(square)
    path = f"square/subscriptions/{club['id']}/renew"
    for succeeded in (False, False, True):
        told = square.control("POST", path, {"succeeded": succeeded})
        newest = square.api("GET", f"/v2/invoices/{told['invoice_ids'][0]}")["invoice"]
        assert newest["status"] == ("PAID" if succeeded else "UNPAID")
        assert len(told["invoice_ids"]) == 2
    _, *tries = square.books()["payments"]
    assert len({line["order_id"] for line in tries}) == 1
    assert [line["status"] for line in tries] == ["FAILED", "FAILED", "COMPLETED"]
    square.later(62 * 86_400)
    assert len(square.books()["payments"]) == 5


def test_the_owner_pauses_resumes_and_ends_one_at_the_dashboard(square: SquareShop) -> None:
    club = subscribed(square)
    path = f"square/subscriptions/{club['id']}"
    assert square.control("POST", f"{path}/move", {"status": "PAUSED"})["status"] == "PAUSED"
    square.later(40 * 86_400)
    assert len(square.books()["payments"]) == 1
    assert square.http.post(f"/_control/{path}/renew").status_code == 404
    square.control("POST", f"{path}/move", {"status": "ACTIVE"})
    square.later(1)
    assert len(square.books()["payments"]) == 2
    ended = square.control("POST", f"{path}/cancel")
    assert ended["status"] == "CANCELED" and ended["canceled_date"]
    for what in ("cancel", "move", "renew"):
        assert square.http.post(f"/_control/{path}/{what}").status_code == 404


def test_a_plan_keeps_its_id_and_wants_its_newest_version(merchant: SquareShop) -> None:
    id = variation(merchant)
    thing = merchant.api("GET", f"/v2/catalog/object/{id}")["object"]
    plan = thing["subscription_plan_variation_data"]["subscription_plan_id"]
    stored = merchant.api("GET", f"/v2/catalog/object/{plan}")["object"]
    new = {
        "type": "SUBSCRIPTION_PLAN",
        "id": plan,
        "version": stored["version"],
        "subscription_plan_data": {"name": "Club of friends"},
    }
    body = {"idempotency_key": "new name", "object": new}
    answer = merchant.api("POST", "/v2/catalog/object", body)
    assert answer["catalog_object"]["id"] == plan and "id_mappings" not in answer
    stale = {"idempotency_key": "stale", "object": {**new, "version": 1}}
    assert merchant.refused("POST", "/v2/catalog/object", stale)[1] == "CONFLICT"
    listed = merchant.api("GET", "/v2/catalog/list?types=SUBSCRIPTION_PLAN")["objects"]
    assert [each["subscription_plan_data"]["name"] for each in listed] == ["Club of friends"]
