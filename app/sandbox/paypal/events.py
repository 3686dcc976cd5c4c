"""Events: written with the effect they tell of, and queued for the webhooks that asked.

What nobody was subscribed to is not in the list of events, and never comes to be.
"""

from collections.abc import Sequence
from datetime import datetime

from app.sandbox.books import JsonObject, Query, Record
from app.sandbox.paypal.checks import Fields, Several, Text, check
from app.sandbox.paypal.errors import Detail, PayPalRefusal, not_found
from app.sandbox.paypal.webhooks import KIND as WEBHOOK
from app.sandbox.paypal.webhooks import wanting
from app.sandbox.paypal.workbench import Call, Workbench

KIND = "paypal.event"
KEPT_S = 30 * 86_400
"""For how long events are told of."""

_VERSIONS = {"capture": "2.0", "refund": "2.0", "checkout-order": "2.0", "subscription": "2.0"}
_RESEND = Fields({"webhook_ids": Several(Text(50), 0, 500)})
_WILD = str.maketrans({"[": "[[]", "?": "[?]"})


def record(
    bench: Workbench,
    account: str,
    type: str,
    resource_type: str,
    resource: JsonObject,
    summary: str,
) -> None:
    """Note that something happened to a resource, as it looks now; the caller commits."""
    webhooks = [webhook.id for webhook in wanting(bench, account, type)]
    event = write(bench, account, type, resource_type, resource, summary, told_to=webhooks)
    for webhook in webhooks:
        bench.queue.add(event.id, webhook)


def write(
    bench: Workbench,
    account: str,
    type: str,
    resource_type: str,
    resource: JsonObject,
    summary: str,
    *,
    told_to: Sequence[str],
) -> Record:
    """Add an event to the books, and the ids of the webhooks that it is for."""
    id = bench.new_code(KIND, 34, "WH-")
    id = f"{id[:20]}-{id[20:]}"
    body: JsonObject = {
        "id": id,
        "event_version": "1.0",
        "create_time": bench.time().replace("Z", ".000Z"),
        "resource_type": resource_type,
        "resource_version": _VERSIONS.get(resource_type, "1.0"),
        "event_type": type,
        "summary": summary,
        "resource": resource,
        "links": [
            bench.link(f"/v1/notifications/webhooks-events/{id}", "self"),
            bench.link(f"/v1/notifications/webhooks-events/{id}/resend", "resend", "POST"),
        ],
    }
    return bench.put(account, KIND, body, {"webhooks": list(told_to)})


def listing(bench: Workbench, call: Call) -> tuple[int, JsonObject]:
    """Answer the list of events, newest first: `start_time`, `end_time`, `event_type`..."""
    size = _page_size(call)
    conditions: list[tuple[str, tuple[str | int, ...]]] = [
        ("created > ?", (bench.now() - KEPT_S,)),
        ("json_array_length(private, '$.webhooks') > ?", (0,)),
    ]
    for name, sign in (("start_time", ">="), ("end_time", "<=")):
        if name in call.query:
            conditions.append((f"created {sign} ?", (moment(call, name),)))
    if "event_type" in call.query:
        pattern = call.query["event_type"].translate(_WILD)
        conditions.append(("json_extract(body, '$.event_type') GLOB ?", (pattern,)))
    if "transaction_id" in call.query:
        conditions.append(
            ("json_extract(body, '$.resource.id') = ?", (call.query["transaction_id"],))
        )
    after = call.query.get("next_page_token")
    if after is not None and bench.books.get(KIND, after, call.account) is None:
        raise _bad_query("next_page_token", after)
    query = Query(account=call.account, kind=KIND, conditions=conditions, limit=size, after=after)
    records, has_more = bench.books.page(query)
    links = [bench.link("/v1/notifications/webhooks-events", "self")]
    if has_more:
        given = {**call.query, "next_page_token": records[-1].id}
        tail = "&".join(f"{name}={value}" for name, value in given.items())
        links.append(bench.link(f"/v1/notifications/webhooks-events?{tail}", "next"))
    return 200, {
        "events": [record.body for record in records],
        "count": len(records),
        "links": links,
    }


def retrieve(bench: Workbench, call: Call) -> tuple[int, JsonObject]:
    return 200, _told(bench, call).body


def resend(bench: Workbench, call: Call) -> tuple[int, JsonObject]:
    """Queue an event again: for the webhooks named, or for those that it was for."""
    named = check(call.given, _RESEND).get("webhook_ids")
    event = _told(bench, call)
    for id in named or event.private["webhooks"]:
        if bench.books.get(WEBHOOK, id, call.account) is None:
            raise not_found("webhook_ids")
        bench.queue.add(event.id, id)
    return 202, event.body


def _told(bench: Workbench, call: Call) -> Record:
    event = bench.need(call.account, KIND, call.id)
    if event.created <= bench.now() - KEPT_S or not event.private["webhooks"]:
        raise not_found()
    return event


def _page_size(call: Call) -> int:
    value = call.query.get("page_size", "10")
    if not (value.isascii() and value.isdigit()) or not 1 <= int(value) <= 300:
        raise _bad_query("page_size", value)
    return int(value)


def moment(call: Call, name: str) -> int:
    """A time in the query, with its zone; raises PayPal's 400."""
    value = call.query[name]
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise _bad_query(name, value) from error
    if moment.tzinfo is None:
        raise _bad_query(name, value)
    return int(moment.timestamp())


def _bad_query(name: str, value: str) -> PayPalRefusal:
    return PayPalRefusal(400, Detail("INVALID_PARAMETER_VALUE", name, value, "query"))
