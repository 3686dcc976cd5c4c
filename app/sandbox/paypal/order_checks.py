"""What PayPal checks of an order before it makes one: fields, currencies, and every sum."""

from typing import Any

from app.sandbox.books import JsonObject
from app.sandbox.paypal import money
from app.sandbox.paypal.checks import Amount, Fields, Rule, Several, Text, WebAddress, check
from app.sandbox.paypal.errors import Detail, PayPalRefusal, not_simulated

_BREAKDOWN = "item_total shipping handling tax_total insurance shipping_discount discount".split()
_TAKEN_OFF = ("shipping_discount", "discount")
_ITEM = Fields(
    {
        "name": Text(127),
        "unit_amount": Amount(),
        "tax": Amount(),
        "quantity": Text(10, pattern="[1-9][0-9]{0,9}"),
        "description": Text(127, 0),
        "sku": Text(127, 0),
        "category": Text(20, words=("DIGITAL_GOODS", "PHYSICAL_GOODS", "DONATION")),
    },
    ("name", "unit_amount", "quantity"),
)
_UNIT = Fields(
    {
        "reference_id": Text(256),
        "amount": Amount({"breakdown": Fields({name: Amount() for name in _BREAKDOWN})}),
        "custom_id": Text(127),
        "invoice_id": Text(127),
        "description": Text(127),
        "soft_descriptor": Text(22),
        "items": Several(_ITEM, 0, 1000),
    },
    ("amount",),
)
_PREFERENCES = ("GET_FROM_FILE", "NO_SHIPPING", "SET_PROVIDED_ADDRESS")
_CONTEXT: dict[str, Rule] = {
    "brand_name": Text(127),
    "locale": Text(10, 2),
    "shipping_preference": Text(24, words=_PREFERENCES),
    "return_url": WebAddress(),
    "cancel_url": WebAddress(),
    "landing_page": Text(13, words=("LOGIN", "GUEST_CHECKOUT", "NO_PREFERENCE", "BILLING")),
    "user_action": Text(8, words=("CONTINUE", "PAY_NOW")),
    "payment_method_preference": Text(255, words=("UNRESTRICTED", "IMMEDIATE_PAYMENT_REQUIRED")),
}
_WALLET = Fields(
    {"email_address": Text(254, pattern="[^@ ]+@[^@ ]+"), "experience_context": Fields(_CONTEXT)}
)
_ORDER = Fields(
    {
        "intent": Text(30, words=("CAPTURE", "AUTHORIZE")),
        "purchase_units": Several(_UNIT),
        "payment_source": Fields({"paypal": _WALLET}),
        "application_context": Fields(_CONTEXT),
    },
    ("intent", "purchase_units"),
)


def checked(body: Any) -> JsonObject:
    """The request to make an order, or PayPal's refusal: 400 for its form, 422 for its sums."""
    order: JsonObject = check(body, _ORDER)
    if order["intent"] == "AUTHORIZE":
        raise not_simulated("intent AUTHORIZE", "/intent")
    if len(order["purchase_units"]) > 1:
        raise not_simulated("orders with several purchase units", "/purchase_units")
    for source in order.get("payment_source") or {}:
        if source != "paypal":
            raise not_simulated(f"the payment source {source}", f"/payment_source/{source}")
    unit = order["purchase_units"][0]
    at = f"/purchase_units/@reference_id=='{unit.get('reference_id', 'default')}'"
    if faults := _unit_faults(unit, at):
        raise PayPalRefusal(422, *faults)
    return order


def checked_amount(amount: JsonObject, at: str) -> int:
    """A single amount above zero, in the smallest unit; raises PayPal's 422."""
    if faults := _money_faults(amount, f"{at}/value", positive=True):
        raise PayPalRefusal(422, *faults)
    return money.minor_of(amount)


def _unit_faults(unit: JsonObject, at: str) -> list[Detail]:
    amount, items = unit["amount"], unit.get("items") or []
    breakdown = amount.get("breakdown") or {}
    found = _money_faults(amount, f"{at}/amount/value", positive=True)
    for name, part in breakdown.items():
        if name in _BREAKDOWN:
            found += _money_faults(part, f"{at}/amount/breakdown/{name}/value")
    for place, item in enumerate(items):
        for name in ("unit_amount", "tax"):
            if item.get(name) is not None:
                found += _money_faults(item[name], f"{at}/items/{place}/{name}/value")
    if found:
        return found
    currencies = {amount["currency_code"], *(part["currency_code"] for part in breakdown.values())}
    currencies |= {item["unit_amount"]["currency_code"] for item in items}
    if len(currencies) > 1:
        return [Detail("MULTI_CURRENCY_ORDER", f"{at}/amount/currency_code")]
    return _sum_faults(amount, breakdown, items, at)


def _sum_faults(
    amount: JsonObject, breakdown: JsonObject, items: list[JsonObject], at: str
) -> list[Detail]:
    parts = {name: money.minor_of(part) for name, part in breakdown.items() if name in _BREAKDOWN}
    found = []
    if items:
        goods = sum(money.minor_of(each["unit_amount"]) * int(each["quantity"]) for each in items)
        if "item_total" not in parts:
            found.append(Detail("ITEM_TOTAL_REQUIRED", f"{at}/amount/breakdown/item_total"))
        elif parts["item_total"] != goods:
            found.append(_off("ITEM_TOTAL_MISMATCH", at, "item_total", breakdown))
        taxed = [each for each in items if each.get("tax") is not None]
        taxes = sum(money.minor_of(each["tax"]) * int(each["quantity"]) for each in taxed)
        if taxed and "tax_total" not in parts:
            found.append(Detail("TAX_TOTAL_REQUIRED", f"{at}/amount/breakdown/tax_total"))
        elif taxed and parts["tax_total"] != taxes:
            found.append(_off("TAX_TOTAL_MISMATCH", at, "tax_total", breakdown))
    if parts and not found:
        total = sum(-minor if name in _TAKEN_OFF else minor for name, minor in parts.items())
        if total != money.minor_of(amount):
            found.append(Detail("AMOUNT_MISMATCH", f"{at}/amount/value", amount["value"]))
    return found


def _money_faults(amount: JsonObject, at: str, *, positive: bool = False) -> list[Detail]:
    if amount["currency_code"] not in money.SUPPORTED:
        place = at.removesuffix("value") + "currency_code"
        return [Detail("INVALID_CURRENCY_CODE", place, amount["currency_code"])]
    try:
        minor = money.minor_of(amount)
    except money.TooPrecise:
        return [Detail("DECIMAL_PRECISION", at, amount["value"])]
    if positive and minor <= 0:
        return [Detail("CANNOT_BE_ZERO_OR_NEGATIVE", at, amount["value"])]
    if minor < 0:
        return [Detail("CANNOT_BE_NEGATIVE", at, amount["value"])]
    return [Detail("MAX_VALUE_EXCEEDED", at, amount["value"])] if minor > money.LARGEST else []


def _off(issue: str, at: str, name: str, breakdown: JsonObject) -> Detail:
    return Detail(issue, f"{at}/amount/breakdown/{name}/value", breakdown[name]["value"])
