"""Orders: what is sold, for how much, and what was paid towards it.

An order that a payment link makes is a DRAFT until it is paid. Then it is OPEN and stays so, since
nobody completes its fulfillment; a link that is deleted takes its order to CANCELED.
"""

from collections.abc import Mapping
from typing import Any

from app.sandbox.bench import Cause
from app.sandbox.books import JsonObject, Record
from app.sandbox.square import events, merchants
from app.sandbox.square.errors import bad_request, invalid, not_found
from app.sandbox.square.money import LARGEST, Amount, check_currency, money
from app.sandbox.square.parameters import (
    Absent,
    Choice,
    Each,
    Fields,
    Ignored,
    Metadata,
    Quantity,
    Rule,
    Text,
    query_of,
)
from app.sandbox.square.workbench import ORDER, Call, Workbench

_SOURCE = "Scantill sandbox application"
STATES = ("OPEN", "COMPLETED", "CANCELED", "DRAFT")
_LINE: Mapping[str, Rule] = {
    "applied_discounts": Absent("discounts"),
    "applied_service_charges": Absent("service charges"),
    "applied_taxes": Absent("taxes of Square's own"),
    "base_price_money": Amount(),
    "catalog_object_id": Absent("items of a Square catalog"),
    "catalog_version": Absent("items of a Square catalog"),
    "item_type": Choice(["ITEM", "CUSTOM_AMOUNT"]),
    "metadata": Metadata(),
    "modifiers": Absent("modifiers"),
    "name": Text(512, 1),
    "note": Text(2000),
    "quantity": Quantity(),
    "quantity_unit": Absent("units of quantity"),
    "uid": Text(60),
    "variation_name": Text(400),
}
RULE = Fields(
    {
        "customer_id": Absent("customers of an order"),
        "discounts": Absent("discounts"),
        "fulfillments": Absent("fulfillments of the caller's own"),
        "line_items": Each(Fields(_LINE, ("quantity",)), 500),
        "location_id": Text(50, 1),
        "metadata": Metadata(),
        "pricing_options": Ignored(),
        "reference_id": Text(40),
        "service_charges": Absent("service charges"),
        "source": Fields({"name": Text(255)}),
        "state": Choice(STATES),
        "taxes": Absent("taxes of Square's own"),
        "ticket_name": Text(30),
    },
    ("location_id",),
)


def new(bench: Workbench, merchant: str, said: JsonObject, field: str = "order") -> Record:
    """Make the draft that a payment link is for; the caller commits."""
    merchants.check(merchant, said["location_id"], f"{field}.location_id", selling=True)
    lines = said.get("line_items", [])
    if not lines:
        raise bad_request("The order must have at least one line item.", f"{field}.line_items")
    if said.get("state", "OPEN") not in ("OPEN", "DRAFT"):
        raise invalid("INVALID_VALUE", "A new order is open.", f"{field}.state")
    items = [
        _item(bench, merchant, line, f"{field}.line_items[{at}]") for at, line in enumerate(lines)
    ]
    total = sum(item["total_money"]["amount"] for item in items)
    if not 0 < total <= LARGEST:
        raise invalid(
            "VALUE_TOO_LOW" if total < 1 else "VALUE_TOO_HIGH",
            "The order's total must be at least 1, and an amount that can be charged.",
            f"{field}.line_items",
        )
    currency = str(items[0]["total_money"]["currency"])
    id = bench.new_id(ORDER, "", 26) + "4F"
    now, nothing = bench.stamp(), money(0, currency)
    body: JsonObject = {
        "id": id,
        "location_id": said["location_id"],
        "line_items": items,
        "fulfillments": [
            {"uid": bench.ids("", 22), "type": "DIGITAL", "state": "PROPOSED"},
        ],
        "created_at": now,
        "updated_at": now,
        "state": "DRAFT",
        "version": 1,
        "total_tax_money": nothing,
        "total_discount_money": nothing,
        "total_tip_money": nothing,
        "total_money": money(total, currency),
        "total_service_charge_money": nothing,
        "net_amounts": _amounts(total, currency),
        "net_amount_due_money": money(total, currency),
        "source": said.get("source") or {"name": _SOURCE},
    }
    for name in ("reference_id", "metadata", "ticket_name"):
        if said.get(name):
            body[name] = said[name]
    order = bench.keep(merchant, ORDER, id, body)
    tell(bench, order, "order.created", Cause())
    return order


