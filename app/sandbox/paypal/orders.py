"""Orders: made, read, changed and expired. The payer approves one on a page; the shop captures it.

An order lives for three hours and is not to be found afterwards, unless it was captured. There is
no way to cancel one.
"""

import re
from typing import Final

from app.sandbox.books import JsonObject, Record
from app.sandbox.paypal import events, order_checks
from app.sandbox.paypal.captures import KIND as CAPTURE
from app.sandbox.paypal.captures import check_invoice, in_order
from app.sandbox.paypal.errors import bad_request, not_found, not_simulated, unprocessable
from app.sandbox.paypal.refunds import KIND as REFUND
from app.sandbox.paypal.refunds import in_order as refund_in_order
from app.sandbox.paypal.workbench import Call, Workbench

KIND = "paypal.order"
PAGE: Final = "/checkoutnow"
LIFE_S = 3 * 3600
SCHEMA = """
CREATE INDEX IF NOT EXISTS paypal_orders_due ON objects (json_extract(private, '$.expires_at'))
    WHERE kind = 'paypal.order' AND json_extract(private, '$.expires_at') IS NOT NULL;
"""

_DUE = (
    "kind = 'paypal.order' AND json_extract(private, '$.expires_at') IS NOT NULL"
    " AND json_extract(private, '$.expires_at') <= ?"
)
_PATCHED = re.compile(
    r"/purchase_units/@reference_id=='([^']*)'/(custom_id|invoice_id|description)"
)
_KEPT = ("description", "custom_id", "invoice_id", "soft_descriptor", "items")


def create(bench: Workbench, call: Call) -> tuple[int, JsonObject]:
    given = order_checks.checked(call.given)
    source = given.get("payment_source")
    if source and call.cause.idempotency_key is None:
        raise bad_request("PAYPAL_REQUEST_ID_REQUIRED")
    unit = given["purchase_units"][0]
    check_invoice(bench, call.account, unit.get("invoice_id"))
    wallet = (source or {}).get("paypal") or {}
    body: JsonObject = {
        "id": bench.new_code(KIND),
        "intent": given["intent"],
        "status": "PAYER_ACTION_REQUIRED" if source else "CREATED",
        "purchase_units": [_unit(call.account, unit)],
        "create_time": bench.time(),
    }
    if source:
        body["payment_source"] = {"paypal": {}}
    private: JsonObject = {
        "context": wallet.get("experience_context") or given.get("application_context") or {},
        "email": wallet.get("email_address"),
        "captures": [],
        "refunds": [],
        "expires_at": bench.now() + LIFE_S,
    }
    order = bench.put(call.account, KIND, body, private)
    return 201, answered(bench, order, call)


def retrieve(bench: Workbench, call: Call) -> tuple[int, JsonObject]:
    return 200, presented(bench, need(bench, call.account, call.id))


def patch(bench: Workbench, call: Call) -> tuple[int, None]:
    """Change what is ours about an order that is not paid."""
    order = need(bench, call.account, call.id)
    if order.body["status"] == "COMPLETED":
        raise unprocessable("ORDER_ALREADY_COMPLETED")
    if not isinstance(call.body, list):
        raise bad_request("INVALID_PARAMETER_SYNTAX", "/")
    for place, change in enumerate(call.body):
        path = str(change.get("path", "")) if isinstance(change, dict) else ""
        match = _PATCHED.fullmatch(path)
        if match is None or change.get("op") not in ("add", "replace"):
            raise not_simulated("this change of an order", f"/{place}/path")
        unit = order.body["purchase_units"][0]
        if match[1] != unit["reference_id"]:
            raise bad_request("INVALID_PARAMETER_VALUE", f"/{place}/path", path)
        if not isinstance(change.get("value"), str) or not 0 < len(change["value"]) <= 127:
            raise bad_request("INVALID_STRING_LENGTH", f"/{place}/value")
        unit[match[2]] = change["value"]
    bench.books.save(order)
    return 204, None


def need(bench: Workbench, account: str, id: str) -> Record:
    """An order that still is one, or PayPal's 404."""
    order = bench.need(account, KIND, id)
    if is_over(order):
        raise not_found()
    return order


def is_over(order: Record) -> bool:
    """Say whether its time is over and PayPal no longer knows it."""
    return bool(order.private.get("is_over"))


def end(bench: Workbench, order: Record) -> None:
    """Let an order's time be over; an approval that was not used is given back. Commits nothing."""
    was_approved = order.body["status"] == "APPROVED"
    order.private.pop("expires_at", None)
    order.private["is_over"] = True
    bench.books.save(order)
    if was_approved:
        summary = "A payment has been reversed after approval."
        resource = {
            "order_id": order.id,
            "purchase_units": order.body["purchase_units"],
            "payment_source": order.body.get("payment_source", {}),
        }
        type = "CHECKOUT.PAYMENT-APPROVAL.REVERSED"
        events.record(bench, order.account, type, "payment", resource, summary)


def end_due(bench: Workbench) -> bool:
    """End the orders whose time is over, in a transaction of its own."""
    due = bench.books.select(_DUE, (bench.now(),), index="paypal_orders_due")
    if not due:
        return False
    with bench.books.transaction():
        for order in due:
            end(bench, order)
    return True


def answered(bench: Workbench, order: Record, call: Call) -> JsonObject:
    """As much of an order as the caller prefers to be told."""
    whole = presented(bench, order)
    if call.wants_all:
        return whole
    names = ["id", "status", "payment_source", "links"]
    if whole["status"] == "COMPLETED":
        names += ["purchase_units", "payer"]
        unit = whole["purchase_units"][0]
        few = {name: unit[name] for name in ("reference_id", "payments") if name in unit}
        whole["purchase_units"] = [few]
    return {name: whole[name] for name in names if name in whole}


def presented(bench: Workbench, order: Record) -> JsonObject:
    """The order as its API shows it now, with what became of its money."""
    unit = dict(order.body["purchase_units"][0])
    payments: JsonObject = {}
    for name, kind, shown in (
        ("captures", CAPTURE, in_order),
        ("refunds", REFUND, refund_in_order),
    ):
        found = [bench.need(order.account, kind, id) for id in order.private[name]]
        if found:
            payments[name] = [shown(bench, each) for each in found]
    if payments:
        unit["payments"] = payments
    return {**order.body, "purchase_units": [unit], "links": _links(bench, order)}


def page_link(bench: Workbench, order: Record, rel: str) -> JsonObject:
    return {"href": bench.page_url(f"{PAGE}?token={order.id}"), "rel": rel, "method": "GET"}


def _links(bench: Workbench, order: Record) -> list[JsonObject]:
    path, status = f"/v2/checkout/orders/{order.id}", order.body["status"]
    links = [bench.link(path, "self")]
    if status == "PAYER_ACTION_REQUIRED":
        return [*links, page_link(bench, order, "payer-action")]
    if status == "CREATED":
        links.append(page_link(bench, order, "approve"))
    if status in ("CREATED", "APPROVED"):
        links.append(bench.link(path, "update", "PATCH"))
        links.append(bench.link(f"{path}/capture", "capture", "POST"))
    return links


def _unit(account: str, unit: JsonObject) -> JsonObject:
    return {
        "reference_id": unit.get("reference_id", "default"),
        "amount": unit["amount"],
        "payee": {"email_address": "shop@example.com", "merchant_id": account},
        **{name: unit[name] for name in _KEPT if unit.get(name)},
    }
