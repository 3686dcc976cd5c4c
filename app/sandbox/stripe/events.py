"""Events: written with the effect they tell of, and queued for the endpoints that asked."""

from app.sandbox.bench import Cause
from app.sandbox.books import JsonObject, Record
from app.sandbox.stripe.endpoints import wanting
from app.sandbox.stripe.errors import bad_parameter, no_such
from app.sandbox.stripe.objects.account import event
from app.sandbox.stripe.parameters import EXPAND, LISTING, Flag, Listed, Span, Text, check_all
from app.sandbox.stripe.presentation import listed_page, presented
from app.sandbox.stripe.versions import pinned
from app.sandbox.stripe.workbench import Call, Workbench

_LIST_RULES = {
    **LISTING,
    "created": Span(),
    "delivery_success": Flag(),
    "type": Text(200),
    "types": Listed(Text(200), most=20),
}
KEPT_S = 30 * 86_400
"""How long Stripe tells of an event; docs.stripe.com/api/events."""
_WILD = str.maketrans({"[": "[[]", "?": "[?]"})
_UNDELIVERED = (
    "EXISTS (SELECT 1 FROM deliveries WHERE event = objects.id AND state IN ('pending', 'failed'))"
)


def record(bench: Workbench, type: str, subject: Record, cause: Cause) -> Record:
    """Note that something happened to `subject`, as it looks now; the caller commits."""
    endpoints = wanting(bench, subject.account, type)
    body = event(
        id=bench.new_id("event", "evt_1", 23),
        version=pinned(bench.books, subject.account),
        created=bench.now(),
        type=type,
        object=presented(bench, subject),
        pending=len(endpoints),
        request_id=cause.request_id,
        idempotency_key=cause.idempotency_key,
    )
    for endpoint in endpoints:
        bench.queue.add(body["id"], endpoint.id)
    return bench.add(subject.account, "event", body)


def retrieve(bench: Workbench, call: Call) -> JsonObject:
    check_all(call.form, {"expand": EXPAND})
    event = bench.need(call.account, "event", call.id, "id")
    if event.created <= bench.now() - KEPT_S:
        raise no_such("event", call.id, "id")
    return presented(bench, event)


def listing(bench: Workbench, call: Call) -> JsonObject:
    params = check_all(call.form, _LIST_RULES)
    types = list(params.get("types", ()))
    if "type" in params:
        if types:
            raise bad_parameter("You may only specify one of `type` and `types`.", "types")
        types = [params["type"]]
    conditions: list[tuple[str, list[str | int]]] = [
        ("created > ?", [bench.now() - KEPT_S]),
    ]
    if types:
        patterns = " OR ".join("json_extract(body, '$.type') GLOB ?" for _ in types)
        conditions.append((f"({patterns})", [type.translate(_WILD) for type in types]))
    if "delivery_success" in params:
        negation = "NOT " if params["delivery_success"] else ""
        conditions.append((negation + _UNDELIVERED, []))
    return listed_page(bench, call, "event", params, conditions=conditions)
