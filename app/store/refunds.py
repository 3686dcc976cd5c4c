"""Refunds as rows: one for each (provider, refund id), moved by compare-and-set."""

import sqlite3
from dataclasses import dataclass

from app.domain.refund import REFUND_MOVES, RefundState, SeenRefund
from app.errors import InvariantError
from app.store.transaction import Transaction, stamp


@dataclass(frozen=True, slots=True)
class RefundedPayment:
    """The payment that a refund belongs to, with what is needed to trust the refund."""

    order_id: str
    account: str
    provider_account: str
    live: bool
    is_held: bool


def find_refunded_payment(
    connection: sqlite3.Connection, provider: str, payment_id: str
) -> RefundedPayment | None:
    """Find the payment of ours that a provider gave back, if it is one of ours."""
    row = connection.execute(
        "SELECT order_id, account, provider_account, live, held_as FROM payments "
        "WHERE provider = ? AND payment_id = ?",
        (provider, payment_id),
    ).fetchone()
    if row is None:
        return None
    return RefundedPayment(
        row["order_id"] or "",
        row["account"],
        row["provider_account"],
        bool(row["live"]),
        row["held_as"] is not None,
    )


def is_given_back(connection: sqlite3.Connection, provider: str, payment_id: str) -> bool:
    """Say whether all of a payment was given back."""
    row = connection.execute(
        "SELECT payments.amount_minor = coalesce(sum(refunds.amount_minor), 0) FROM payments "
        "LEFT JOIN refunds ON refunds.provider = payments.provider "
        "AND refunds.payment_id = payments.payment_id AND refunds.state = 'succeeded' "
        "WHERE payments.provider = ? AND payments.payment_id = ? GROUP BY payments.id",
        (provider, payment_id),
    ).fetchone()
    return bool(row and row[0])


def refund_state(
    connection: sqlite3.Connection, provider: str, refund_id: str
) -> RefundState | None:
    """Give where a refund stands in the books, or None where it is not in them."""
    row = connection.execute(
        "SELECT state FROM refunds WHERE provider = ? AND refund_id = ?", (provider, refund_id)
    ).fetchone()
    return None if row is None else RefundState(row[0])


def write_refund(tx: Transaction, provider: str, order_id: str, refund: SeenRefund) -> bool:
    """Write a refund down, or move it; False where the news is old."""
    before = refund_state(tx.connection, provider, refund.refund_id)
    if before is None:
        tx.insert(
            "refunds",
            provider=provider,
            refund_id=refund.refund_id,
            payment_id=refund.payment_id,
            amount_minor=refund.amount.minor,
            currency=refund.amount.currency,
            state=refund.state.value,
            version=1,
            seen_at=stamp(tx.at),
        )
    elif refund.state in REFUND_MOVES[before]:
        count = tx.execute(
            "UPDATE refunds SET state = ?, version = version + 1 "
            "WHERE provider = ? AND refund_id = ? AND state = ?",
            (refund.state.value, provider, refund.refund_id, before.value),
        ).rowcount
        if count != 1:
            raise InvariantError(f"Refund {refund.refund_id} was changed by someone else meanwhile")
    else:
        return False
    tx.record(
        f"refund.{refund.state.value}",
        order_id=order_id,
        data={
            "refund": refund.refund_id,
            "payment": refund.payment_id,
            "amount_minor": refund.amount.minor,
            "currency": refund.amount.currency,
        },
    )
    return True
