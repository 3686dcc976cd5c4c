"""`checkout.session`, its line items and the inline prices behind them."""

from typing import Any

from app.sandbox.books import JsonObject
from app.sandbox.stripe import debits

PAGE_PATH = "/c/pay/"

_TOTALS = ("amount_discount", "amount_shipping", "amount_tax")


def session(
    *,
    id: str,
    created: int,
    expires_at: int,
    amount: int | None,
    currency: str | None,
    params: dict[str, Any],
) -> JsonObject:
    """An open session; its `url` is added when it is shown, since it carries the origin."""
    payment, setup = params["mode"] == "payment", params["mode"] == "setup"
    email = params.get("customer_email")
    return {
        "id": id,
        "object": "checkout.session",
        "adaptive_pricing": {"enabled": False},
        "after_expiration": None,
        "allow_promotion_codes": None,
        "allowed_payment_method_types": params.get("allowed_payment_method_types"),
        "amount_subtotal": amount,
        "amount_total": amount,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": params.get("billing_address_collection"),
        "branding_settings": params.get("branding_settings"),
        "cancel_url": params.get("cancel_url"),
        "client_reference_id": params.get("client_reference_id"),
        "client_secret": None,
        "collected_information": None,
        "consent": None,
        "consent_collection": None,
        "created": created,
        "currency": currency,
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": {
            "after_submit": None,
            "shipping_address": None,
            "submit": None,
            "terms_of_service_acceptance": None,
        },
        "customer": params.get("customer"),
        "customer_account": None,
        "customer_creation": _customer_creation(params),
        "customer_details": None if email is None else customer_details(email, None),
        "customer_email": email,
        "discounts": [],
        "excluded_payment_method_types": params.get("excluded_payment_method_types"),
        "expires_at": expires_at,
        "integration_identifier": params.get("integration_identifier"),
        "invoice": None,
        "invoice_creation": _invoice_creation() if payment else None,
        "livemode": False,
        "locale": params.get("locale"),
        "managed_payments": {"enabled": False},
        "metadata": params.get("metadata", {}),
        "mode": params["mode"],
        "name_collection": None,
        "optional_items": None,
        "origin_context": params.get("origin_context"),
        "payment_intent": None,
        "payment_link": params.get("payment_link"),
        "payment_method_collection": "if_required" if payment else "always",
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": _methods(amount, currency, params),
        "payment_status": "no_payment_required" if setup else "unpaid",
        "permissions": None,
        "phone_number_collection": {"enabled": False},
        "presentment_details": None,
        "recovered_from": None,
        "redirect_on_completion": None,
        "return_url": None,
        "saved_payment_method_options": None,
        "setup_intent": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": params.get("submit_type"),
        "subscription": None,
        "success_url": params.get("success_url"),
        "tax_id_collection": None,
        "total_details": None if setup else dict.fromkeys(_TOTALS, 0),
        "ui_mode": "hosted_page",
        "url": None,
        "wallet_options": None,
    }


def customer_details(email: str | None, name: str | None) -> JsonObject:
    return {
        "address": None,
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": name,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    }


def _customer_creation(params: dict[str, Any]) -> str | None:
    if params["mode"] == "subscription" or "customer" in params:
        return None
    return str(params.get("customer_creation", "if_required"))


def _methods(amount: int | None, currency: str | None, params: dict[str, Any]) -> list[str]:
    """Cards always; bank debits where Stripe has them: single payments of money, in euros."""
    allowed = params.get("allowed_payment_method_types")
    is_debit_wanted = (allowed is None or debits.METHOD in allowed) and (
        debits.METHOD not in params.get("excluded_payment_method_types", [])
    )
    is_debit_fit = params["mode"] == "payment" and currency == debits.CURRENCY and bool(amount)
    return ["card", debits.METHOD] if is_debit_wanted and is_debit_fit else ["card"]


def line_item(
    *, id: str, price: JsonObject, name: str, amount: int, quantity: int, metadata: JsonObject
) -> JsonObject:
    return {
        "id": id,
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": price["currency"],
        "description": name,
        "metadata": metadata,
        "price": price,
        "quantity": quantity,
    }


def price(
    *,
    id: str,
    product: str,
    created: int,
    currency: str,
    unit_amount: int,
    recurring: dict[str, Any] | None,
) -> JsonObject:
    return {
        "id": id,
        "object": "price",
        "active": False,
        "billing_scheme": "per_unit",
        "created": created,
        "currency": currency,
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "product": product,
        "recurring": None
        if recurring is None
        else {
            "interval": recurring["interval"],
            "interval_count": recurring.get("interval_count", 1),
            "meter": None,
            "trial_period_days": None,
            "usage_type": "licensed",
        },
        "tax_behavior": "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "one_time" if recurring is None else "recurring",
        "unit_amount": unit_amount,
        "unit_amount_decimal": str(unit_amount),
    }


def _invoice_creation() -> JsonObject:
    return {
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
    }
