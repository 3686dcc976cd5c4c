"""Payment links: each is for one order, is paid once, never expires, and can be deleted."""

from collections.abc import Mapping

from app.sandbox.bench import Cause
from app.sandbox.books import JsonObject, Record
from app.sandbox.square import BASE, catalog, listing, orders
from app.sandbox.square.errors import bad_request, invalid, not_found, not_simulated
from app.sandbox.square.money import Amount
from app.sandbox.square.parameters import (
    Absent,
    Address,
    Email,
    Fields,
    Flag,
    Ignored,
    Rule,
    Text,
    body_of,
    query_of,
)
from app.sandbox.square.workbench import LINK, ORDER, Call, Workbench

SHORT = f"{BASE}/u/"
_LONG = BASE + "/merchant/{merchant}/checkout/{link}"
SCHEMA = """
CREATE INDEX IF NOT EXISTS square_links_by_order ON objects (json_extract(body, '$.order_id'))
    WHERE kind = 'square.link';
CREATE INDEX IF NOT EXISTS square_links_by_code ON objects (json_extract(private, '$.code'))
    WHERE kind = 'square.link';
"""
_BY_ORDER = "kind = 'square.link' AND json_extract(body, '$.order_id') = ?"
_BY_CODE = "kind = 'square.link' AND json_extract(private, '$.code') = ?"

_OPTIONS: Mapping[str, Rule] = {
    "accepted_payment_methods": Ignored(),
    "allow_tipping": Absent("tips on its page"),
    "app_fee_money": Absent("fees of applications"),
    "ask_for_shipping_address": Flag(),
    "custom_fields": Absent("custom fields"),
    "enable_coupon": Flag(),
    "enable_loyalty": Flag(),
    "merchant_support_email": Email(),
    "redirect_url": Address(),
    "shipping_fee": Absent("shipping fees"),
    "subscription_plan_id": Text(255, 1),
}
_RULES: Mapping[str, Rule] = {
    "checkout_options": Fields(_OPTIONS),
    "description": Text(4096),
    "idempotency_key": Text(192),
    "order": orders.RULE,
    "payment_note": Text(500),
    "pre_populated_data": Fields(
        {
            "buyer_address": Ignored(),
            "buyer_email": Email(),
            "buyer_phone_number": Text(17),
        }
    ),
    "quick_pay": Fields(
        {"location_id": Text(50, 1), "name": Text(255, 1), "price_money": Amount(1)},
        ("name", "price_money", "location_id"),
    ),
}


def create(bench: Workbench, call: Call) -> JsonObject:
    said = body_of(call.body, _RULES)
    if ("order" in said) == ("quick_pay" in said):
        raise bad_request("Exactly one of `order` and `quick_pay` must be given.", "order")
    plan = said.get("checkout_options", {}).get("subscription_plan_id")
    if plan is not None:
        if "quick_pay" not in said:
            raise not_simulated("subscriptions by other than quick_pay", "order")
        catalog.check_plan(bench, call.account, plan)
    order = orders.new(bench, call.account, said.get("order") or _quick(said["quick_pay"]))
    now, id = bench.stamp(), bench.code(LINK, 16)
    body: JsonObject = {
        "id": id,
        "version": 1,
        "order_id": order.id,
        "created_at": now,
        "updated_at": now,
    }
    for name in ("checkout_options", "description", "payment_note", "pre_populated_data"):
        if said.get(name):
            body[name] = said[name]
    private = {"code": bench.ids("", 8), "deleted": False, "challenge": None}
    link = bench.keep(call.account, LINK, id, body, private)
    related: JsonObject = {"orders": [order.body]}
    if plan is not None:
        related["subscription_plans"] = [catalog.plan_of(bench, call.account, plan)]
    return {"payment_link": presented(bench, link), "related_resources": related}


def retrieve(bench: Workbench, call: Call) -> JsonObject:
    query_of(call.query, {})
    return {"payment_link": presented(bench, _need(bench, call))}


def delete(bench: Workbench, call: Call) -> JsonObject:
    """Delete a link: its page takes no money any more. One that was paid is not to be deleted."""
    link = _need(bench, call)
    order = bench.need(call.account, ORDER, link.body["order_id"])
    if order.body["state"] != "DRAFT":
        raise bad_request(
            f"Order {order.id} is in state {order.body['state']}: its payment link cannot be"
            " deleted.",
            "id",
        )
    close(bench, link, order, call.cause)
    return {"id": link.id, "cancelled_order_id": order.id}


def close(bench: Workbench, link: Record, order: Record, cause: Cause) -> None:
    """Take a link away and cancel its order; the caller commits."""
    link.private.update(deleted=True, challenge=None)
    bench.books.save(link)
    orders.change(bench, order, cause, state="CANCELED")


def list_links(bench: Workbench, call: Call) -> JsonObject:
    rules = {name: rule for name, rule in listing.PAGE.items() if name != "sort_order"}
    asked = query_of(call.query, rules)
    wanted = listing.Wanted(
        account=call.account,
        kind=LINK,
        conditions=[("json_extract(private, '$.deleted') = 0", ())],
        limit=asked.get("limit", 100),
        cursor=asked.get("cursor"),
    )
    found, cursor = listing.page(bench, wanted)
    bodies = [presented(bench, link) for link in found]
    return listing.in_page("payment_links", bodies, cursor)


def presented(bench: Workbench, link: Record) -> JsonObject:
    """A link with its addresses, which are where the simulator's pages are now."""
    origin = bench.origin()
    urls = {"url": origin + SHORT + link.private["code"], "long_url": origin + page_path(link)}
    return {**link.body, **urls}


def page_path(link: Record) -> str:
    return _LONG.format(merchant=link.account, link=link.id)


def by_code(bench: Workbench, code: str) -> Record | None:
    found = bench.books.select(_BY_CODE, (code,), index="square_links_by_code")
    return found[0] if found else None


def of_order(bench: Workbench, order_id: str) -> Record | None:
    found = bench.books.select(_BY_ORDER, (order_id,), index="square_links_by_order")
    return found[0] if found else None


def _need(bench: Workbench, call: Call) -> Record:
    link = bench.need(call.account, LINK, call.id, "id")
    if link.private["deleted"]:
        raise not_found("payment_link", call.id, "id")
    return link


def _quick(pay: JsonObject) -> JsonObject:
    if not pay["name"].strip():
        raise invalid("VALUE_EMPTY", "Field must not be blank", "quick_pay.name")
    line = {"name": pay["name"], "quantity": 1, "base_price_money": pay["price_money"]}
    return {"location_id": pay["location_id"], "line_items": [line]}
