"""What a payment link may be asked to be: the rule for each parameter, and what goes together.

Parameters that only change the page's looks are taken and ignored; those that would change
the sum or the promise, and are not simulated, are refused by name.
"""

from collections.abc import Mapping
from typing import Any

from app.sandbox.stripe.currencies import Currency
from app.sandbox.stripe.errors import bad_parameter, missing_parameter, not_simulated
from app.sandbox.stripe.forms import Form
from app.sandbox.stripe.parameters import (
    EXPAND,
    LISTING,
    Absent,
    Choice,
    Fields,
    Flag,
    Ignored,
    Listed,
    Metadata,
    Rule,
    Text,
    WebAddress,
    Whole,
    check_all,
)
from app.sandbox.stripe.session_checks import check_currency, check_item
from app.sandbox.stripe.session_parameters import PRICE_DATA

MOST_ITEMS = 20

_AFTER_COMPLETION = Fields(
    {
        "hosted_confirmation": Fields({"custom_message": Text(500)}),
        "redirect": Fields({"url": WebAddress()}, ("url",)),
        "type": Choice(["hosted_confirmation", "redirect"]),
    },
    ("type",),
)
_RESTRICTIONS = Fields(
    {"completed_sessions": Fields({"limit": Whole(1, 2**31 - 1)}, ("limit",))},
    ("completed_sessions",),
)
_LINE_ITEM = Fields(
    {
        "adjustable_quantity": Absent("quantities that the customer may change"),
        "price": Text(200),
        "price_data": PRICE_DATA,
        "quantity": Whole(1, 999_999),
    }
)
_INTENT_DATA = Fields(
    {
        "capture_method": Choice(["automatic", "automatic_async"]),
        "description": Text(1000),
        "metadata": Metadata(),
        "setup_future_usage": Choice(["off_session", "on_session"]),
        "statement_descriptor": Text(22),
        "statement_descriptor_suffix": Text(22),
        "transfer_group": Text(),
    }
)
_SUBSCRIPTION_DATA = Fields(
    {
        "description": Text(500),
        "invoice_settings": Ignored(),
        "metadata": Metadata(),
        "trial_period_days": Absent("trials"),
        "trial_settings": Ignored(),
    }
)
_ALIKE: Mapping[str, Rule] = {
    "after_completion": _AFTER_COMPLETION,
    "allow_promotion_codes": Choice(["false"]),
    "application_fee_amount": Absent("platforms"),
    "application_fee_percent": Absent("platforms"),
    "automatic_tax": Fields({"enabled": Choice(["false"]), "liability": Ignored()}, ("enabled",)),
    "billing_address_collection": Choice(["auto", "required"]),
    "consent_collection": Absent("consent collection"),
    "custom_fields": Absent("custom fields"),
    "custom_text": Ignored(),
    "customer_creation": Choice(["always", "if_required"]),
    "expand": EXPAND,
    "inactive_message": Text(500),
    "invoice_creation": Absent("invoices for single payments"),
    "metadata": Metadata(),
    "name_collection": Ignored(),
    "on_behalf_of": Absent("platforms"),
    "optional_items": Absent("optional items"),
    "payment_method_collection": Choice(["always", "if_required"]),
    "payment_method_options": Ignored(),
    "payment_method_types": Listed(Text(50)),
    "phone_number_collection": Ignored(),
    "restrictions": _RESTRICTIONS,
    "shipping_address_collection": Ignored(),
    "submit_type": Choice(["auto", "book", "donate", "pay", "subscribe"]),
    "tax_id_collection": Ignored(),
    "transfer_data": Absent("platforms"),
}
LINK_RULES: Mapping[str, Rule] = {
    **_ALIKE,
    "currency": Currency(),
    "line_items": Listed(_LINE_ITEM, most=MOST_ITEMS),
    "managed_payments": Absent("managed payments"),
    "payment_intent_data": _INTENT_DATA,
    "shipping_options": Absent("shipping"),
    "subscription_data": _SUBSCRIPTION_DATA,
}
LINK_CHANGES: Mapping[str, Rule] = {
    **_ALIKE,
    "active": Flag(),
    "line_items": Absent("quantities that change later"),
    "payment_intent_data": Absent("what changes later of the payments"),
    "shipping_options": Absent("shipping"),
    "subscription_data": Absent("what changes later of the subscriptions"),
}
LINK_LISTING: Mapping[str, Rule] = {**LISTING, "active": Flag()}


def checked(form: Form) -> dict[str, Any]:
    """The parameters of a new link, with the `mode` that its sessions will have."""
    params = check_all(form, LINK_RULES)
    if not params.get("line_items"):
        raise missing_parameter("line_items")
    for place, item in enumerate(params["line_items"]):
        check_item(item, f"line_items[{place}]")
    check_currency(params, "a payment link")
    is_recurring = any("recurring" in item["price_data"] for item in params["line_items"])
    _check_mode(params, is_recurring=is_recurring)
    check_completion(params)
    check_methods(params)
    return {**params, "mode": "subscription" if is_recurring else "payment"}


def check_completion(params: dict[str, Any]) -> None:
    """Refuse a redirect that leads nowhere."""
    wanted = params.get("after_completion")
    if wanted is not None and wanted["type"] == "redirect" and "redirect" not in wanted:
        raise missing_parameter("after_completion[redirect]")


def check_methods(params: dict[str, Any]) -> None:
    """Refuse a link that could not be paid by card."""
    if "card" not in params.get("payment_method_types", ["card"]):
        raise not_simulated("payment methods other than `card`", "payment_method_types")


def _check_mode(params: dict[str, Any], *, is_recurring: bool) -> None:
    wrong = ("payment_intent_data", "customer_creation") if is_recurring else ("subscription_data",)
    for name in wrong:
        if name in params:
            kind = "recurring" if is_recurring else "one-time"
            raise bad_parameter(
                f"You can not pass `{name}` for a payment link with {kind} prices.", name
            )
    if not is_recurring and params.get("payment_method_collection") == "if_required":
        raise bad_parameter(
            "`payment_method_collection` can only be set for a payment link with recurring prices.",
            "payment_method_collection",
        )
