"""`refund`."""

from typing import Any

from app.sandbox.books import JsonObject

_ACTION_WITHIN_S = 45 * 86_400


def next_action(email: str | None, now: int) -> JsonObject:
    """What the payer has to do before money can go back: read an e-mail."""
    return {
        "display_details": {
            "email_sent": {"email_sent_at": now, "email_sent_to": email or "payer@example.com"},
            "expires_at": now + _ACTION_WITHIN_S,
        },
        "type": "display_details",
    }


def refund(
    *,
    id: str,
    created: int,
    amount: int,
    charge: JsonObject,
    status: str,
    params: dict[str, Any],
) -> JsonObject:
    return {
        "id": id,
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": created,
        "currency": charge["currency"],
        "customer": charge["customer"],
        "customer_account": None,
        "destination_details": {
            "card": {
                "reference_status": "pending",
                "reference_type": "acquirer_reference_number",
                "type": "refund",
            },
            "type": "card",
        },
        "metadata": params.get("metadata", {}),
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": params.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": status,
        "transfer_reversal": None,
    }
