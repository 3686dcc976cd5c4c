"""Money that the operator hands out: it has gone back as soon as it is written down.

In cash a part goes back in coins that there are; with the rest goes what the payment was rounded
by, so that never more is handed out than was taken.
"""

from app.domain.confirmation import CASH
from app.domain.judgement import Standing
from app.domain.ledger import rounding_entries
from app.domain.money import Money
from app.domain.observation import Source
from app.domain.payment import Payment
from app.domain.refund import Refund, RefundObservation
from app.errors import CheckoutRefused, InvariantError, Message
from app.providers.strategy import TakesByHand
from app.refund_answers import known_refund
from app.settle_refunds import settle_refund
from app.store import Transaction
from app.store.confirmations import confirmation_of_payment
from app.store.intents import unanswered_refund
from app.store.refunds import given_back


def check_coins(strategy: TakesByHand, amount: Money, *, left: Money) -> None:
    """Raise CheckoutRefused for a part that cannot be handed out."""
    due = strategy.due(amount)
    if amount not in (due, left):
        raise CheckoutRefused(
            Message("{amount} cannot be handed out in cash", amount=amount),
            action=Message("Give back {due}, or all of it: {left}.", due=due, left=left),
        )


def hand_out(tx: Transaction, payment: Payment, refund: Refund, strategy: TakesByHand) -> Refund:
    """Settle a refund that was just written down: the operator hands the money out."""
    intent = unanswered_refund(tx.connection, refund.id)
    if intent is None:
        raise InvariantError(f"Refund {refund.id} is handed out without an intent")
    seen = RefundObservation(
        source=Source.OPERATOR,
        provider=payment.provider,
        provider_account=payment.provider_account,
        live=payment.live,
        refund=strategy.handed_out(intent.parameters),
        observed_at=tx.at,
    )
    if settle_refund(tx, seen, asked=refund) is not Standing.SETTLED:
        raise InvariantError(f"Refund {refund.id} was handed out and is not settled")
    if payment.provider == CASH:
        _round(tx, payment)
    return known_refund(tx.connection, refund.id)


def _round(tx: Transaction, payment: Payment) -> None:
    """Give back with the rest of a payment what it was rounded by."""
    back = given_back(tx.connection, payment.provider, payment.payment_id)
    word = confirmation_of_payment(tx.connection, payment)
    if word is None or back.left_of(payment.amount).minor or not word.rounding.minor:
        return
    tx.post(
        "rounding",
        payment.amount.currency,
        rounding_entries(-word.rounding.minor),
        order_id=payment.order_id,
        payment_id=payment.payment_id,
    )
