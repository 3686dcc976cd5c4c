"""Stripe's fees: what its balance transactions say of a payment and of its refunds.

Source: Stripe's API reference, Balance Transactions, version 2026-10-28.endive. A fee is in the
currency that the account settles in.
"""

from collections.abc import Mapping
from typing import Any, Final

import stripe

from app.domain.fee import FeeKind, SeenFee
from app.providers.stripe.errors import in_our_words
from app.providers.stripe.sessions import money_from, text_of

_MOST: Final = 100
"""Refunds of one payment that are looked at: as many as one page has."""


async def fees_of(client: stripe.StripeClient, payment_id: str) -> tuple[SeenFee, ...] | None:
    """Ask for the fees of a payment and, where money went back, of its refunds.

    None while the payment's own balance transaction is not there: an asynchronous capture has it
    only after a while.
    """
    with in_our_words():
        intent = await client.v1.payment_intents.retrieve_async(
            payment_id, {"expand": ["latest_charge.balance_transaction"]}
        )
        charge = intent.to_dict().get("latest_charge")
    if not isinstance(charge, Mapping):
        return None
    transaction = charge.get("balance_transaction")
    if not isinstance(transaction, Mapping):
        return None
    fees = [_fee(transaction, payment_id, FeeKind.PAYMENT)]
    if charge.get("amount_refunded"):
        fees += await _fees_of_refunds(client, payment_id)
    return tuple(fees)


async def _fees_of_refunds(client: stripe.StripeClient, payment_id: str) -> list[SeenFee]:
    with in_our_words():
        page = await client.v1.refunds.list_async(
            {
                "payment_intent": payment_id,
                "limit": _MOST,
                "expand": ["data.balance_transaction"],
            }
        )
        found = [refund.to_dict().get("balance_transaction") for refund in page.data]
    return [
        _fee(transaction, payment_id, FeeKind.REFUND)
        for transaction in found
        if isinstance(transaction, Mapping)
    ]


def _fee(transaction: Mapping[str, Any], payment_id: str, kind: FeeKind) -> SeenFee:
    return SeenFee(
        fee_id=text_of(transaction, "id"),
        payment_id=payment_id,
        kind=kind,
        amount=money_from(transaction.get("fee"), transaction.get("currency")),
    )
