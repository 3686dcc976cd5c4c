"""Webhook subscriptions: an address, the types of events for it, and the key that signs them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from app.sandbox.bench import Cause
from app.sandbox.books import JsonObject
from app.sandbox.square import API_VERSION, events, listing
from app.sandbox.square.errors import bad_request, invalid
from app.sandbox.square.parameters import (
    Choice,
    Each,
    Fields,
    Flag,
    Rule,
    Text,
    body_of,
    query_of,
)
from app.sandbox.square.workbench import EVENT, WEBHOOK, Call, Workbench

MOST = 100


@dataclass(frozen=True)
class _NotificationUrl:
    """Where notices go; plain http is for this computer alone."""

    def check(self, value: Any, field: str) -> str:
        text = Text(2048, 1).check(value, field)
        parts = urlsplit(text)
        is_here = parts.hostname in ("127.0.0.1", "::1", "localhost")
        if not parts.hostname or not (
            parts.scheme == "https" or (parts.scheme == "http" and is_here)
        ):
            raise invalid("INVALID_VALUE", "The notification URL must be an https URL.", field)
        return text


_SUBSCRIPTION: Mapping[str, Rule] = {
    "api_version": Text(10, 10),
    "enabled": Flag(),
    "event_types": Each(Choice(events.TYPES), 100, 1),
    "name": Text(64, 1),
    "notification_url": _NotificationUrl(),
}
_NEEDED = ("name", "event_types", "notification_url")
_CREATE: Mapping[str, Rule] = {
    "idempotency_key": Text(45),
    "subscription": Fields(_SUBSCRIPTION, _NEEDED),
}
_LIST_RULES: Mapping[str, Rule] = {**listing.PAGE, "include_disabled": Flag()}


def create(bench: Workbench, call: Call) -> JsonObject:
    said = body_of(call.body, _CREATE, ("subscription",))["subscription"]
    if len(bench.books.select("account = ? AND kind = ?", (call.account, WEBHOOK))) >= MOST:
        raise bad_request(f"There can be at most {MOST} webhook subscriptions.")
    now, id = bench.stamp(), "wbhk_" + bench.unique(WEBHOOK).replace("-", "")
    body = {
        "id": id,
        "name": said["name"],
        "enabled": said.get("enabled", True),
        "event_types": said["event_types"],
        "notification_url": said["notification_url"],
        "api_version": said.get("api_version", API_VERSION),
        "signature_key": bench.ids("", 22),
        "created_at": now,
        "updated_at": now,
    }
    return {"subscription": bench.keep(call.account, WEBHOOK, id, body).body}


def retrieve(bench: Workbench, call: Call) -> JsonObject:
    query_of(call.query, {})
    return {"subscription": bench.need(call.account, WEBHOOK, call.id, "subscription_id").body}


def update(bench: Workbench, call: Call) -> JsonObject:
    said = body_of(call.body, {"subscription": Fields(_SUBSCRIPTION)}).get("subscription", {})
    record = bench.need(call.account, WEBHOOK, call.id, "subscription_id")
    record.body.update(said, updated_at=bench.stamp())
    bench.books.save(record)
    return {"subscription": _without_key(record.body)}


def delete(bench: Workbench, call: Call) -> JsonObject:
    bench.books.remove(bench.need(call.account, WEBHOOK, call.id, "subscription_id"))
    return {}


def list_subscriptions(bench: Workbench, call: Call) -> JsonObject:
    asked = query_of(call.query, _LIST_RULES)
    conditions: list[listing.Condition] = []
    if not asked.get("include_disabled"):
        conditions.append(("json_extract(body, '$.enabled') = 1", ()))
    wanted = listing.Wanted(
        account=call.account,
        kind=WEBHOOK,
        conditions=conditions,
        downwards=asked.get("sort_order", "ASC") == "DESC",
        limit=asked.get("limit", 100),
        cursor=asked.get("cursor"),
    )
    found, cursor = listing.page(bench, wanted)
    return listing.in_page("subscriptions", [_without_key(each.body) for each in found], cursor)


def rotate(bench: Workbench, call: Call) -> JsonObject:
    """Give another key: from now on it alone signs, retries of older events included."""
    body_of(call.body, {"idempotency_key": Text(45)})
    record = bench.need(call.account, WEBHOOK, call.id, "subscription_id")
    record.body.update(signature_key=bench.ids("", 22), updated_at=bench.stamp())
    bench.books.save(record)
    return {"signature_key": record.body["signature_key"]}


def test(bench: Workbench, call: Call) -> JsonObject:
    """Send a notice of something that never happened.

    It leaves right after this answer, so that there is no status code to tell yet.
    """
    said = body_of(call.body, {"event_type": Choice(events.TYPES)})
    record = bench.need(call.account, WEBHOOK, call.id, "subscription_id")
    type = said.get("event_type", record.body["event_types"][0])
    name = type.split(".")[0]
    id = bench.ids("", 27) + "ZY"
    now = bench.stamp()
    about = {"id": id, "created_at": now, "updated_at": now, "status": "APPROVED"}
    event_id = bench.unique(EVENT)
    body = {
        "merchant_id": call.account,
        "type": type,
        "event_id": event_id,
        "created_at": now,
        "data": {"type": name, "id": id, "object": {name: about}},
    }
    bench.keep(call.account, EVENT, event_id, body, {"request": Cause().request_id, "test": True})
    bench.queue.add(event_id, record.id)
    payload = events.payload(body).decode()
    result = {"id": event_id, "payload": payload, "created_at": now, "updated_at": now}
    return {"subscription_test_result": result}


def _without_key(body: JsonObject) -> JsonObject:
    return {name: value for name, value in body.items() if name != "signature_key"}
