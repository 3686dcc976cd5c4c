"""Checkout sessions: created by a shop, open for a while, then complete or expired."""

from collections.abc import Sequence
from typing import Any

from app.sandbox.bench import Cause
from app.sandbox.books import JsonObject, Record
from app.sandbox.stripe import events, setups
from app.sandbox.stripe.currencies import check_last_digit, check_total
from app.sandbox.stripe.errors import StripeRefusal, bad_parameter, not_allowed
from app.sandbox.stripe.objects.listed import listed
from app.sandbox.stripe.objects.session import line_item, price, session
from app.sandbox.stripe.parameters import (
    EXPAND,
    LISTING,
    Choice,
    Email,
    Fields,
    Span,
    Text,
    check_all,
)
from app.sandbox.stripe.presentation import listed_page, presented
from app.sandbox.stripe.session_checks import checked
from app.sandbox.stripe.workbench import Call, Workbench

KIND = "checkout.session"
SHORTEST_S = 30 * 60
LONGEST_S = 24 * 3600

_DATA = ("payment_intent_data", "subscription_data", "setup_intent_data")
_FRAGMENT_LENGTH = 292
_LIST_RULES = {
    **LISTING,
    "created": Span(),
    "customer": Text(200),
    "customer_details": Fields({"email": Email()}, ("email",)),
    "payment_intent": Text(200),
    "payment_link": Text(200),
    "status": Choice(["complete", "expired", "open"]),
    "subscription": Text(200),
}
_DUE = (
    "kind = 'checkout.session' AND json_extract(body, '$.status') = 'open'"
    " AND json_extract(body, '$.expires_at') <= ?"
)
SCHEMA = """
CREATE INDEX IF NOT EXISTS stripe_open_sessions ON objects (json_extract(body, '$.expires_at'))
    WHERE kind = 'checkout.session' AND json_extract(body, '$.status') = 'open';
CREATE INDEX IF NOT EXISTS stripe_by_intent
    ON objects (account, kind, json_extract(body, '$.payment_intent'));
CREATE INDEX IF NOT EXISTS stripe_by_link
    ON objects (account, kind, json_extract(body, '$.payment_link'));
"""


def create(bench: Workbench, call: Call) -> JsonObject:
    params = checked(call.form)
    expires_at = _expiry(params.get("expires_at"), bench.now())
    if params["mode"] != "setup":
        items = priced(bench, params["line_items"])
        return presented(bench, begin(bench, call.account, params, items, expires_at=expires_at))
    if "customer" in params:
        bench.need(call.account, "customer", params["customer"], "customer")
    record = begin(bench, call.account, params, [], expires_at=expires_at)
    setups.attach(bench, record, call.cause)
    return presented(bench, record)


def priced(bench: Workbench, wanted: Sequence[dict[str, Any]]) -> list[JsonObject]:
    """Line items with their inline prices; raises for a total that cannot be charged."""
    now = bench.now()
    items = [_line_item(bench, item, now) for item in wanted]
    check_total(total_of(items), items[0]["currency"])
    return items


def total_of(items: Sequence[JsonObject]) -> int:
    return sum(item["amount_total"] for item in items)


def begin(
    bench: Workbench,
    account: str,
    params: JsonObject,
    items: list[JsonObject],
    *,
    expires_at: int,
) -> Record:
    """Open a session for priced items, or for none in set-up mode; the caller commits."""
    body = session(
        id=bench.new_id(KIND, "cs_test_a1", 56),
        created=bench.now(),
        expires_at=expires_at,
        amount=total_of(items) if items else None,
        currency=items[0]["currency"] if items else params.get("currency"),
        params=params,
    )
    data: JsonObject = next((params[name] for name in _DATA if params.get(name)), {})
    private = {
        "line_items": items,
        "data": data,
        "fragment": _fragment(bench),
        "payment_intent": None,
    }
    return bench.add(account, KIND, body, private)


def retrieve(bench: Workbench, call: Call) -> JsonObject:
    check_all(call.form, {"expand": EXPAND})
    return presented(bench, _need(bench, call))


