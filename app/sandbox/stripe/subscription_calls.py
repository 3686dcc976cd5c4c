"""What Stripe's API is asked about subscriptions: read one, list them, change one, cancel one."""

from dataclasses import dataclass
from typing import Any

from app.sandbox.books import JsonObject
from app.sandbox.stripe.errors import bad_parameter, no_such, not_allowed, not_simulated
from app.sandbox.stripe.forms import FormValue
from app.sandbox.stripe.parameters import (
    EXPAND,
    LISTING,
    Absent,
    Choice,
    Fields,
    Flag,
    Ignored,
    Metadata,
    Rule,
    Span,
    Text,
    Whole,
    check_all,
)
from app.sandbox.stripe.presentation import listed_page, presented
from app.sandbox.stripe.subscriptions import KIND, OVER, end, next_due, tell
from app.sandbox.stripe.workbench import Call, Workbench

_STATUSES = (
    *("active", "all", "canceled", "ended", "incomplete", "incomplete_expired"),
    *("past_due", "paused", "trialing", "unpaid"),
)
_LIST_RULES: dict[str, Rule] = {
    **LISTING,
    "collection_method": Choice(["charge_automatically", "send_invoice"]),
    "created": Span(),
    "customer": Text(200),
    "price": Absent("prices that outlive their session"),
    "status": Choice(_STATUSES),
}
_DETAILS = Fields(
    {
        "comment": Text(5000),
        "feedback": Choice(
            [
                *("customer_service", "low_quality", "missing_features", "other"),
                *("switched_service", "too_complex", "too_expensive", "unused"),
            ]
        ),
    }
)
_CANCEL_RULES: dict[str, Rule] = {
    "cancellation_details": _DETAILS,
    "expand": EXPAND,
    "invoice_now": Flag(),
    "prorate": Flag(),
}


@dataclass(frozen=True)
class _Pause:
    """How collecting is paused, or an empty text that ends it."""

    _fields = Fields(
        {
            "behavior": Choice(["keep_as_draft", "mark_uncollectible", "void"]),
            "resumes_at": Absent("a pause that ends by itself"),
        },
        ("behavior",),
    )

    def check(self, value: FormValue, name: str) -> JsonObject | None:
        return None if value == "" else self._fields.check(value, name)


_UPDATE_RULES: dict[str, Rule] = {
    "add_invoice_items": Absent("invoice items"),
    "billing_cycle_anchor": Absent("a billing anchor"),
    "cancel_at": Whole(),
    "cancel_at_period_end": Flag(),
    "cancellation_details": _DETAILS,
    "collection_method": Absent("invoices that are sent"),
    "default_payment_method": Text(200),
    "description": Text(500),
    "discounts": Absent("discounts"),
    "expand": EXPAND,
    "invoice_settings": Ignored(),
    "items": Absent("other prices for a subscription that runs"),
    "metadata": Metadata(),
    "off_session": Ignored(),
    "pause_collection": _Pause(),
    "payment_behavior": Ignored(),
    "payment_settings": Ignored(),
    "proration_behavior": Ignored(),
    "trial_end": Absent("trials"),
}
_WHEN_OVER = {"cancellation_details", "expand", "metadata"}


def retrieve(bench: Workbench, call: Call) -> JsonObject:
    check_all(call.form, {"expand": EXPAND})
    return presented(bench, bench.need(call.account, KIND, call.id, "id"))


def listing(bench: Workbench, call: Call) -> JsonObject:
    """List them; those that were canceled only where they are asked for."""
    params = check_all(call.form, _LIST_RULES)
    status = params.pop("status", None)
    conditions: list[tuple[str, list[str | int]]] = []
    over = f"json_extract(body, '$.status') {{}} {OVER!r}"
    if status is None:
        conditions.append(("json_extract(body, '$.status') <> 'canceled'", []))
    elif status == "ended":
        conditions.append((over.format("IN"), []))
    elif status != "all":
        conditions.append(("json_extract(body, '$.status') = ?", [status]))
    equal = ("collection_method", "customer")
    return listed_page(bench, call, KIND, params, equal=equal, conditions=conditions)


def update(bench: Workbench, call: Call) -> JsonObject:
    params = check_all(call.form, _UPDATE_RULES)
    record = bench.need(call.account, KIND, call.id, "id")
    body = record.body
    if body["status"] in OVER and not set(params) <= _WHEN_OVER:
        raise not_allowed(
            "A canceled subscription can only update its cancellation_details and metadata."
        )
    if "cancel_at" in params and "cancel_at_period_end" in params:
        raise bad_parameter(
            "You may only specify one of `cancel_at` and `cancel_at_period_end`.", "cancel_at"
        )
    if "default_payment_method" in params:
        id = params["default_payment_method"]
        bench.need(call.account, "payment_method", id, "default_payment_method")
        body["default_payment_method"] = id
    for name in ("description", "pause_collection"):
        if name in params:
            body[name] = params[name]
    body["metadata"] = {**body["metadata"], **params.get("metadata", {})}
    given = params.get("cancellation_details", {})
    body["cancellation_details"] = {**body["cancellation_details"], **given}
    if "cancel_at" in params:
        raise not_simulated("an end at a moment of one's choice", "cancel_at")
    if "cancel_at_period_end" in params:
        at = next_due(record) if params["cancel_at_period_end"] else None
        _set_end(bench, body, at)
    tell(bench, record, call.cause)
    return presented(bench, record)


def cancel(bench: Workbench, call: Call) -> JsonObject:
    """End one at once. One that is over already is none any more, as the API sees it."""
    params = check_all(call.form, _CANCEL_RULES)
    record = bench.need(call.account, KIND, call.id, "id")
    if record.body["status"] in OVER:
        raise no_such(KIND, call.id, "id")
    if params.get("invoice_now") or params.get("prorate"):
        raise not_simulated("prorations", "prorate")
    given: dict[str, Any] = params.get("cancellation_details", {})
    record.body["cancellation_details"] = {**record.body["cancellation_details"], **given}
    end(bench, record, call.cause)
    return presented(bench, record)


def _set_end(bench: Workbench, body: JsonObject, at: int | None) -> None:
    """Have it end at that moment, or not by itself any more."""
    ends = at is not None
    body.update(cancel_at_period_end=ends, cancel_at=at, canceled_at=bench.now() if ends else None)
    reason = "cancellation_requested" if ends else None
    body["cancellation_details"] = {**body["cancellation_details"], "reason": reason}
