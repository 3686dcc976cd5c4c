"""The operator's word on payments by hand, as the journal keeps it."""

import json
import sqlite3

from app.domain.attempt import Attempt
from app.domain.confirmation import CONFIRMED, Confirmation
from app.domain.payment import Payment
from app.store.attempts import find_attempt
from app.store.transaction import Row, read_stamp


def confirmations_of(connection: sqlite3.Connection, order_id: str) -> tuple[Confirmation, ...]:
    """Give what the operator confirmed of an order's payments, oldest first."""
    rows = connection.execute(
        "SELECT at, data FROM journal WHERE order_id = ? AND name = ? ORDER BY seq",
        (order_id, CONFIRMED),
    )
    return tuple(map(_confirmation_from, rows))


def confirmation_of(connection: sqlite3.Connection, attempt: Attempt) -> Confirmation | None:
    """Give what the operator confirmed of an attempt, or None where nobody did."""
    row = connection.execute(
        "SELECT at, data FROM journal WHERE order_id = ? AND name = ? AND attempt_id = ?",
        (attempt.order_id, CONFIRMED, attempt.id),
    ).fetchone()
    return None if row is None else _confirmation_from(row)


def confirmation_of_payment(
    connection: sqlite3.Connection, payment: Payment
) -> Confirmation | None:
    """Give what the operator confirmed of a payment, whatever order it counts for by now."""
    attempt = None
    if payment.attempt_id is not None:
        attempt = find_attempt(connection, payment.attempt_id)
    return None if attempt is None else confirmation_of(connection, attempt)


def _confirmation_from(row: Row) -> Confirmation:
    return Confirmation.from_data(read_stamp(row["at"]), json.loads(row["data"]))
