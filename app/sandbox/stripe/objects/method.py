"""`payment_method`, and what a charge says of the one it was made with."""

from app.sandbox.books import JsonObject
from app.sandbox.stripe.cards import Card
from app.sandbox.stripe.debits import METHOD, Debit


def payment_method(
    *, id: str, created: int, way: Card | Debit, name: str | None, email: str | None
) -> JsonObject:
    kind, details = ("card", _card(way)) if isinstance(way, Card) else (METHOD, _debit(way))
    return {
        "id": id,
        "object": "payment_method",
        "allow_redisplay": "limited",
        "billing_details": _billing(name, email),
        kind: details,
        "created": created,
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": {},
        "type": kind,
    }


def charge_details(method: JsonObject, amount: int) -> JsonObject:
    """`payment_method_details` of a charge."""
    kind = method["type"]
    made = _charged_card(method[kind], amount) if kind == "card" else _debited(method[kind])
    return {kind: made, "type": kind}


def _card(card: Card) -> JsonObject:
    return {
        "brand": card.brand,
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": None,
            "cvc_check": "pass",
        },
        "country": "US",
        "display_brand": card.brand,
        "exp_month": card.exp_month,
        "exp_year": card.exp_year,
        "fingerprint": card.fingerprint,
        "funding": "credit",
        "generated_from": None,
        "last4": card.last4,
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def _debit(debit: Debit) -> JsonObject:
    return {
        "bank_code": debit.bank_code,
        "branch_code": "",
        "country": debit.country,
        "fingerprint": debit.fingerprint,
        "generated_from": {"charge": None, "setup_attempt": None},
        "last4": debit.last4,
    }


def _charged_card(card: JsonObject, amount: int) -> JsonObject:
    return {
        "amount_authorized": amount,
        "authorization_code": None,
        "brand": card["brand"],
        "checks": card["checks"],
        "country": card["country"],
        "exp_month": card["exp_month"],
        "exp_year": card["exp_year"],
        "extended_authorization": {"status": "disabled"},
        "fingerprint": card["fingerprint"],
        "funding": card["funding"],
        "incremental_authorization": {"status": "unavailable"},
        "installments": None,
        "last4": card["last4"],
        "mandate": None,
        "multicapture": {"status": "unavailable"},
        "network": card["brand"],
        "network_token": {"used": False},
        "network_transaction_id": None,
        "overcapture": {"maximum_amount_capturable": amount, "status": "unavailable"},
        "regulated_status": card["regulated_status"],
        "three_d_secure": None,
        "transaction_link_id": None,
        "wallet": None,
    }


def _debited(debit: JsonObject) -> JsonObject:
    kept = ("bank_code", "branch_code", "country", "fingerprint", "last4")
    return {**{name: debit[name] for name in kept}, "expected_debit_date": None, "mandate": None}


def _billing(name: str | None, email: str | None) -> JsonObject:
    address = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
    return {"address": address, "email": email, "name": name, "phone": None, "tax_id": None}
