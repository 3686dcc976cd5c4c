"""`dispute`: a payer's bank takes the money back."""

from app.sandbox.books import JsonObject

EVIDENCE = (
    "access_activity_log billing_address cancellation_policy cancellation_policy_disclosure"
    " cancellation_rebuttal customer_communication customer_email_address customer_name"
    " customer_purchase_ip customer_signature duplicate_charge_documentation"
    " duplicate_charge_explanation duplicate_charge_id product_description receipt refund_policy"
    " refund_policy_disclosure refund_refusal_explanation service_date service_documentation"
    " shipping_address shipping_carrier shipping_date shipping_documentation"
    " shipping_tracking_number uncategorized_file uncategorized_text"
).split()

_NETWORK_CODES = {
    "credit_not_processed": "13.6",
    "duplicate": "12.6.1",
    "fraudulent": "10.4",
    "product_not_received": "13.1",
    "product_unacceptable": "13.3",
    "subscription_canceled": "13.2",
}


def dispute(
    *,
    id: str,
    created: int,
    amount: int,
    charge: JsonObject,
    reason: str,
    status: str,
    due_by: int,
) -> JsonObject:
    """One of a charge; its balance transactions are added when it is shown."""
    return {
        "id": id,
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": created,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {**dict.fromkeys(EVIDENCE), "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": due_by,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "intended_submission_method": None,
        "is_charge_refundable": status.startswith("warning"),
        "livemode": charge["livemode"],
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": _method(charge["payment_method_details"], reason, status),
        "reason": reason,
        "status": status,
    }


def _method(details: JsonObject, reason: str, status: str) -> JsonObject | None:
    """Stripe tells it of cards only, not of bank debits."""
    card = details.get("card")
    if card is None:
        return None
    return {
        "card": {
            "brand": card["brand"],
            "case_type": "inquiry" if status.startswith("warning") else "chargeback",
            "network": card["network"],
            "network_reason_code": _NETWORK_CODES.get(reason, "13.7"),
        },
        "type": "card",
    }