def listing(bench: Workbench, call: Call) -> JsonObject:
    params = check_all(call.form, _LIST_RULES)
    conditions: list[tuple[str, list[str | int]]] = []
    if "customer_details" in params:
        wanted = params["customer_details"]["email"]
        conditions.append(("json_extract(body, '$.customer_details.email') = ?", [wanted]))
    filters = ("customer", "payment_intent", "payment_link", "status", "subscription")
    return listed_page(bench, call, KIND, params, equal=filters, conditions=conditions)


def line_items(bench: Workbench, call: Call) -> JsonObject:
    return items_page(call, _need(bench, call).private["line_items"])


def items_page(call: Call, items: list[JsonObject]) -> JsonObject:
    """One page of line items, the first of them first."""
    params = check_all(call.form, LISTING)
    ids = [item["id"] for item in items]
    for param in ("starting_after", "ending_before"):
        if param in params and params[param] not in ids:
            raise bad_parameter(f"No such item: '{params[param]}'", param, "resource_missing")
    limit = params.get("limit", 10)
    if "ending_before" in params:
        end = ids.index(params["ending_before"])
        start = max(0, end - limit)
        return listed(items[start:end], call.path, has_more=start > 0)
    start = ids.index(params["starting_after"]) + 1 if "starting_after" in params else 0
    return listed(items[start : start + limit], call.path, has_more=start + limit < len(items))


def expire(bench: Workbench, call: Call) -> JsonObject:
    check_all(call.form, {"expand": EXPAND})
    record = _need(bench, call)
    if record.body["status"] != "open":
        raise not_allowed(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout'
            f" Session has a status of {record.body['status']}."
        )
    close(bench, record, call.cause)
    return presented(bench, record)


def close(bench: Workbench, record: Record, cause: Cause) -> None:
    """Turn an open session into an expired one, for good."""
    record.body["status"] = "expired"
    bench.books.save(record)
    intent = bench.books.get("payment_intent", record.private["payment_intent"] or "")
    if intent is not None:
        intent.body.update(
            status="canceled",
            canceled_at=bench.now(),
            cancellation_reason="automatic",
            next_action=None,
        )
        bench.books.save(intent)
        events.record(bench, "payment_intent.canceled", intent, cause)
    if record.body["mode"] == "setup":
        setups.cancel(bench, record, cause)
    events.record(bench, "checkout.session.expired", record, cause)


def expire_due(bench: Workbench) -> bool:
    """Expire what has outlived its `expires_at`, in a transaction of its own."""
    due = bench.books.select(_DUE, (bench.now(),), index="stripe_open_sessions")
    if not due:
        return False
    with bench.books.transaction():
        for record in due:
            close(bench, record, Cause())
    return True


def _need(bench: Workbench, call: Call) -> Record:
    return bench.need(call.account, KIND, call.id, "session")


def _expiry(wanted: int | None, now: int) -> int:
    if wanted is None:
        return now + LONGEST_S
    if wanted < now + SHORTEST_S:
        raise bad_parameter(
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session"
            " creation.",
            "expires_at",
        )
    if wanted > now + LONGEST_S:
        raise bad_parameter(
            "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.",
            "expires_at",
        )
    return wanted


def _line_item(bench: Workbench, item: dict[str, Any], now: int) -> JsonObject:
    data = item["price_data"]
    check_last_digit(data["unit_amount"], data["currency"], "line_items")
    amount = data["unit_amount"] * item["quantity"]
    if amount > 10**15:
        raise StripeRefusal(400, "The total amount is too large.", code="amount_too_large")
    return line_item(
        id=bench.ids("li_1", 23),
        price=price(
            id=bench.ids("price_1", 23),
            product=bench.ids("prod_", 14),
            created=now,
            currency=data["currency"],
            unit_amount=data["unit_amount"],
            recurring=data.get("recurring"),
        ),
        name=data["product_data"]["name"],
        amount=amount,
        quantity=item["quantity"],
        metadata=item.get("metadata", {}),
    )


def _fragment(bench: Workbench) -> str:
    """Looks like the part that a real page needs: long, opaque, partly percent-encoded."""
    text = bench.ids("fid", _FRAGMENT_LENGTH - 3 * 6)
    pieces = [text[at : at + 46] for at in range(0, len(text), 46)]
    return "%2F".join(pieces[:-1]) + pieces[-1] + "%3D"
