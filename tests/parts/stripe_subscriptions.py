"""Stripe's subscriptions in small: the objects that a look at one is made of."""

from typing import Any

from tests.parts.clock import START
from tests.parts.stripe import REFERENCE

MONTH_S = 30 * 86_400


def subscription(status: str = "active", **changes: Any) -> dict[str, Any]:
    """Give a subscription of 5.00 EUR each month as Stripe sends it."""
    return {
        "id": "sub_1",
        "object": "subscription",
        "livemode": False,
        "status": status,
        "currency": "eur",
        "metadata": {"reference": str(REFERENCE)},
        "items": {"object": "list", "data": [item()], "has_more": False, "url": "/v1/x"},
        "cancel_at": None,
        "cancel_at_period_end": False,
        "ended_at": None,
        "pause_collection": None,
        **changes,
    }


def item(unit_amount: Any = 500, interval: str = "month", **changes: Any) -> dict[str, Any]:
    return {
        "id": "si_1",
        "object": "subscription_item",
        "quantity": 1,
        "current_period_end": int(START.timestamp()) + MONTH_S,
        "price": {
            "unit_amount": unit_amount,
            "recurring": {"interval": interval, "interval_count": 1},
        },
        **changes,
    }


def invoice(number: int = 1, *payments: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Give a subscription's invoice; the first of them begins it."""
    reason = "subscription_create" if number == 1 else "subscription_cycle"
    return {
        "id": f"in_{number}",
        "object": "invoice",
        "status": "paid",
        "attempted": True,
        "amount_due": 500,
        "amount_paid": 500,
        "currency": "eur",
        "billing_reason": reason,
        "parent": {
            "subscription_details": {
                "metadata": {"reference": str(REFERENCE)},
                "subscription": "sub_1",
            }
        },
        "payments": listed(*(payments or (payment(number),))),
        **changes,
    }


def payment(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"inpay_{number}",
        "object": "invoice_payment",
        "status": "paid",
        "amount_paid": 500,
        "currency": "eur",
        "payment": {"type": "payment_intent", "payment_intent": f"pi_{number}"},
        **changes,
    }


def listed(*documents: dict[str, Any], has_more: bool = False) -> dict[str, Any]:
    return {"object": "list", "data": list(documents), "has_more": has_more, "url": "/v1/x"}
