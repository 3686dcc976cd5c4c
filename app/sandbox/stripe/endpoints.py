"""Webhook endpoints: up to 16 for an account, each with a secret that is told once."""

from collections.abc import Mapping

from app.sandbox.books import JsonObject, Record
from app.sandbox.stripe.errors import bad_parameter, not_allowed
from app.sandbox.stripe.objects.account import webhook_endpoint
from app.sandbox.stripe.parameters import (
    EXPAND,
    LISTING,
    Choice,
    Flag,
    Listed,
    Metadata,
    Rule,
    Text,
    WebAddress,
    check_all,
)
from app.sandbox.stripe.presentation import listed_page, presented
from app.sandbox.stripe.versions import KNOWN
from app.sandbox.stripe.workbench import Call, Workbench

KIND = "webhook_endpoint"
MOST = 16

_RULES: Mapping[str, Rule] = {
    "api_version": Choice(list(KNOWN)),
    "connect": Flag(),
    "description": Text(5000),
    "enabled_events": Listed(Text(200), most=500),
    "expand": EXPAND,
    "metadata": Metadata(),
    "url": WebAddress(),
}
_UPDATE_RULES: Mapping[str, Rule] = {
    "description": Text(5000),
    "disabled": Flag(),
    "enabled_events": Listed(Text(200), most=500),
    "expand": EXPAND,
    "metadata": Metadata(),
    "url": WebAddress(),
}


def create(bench: Workbench, call: Call) -> JsonObject:
    params = check_all(call.form, _RULES, ("enabled_events", "url"))
    if not params["enabled_events"]:
        raise bad_parameter("You must specify at least one event.", "enabled_events")
    if len(bench.books.select("account = ? AND kind = ?", (call.account, KIND))) >= MOST:
        raise not_allowed(f"You have reached the maximum of {MOST} test webhook endpoints.")
    body = webhook_endpoint(id=bench.new_id(KIND, "we_1", 23), created=bench.now(), params=params)
    secret = bench.ids("whsec_", 32)
    bench.add(call.account, KIND, body, {"secret": secret})
    return {**body, "secret": secret}


def retrieve(bench: Workbench, call: Call) -> JsonObject:
    return presented(bench, bench.need(call.account, KIND, call.id, "webhook_endpoint"))


def update(bench: Workbench, call: Call) -> JsonObject:
    params = check_all(call.form, _UPDATE_RULES)
    record = bench.need(call.account, KIND, call.id, "webhook_endpoint")
    for name in ("description", "enabled_events", "url"):
        if name in params:
            record.body[name] = params[name]
    record.body["metadata"] = {**record.body["metadata"], **params.get("metadata", {})}
    if "disabled" in params:
        record.body["status"] = "disabled" if params["disabled"] else "enabled"
    bench.books.save(record)
    return presented(bench, record)


def listing(bench: Workbench, call: Call) -> JsonObject:
    return listed_page(bench, call, KIND, check_all(call.form, LISTING))


def delete(bench: Workbench, call: Call) -> JsonObject:
    bench.books.remove(bench.need(call.account, KIND, call.id, "webhook_endpoint"))
    return {"id": call.id, "object": KIND, "deleted": True}


def wanting(bench: Workbench, account: str, event_type: str) -> list[Record]:
    """The enabled endpoints of the account that listen for this type."""
    endpoints = bench.books.select("account = ? AND kind = ?", (account, KIND))
    return [
        endpoint
        for endpoint in endpoints
        if endpoint.body["status"] == "enabled"
        and not {"*", event_type}.isdisjoint(endpoint.body["enabled_events"])
    ]
