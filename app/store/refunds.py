"""Refunds as rows: one for each refund of ours or of the provider's, moved by compare-and-set.

One of ours is there before the provider knows of it: it has a `press` and no `refund_id` yet.
"""

import sqlite3
from typing import Final

from app.domain.money import Money
from app.domain.payment import Payment
from app.domain.refund import REFUND_MOVES, GivenBack, Refund, RefundState, SeenRefund
from app.errors import InvariantError
from app.store.transaction import Row, Transaction, read_stamp, stamp
from app.store.words import from_json

_REFUNDS_AN_EPOCH: Final = 1_000
_SELECT: Final = (
    "SELECT refunds.*, (SELECT result FROM intents WHERE intents.refund = refunds.id "
    "AND outcome IN ('rejected', 'superseded') ORDER BY intents.id DESC LIMIT 1) AS answer "
    "FROM refunds "
)


def given_back(connection: sqlite3.Connection, provider: str, payment_id: str) -> GivenBack:
    """Sum what was given back of a payment, and what is asked for or on its way."""
    row = connection.execute(
        "SELECT coalesce(sum(amount_minor) FILTER (WHERE state = 'succeeded'), 0), "
        "coalesce(sum(amount_minor) FILTER (WHERE state IN ('requested', 'pending')), 0) "
        "FROM refunds WHERE provider = ? AND payment_id = ?",
        (provider, payment_id),
    ).fetchone()
    return GivenBack(int(row[0]), int(row[1]))


def find_refund(connection: sqlite3.Connection, row_id: int) -> Refund | None:
    """Find a refund by its row."""
    return _one(connection, "WHERE refunds.id = ?", row_id)


def refund_by_press(connection: sqlite3.Connection, press: str) -> Refund | None:
    """Find the refund of ours that one press of the button made."""
    return _one(connection, "WHERE press = ?", press)


def refund_by_id(connection: sqlite3.Connection, provider: str, refund_id: str) -> Refund | None:
    """Find a refund by the provider's own id."""
    return _one(connection, "WHERE provider = ? AND refund_id = ?", provider, refund_id)


def refund_by_key(connection: sqlite3.Connection, key: str) -> Refund | None:
    """Find the refund of ours that was asked for under a key."""
    if not key:
        return None
    return _one(connection, "WHERE refunds.id = (SELECT refund FROM intents WHERE key = ?)", key)


def refunds_of(connection: sqlite3.Connection, payment: Payment) -> tuple[Refund, ...]:
    """Give the refunds of a payment, oldest first."""
    condition = "WHERE provider = ? AND payment_id = ? ORDER BY refunds.id"
    return _all(connection, condition, payment.provider, payment.payment_id)


def refunds_of_order(connection: sqlite3.Connection, order_id: str) -> tuple[Refund, ...]:
    """Give the refunds of all the payments of an order, oldest first."""
    condition = (
        "WHERE (provider, payment_id) IN (SELECT provider, payment_id FROM payments "
        "WHERE order_id = ?) ORDER BY refunds.id"
    )
    return _all(connection, condition, order_id)


def unfinished(connection: sqlite3.Connection) -> tuple[Refund, ...]:
    """Give the refunds whose end is still awaited, oldest first."""
    return _all(connection, "WHERE state IN ('requested', 'pending') ORDER BY refunds.id")


def is_awaited(connection: sqlite3.Connection, provider: str, seen: SeenRefund) -> bool:
    """Say whether a refund of ours like this one still waits for its provider's id."""
    row = connection.execute(
        "SELECT 1 FROM refunds WHERE provider = ? AND payment_id = ? AND amount_minor = ? "
        "AND currency = ? AND refund_id IS NULL AND state = 'requested'",
        (provider, seen.payment_id, seen.amount.minor, seen.amount.currency),
    ).fetchone()
    return row is not None