def returned(bench: Workbench, source: Record, amount: int, refund_id: str) -> Record:
    """Make the order by which Square books a return; the caller commits."""
    currency = source.body["total_money"]["currency"]
    id = bench.new_id(ORDER, "", 26) + "ZY"
    now, nothing = bench.stamp(), money(0, currency)
    back = money(amount, currency)
    line = {
        "uid": bench.ids("", 22),
        "quantity": "1",
        "item_type": "CUSTOM_AMOUNT",
        "base_price_money": back,
        "variation_total_price_money": back,
        "gross_return_money": back,
        "total_tax_money": nothing,
        "total_discount_money": nothing,
        "total_money": back,
    }
    body = {
        "id": id,
        "location_id": source.body["location_id"],
        "returns": [
            {
                "uid": bench.ids("", 22),
                "source_order_id": source.id,
                "return_line_items": [line],
            }
        ],
        "return_amounts": _amounts(amount, currency),
        "net_amounts": _amounts(-amount, currency),
        "created_at": now,
        "updated_at": now,
        "closed_at": now,
        "state": "COMPLETED",
        "version": 1,
        "total_money": nothing,
        "total_tax_money": nothing,
        "total_discount_money": nothing,
        "total_tip_money": nothing,
        "total_service_charge_money": nothing,
        "net_amount_due_money": nothing,
        "source": {"name": _SOURCE},
    }
    return bench.keep(source.account, ORDER, id, body, {"refund": refund_id})


def change(bench: Workbench, order: Record, cause: Cause, **changes: Any) -> None:
    """Write a new version of an order, and tell of it; the caller commits."""
    now = bench.stamp()
    order.body.update(changes, updated_at=now, version=order.body["version"] + 1)
    if order.body["state"] in ("CANCELED", "COMPLETED"):
        order.body.setdefault("closed_at", now)
    else:
        order.body.pop("closed_at", None)
    if not order.body.get("tenders"):
        order.body.pop("tenders", None)
    bench.books.save(order)
    tell(bench, order, "order.updated", cause)


def tell(bench: Workbench, order: Record, type: str, cause: Cause) -> None:
    names = ("location_id", "state", "version", "created_at", "updated_at")
    told = {"order_id": order.id, **{name: order.body[name] for name in names}}
    if type == "order.created":
        del told["updated_at"]
    name = type.replace(".", "_")
    events.record(bench, order.account, type, events.About(name, order.id, name, told), cause)


def retrieve(bench: Workbench, call: Call) -> JsonObject:
    query_of(call.query, {})
    order = bench.need(call.account, ORDER, call.id, "order_id")
    if is_purged(order):
        raise not_found("order", call.id, "order_id")
    return {"order": order.body}


def purge(bench: Workbench, order: Record) -> bool:
    """Forget a draft, as Square may do with old ones; the caller commits. False for any other."""
    if order.body["state"] != "DRAFT":
        return False
    order.private["purged"] = True
    order.body["state"] = "CANCELED"
    bench.books.save(order)
    return True


def is_purged(order: Record) -> bool:
    return bool(order.private.get("purged"))


def _item(bench: Workbench, merchant: str, line: JsonObject, field: str) -> JsonObject:
    if "name" not in line:
        raise invalid("MISSING_REQUIRED_PARAMETER", "An ad hoc item needs a name.", f"{field}.name")
    if "base_price_money" not in line:
        detail = "An ad hoc item needs a price."
        raise invalid("MISSING_REQUIRED_PARAMETER", detail, f"{field}.base_price_money")
    price = line["base_price_money"]
    check_currency(merchant, price, f"{field}.base_price_money")
    total = money(price["amount"] * line["quantity"], price["currency"])
    nothing = money(0, price["currency"])
    item = {
        "uid": line.get("uid") or bench.ids("", 21),
        "name": line["name"],
        "quantity": str(line["quantity"]),
        "item_type": line.get("item_type", "ITEM"),
        "base_price_money": price,
        "variation_total_price_money": total,
        "gross_sales_money": total,
        "total_tax_money": nothing,
        "total_discount_money": nothing,
        "total_money": total,
        "total_service_charge_money": nothing,
    }
    kept = {name: line[name] for name in ("note", "metadata", "variation_name") if line.get(name)}
    return {**item, **kept}


def _amounts(total: int, currency: str) -> JsonObject:
    nothing = money(0, currency)
    return {
        "total_money": money(total, currency),
        "tax_money": nothing,
        "discount_money": nothing,
        "tip_money": nothing,
        "service_charge_money": nothing,
    }
