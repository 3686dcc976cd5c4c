"""Attempts as rows: insert, find, and the compare-and-set moves of their state."""

import sqlite3
from typing import Any

from app.domain.attempt import ATTEMPT_MOVES, Attempt, AttemptState, CloseReason, Reference
from app.domain.decision import Decision
from app.domain.money import Money
from app.errors import InvariantError
from app.store.decided import routing_of
from app.store.transaction import Row, Transaction, Value, maybe_stamp, read_stamp, stamp


def attempt_from(row: Row) -> Attempt:
    """Read an attempt from its row."""
    reference = Reference.parse(row["reference"])
    if reference is None:
        raise InvariantError(f"Attempt {row['id']} has no readable reference")
    return Attempt(
        id=row["id"],
        order_id=row["order_id"],
        number=row["number"],
        account=row["account"],
        provider=row["provider"],
        provider_account=row["provider_account"],
        live=bool(row["live"]),
        reference=reference,
        amount=Money(row["amount_minor"], row["currency"]),
        state=AttemptState(row["state"]),
        version=row["version"],
        created_at=read_stamp(row["created_at"]),
        deadline_at=read_stamp(row["deadline_at"]),
        session_id=row["session_id"],
        url=row["url"],
        shown_at=maybe_stamp(row["shown_at"]),
        close_reason=None if row["close_reason"] is None else CloseReason(row["close_reason"]),
        is_final=bool(row["is_final"]),
        decline=row["decline"],
    )


def find_attempt(connection: sqlite3.Connection, attempt_id: int) -> Attempt | None:
    """Find an attempt by its id."""
    row = connection.execute("SELECT * FROM attempts WHERE id = ?", (attempt_id,)).fetchone()
    return None if row is None else attempt_from(row)


def find_attempt_by_reference(connection: sqlite3.Connection, reference: str) -> Attempt | None:
    """Find an attempt by what the provider knows it as."""
    row = connection.execute("SELECT * FROM attempts WHERE reference = ?", (reference,)).fetchone()
    return None if row is None else attempt_from(row)


def find_attempt_by_session(
    connection: sqlite3.Connection, provider: str, session_id: str
) -> Attempt | None:
    """Find an attempt by the provider's own name of its session."""
    row = connection.execute(
        "SELECT * FROM attempts WHERE provider = ? AND session_id = ?", (provider, session_id)
    ).fetchone()
    return None if row is None else attempt_from(row)


def attempts_of(connection: sqlite3.Connection, order_id: str) -> tuple[Attempt, ...]:
    """Give the attempts of an order, oldest first."""
    rows = connection.execute(
        "SELECT * FROM attempts WHERE order_id = ? ORDER BY number", (order_id,)
    )
    return tuple(map(attempt_from, rows))


def watched_attempts(connection: sqlite3.Connection) -> list[Attempt]:
    """Give the attempts by which money can still come, oldest first."""
    rows = connection.execute("SELECT * FROM attempts WHERE is_final = 0 ORDER BY id")
    return list(map(attempt_from, rows))


def insert_attempt(tx: Transaction, attempt: Attempt, decision: Decision | None = None) -> Attempt:
    """Write a new attempt, give it its id, and tell of it; with why it goes to its account."""
    routing = {} if decision is None else {"routing": routing_of(decision)}
    attempt_id = tx.insert(
        "attempts",
        order_id=attempt.order_id,
        number=attempt.number,
        account=attempt.account,
        provider=attempt.provider,
        provider_account=attempt.provider_account,
        live=int(attempt.live),
        reference=str(attempt.reference),
        amount_minor=attempt.amount.minor,
        currency=attempt.amount.currency,
        state=attempt.state.value,
        version=attempt.version,
        created_at=stamp(attempt.created_at),
        deadline_at=stamp(attempt.deadline_at),
        is_final=0,
        decline="",
        **routing,
    )
    tx.record(
        "attempt.created",
        order_id=attempt.order_id,
        attempt_id=attempt_id,
        version=attempt.version,
        data={"account": attempt.account, "reference": str(attempt.reference)},
    )
    return _again(tx, attempt_id)


def move_attempt(
    tx: Transaction,
    attempt: Attempt,
    to: AttemptState,
    *,
    source: str = "",
    detail: str = "",
    **changes: Value,
) -> Attempt:
    """Move an attempt to another state by compare-and-set, with its one journal row."""
    if to not in ATTEMPT_MOVES[attempt.state]:
        raise InvariantError(f"An attempt does not go from {attempt.state.value} to {to.value}")
    names = "".join(f", {name} = ?" for name in changes)
    count = tx.execute(
        f"UPDATE attempts SET state = ?, version = version + 1{names} "
        "WHERE id = ? AND state = ? AND version = ?",
        (to.value, *changes.values(), attempt.id, attempt.state.value, attempt.version),
    ).rowcount
    if count != 1:
        raise InvariantError(f"Attempt {attempt.reference} was changed by someone else meanwhile")
    moved = _again(tx, attempt.id)
    data: dict[str, Any] = {"source": source, "detail": detail}
    tx.record(
        f"attempt.{to.value}",
        order_id=moved.order_id,
        attempt_id=moved.id,
        version=moved.version,
        data={name: value for name, value in data.items() if value},
    )
    return moved


def mark_attempt(tx: Transaction, attempt: Attempt, **changes: Value) -> Attempt:
    """Change what is not a state: shown, final, close reason, decline."""
    names = ", ".join(f"{name} = ?" for name in changes)
    tx.execute(f"UPDATE attempts SET {names} WHERE id = ?", (*changes.values(), attempt.id))
    return _again(tx, attempt.id)


def live_attempts_of(connection: sqlite3.Connection, order_id: str) -> list[Attempt]:
    """Give the attempts of an order that can still end in a payment."""
    return [attempt for attempt in attempts_of(connection, order_id) if attempt.is_live]


def _again(tx: Transaction, attempt_id: int) -> Attempt:
    attempt = find_attempt(tx.connection, attempt_id)
    if attempt is None:
        raise InvariantError(f"Attempt {attempt_id} is gone")
    return attempt
