"""A till's epochs: each restored backup begins one, and no number of the lost time comes again.

What a till did between a backup and its loss is known to nobody, but its receipts are in
customers' hands. So the numbers go on far above whatever one counter can have given meanwhile:
one a second since the newest entry of the backup. That needs no memory outside the backup, and so
holds on another computer, and for a backup that is restored a second time.

An order from before the restoration gets no new session: the number of its next attempt, and with
it the attempt's reference and key, may be in use at the provider.
"""

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.store.transaction import Row, Transaction, maybe_stamp, read_stamp, stamp

EPOCHS: Final = """
    CREATE TABLE epochs (
        number INTEGER PRIMARY KEY,
        began_at TEXT NOT NULL,
        first_order INTEGER NOT NULL,
        first_receipt INTEGER NOT NULL,
        cause TEXT NOT NULL,
        reconciled_at TEXT
    ) STRICT
"""

_MARGIN: Final = timedelta(minutes=10)
_MOST_LOST: Final = timedelta(seconds=1_000_000)
"""Taken where the clock says nothing of use: it stands before the backup's newest entry."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """One epoch: its number, its first order and receipt numbers, and why it began.

    `reconciled_at` is when it was compared with the providers; until then nothing is sold.
    """

    number: int
    began_at: datetime | None
    first_order: int
    first_receipt: int
    cause: str = ""
    reconciled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """The highest epoch and numbers that a set of books knows of, and its newest entry's time."""

    epoch: int
    last_order: int
    last_receipt: int
    newest_at: datetime


def epochs_of(connection: sqlite3.Connection) -> list[Epoch]:
    """Give every epoch, the first one of all too, oldest first."""
    rows = connection.execute("SELECT * FROM epochs ORDER BY number")
    return [Epoch(1, None, 1, 1), *map(_epoch_from, rows)]


def needs_reconciliation(connection: sqlite3.Connection) -> bool:
    """Say whether the books were restored and not compared with the providers since."""
    found = connection.execute("SELECT 1 FROM epochs WHERE reconciled_at IS NULL").fetchone()
    return found is not None


def restored_from(connection: sqlite3.Connection) -> datetime | None:
    """Give the moment up to which restored books know of everything: their backup's newest entry.

    None where no restored books wait for their comparison with the providers. Of several
    restorations that wait for it the first counts, which knew of least.
    """
    if not needs_reconciliation(connection):
        return None
    (began,) = connection.execute(
        "SELECT min(seq) FROM journal WHERE name = 'till.epoch_begun' AND at >= "
        "(SELECT min(began_at) FROM epochs WHERE reconciled_at IS NULL)"
    ).fetchone()
    (newest,) = connection.execute(
        "SELECT coalesce((SELECT at FROM journal WHERE seq < ? ORDER BY seq DESC LIMIT 1), "
        "(SELECT created_at FROM till))",
        (began,),
    ).fetchone()
    return read_stamp(newest)


def reconciled(tx: Transaction) -> None:
    """Write down that the providers' books were compared with these: the till may sell again."""
    count = tx.execute(
        "UPDATE epochs SET reconciled_at = ? WHERE reconciled_at IS NULL", (stamp(tx.at),)
    ).rowcount
    if count:
        tx.record("till.reconciled", data={"epochs": count})


def is_from_before(connection: sqlite3.Connection, order_number: int) -> bool:
    """Say whether an order is older than the newest restoration."""
    row = connection.execute("SELECT max(first_order) FROM epochs").fetchone()
    return row[0] is not None and order_number < row[0]


def known_to(connection: sqlite3.Connection) -> Known | None:
    """Read how far books have counted; None where they have no till in them yet."""
    row = connection.execute("SELECT * FROM till").fetchone()
    if row is None:
        return None
    return Known(
        row["epoch"], row["last_order_number"], row["last_receipt_number"], newest_entry(connection)
    )


def newest_entry(connection: sqlite3.Connection) -> datetime:
    """Give the time of the newest thing that books tell of."""
    (newest,) = connection.execute(
        "SELECT max(at) FROM (SELECT created_at AS at FROM till "
        "UNION ALL SELECT at FROM (SELECT at FROM journal ORDER BY seq DESC LIMIT 1) "
        "UNION ALL SELECT at FROM (SELECT at FROM audit ORDER BY seq DESC LIMIT 1) "
        "UNION ALL SELECT at FROM (SELECT received_at AS at FROM inbox ORDER BY id DESC LIMIT 1))"
    ).fetchone()
    return read_stamp(newest)


def begin_epoch(tx: Transaction, *, actor: str, cause: str, other: Known | None = None) -> Epoch:
    """Begin the next epoch, with numbers above all that may have been given.

    `other` is what the books that these replace still know. Nothing is sold in the new epoch
    until `reconciled` was called.
    """
    known = known_to(tx.connection)
    if known is None:
        raise ValueError("books without a till have no epoch")
    lost = tx.at - known.newest_at
    lost = lost + _MARGIN if lost >= timedelta() else _MOST_LOST
    others = (0, 0, 0) if other is None else (other.epoch, other.last_order, other.last_receipt)
    epoch = Epoch(
        number=1 + max(known.epoch, others[0]),
        began_at=tx.at,
        first_order=_above(known.last_order, others[1], lost),
        first_receipt=_above(known.last_receipt, others[2], lost),
        cause=cause,
    )
    tx.execute(
        "UPDATE till SET epoch = ?, last_order_number = ?, last_receipt_number = ?",
        (epoch.number, epoch.first_order - 1, epoch.first_receipt - 1),
    )
    tx.insert(
        "epochs",
        number=epoch.number,
        began_at=stamp(tx.at),
        first_order=epoch.first_order,
        first_receipt=epoch.first_receipt,
        cause=cause,
    )
    told = {
        "epoch": epoch.number,
        "first_order": epoch.first_order,
        "first_receipt": epoch.first_receipt,
        "cause": cause,
    }
    tx.audit(actor, "epoch.begun", cause, told)
    tx.record("till.epoch_begun", data=told)
    return epoch


def _above(last: int, other: int, lost: timedelta) -> int:
    return max(last + int(lost.total_seconds()), other) + 1


def _epoch_from(row: Row) -> Epoch:
    return Epoch(
        number=row["number"],
        began_at=read_stamp(row["began_at"]),
        first_order=row["first_order"],
        first_receipt=row["first_receipt"],
        cause=row["cause"],
        reconciled_at=maybe_stamp(row["reconciled_at"]),
    )
