"""Events: written with the effect they tell of, and queued for the webhooks that asked.

A search finds only what happened since the merchant had it switched on, for 28 days.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from app.sandbox.bench import Cause
from app.sandbox.books import JsonObject, Record
from app.sandbox.square import API_VERSION, listing
from app.sandbox.square.parameters import (
    Choice,
    Each,
    Fields,
    Moment,
    Rule,
    Text,
    Whole,
    body_of,
    query_of,
)
from app.sandbox.square.workbench import EVENT, WEBHOOK, Call, Workbench, stamped

TYPES = (
    "catalog.version.updated customer.created dispute.created dispute.state.updated"
    " invoice.created invoice.payment_made invoice.scheduled_charge_failed invoice.updated"
    " order.created order.updated payment.created payment.updated refund.created refund.updated"
    " subscription.created subscription.updated"
).split()
KEPT_S = 28 * 86_400

_FILTERS = {
    "event_types": "body, '$.type",
    "location_ids": "private, '$.location",
    "merchant_ids": "body, '$.merchant_id",
}
_SINCE = "square_events_since:"
_SEARCH: Mapping[str, Rule] = {
    "cursor": Text(256),
    "limit": Whole(1, 100),
    "query": Fields(
        {
            "filter": Fields(
                {
                    "created_at": Fields({"start_at": Moment(), "end_at": Moment()}),
                    "event_types": Each(Text(200, 1), 100),
                    "location_ids": Each(Text(50, 1), 100),
                    "merchant_ids": Each(Text(50, 1), 100),
                }
            ),
            "sort": Fields(
                {"field": Choice(["DEFAULT"]), "order": Choice(["ASC", "DESC"])},
            ),
        }
    ),
}


@dataclass(frozen=True)
class About:
    """What an event is about: `name` is under which its object stands in `data.object`."""

    type: str
    id: str
    name: str
    body: JsonObject


def record(bench: Workbench, merchant: str, type: str, about: About, cause: Cause) -> Record:
    """Note that something happened, as it looks now; the caller commits."""
    id = bench.unique(EVENT)
    body: JsonObject = {
        "merchant_id": merchant,
        "type": type,
        "event_id": id,
        "created_at": bench.stamp(),
        "data": {"type": about.type, "id": about.id, "object": {about.name: about.body}},
    }
    location = about.body.get("location_id")
    if type.startswith("dispute."):
        body["location_id"] = location
    for webhook in wanting(bench, merchant, type):
        bench.queue.add(id, webhook.id)
    return bench.keep(
        merchant, EVENT, id, body, {"request": cause.request_id, "location": location}
    )


def wanting(bench: Workbench, merchant: str, type: str) -> list[Record]:
    """The merchant's enabled webhooks that listen for this type."""
    webhooks = bench.books.select("account = ? AND kind = ?", (merchant, WEBHOOK))
    return [
        webhook
        for webhook in webhooks
        if webhook.body["enabled"] and type in webhook.body["event_types"]
    ]


def payload(event: JsonObject) -> bytes:
    """An event as it is sent: without a blank or a line break that was not said."""
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()


def enable(bench: Workbench, call: Call) -> JsonObject:
    body_of(call.body, {})
    if not bench.books.fact(_SINCE + call.account):
        bench.books.set_fact(_SINCE + call.account, bench.stamp())
    return {}


def disable(bench: Workbench, call: Call) -> JsonObject:
    body_of(call.body, {})
    bench.books.set_fact(_SINCE + call.account, "")
    return {}


def types(bench: Workbench, call: Call) -> JsonObject:
    query_of(call.query, {"api_version": Text(10)})
    metadata = [
        {"event_type": type, "api_version_introduced": "2020-02-26", "release_status": "PUBLIC"}
        for type in TYPES
    ]
    return {"event_types": list(TYPES), "metadata": metadata}


def search(bench: Workbench, call: Call) -> JsonObject:
    said = body_of(call.body, _SEARCH)
    since = bench.books.fact(_SINCE + call.account)
    if not since:
        return {}
    query = said.get("query", {})
    filters = query.get("filter", {})
    oldest = max(since, stamped(bench.now() - KEPT_S))
    conditions: list[listing.Condition] = [
        ("json_extract(body, '$.created_at') >= ?", [oldest]),
        ("json_extract(private, '$.test') IS NULL", ()),
    ]
    for end, comparison in (("start_at", ">="), ("end_at", "<=")):
        if end in filters.get("created_at", {}):
            limit = filters["created_at"][end]
            conditions.append((f"json_extract(body, '$.created_at') {comparison} ?", [limit]))
    for name, path in _FILTERS.items():
        if filters.get(name):
            marks = ", ".join("?" * len(filters[name]))
            conditions.append((f"json_extract({path}') IN ({marks})", filters[name]))
    wanted = listing.Wanted(
        account=call.account,
        kind=EVENT,
        conditions=conditions,
        downwards=query.get("sort", {}).get("order", "DESC") == "DESC",
        limit=said.get("limit", 100),
        cursor=said.get("cursor"),
        shape=(filters,),
    )
    found, cursor = listing.page(bench, wanted)
    answer = listing.in_page("events", [event.body for event in found], cursor)
    if found:
        answer["metadata"] = [{"event_id": event.id, "api_version": API_VERSION} for event in found]
    return answer
