"""What is still in doubt: calls that nobody waits for any more, and attempts without an answer."""

import sqlite3
from datetime import datetime

from app.domain.attempt import AttemptState
from app.domain.exceptions import ExceptionKind
from app.store.intents import Operation, Outcome
from app.store.transaction import Transaction, read_stamp, stamp

_SETTLED_OTHERWISE = (
    "outcome IS NULL AND operation IN (?, ?) AND attempt_id IN ("
    "SELECT id FROM attempts WHERE is_final = 1 OR (operation = ? AND session_id IS NOT NULL))"
)
_BOUND = (Operation.CREATE.value, Operation.CLOSE.value, Operation.CREATE.value)


def has_overtaken(connection: sqlite3.Connection, attempt_id: int | None = None) -> bool:
    """Say whether calls without an answer have been overtaken, of one attempt or of any."""
    which, bound = _narrowed(attempt_id)
    row = connection.execute(f"SELECT 1 FROM intents WHERE {which} LIMIT 1", bound).fetchone()
    return row is not None


def supersede_overtaken(tx: Transaction, attempt_id: int | None = None) -> int:
    """Give up waiting for answers that say nothing any more, and say how many there were.

    A session that is known was created, and by one that is final no money can come: what became
    of either was learned by another way (a webhook, a look) than the call's own answer.
    """
    which, bound = _narrowed(attempt_id)
    return tx.execute(
        f"UPDATE intents SET outcome = ?, finished_at = ? WHERE {which}",
        (Outcome.SUPERSEDED.value, stamp(tx.at), *bound),
    ).rowcount


def untold_since(connection: sqlite3.Connection, attempt_id: int) -> datetime | None:
    """Say since when an attempt is `unknown` without a person having been told, or None."""
    row = connection.execute(
        "SELECT max(journal.at) AS since FROM attempts "
        "JOIN journal ON journal.order_id = attempts.order_id "
        "AND journal.attempt_id = attempts.id AND journal.name = ? "
        "WHERE attempts.id = ? AND attempts.state = ?",
        (f"attempt.{AttemptState.UNKNOWN.value}", attempt_id, AttemptState.UNKNOWN.value),
    ).fetchone()
    if row["since"] is None:
        return None
    told = connection.execute(
        "SELECT 1 FROM exceptions WHERE attempt_id = ? AND kind = ? AND opened_at >= ?",
        (attempt_id, ExceptionKind.UNKNOWN.value, row["since"]),
    ).fetchone()
    return read_stamp(row["since"]) if told is None else None


def _narrowed(attempt_id: int | None) -> tuple[str, tuple[str | int, ...]]:
    if attempt_id is None:
        return _SETTLED_OTHERWISE, _BOUND
    return f"attempt_id = ? AND {_SETTLED_OTHERWISE}", (attempt_id, *_BOUND)