def next_refund_number(connection: sqlite3.Connection, reference: str) -> int:
    """Give the place of the next refund among those of a reference: part of its key.

    After a restoration it is one that no refund of the lost time can have had.
    """
    last, epoch = connection.execute(
        "SELECT (SELECT coalesce(max(refunds.number), 0) FROM refunds JOIN payments "
        "ON payments.provider = refunds.provider AND payments.payment_id = refunds.payment_id "
        "WHERE payments.reference = ?), (SELECT epoch FROM till)",
        (reference,),
    ).fetchone()
    return max(int(last), _REFUNDS_AN_EPOCH * (int(epoch) - 1)) + 1


def insert_refund(
    tx: Transaction,
    payment: Payment,
    amount: Money,
    state: RefundState,
    *,
    refund_id: str = "",
    press: str = "",
    number: int | None = None,
    by: str = "",
    reason: str = "",
) -> Refund:
    """Write a refund down for the first time: one of ours, or one that the provider tells of."""
    row_id = tx.insert(
        "refunds",
        provider=payment.provider,
        refund_id=refund_id or None,
        payment_id=payment.payment_id,
        amount_minor=amount.minor,
        currency=amount.currency,
        state=state.value,
        version=1,
        seen_at=stamp(tx.at),
        press=press or None,
        number=number,
        asked_by=by,
        reason=reason,
    )
    return _told(tx, row_id, payment, 1)


def move_refund(
    tx: Transaction,
    payment: Payment,
    refund: Refund,
    to: RefundState,
    *,
    refund_id: str = "",
    detail: str = "",
) -> Refund:
    """Move a refund by compare-and-set, with its one journal row; it learns its provider's id."""
    if to not in REFUND_MOVES[refund.state]:
        raise InvariantError(f"A refund does not go from {refund.state.value} to {to.value}")
    row = tx.execute(
        "UPDATE refunds SET state = ?, version = version + 1, refund_id = coalesce(refund_id, ?) "
        "WHERE id = ? AND state = ? RETURNING version",
        (to.value, refund_id or None, refund.id, refund.state.value),
    ).fetchone()
    if row is None:
        raise InvariantError(f"Refund {refund.id} was changed by someone else meanwhile")
    return _told(tx, refund.id, payment, row[0], detail)


def _told(tx: Transaction, row_id: int, payment: Payment, version: int, detail: str = "") -> Refund:
    refund = find_refund(tx.connection, row_id)
    if refund is None:
        raise InvariantError(f"Refund {row_id} is gone")
    data = {
        "row": refund.id,
        "refund": refund.refund_id,
        "payment": refund.payment_id,
        "amount_minor": refund.amount.minor,
        "currency": refund.amount.currency,
        "by": refund.asked_by,
        "reason": refund.reason,
        "detail": detail,
    }
    tx.record(
        f"refund.{refund.state.value}",
        order_id=payment.order_id,
        attempt_id=payment.attempt_id,
        version=version,
        data={name: value for name, value in data.items() if value},
    )
    return refund


def _one(connection: sqlite3.Connection, condition: str, *values: str | int) -> Refund | None:
    return next(iter(_all(connection, condition, *values)), None)


def _all(connection: sqlite3.Connection, condition: str, *values: str | int) -> tuple[Refund, ...]:
    return tuple(map(_refund_from, connection.execute(_SELECT + condition, values)))


def _refund_from(row: Row) -> Refund:
    state = RefundState(row["state"])
    answer = from_json(row["answer"]) if row["answer"] and state is RefundState.FAILED else {}
    return Refund(
        id=row["id"],
        provider=row["provider"],
        refund_id=row["refund_id"] or "",
        payment_id=row["payment_id"],
        amount=Money(row["amount_minor"], row["currency"]),
        state=state,
        seen_at=read_stamp(row["seen_at"]),
        press=row["press"] or "",
        number=row["number"],
        asked_by=row["asked_by"],
        reason=row["reason"],
        words=answer.get("words", ""),
    )
