"""`payment_intent` and `charge`."""

from typing import Any

from app.sandbox.books import JsonObject
from app.sandbox.stripe.cards import Decline
from app.sandbox.stripe.objects.method import charge_details


def payment_intent(
    *,
    id: str,
    secret: str,
    created: int,
    amount: int,
    currency: str,
    methods: list[str],
    data: dict[str, Any],
    livemode: bool,
) -> JsonObject:
    """An intent that waits for a payment method; `data` is the session's `..._data` parameter."""
    return {
        "id": id,
        "object": "payment_intent",
        "allowed_payment_method_types": None,
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": secret,
        "confirmation_method": "automatic",
        "created": created,
        "currency": currency,
        "customer": None,
        "customer_account": None,
        "description": data.get("description"),
        "excluded_payment_method_types": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": livemode,
        "managed_payments": {"enabled": False},
        "metadata": data.get("metadata", {}),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": methods,
        "processing": None,
        "receipt_email": data.get("receipt_email"),
        "review": None,
        "setup_future_usage": data.get("setup_future_usage"),
        "shipping": None,
        "source": None,
        "statement_descriptor": data.get("statement_descriptor"),
        "statement_descriptor_suffix": data.get("statement_descriptor_suffix"),
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": data.get("transfer_group"),
    }


def charge(*, id: str, created: int, intent: JsonObject, method: JsonObject) -> JsonObject:
    """A charge that has not been decided yet: `approve` or `decline` completes it."""
    return {
        "id": id,
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": intent["statement_descriptor"] or "SCANTILL",
        "captured": False,
        "created": created,
        "currency": intent["currency"],
        "customer": None,
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "livemode": intent["livemode"],
        "metadata": intent["metadata"],
        "on_behalf_of": None,
        "outcome": None,
        "paid": False,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": charge_details(method, intent["amount"]),
        "radar_options": {},
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source": None,
        "source_transfer": None,
        "statement_descriptor": intent["statement_descriptor"],
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": "pending",
        "transfer_data": None,
        "transfer_group": intent["transfer_group"],
    }


def approve(charge: JsonObject) -> None:
    charge["amount_captured"] = charge["amount"]
    charge["captured"] = charge["paid"] = True
    charge["status"] = "succeeded"
    charge["outcome"] = _outcome("authorized", "approved_by_network", "Payment complete.", None)


def decline(charge: JsonObject, why: Decline) -> None:
    charge["status"] = "failed"
    charge["failure_code"] = why.code
    charge["failure_message"] = why.message
    charge["outcome"] = _outcome(
        "issuer_declined",
        "declined_by_network",
        "The bank did not return any further details with this decline.",
        why.decline_code,
    )


def payment_error(why: Decline, *, charge: str | None, method: JsonObject) -> JsonObject:
    """`last_payment_error` of an intent; only an issuer's answer is about a card."""
    error: JsonObject = {
        "charge": charge,
        "code": why.code,
        "doc_url": f"https://docs.stripe.com/error-codes#{why.code.replace('_', '-')}",
        "message": why.message,
        "payment_method": method,
        "type": "invalid_request_error" if why.decline_code is None else "card_error",
    }
    if why.decline_code is not None:
        error |= {
            "advice_code": "try_again_later",
            "decline_code": why.decline_code,
            "network_decline_code": None,
        }
    return {name: value for name, value in error.items() if name != "charge" or value}


def _outcome(type: str, network: str, message: str, reason: str | None) -> JsonObject:
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": network,
        "reason": reason,
        "risk_level": "normal",
        "risk_score": 7,
        "seller_message": message,
        "type": type,
    }
