"""Subscriptions: a plan's variation in a quick-pay link, renewed as time passes."""

import json
from typing import Any

from tests.integration.sandbox.shop import Receiver
from tests.integration.sandbox.square.shop import LINKS, SquareShop

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


def test_a_checkout_takes_a_variation_at_its_own_price_and_nothing_else(
    merchant: SquareShop,
) -> None:
    plan = variation(merchant)
    other = {"amount": 901, "currency": "EUR"}
    refusal = merchant.refused("POST", LINKS, club_body(merchant, plan, other))
    assert refusal[1:] == ("INVALID_VALUE", "quick_pay.price_money")
    refusal = merchant.refused("POST", LINKS, club_body(merchant, "NOBODYS"))
    assert refusal[1:] == ("NOT_FOUND", "checkout_options.subscription_plan_id")
    body = {**merchant.link_body(), "checkout_options": {"subscription_plan_id": plan}}
    assert merchant.refused("POST", LINKS, body)[1] == "NOT_IMPLEMENTED"


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
