"""Square over a scripted wire: its lists, its events and its webhooks."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest

from app.domain.observation import SessionState, Source
from app.errors import Protocol, Rejected, Unavailable
from app.providers.square.endpoints import EVENTS
from app.providers.strategy import Recheck
from tests.conftest import ExpectedLogs
from tests.integration.sandbox.square.description import faults
from tests.parts.clock import START
from tests.parts.square import (
    LOCATION,
    MERCHANT,
    URL,
    asked,
    delivered,
    event,
    link,
    order,
    payment,
    refusal,
    said,
    strategy,
)
from tests.parts.stripe import REFERENCE, Wire

T = TypeVar("T")

LINKS = "/v2/online-checkout/payment-links"
MADE = {"payment_link": link(), "related_resources": {"orders": [order()]}}
NONE_LISTED: dict[str, Any] = {}


def all_of(listed: AsyncIterator[T]) -> list[T]:
    async def run() -> list[T]:
        return [each async for each in listed]

    return asyncio.run(run())


# --- lists -------------------------------------------------------------------------------------


def listed(*answers: Any, until: datetime | None = None) -> tuple[list[Any], Wire]:
    wire = Wire(*answers)
    since = START - timedelta(hours=1)
    orders = strategy(wire).list_since(since, source=Source.SWEEP, until=until)
    return all_of(orders), wire


def test_orders_are_listed_by_their_last_change_so_that_late_money_is_found() -> None:
    last = START + timedelta(hours=1)
    at_the_end = order("CANCELED", id="order-0", updated_at="2026-11-21T10:00:00.000Z")
    pages = (
        {"orders": [at_the_end, order("OPEN", "pay-1")], "cursor": "more"},
        {"payment": payment()},
        {"orders": [order("CANCELED", id="order-2"), order(reference_id="web-7", id="order-3")]},
        NONE_LISTED,
    )
    seen, wire = listed(*pages, until=last)
    assert [(each.session_id, each.state) for each in seen] == [
        ("order-1", SessionState.PAID),
        ("order-2", SessionState.EXPIRED),
    ]
    body = said(wire.requests[0])
    assert faults(body, "SearchOrdersRequest") == []
    assert body["location_ids"] == [LOCATION]
    query = body["query"]
    assert query["filter"]["date_time_filter"]["updated_at"] == {
        "start_at": "2026-11-21T08:00:00.000Z",
        "end_at": "2026-11-21T10:00:00.000Z",
    }
    # Square wants the two to be of one kind.
    assert query["sort"] == {"sort_field": "UPDATED_AT", "sort_order": "DESC"}
    assert said(wire.requests[2]) == {**body, "cursor": "more"}


def test_an_open_order_on_the_list_says_nothing_of_tries() -> None:
    (seen,), wire = listed({"orders": [order()]}, NONE_LISTED)
    assert (seen.state, seen.decline) == (SessionState.OPEN, None)
    assert len(wire.requests) == 2


def test_one_that_is_not_understood_does_not_hide_the_others(expected_logs: ExpectedLogs) -> None:
    two = {"orders": [order("NEW"), order("CANCELED", id="order-2")]}
    (first, second), _ = listed(two, NONE_LISTED)
    assert first == Recheck(str(REFERENCE), session_id="order-1")
    assert second.session_id == "order-2"
    expected_logs.take("is not understood")


# --- events ------------------------------------------------------------------------------------


def events(*answers: Any, until: datetime | None = None) -> tuple[list[Any], Any, Wire]:
    wire = Wire(*answers)
    till = strategy(wire)
    return all_of(till.events_since(START, until=until)), till, wire


def test_events_are_kept_from_the_first_time_that_they_are_asked_for() -> None:
    told = event("payment.updated", "payment", payment())
    late = event("payment.updated", "payment", payment(), created_at="2026-11-22T00:00:00Z")
    until = datetime(2026, 11, 22, tzinfo=UTC)
    seen, till, wire = events({}, {"events": [late, told]}, until=until)
    assert [(each.event_id, each.provider_account) for each in seen] == [("event-1", MERCHANT)]
    assert json.loads(seen[0].body) == told
    assert asked(wire) == [("PUT", "/v2/events/enable"), ("POST", "/v2/events")]
    body = said(wire.requests[1])
    assert faults(body, "SearchEventsRequest") == []
    assert body["query"]["filter"]["event_types"] == list(EVENTS)
    assert till.event_memory == timedelta(days=28)


def test_where_events_may_not_be_read_none_are_listed_and_none_are_promised() -> None:
    """Then orders, refunds and disputes tell by their own lists."""
    seen, till, wire = events(refusal(403, "FORBIDDEN"))
    assert (seen, till.event_memory) == ([], timedelta(0))
    assert all_of(till.events_since(START)) == [] and len(wire.requests) == 1


def test_an_outage_does_not_mean_that_there_were_no_events() -> None:
    with pytest.raises(Unavailable):
        events(refusal(503, "SERVICE_UNAVAILABLE"))
    with pytest.raises(Rejected):
        events(refusal(401, "UNAUTHORIZED"))


def test_an_event_that_is_none_does_not_hide_the_others(expected_logs: ExpectedLogs) -> None:
    told = event("payment.updated", "payment", payment())
    seen, _, _ = events({}, {"events": [{**told, "merchant_id": None}, told]})
    assert len(seen) == 1
    expected_logs.take("lists an event that is none")


# --- webhooks ----------------------------------------------------------------------------------


def test_a_new_address_replaces_the_tills_old_one_and_the_last_key_counts_on() -> None:
    mine = {"id": "wbhk_1", "name": "Scantill t1"}
    others = {"id": "wbhk_2", "name": "Web shop"}
    made = {"subscription": {"id": "wbhk_3", "signature_key": "new-key"}}
    wire = Wire({"subscriptions": [mine, others]}, {}, made, {})
    till = strategy(wire)
    asyncio.run(till.register_webhook("https://till.example/new", owner="t1"))
    assert asked(wire) == [
        ("GET", "/v2/webhooks/subscriptions"),
        ("DELETE", "/v2/webhooks/subscriptions/wbhk_1"),
        ("POST", "/v2/webhooks/subscriptions"),
        ("PUT", "/v2/events/enable"),
    ]
    assert faults(said(wire.requests[2]), "CreateWebhookSubscriptionRequest") == []
    told = event("payment.updated", "payment", payment())
    for request_ in (
        delivered(told),
        delivered(told, url="https://till.example/new", key="new-key"),
    ):
        assert till.read_webhook(request_).event_id == "event-1"
    with pytest.raises(Exception, match="not Square's"):
        till.read_webhook(delivered(told, url=URL, key="new-key"))


def test_a_subscription_without_a_key_proves_nothing() -> None:
    wire = Wire({}, {"subscription": {"id": "wbhk_3"}})
    with pytest.raises(Protocol):
        asyncio.run(strategy(wire).register_webhook(URL, owner="t1"))
