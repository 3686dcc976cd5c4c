"""`refund`, and the `balance_transaction` that every movement of money has."""

from typing import Any

from app.sandbox.books import JsonObject


def balance_transaction(
    *, id: str, created: int, amount: int, fee: int, currency: str, source: str, type: str
) -> JsonObject:
    return {
        "id": id,
        "object": "balance_transaction",
        "amount": amount,
        "available_on": created,
        "balance_type": "payments",
        "created": created,
        "currency": currency,
        "description": None,
        "exchange_rate": None,
        "fee": fee,
        "fee_details": [
            {
                "amount": fee,
                "application": None,
                "currency": currency,
                "description": "Stripe processing fees",
                "type": "stripe_fee",
            }
        ]
        if fee
        else [],
        "net": amount - fee,
        "reporting_category": type,
        "source": source,
        "status": "available",
        "type": type,
    }


def refund(
    *,
    id: str,
    created: int,
    amount: int,
    charge: JsonObject,
    status: str,
    params: dict[str, Any],
    transaction: str | None,
) -> JsonObject:
    return {
        "id": id,
        "object": "refund",
        "amount": amount,
        "balance_transaction": transaction,
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
