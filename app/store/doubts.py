"""What is still in doubt: calls that nobody waits for any more, and attempts without an answer."""

import sqlite3
from datetime import datetime
from typing import Final

from app.domain.attempt import AttemptState
from app.domain.exceptions import ExceptionKind
from app.store.intents import Operation, Outcome
from app.store.transaction import Transaction, read_stamp, stamp

_OVERTAKEN: Final = """
    outcome IS NULL AND operation IN (:create, :capture, :close) AND EXISTS (
        SELECT 1 FROM attempts WHERE attempts.id = intents.attempt_id AND (
            is_final = 1 OR (intents.operation = :create AND session_id IS NOT NULL)))
"""
_OPERATIONS: Final = {
    "create": Operation.CREATE.value,
    "capture": Operation.CAPTURE.value,
    "close": Operation.CLOSE.value,
}


def has_overtaken(connection: sqlite3.Connection) -> bool:
    """Say whether there are calls without an answer that were overtaken."""
    found = connection.execute(f"SELECT 1 FROM intents WHERE {_OVERTAKEN} LIMIT 1", _OPERATIONS)
    return found.fetchone() is not None


def supersede_overtaken(tx: Transaction, attempt_id: int | None = None) -> int:
    """Give up waiting for answers that say nothing any more, of one attempt or of all.

    A session that is known was created, and by one that is final no money can come: what became
    of either was learned by another way (a webhook, a look) than the call's own answer. Gives how
    many there were.
    """
    which = "" if attempt_id is None else "attempt_id = :attempt AND"
    return tx.execute(
        f"UPDATE intents SET outcome = :outcome, finished_at = :at WHERE {which} {_OVERTAKEN}",
        {
            **_OPERATIONS,
            "outcome": Outcome.SUPERSEDED.value,
            "at": stamp(tx.at),
            "attempt": attempt_id,
        },
    ).rowcount


def untold_since(connection: sqlite3.Connection, attempt_id: int) -> datetime | None:
    """Say since when an attempt is in doubt without a person having been told, or None."""
    row = connection.execute(
        "SELECT max(journal.at) AS since FROM attempts "
        "JOIN journal ON journal.order_id = attempts.order_id "
        "AND journal.attempt_id = attempts.id "
        "AND journal.name IN ('attempt.created', 'attempt.unknown') "
        "WHERE attempts.id = ? AND attempts.state IN (?, ?)",
        (attempt_id, AttemptState.CREATING.value, AttemptState.UNKNOWN.value),
    ).fetchone()
    if row["since"] is None:
        return None
    told = connection.execute(
        "SELECT 1 FROM exceptions WHERE attempt_id = ? AND kind = ? AND opened_at >= ?",
        (attempt_id, ExceptionKind.UNKNOWN.value, row["since"]),
    ).fetchone()
    return read_stamp(row["since"]) if told is None else None


def was_told_since(connection: sqlite3.Connection, attempt_id: int, since: datetime) -> bool:
    """Say whether a person was told of a doubt about an attempt since a moment."""
    row = connection.execute(
        "SELECT 1 FROM exceptions WHERE attempt_id = ? AND kind = ? AND opened_at >= ?",
        (attempt_id, ExceptionKind.UNKNOWN.value, stamp(since)),
    ).fetchone()
    return row is not None
