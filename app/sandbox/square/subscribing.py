"""Subscriptions as the API shows them: read, searched, cancelled, and kept after all."""

from collections.abc import Mapping

from app.sandbox.books import JsonObject
from app.sandbox.square import listing
from app.sandbox.square.errors import bad_request, not_found
from app.sandbox.square.parameters import Each, Fields, Rule, Text, Whole, body_of, query_of
from app.sandbox.square.subscriptions import shown, tell
from app.sandbox.square.workbench import CUSTOMER, INVOICE, SUBSCRIPTION, Call, Workbench

_SEARCH: Mapping[str, Rule] = {
    "cursor": Text(1024),
    "include": Each(Text(40), 5),
    "limit": Whole(1, 200),
    "query": Fields(
        {
            "filter": Fields(
                {
                    "customer_ids": Each(Text(191, 1), 100),
                    "location_ids": Each(Text(50, 1), 100),
                    "source_names": Each(Text(255, 1), 100),
                }
            )
        }
    ),
}


def retrieve(bench: Workbench, call: Call) -> JsonObject:
    asked = query_of(call.query, {"include": Text(40)})
    subscription = bench.need(call.account, SUBSCRIPTION, call.id, "subscription_id")
    return {"subscription": shown(subscription, actions="actions" in asked.get("include", ""))}


def search(bench: Workbench, call: Call) -> JsonObject:
    said = body_of(call.body, _SEARCH)
    filters = said.get("query", {}).get("filter", {})
    conditions: list[listing.Condition] = []
    paths = {
        "customer_ids": "customer_id",
        "location_ids": "location_id",
        "source_names": "source.name",
    }
    for name, path in paths.items():
        if filters.get(name):
            marks = ", ".join("?" * len(filters[name]))
            conditions.append((f"json_extract(body, '$.{path}') IN ({marks})", filters[name]))
    wanted = listing.Wanted(
        account=call.account,
        kind=SUBSCRIPTION,
        conditions=conditions,
        downwards=False,
        limit=said.get("limit", 200),
        cursor=said.get("cursor"),
        shape=(filters,),
    )
    found, cursor = listing.page(bench, wanted)
    bodies = [shown(each, actions="actions" in said.get("include", [])) for each in found]
    return listing.in_page("subscriptions", bodies, cursor)


def cancel(bench: Workbench, call: Call) -> JsonObject:
    """Let it end with what was paid for."""
    body_of(call.body, {})
    subscription = bench.need(call.account, SUBSCRIPTION, call.id, "subscription_id")
    body = subscription.body
    if body["status"] != "ACTIVE" or body.get("canceled_date"):
        raise bad_request("The subscription is cancelled already.", "subscription_id")
    body["canceled_date"] = body["charged_through_date"]
    action = {
        "id": bench.unique(SUBSCRIPTION),
        "type": "CANCEL",
        "effective_date": body["canceled_date"],
    }
    body["actions"] = [action]
    tell(bench, subscription, "subscription.updated")
    return {"subscription": shown(subscription, actions=False), "actions": [action]}


def undo(bench: Workbench, call: Call) -> JsonObject:
    """Take back a cancellation that has not come to pass."""
    subscription = bench.need(call.account, SUBSCRIPTION, call.id, "subscription_id")
    body = subscription.body
    rest = [action for action in body.get("actions", []) if action["id"] != call.ids[1]]
    if body["status"] != "ACTIVE" or len(rest) == len(body.get("actions", [])):
        raise not_found("action", call.ids[1], "action_id")
    del body["canceled_date"], body["actions"]
    tell(bench, subscription, "subscription.updated")
    return {"subscription": shown(subscription, actions=False)}


def retrieve_invoice(bench: Workbench, call: Call) -> JsonObject:
    query_of(call.query, {})
    return {"invoice": bench.need(call.account, INVOICE, call.id, "invoice_id").body}


def retrieve_customer(bench: Workbench, call: Call) -> JsonObject:
    query_of(call.query, {})
    return {"customer": bench.need(call.account, CUSTOMER, call.id, "customer_id").body}
