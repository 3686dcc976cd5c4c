"""`balance_transaction`, which every movement of money has, and `balance`, their sum."""

from collections.abc import Mapping

from app.sandbox.books import JsonObject

RATE_UNIT = 1_000_000


def balance_transaction(
    *,
    id: str,
    created: int,
    available_on: int,
    amount: int,
    fee: int,
    currency: str,
    rate_ppm: int | None,
    source: str,
    type: str,
    category: str,
    description: str | None,
    fee_name: str,
) -> JsonObject:
    """What one movement did to the account; `rate_ppm` where it came in another currency."""
    detail = {
        "amount": fee,
        "application": None,
        "currency": currency,
        "description": fee_name,
        "type": "stripe_fee",
    }
    return {
        "id": id,
        "object": "balance_transaction",
        "amount": amount,
        "available_on": available_on,
        "balance_type": "payments",
        "created": created,
        "currency": currency,
        "description": description,
        "exchange_rate": None if rate_ppm is None else rate_ppm / RATE_UNIT,
        "fee": fee,
        "fee_details": [detail] if fee else [],
        "net": amount - fee,
        "reporting_category": category,
        "source": source,
        "status": "pending",
        "type": type,
    }


def balance(available: Mapping[str, int], pending: Mapping[str, int]) -> JsonObject:
    """Both map a currency to the sum of what its transactions left."""
    currencies = sorted({*available, *pending}) or ["usd"]
    return {
        "object": "balance",
        "available": [_fund(currency, available) for currency in currencies],
        "connect_reserved": [{"amount": 0, "currency": currency} for currency in currencies],
        "livemode": False,
        "pending": [_fund(currency, pending) for currency in currencies],
    }


def _fund(currency: str, amounts: Mapping[str, int]) -> JsonObject:
    amount = amounts.get(currency, 0)
    return {"amount": amount, "currency": currency, "source_types": {"card": amount}}
