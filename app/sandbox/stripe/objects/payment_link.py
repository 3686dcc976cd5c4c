"""`payment_link`: an address that opens a new Checkout session for whoever visits it."""

from typing import Any

from app.sandbox.books import JsonObject

LINK_PATH = "/test_"
"""Where links begin; in life on a host of their own."""


def payment_link(*, id: str, currency: str, mode: str, params: dict[str, Any]) -> JsonObject:
    """An active link; its `url` is added when it is shown, since it carries the origin."""
    return {
        "id": id,
        "object": "payment_link",
        "active": True,
        "after_completion": after_completion(params.get("after_completion")),
        "allow_promotion_codes": False,
        "application": None,
        "application_fee_amount": None,
        "application_fee_percent": None,
        "automatic_tax": {"enabled": False, "liability": None},
        "billing_address_collection": params.get("billing_address_collection", "auto"),
        "consent_collection": None,
        "currency": currency,
        "custom_fields": [],
        "custom_text": {
            "after_submit": None,
            "shipping_address": None,
            "submit": None,
            "terms_of_service_acceptance": None,
        },
        "customer_creation": params.get(
            "customer_creation", "if_required" if mode == "payment" else "always"
        ),
        "inactive_message": params.get("inactive_message"),
        "invoice_creation": {
            "enabled": False,
            "invoice_data": {
                "account_tax_ids": None,
                "custom_fields": None,
                "description": None,
                "footer": None,
                "issuer": None,
                "metadata": {},
                "rendering_options": None,
            },
        },
        "livemode": False,
        "managed_payments": {"enabled": False},
        "metadata": params.get("metadata", {}),
        "name_collection": None,
        "on_behalf_of": None,
        "optional_items": None,
        "payment_intent_data": _intent_data(params.get("payment_intent_data")),
        "payment_method_collection": params.get("payment_method_collection", "always"),
        "payment_method_options": None,
        "payment_method_types": params.get("payment_method_types"),
        "phone_number_collection": {"enabled": False},
        "restrictions": restrictions(params.get("restrictions"), count=0),
        "shipping_address_collection": None,
        "shipping_options": [],
        "submit_type": params.get("submit_type", "auto"),
        "subscription_data": None if mode == "payment" else _subscription_data(params),
        "tax_id_collection": {"enabled": False, "required": "never"},
        "transfer_data": None,
        "url": None,
    }


def after_completion(wanted: JsonObject | None) -> JsonObject:
    """What a payer sees afterwards: the link's own word, or the shop's page."""
    if wanted is not None and wanted["type"] == "redirect":
        return {"redirect": {"url": wanted["redirect"]["url"]}, "type": "redirect"}
    message = ((wanted or {}).get("hosted_confirmation") or {}).get("custom_message")
    return {"hosted_confirmation": {"custom_message": message}, "type": "hosted_confirmation"}


def restrictions(wanted: JsonObject | None, *, count: int) -> JsonObject | None:
    """How often a link may be paid, and how often it was."""
    if wanted is None:
        return None
    limit = wanted["completed_sessions"]["limit"]
    return {"completed_sessions": {"count": count, "limit": limit}}


def _intent_data(wanted: JsonObject | None) -> JsonObject | None:
    if wanted is None:
        return None
    names = (
        "capture_method",
        "description",
        "setup_future_usage",
        "statement_descriptor",
        "statement_descriptor_suffix",
        "transfer_group",
    )
    return {**{name: wanted.get(name) for name in names}, "metadata": wanted.get("metadata", {})}


def _subscription_data(params: dict[str, Any]) -> JsonObject:
    wanted = params.get("subscription_data", {})
    return {
        "description": wanted.get("description"),
        "invoice_settings": {"issuer": {"type": "self"}},
        "metadata": wanted.get("metadata", {}),
        "trial_period_days": None,
        "trial_settings": None,
    }
