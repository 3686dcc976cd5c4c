"""What can be looked up later: payments, refunds, orders, events; and what lists do not tell."""

from typing import Any

from app.sandbox.square import location_of
from tests.integration.sandbox.square.shop import SquareShop


def ids(found: Any, name: str) -> list[str]:
    return [each["id"] for each in found.get(name, [])]


def test_a_list_of_payments_learns_of_a_new_one_seconds_later(square: SquareShop) -> None:
    payment = square.payment_of(square.sold())
    assert square.api("GET", "/v2/payments") == {}
    square.later()
    assert ids(square.api("GET", "/v2/payments"), "payments") == [payment["id"]]


def test_a_test_may_have_lists_that_know_everything_at_once(square: SquareShop) -> None:
    square.control("POST", "square/lists", {"lag_s": 0})
    payment = square.payment_of(square.sold())
    assert ids(square.api("GET", "/v2/payments"), "payments") == [payment["id"]]


def test_a_list_of_payments_is_of_the_main_location_unless_another_is_named(
    square: SquareShop,
) -> None:
    stall = location_of(square.merchant, 1)
    main = square.payment_of(square.sold())
    other = square.payment_of(square.sold(location_id=stall))
    refunds = [square.refund(payment)["id"] for payment in (main, other)]
    square.later()
    assert ids(square.api("GET", "/v2/payments"), "payments") == [main["id"]]
    named = square.api("GET", f"/v2/payments?location_id={stall}")
    assert ids(named, "payments") == [other["id"]]
    assert sorted(ids(square.api("GET", "/v2/refunds"), "refunds")) == sorted(refunds)


def test_payments_come_in_pages_by_the_time_that_is_asked_for(square: SquareShop) -> None:
    made = []
    for _ in range(5):
        made.append(square.payment_of(square.sold()))
        square.later()
    path = "/v2/payments?limit=2&sort_order=ASC"
    seen, cursor = [], ""
    while True:
        page = square.api("GET", path + (f"&cursor={cursor}" if cursor else ""))
        seen += ids(page, "payments")
        cursor = page.get("cursor", "")
        if not cursor:
            break
    assert seen == [payment["id"] for payment in made]
    since = square.api("GET", f"/v2/payments?begin_time={made[3]['created_at']}")
    assert ids(since, "payments") == [made[4]["id"], made[3]["id"]]
    until = square.api("GET", f"/v2/payments?end_time={made[1]['created_at']}")
    assert ids(until, "payments") == [made[0]["id"]]
    square.refund(made[0])
    changed = square.api("GET", f"/v2/payments/{made[0]['id']}")["payment"]["updated_at"]
    fresh = square.api("GET", f"/v2/payments?updated_at_begin_time={changed}&sort_field=UPDATED_AT")
    assert ids(fresh, "payments") == [made[0]["id"]]
    assert square.refused("GET", "/v2/payments?cursor=nonsense")[1] == "INVALID_CURSOR"
    assert square.refused("GET", "/v2/payments?limit=101")[1] == "VALUE_TOO_HIGH"
    assert square.refused("GET", "/v2/payments?begin_time=monday")[1] == "INVALID_TIME"


def search(square: SquareShop, **query: Any) -> Any:
    return {"location_ids": [square.location], "query": query}


def test_orders_are_found_by_state_and_by_one_time(square: SquareShop) -> None:
    draft, paid = square.sell(reference_id="till1-8-1"), square.sold()
    by_state = {"filter": {"state_filter": {"states": ["OPEN"]}}}
    found = square.api("POST", "/v2/orders/search", search(square, **by_state))
    assert ids(found, "orders") == [paid["order_id"]]
    everything = square.api("POST", "/v2/orders/search", search(square))
    assert ids(everything, "orders") == [paid["order_id"], draft["order_id"]]
    assert everything["orders"][1]["reference_id"] == "till1-8-1"
    times = {"updated_at": {"start_at": square.order_of(paid)["updated_at"]}}
    query: Any = {"filter": {"date_time_filter": times}, "sort": {"sort_field": "UPDATED_AT"}}
    found = square.api("POST", "/v2/orders/search", search(square, **query))
    assert ids(found, "orders") == [paid["order_id"]]
    body = {**search(square), "return_entries": True}
    entries = square.api("POST", "/v2/orders/search", body)["order_entries"]
    assert {entry["order_id"] for entry in entries} == {draft["order_id"], paid["order_id"]}


def test_a_search_for_orders_has_to_sort_by_the_time_it_filters(merchant: SquareShop) -> None:
    times = {"updated_at": {"start_at": "2026-01-01T00:00:00Z"}}
    body = search(merchant, filter={"date_time_filter": times})
    assert merchant.refused("POST", "/v2/orders/search", body)[1] == "BAD_REQUEST"
    both = {**times, "created_at": {"start_at": "2026-01-01T00:00:00Z"}}
    body = search(merchant, filter={"date_time_filter": both})
    assert merchant.refused("POST", "/v2/orders/search", body)[1] == "BAD_REQUEST"


def test_a_search_for_orders_needs_one_to_ten_locations(merchant: SquareShop) -> None:
    path = "/v2/orders/search"
    assert merchant.refused("POST", path, {})[1] == "MISSING_REQUIRED_PARAMETER"
    assert merchant.refused("POST", path, {"location_ids": []})[1] == "ARRAY_EMPTY"
    many = {"location_ids": [merchant.location] * 11}
    assert merchant.refused("POST", path, many)[1] == "ARRAY_LENGTH_TOO_LONG"


def test_events_are_kept_only_since_they_were_switched_on(square: SquareShop) -> None:
    square.sold()
    assert square.api("POST", "/v2/events", {}) == {}
    assert square.api("PUT", "/v2/events/enable", {}) == {}
    assert square.api("POST", "/v2/events", {}) == {}
    square.later(1)
    link = square.sold()
    query = {"filter": {"event_types": ["payment.updated"]}, "sort": {"order": "ASC"}}
    found = square.api("POST", "/v2/events", {"query": query})
    (event,) = found["events"]
    payment = event["data"]["object"]["payment"]
    assert payment["order_id"] == link["order_id"] and payment["status"] == "COMPLETED"
    assert found["metadata"][0]["event_id"] == event["event_id"]
    since = {"filter": {"created_at": {"start_at": event["created_at"]}}}
    later = square.api("POST", "/v2/events", {"query": since, "limit": 1})
    assert later["cursor"]
    square.later(29 * 86_400)
    found = square.api("POST", "/v2/events", {"query": query})
    assert event["event_id"] not in [each["event_id"] for each in found.get("events", [])]
    square.api("PUT", "/v2/events/disable", {})
    assert square.api("POST", "/v2/events", {}) == {}


def test_a_merchant_has_two_open_locations_and_a_closed_one(merchant: SquareShop) -> None:
    me = merchant.api("GET", "/v2/merchants/me")["merchant"]
    assert (me["id"], me["currency"]) == (merchant.merchant, "EUR")
    assert me["main_location_id"] == merchant.location
    found = merchant.api("GET", "/v2/locations")["locations"]
    assert [each["status"] for each in found] == ["ACTIVE", "ACTIVE", "INACTIVE"]
    assert {each["currency"] for each in found} == {"EUR"}
    main = merchant.api("GET", "/v2/locations/main")["location"]
    assert main == found[0]
    assert merchant.api("GET", f"/v2/merchants/{me['id']}")["merchant"] == me
