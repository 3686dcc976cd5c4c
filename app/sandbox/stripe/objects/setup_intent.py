"""`setup_intent`, for `mode=setup`: a card that is kept, and no money."""

from typing import Any

from app.sandbox.books import JsonObject


def setup_intent(
    *, id: str, secret: str, created: int, customer: str | None, data: dict[str, Any]
) -> JsonObject:
    """One that waits for a card; `data` is the session's `setup_intent_data`."""
    return {
        "id": id,
        "object": "setup_intent",
        "application": None,
        "automatic_payment_methods": None,
        "cancellation_reason": None,
        "client_secret": secret,
        "created": created,
        "customer": customer,
        "customer_account": None,
        "description": data.get("description"),
        "excluded_payment_method_types": None,
        "flow_directions": None,
        "last_setup_error": None,
        "latest_attempt": None,
        "livemode": False,
        "managed_payments": {"enabled": False},
        "mandate": None,
        "metadata": data.get("metadata", {}),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "single_use_mandate": None,
        "status": "requires_payment_method",
        "usage": "off_session",
    }
