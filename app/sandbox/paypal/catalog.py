"""Products and billing plans: what a subscription is a subscription to.

One regular billing cycle with a fixed price; trials, tiers, taxes and set-up fees are refused.
"""

from typing import Any
from urllib.parse import urlencode

from app.sandbox.books import JsonObject, Query, Record
from app.sandbox.paypal import money
from app.sandbox.paypal.checks import Amount, Fields, Flag, Rule, Several, Text, WebAddress, Whole
from app.sandbox.paypal.errors import Detail, PayPalRefusal, not_found, not_simulated
from app.sandbox.paypal.workbench import Call, Workbench

PRODUCT, PLAN = "paypal.product", "paypal.plan"

_IN_A_LIST = ("id", "name", "description", "create_time", "links")
_TYPES = ("PHYSICAL", "DIGITAL", "SERVICE")
_STATUSES = ("CREATED", "INACTIVE", "ACTIVE")
_PRODUCT = Fields(
    {
        "id": Text(50, 6),
        "name": Text(127),
        "description": Text(256),
        "type": Text(24, words=_TYPES),
        "category": Text(256, 4, "[A-Z_]+"),
        "image_url": WebAddress(2000),
        "home_url": WebAddress(2000),
    },
    ("name", "type"),
)
_CYCLE = Fields(
    {
        "pricing_scheme": Fields({"fixed_price": Amount()}, ("fixed_price",)),
        "frequency": Fields(
            {
                "interval_unit": Text(24, words=("DAY", "WEEK", "MONTH", "YEAR")),
                "interval_count": Whole(1, 365),
            },
            ("interval_unit",),
        ),
        "tenure_type": Text(24, words=("REGULAR", "TRIAL")),
        "sequence": Whole(1, 99),
        "total_cycles": Whole(0, 999),
    },
    ("frequency", "tenure_type", "sequence", "pricing_scheme"),
)
_PREFERENCES: dict[str, Rule] = {
    "auto_bill_outstanding": Flag(),
    "setup_fee": Amount(),
    "setup_fee_failure_action": Text(24, words=("CONTINUE", "CANCEL")),
    "payment_failure_threshold": Whole(0, 999),
}
_PLAN = Fields(
    {
        "product_id": Text(50, 6),
        "name": Text(127),
        "description": Text(127),
        "status": Text(24, words=_STATUSES),
        "billing_cycles": Several(_CYCLE, 1, 12),
        "payment_preferences": Fields(_PREFERENCES),
        "quantity_supported": Flag(),
    },
    ("name", "product_id", "billing_cycles", "payment_preferences"),
)
_WORDS = {
    "MISSING_REQUIRED_PARAMETER": "A required field is missing.",
    "INVALID_PARAMETER_VALUE": "The value of a field is invalid.",
    "INVALID_STRING_MAX_LENGTH": "The value of a field is too long.",
    "INVALID_STRING_MIN_LENGTH": "The value of a field is too short.",
}


def checked(body: Any, rule: Rule) -> Any:
    """The body, or a 400 in the words of the billing APIs, which differ a little."""
    if faults := rule.faults(body, ""):
        raise PayPalRefusal(400, *(_reworded(fault) for fault in faults))
    return body


def create_product(bench: Workbench, call: Call) -> tuple[int, JsonObject]:
    given = checked(call.given, _PRODUCT)
    id = given.get("id") or bench.new_code(PRODUCT, 17, "PROD-")
    if bench.books.exists(PRODUCT, id):
        words = "Identifier must be unique."
        raise PayPalRefusal(
            422, Detail("DUPLICATE_RESOURCE_IDENTIFIER", "/id", id, description=words)
        )
    body = {**_known(given, _PRODUCT), "id": id, **_times(bench)}
    return 201, shown_product(bench, bench.put(call.account, PRODUCT, body))


def retrieve_product(bench: Workbench, call: Call) -> tuple[int, JsonObject]:
    return 200, shown_product(bench, bench.need(call.account, PRODUCT, call.id))


def list_products(bench: Workbench, call: Call) -> tuple[int, JsonObject]:
    found, links = _page(bench, call, PRODUCT, "/v1/catalogs/products", {})
    shown = [shown_product(bench, record) for record in found]
    # A list says less of each than the product itself.
    products = [{name: each[name] for name in _IN_A_LIST if name in each} for each in shown]
    return 200, {"products": products, "links": links}


def create_plan(bench: Workbench, call: Call) -> tuple[int, JsonObject]:
    given = checked(call.given, _PLAN)
    if bench.books.get(PRODUCT, given["product_id"], call.account) is None:
        raise not_found("product_id")
    _check_cycles(given)
    body = {
        "status": "ACTIVE",
        "quantity_supported": False,
        **_known(given, _PLAN),
        "id": bench.new_code(PLAN, 24, "P-"),
        "usage_type": "LICENSED",
        **_times(bench),
    }
    for cycle in body["billing_cycles"]:
        cycle["frequency"].setdefault("interval_count", 1)
        cycle.setdefault("total_cycles", 1)
        cycle["pricing_scheme"] |= {"version": 1, **_times(bench)}
    return 201, shown_plan(bench, bench.put(call.account, PLAN, body))


