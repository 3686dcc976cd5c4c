"""What a Checkout session may be asked to be: the rule for each parameter.

Parameters that only change the page's looks are taken and ignored; those that would change
the sum or the promise, and are not simulated, are refused by name.
"""

from collections.abc import Mapping

from app.sandbox.stripe.currencies import Currency
from app.sandbox.stripe.parameters import (
    EXPAND,
    Absent,
    Choice,
    Email,
    Fields,
    Ignored,
    Listed,
    Metadata,
    Rule,
    Text,
    WebAddress,
    Whole,
)

MOST_ITEMS = 100

PRICE_DATA = Fields(
    {
        "currency": Currency(),
        "product": Text(200),
        "product_data": Fields(
            {
                "description": Text(),
                "images": Listed(WebAddress(2048), most=8),
                "metadata": Metadata(),
                "name": Text(),
                "tax_code": Text(200),
                "unit_label": Text(12),
            },
            ("name",),
        ),
        "recurring": Fields(
            {
                "interval": Choice(["day", "month", "week", "year"]),
                "interval_count": Whole(1, 1095),
            },
            ("interval",),
        ),
        "tax_behavior": Choice(["exclusive", "inclusive", "unspecified"]),
        "unit_amount": Whole(0),
        "unit_amount_decimal": Absent("fractions of the smallest unit"),
    },
    ("currency",),
)
_LINE_ITEM = Fields(
    {
        "adjustable_quantity": Absent("quantities that the customer may change"),
        "metadata": Metadata(),
        "price": Text(200),
        "price_data": PRICE_DATA,
        "quantity": Whole(1, 999_999),
        "tax_rates": Absent("tax rates"),
    }
)
_PAYMENT_INTENT_DATA = Fields(
    {
        "capture_method": Choice(["automatic", "automatic_async"]),
        "description": Text(1000),
        "metadata": Metadata(),
        "receipt_email": Email(),
        "setup_future_usage": Choice(["off_session", "on_session"]),
        "shipping": Ignored(),
        "statement_descriptor": Text(22),
        "statement_descriptor_suffix": Text(22),
        "transfer_group": Text(),
        "application_fee_amount": Absent("platforms"),
        "on_behalf_of": Absent("platforms"),
        "transfer_data": Absent("platforms"),
    }
)
_SUBSCRIPTION_DATA = Fields(
    {
        "description": Text(500),
        "invoice_settings": Ignored(),
        "metadata": Metadata(),
        "billing_mode": Ignored(),
        "proration_behavior": Choice(["create_prorations", "none"]),
        "application_fee_percent": Absent("platforms"),
        "billing_cycle_anchor": Absent("a billing anchor"),
        "billing_cycle_anchor_config": Absent("a billing anchor"),
        "default_tax_rates": Absent("tax rates"),
        "on_behalf_of": Absent("platforms"),
        "pending_invoice_item_interval": Absent("pending invoice items"),
        "transfer_data": Absent("platforms"),
        "trial_end": Absent("trials"),
        "trial_period_days": Absent("trials"),
        "trial_settings": Ignored(),
    }
)
SESSION_RULES: Mapping[str, Rule] = {
    "adaptive_pricing": Ignored(),
    "after_expiration": Absent("recovery of expired sessions"),
    "allow_promotion_codes": Absent("promotion codes"),
    "allowed_payment_method_types": Listed(Text(50)),
    "automatic_tax": Fields({"enabled": Choice(["false"]), "liability": Ignored()}, ("enabled",)),
    "billing_address_collection": Choice(["auto", "required"]),
    "branding_settings": Fields(
        {
            "background_color": Ignored(),
            "border_style": Ignored(),
            "button_color": Ignored(),
            "display_name": Text(),
            "font_family": Ignored(),
            "icon": Ignored(),
            "logo": Ignored(),
        }
    ),
    "cancel_url": WebAddress(),
    "client_reference_id": Text(200),
    "consent_collection": Absent("consent collection"),
    "currency": Currency(),
    "custom_fields": Absent("custom fields"),
    "custom_text": Ignored(),
    "customer": Text(200),
    "customer_account": Absent("customer accounts"),
    "customer_creation": Choice(["always", "if_required"]),
    "customer_email": Email(),
    "customer_update": Ignored(),
    "discounts": Absent("discounts"),
    "excluded_payment_method_types": Listed(Text(50)),
    "expand": EXPAND,
    "expires_at": Whole(),
    "integration_identifier": Text(200),
    "invoice_creation": Absent("invoices for single payments"),
    "line_items": Listed(_LINE_ITEM, most=MOST_ITEMS),
    "locale": Text(20),
    "managed_payments": Absent("managed payments"),
    "metadata": Metadata(),
    "mode": Choice(["payment", "setup", "subscription"]),
    "name_collection": Ignored(),
    "optional_items": Absent("optional items"),
    "origin_context": Choice(["mobile_app", "web"]),
    "payment_intent_data": _PAYMENT_INTENT_DATA,
    "payment_method_collection": Choice(["always", "if_required"]),
    "payment_method_configuration": Text(200),
    "payment_method_data": Ignored(),
    "payment_method_options": Ignored(),
    "permissions": Absent("permissions"),
    "phone_number_collection": Ignored(),
    "redirect_on_completion": Absent("embedded pages"),
    "return_url": Absent("embedded pages"),
    "saved_payment_method_options": Ignored(),
    "setup_intent_data": Fields(
        {
            "description": Text(1000),
            "metadata": Metadata(),
            "on_behalf_of": Absent("platforms"),
        }
    ),
    "shipping_address_collection": Ignored(),
    "shipping_options": Absent("shipping"),
    "submit_type": Choice(["auto", "book", "donate", "pay", "subscribe"]),
    "subscription_data": _SUBSCRIPTION_DATA,
    "success_url": WebAddress(),
    "tax_id_collection": Ignored(),
    "ui_mode": Choice(["elements", "embedded_page", "form", "hosted_page"]),
    "wallet_options": Ignored(),
}
