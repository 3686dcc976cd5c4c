"""Cursors: how far each list of a provider's account was read, by the provider's own clock."""

import sqlite3
from datetime import datetime

from app.store.transaction import Transaction, read_stamp, stamp


def find_cursor(
    connection: sqlite3.Connection, account: str, provider_account: str, kind: str
) -> datetime | None:
    """Give up to when a list was read whole, or None where it never was."""
    row = connection.execute(
        "SELECT position FROM cursors WHERE account = ? AND provider_account = ? AND kind = ?",
        (account, provider_account, kind),
    ).fetchone()
    return None if row is None else read_stamp(row["position"])


def save_cursor(
    tx: Transaction, account: str, provider_account: str, kind: str, position: datetime
) -> None:
    """Write down up to when a list was read; to be called after its rows, or with the last."""
    tx.execute(
        "INSERT INTO cursors (account, provider_account, kind, position, read_at) "
        "VALUES (?, ?, ?, ?, ?) ON CONFLICT (account, provider_account, kind) "
        "DO UPDATE SET position = excluded.position, read_at = excluded.read_at",
        (account, provider_account, kind, stamp(position), stamp(tx.at)),
    )


def books_made_at(connection: sqlite3.Connection) -> datetime:
    """Give when these books were begun: nothing of theirs is older at any provider."""
    row = connection.execute("SELECT created_at FROM till").fetchone()
    return read_stamp(row["created_at"])