def retrieve_plan(bench: Workbench, call: Call) -> tuple[int, JsonObject]:
    return 200, shown_plan(bench, bench.need(call.account, PLAN, call.id))


def list_plans(bench: Workbench, call: Call) -> tuple[int, JsonObject]:
    wanted = call.query.get("product_id")
    equal: dict[str, str] = {} if wanted is None else {"product_id": wanted}
    found, links = _page(bench, call, PLAN, "/v1/billing/plans", equal)
    return 200, {"plans": [shown_plan(bench, record) for record in found], "links": links}


def activate_plan(bench: Workbench, call: Call) -> tuple[int, None]:
    return _put_plan(bench, call, "ACTIVE")


def deactivate_plan(bench: Workbench, call: Call) -> tuple[int, None]:
    return _put_plan(bench, call, "INACTIVE")


def shown_product(bench: Workbench, product: Record) -> JsonObject:
    path = f"/v1/catalogs/products/{product.id}"
    return {**product.body, "links": [bench.link(path, "self"), bench.link(path, "edit", "PATCH")]}


def shown_plan(bench: Workbench, plan: Record) -> JsonObject:
    path = f"/v1/billing/plans/{plan.id}"
    return {**plan.body, "links": [bench.link(path, "self"), bench.link(path, "edit", "PATCH")]}


def _put_plan(bench: Workbench, call: Call, status: str) -> tuple[int, None]:
    plan = bench.need(call.account, PLAN, call.id)
    plan.body.update(status=status, update_time=bench.time())
    bench.books.save(plan)
    return 204, None


def _check_cycles(plan: JsonObject) -> None:
    kinds = [cycle["tenure_type"] for cycle in plan["billing_cycles"]]
    if "REGULAR" not in kinds:
        words = "Plan should have at least one regular billing cycle."
        raise PayPalRefusal(422, Detail("MISSING_REGULAR_BILLING_CYCLE", description=words))
    if kinds.count("REGULAR") > 1:
        words = "Only one regular billing cycle is allowed."
        issue = "MULTIPLE_REGULAR_BILLING_CYCLES_NOT_SUPPORTED"
        raise PayPalRefusal(422, Detail(issue, description=words))
    if len(kinds) > 1:
        raise not_simulated("trial billing cycles", "/billing_cycles")
    preferences = plan["payment_preferences"]
    if plan.get("taxes") or preferences.get("setup_fee", {}).get("value", "0").strip("0.") != "":
        raise not_simulated("taxes and set-up fees of plans", "/taxes")
    price = plan["billing_cycles"][0]["pricing_scheme"]["fixed_price"]
    if price["currency_code"] not in money.SUPPORTED:
        # PayPal's own apostrophe.
        words = "This currency cannot be accepted for this recipient\u2019s account."
        issue = "CURRENCY_NOT_SUPPORTED_FOR_RECEIVER"
        raise PayPalRefusal(422, Detail(issue, description=words))
    try:
        minor = money.minor_of(price)
    except money.TooPrecise:
        minor = 0
    if minor <= 0:
        at = "/billing_cycles/0/pricing_scheme/fixed_price/value"
        words = _WORDS["INVALID_PARAMETER_VALUE"]
        detail = Detail("INVALID_PARAMETER_VALUE", at, price["value"], description=words)
        raise PayPalRefusal(400, detail)


def _known(given: JsonObject, rule: Fields) -> JsonObject:
    return {name: given[name] for name in rule.rules if given.get(name) is not None}


def _times(bench: Workbench) -> JsonObject:
    return {"create_time": bench.time(), "update_time": bench.time()}


def _page(
    bench: Workbench, call: Call, kind: str, path: str, equal: dict[str, str]
) -> tuple[list[Record], list[JsonObject]]:
    """One page of a list, newest first, with its own address and that of the next."""
    size, page = _whole(call, "page_size", 10, 20), _whole(call, "page", 1, 100_000)
    query = Query(account=call.account, kind=kind, equal=equal, limit=size * page)
    found, has_more = bench.books.page(query)

    def at(number: int) -> str:
        return f"{path}?{urlencode({**call.query, 'page': number})}"

    links = [bench.link(at(page), "self")]
    if has_more:
        links.append(bench.link(at(page + 1), "next"))
    return found[size * (page - 1) :], links


def _whole(call: Call, name: str, default: int, most: int) -> int:
    value = call.query.get(name, str(default))
    if not (value.isascii() and value.isdigit()) or not 1 <= int(value) <= most:
        raise PayPalRefusal(400, Detail("INVALID_PARAMETER_VALUE", name, value, "query"))
    return int(value)


def _reworded(fault: Detail) -> Detail:
    issue = fault.issue
    if issue == "INVALID_STRING_LENGTH":
        end = "MAX" if len(fault.value or "") > 5 else "MIN"
        issue = f"INVALID_STRING_{end}_LENGTH"
    return Detail(issue, fault.field, fault.value, fault.location, _WORDS.get(issue))
