"""What an answer about a refund of ours comes to in the books: one transaction each."""

import sqlite3

from app.domain.judgement import Standing
from app.domain.payment import Payment
from app.domain.refund import Refund, RefundObservation, RefundState
from app.errors import InvariantError, Message
from app.settle_refunds import refuse_refund, settle_refund
from app.store import Transaction
from app.store.intents import Intent, Outcome, finish_intent
from app.store.refunds import find_refund


def known_refund(connection: sqlite3.Connection, row_id: int) -> Refund:
    """Give a refund that must be there. Raises InvariantError where it is gone."""
    refund = find_refund(connection, row_id)
    if refund is None:
        raise InvariantError(f"Refund {row_id} is gone")
    return refund


def write_answer(
    tx: Transaction, payment: Payment, refund: Refund, intent: Intent, seen: RefundObservation
) -> tuple[Refund, Standing]:
    """Settle the answer to our own call. Where it is another refund, ours came to nothing."""
    standing = settle_refund(tx, seen, asked=refund)
    now = known_refund(tx.connection, refund.id)
    if standing is not Standing.QUARANTINED and now.state is RefundState.REQUESTED:
        words = Message(
            "The provider answered with another refund, {refund}.", refund=seen.refund.refund_id
        )
        finish_intent(tx, intent.id, Outcome.SUPERSEDED, {"words": words})
        now = refuse_refund(tx, payment, now, words, is_told=False)
    return now, standing


def write_refusal(
    tx: Transaction,
    payment: Payment,
    refund: Refund,
    intent: Intent,
    outcome: Outcome,
    words: str,
    *,
    is_told: bool,
) -> Refund:
    """Write down that a refund came to nothing, unless its call was answered meanwhile."""
    now = known_refund(tx.connection, refund.id)
    if not finish_intent(tx, intent.id, outcome, {"words": words}):
        return now
    return refuse_refund(tx, payment, now, words, is_told=is_told)
