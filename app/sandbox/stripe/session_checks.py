"""What must hold between the parameters of a new Checkout session, with Stripe's refusals."""

from typing import Any

from app.sandbox.stripe.errors import (
    StripeRefusal,
    bad_parameter,
    missing_parameter,
    no_such,
    not_simulated,
)
from app.sandbox.stripe.forms import Form
from app.sandbox.stripe.parameters import check_all
from app.sandbox.stripe.session_parameters import SESSION_RULES

MOST_ITEMS_IN_SUBSCRIPTION = 20


def checked(form: Form) -> dict[str, Any]:
    """The parameters of a new session; each line item has `price_data` and `quantity`."""
    params = check_all(form, SESSION_RULES)
    if params.get("ui_mode", "hosted_page") != "hosted_page":
        raise not_simulated(f"`ui_mode` {params['ui_mode']}", "ui_mode")
    names = ("mode", "line_items", "success_url")
    for name in names if params.get("mode") != "setup" else ("success_url",):
        if not params.get(name):
            raise missing_parameter(name)
    _check_methods(params)
    if params["mode"] == "setup":
        _check_setup(params)
        return params
    if "customer" in params:
        raise no_such("customer", params["customer"], "customer")
    for place, item in enumerate(params["line_items"]):
        check_item(item, f"line_items[{place}]")
    check_currency(params)
    _check_mode(params)
    return params


def _check_methods(params: dict[str, Any]) -> None:
    allowed = params.get("allowed_payment_method_types")
    excluded = params.get("excluded_payment_method_types", [])
    if allowed is not None and excluded:
        raise bad_parameter(
            "You may only specify one of `allowed_payment_method_types` and"
            " `excluded_payment_method_types`.",
            "excluded_payment_method_types",
        )
    if (allowed is not None and "card" not in allowed) or "card" in excluded:
        raise not_simulated("payment methods other than `card`", "allowed_payment_method_types")


def _check_setup(params: dict[str, Any]) -> None:
    for name in ("line_items", "payment_intent_data", "subscription_data", "submit_type"):
        if name in params:
            raise _wrong_mode(name, "setup")
    if "currency" not in params and "allowed_payment_method_types" not in params:
        raise missing_parameter("currency")
    if "customer" in params and "customer_creation" in params:
        raise bad_parameter(
            "You may only specify one of `customer` and `customer_creation`.", "customer_creation"
        )


def check_item(item: dict[str, Any], name: str) -> None:
    if "price" in item:
        raise no_such("price", item["price"], f"{name}[price]")
    data = item.get("price_data")
    if data is None:
        raise missing_parameter(f"{name}[price_data]")
    if "product" in data:
        raise no_such("product", data["product"], f"{name}[price_data][product]")
    for field in ("product_data", "unit_amount"):
        if field not in data:
            raise missing_parameter(f"{name}[price_data][{field}]")
    if "quantity" not in item:
        raise missing_parameter(f"{name}[quantity]")


def check_currency(params: dict[str, Any], what: str = "a Checkout Session") -> None:
    currencies = {item["price_data"]["currency"] for item in params["line_items"]}
    if "currency" in params:
        currencies.add(params["currency"])
    if len(currencies) > 1:
        raise bad_parameter(
            f"All prices of {what} must have the same currency, but"
            f" {', '.join(sorted(currencies))} were given.",
            "line_items",
        )


def _check_mode(params: dict[str, Any]) -> None:
    recurring = sum("recurring" in item["price_data"] for item in params["line_items"])
    once = len(params["line_items"]) - recurring
    if "setup_intent_data" in params:
        raise _wrong_mode("setup_intent_data", params["mode"])
    if params["mode"] == "payment":
        if recurring:
            raise bad_parameter(
                "You specified `payment` mode but passed a recurring price. Either switch to"
                " `subscription` mode or use only one-time prices.",
                "mode",
            )
        if "subscription_data" in params:
            raise _wrong_mode("subscription_data", "payment")
        return
    if not recurring:
        raise bad_parameter(
            "You must provide at least one recurring price in `subscription` mode when using"
            " prices.",
            "line_items",
        )
    if max(recurring, once) > MOST_ITEMS_IN_SUBSCRIPTION:
        raise bad_parameter(
            f"In `subscription` mode at most {MOST_ITEMS_IN_SUBSCRIPTION} recurring and"
            f" {MOST_ITEMS_IN_SUBSCRIPTION} one-time line items can be given.",
            "line_items",
        )
    for name in ("payment_intent_data", "customer_creation"):
        if name in params:
            raise _wrong_mode(name, "subscription")


def _wrong_mode(name: str, mode: str) -> StripeRefusal:
    return bad_parameter(f"You can not pass `{name}` in `{mode}` mode.", name)
