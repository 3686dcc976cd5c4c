"""The inbox: verified webhook deliveries, kept before they are acknowledged, handled after.

An event is there once, however often it is delivered: (provider, account, mode, event id).
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.domain.delivery import Delivery
from app.store.transaction import Transaction, maybe_stamp, read_stamp, stamp

_FOREIGN: Final = "foreign"


@dataclass(frozen=True, slots=True)
class InboxEntry:
    """A delivery in the books, waiting to be handled."""

    id: int
    delivery: Delivery
    received_at: datetime


def receive(tx: Transaction, delivery: Delivery) -> bool:
    """Keep a delivery; False where the event is there already."""
    cursor = tx.execute(
        "INSERT INTO inbox (account, provider, provider_account, live, event_id, event_type, body, "
        "received_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (provider, provider_account, live, event_id) DO NOTHING",
        (
            delivery.account,
            delivery.provider,
            delivery.provider_account,
            int(delivery.live),
            delivery.event_id,
            delivery.event_type,
            delivery.body,
            stamp(tx.at),
        ),
    )
    return cursor.rowcount == 1


def waiting(
    connection: sqlite3.Connection, limit: int, *, leave_out: Sequence[str] = ()
) -> list[InboxEntry]:
    """Give the oldest entries that nobody has handled yet, but for some accounts' own."""
    marks = ", ".join("?" * len(leave_out))
    rows = connection.execute(
        f"SELECT * FROM inbox WHERE standing IS NULL AND account NOT IN ({marks}) "
        "ORDER BY id LIMIT ?",
        (*leave_out, limit),
    )
    return [
        InboxEntry(
            row["id"],
            Delivery(
                account=row["account"],
                provider=row["provider"],
                provider_account=row["provider_account"],
                live=bool(row["live"]),
                event_id=row["event_id"],
                event_type=row["event_type"],
                body=row["body"],
            ),
            read_stamp(row["received_at"]),
        )
        for row in rows
    ]


def handled(tx: Transaction, entry_id: int, standing: str, detail: str = "") -> bool:
    """Write down what became of an entry, once; False where someone did before."""
    return (
        tx.execute(
            "UPDATE inbox SET standing = ?, detail = ?, handled_at = ? "
            "WHERE id = ? AND standing IS NULL",
            (standing, detail, stamp(tx.at), entry_id),
        ).rowcount
        == 1
    )


def wake_refunds_of(tx: Transaction, provider: str, payment_id: str) -> None:
    """Let refunds and disputes that waited for this payment be settled, given up or not."""
    for standing in ("waiting", _FOREIGN):
        _move_refunds(tx, provider, payment_id, standing, to=None)


def disown_refunds_of(tx: Transaction, provider: str, payment_id: str) -> None:
    """Write down that what waited for this payment is a stranger's, as it is."""
    _move_refunds(tx, provider, payment_id, "waiting", to=_FOREIGN)


def is_foreign_payment(connection: sqlite3.Connection, provider: str, payment_id: str) -> bool:
    """Say whether a payment was seen that is a stranger's."""
    return (
        connection.execute(
            f"SELECT 1 FROM inbox WHERE standing = '{_FOREIGN}' AND detail <> '' AND detail = ? "
            "AND provider = ?",
            (payment_id, provider),
        ).fetchone()
        is not None
    )


def have_waited_since(connection: sqlite3.Connection, before: datetime) -> bool:
    """Say whether refunds wait for a payment that came in before a moment."""
    return (
        connection.execute(
            "SELECT 1 FROM inbox WHERE standing = 'waiting' AND received_at < ?", (stamp(before),)
        ).fetchone()
        is not None
    )


def disown_old_refunds(tx: Transaction, before: datetime) -> None:
    """Take refunds for a stranger's that came in before a moment and wait for a payment still."""
    tx.execute(
        f"UPDATE inbox SET standing = '{_FOREIGN}', handled_at = ? "
        "WHERE standing = 'waiting' AND received_at < ?",
        (stamp(tx.at), stamp(before)),
    )


def _move_refunds(
    tx: Transaction, provider: str, payment_id: str, standing: str, *, to: str | None
) -> None:
    tx.execute(
        "UPDATE inbox SET standing = ?, handled_at = ? "
        f"WHERE standing = '{standing}' AND detail <> '' AND detail = ? AND provider = ?",
        (to, None if to is None else stamp(tx.at), payment_id, provider),
    )


def last_received(connection: sqlite3.Connection) -> datetime | None:
    """Give the time of the newest delivery."""
    row = connection.execute("SELECT received_at FROM inbox ORDER BY id DESC LIMIT 1").fetchone()
    return maybe_stamp(None if row is None else row[0])
