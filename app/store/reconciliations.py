"""Reconciliations as rows, and what a run of one compares in the books."""

import sqlite3
from datetime import datetime
from typing import Final, NamedTuple

from app.domain.reconciliation import Report
from app.store.intents import Outcome
from app.store.transaction import Transaction, read_stamp, stamp
from app.store.words import from_json, to_json

KEPT: Final = 2_000
"""A week of runs, one each five minutes."""


class Landmark(NamedTuple):
    """The newest rows of a moment: what is beyond them came later."""

    payments: int
    refunds: int
    disputes: int


def landmark(connection: sqlite3.Connection) -> Landmark:
    """Say where the books end now."""
    row = connection.execute(
        "SELECT (SELECT coalesce(max(rowid), 0) FROM payments), "
        "(SELECT coalesce(max(rowid), 0) FROM refunds), "
        "(SELECT coalesce(max(rowid), 0) FROM disputes)"
    ).fetchone()
    return Landmark(*row)


def come_since(connection: sqlite3.Connection, before: Landmark) -> Landmark:
    """Count what has come into the books since."""
    row = connection.execute(
        "SELECT (SELECT count(*) FROM payments WHERE rowid > ?), "
        "(SELECT count(*) FROM refunds WHERE rowid > ?), "
        "(SELECT count(*) FROM disputes WHERE rowid > ?)",
        before,
    ).fetchone()
    return Landmark(*row)


def count_unhandled(connection: sqlite3.Connection, accounts: tuple[str, ...]) -> int:
    """Count the deliveries of these accounts that nobody has settled yet."""
    marks = ", ".join("?" * len(accounts))
    row = connection.execute(
        f"SELECT count(*) FROM inbox WHERE standing IS NULL AND account IN ({marks})", accounts
    ).fetchone()
    return int(row[0])


def finish_stray_intents(tx: Transaction) -> int:
    """Write down that calls without an answer need none: their session is known to be over.

    A crash cuts a call off, another way brings the news. Refunds and the ends of subscriptions have
    a sweep of their own.
    """
    return tx.execute(
        "UPDATE intents SET outcome = ?, finished_at = ? "
        "WHERE outcome IS NULL AND refund IS NULL AND subscription IS NULL "
        "AND attempt_id IN (SELECT id FROM attempts WHERE is_final = 1)",
        (Outcome.SUPERSEDED.value, stamp(tx.at)),
    ).rowcount


def has_stray_intents(connection: sqlite3.Connection) -> bool:
    """Say whether there are calls without an answer whose session is known to be over."""
    return (
        connection.execute(
            "SELECT 1 FROM intents JOIN attempts ON attempts.id = intents.attempt_id "
            "WHERE outcome IS NULL AND refund IS NULL AND subscription IS NULL "
            "AND is_final = 1 LIMIT 1"
        ).fetchone()
        is not None
    )


def in_doubt(connection: sqlite3.Connection, before: datetime) -> set[int]:
    """Give the sessions begun before a moment of which nobody knows how they stand."""
    rows = connection.execute(
        "SELECT id FROM attempts WHERE is_final = 0 AND state IN ('unknown', 'creating') "
        "AND created_at < ?",
        (stamp(before),),
    )
    return {row["id"] for row in rows}


def shown_among(connection: sqlite3.Connection, attempt_ids: frozenset[int]) -> bool:
    """Say whether the code of one of these may still be on a screen."""
    rows = connection.execute(
        "SELECT id FROM attempts WHERE is_final = 0 AND state = 'open' "
        "AND close_reason IS NULL AND shown_at IS NOT NULL"
    )
    return any(row["id"] in attempt_ids for row in rows)


def save_report(tx: Transaction, report: Report) -> None:
    """Keep a report, and let go of the oldest."""
    tx.insert(
        "reconciliations",
        trigger=report.trigger,
        began_at=stamp(report.began_at),
        ended_at=stamp(report.ended_at),
        report=to_json(report.counts()),
    )
    tx.execute(
        "DELETE FROM reconciliations WHERE id <= (SELECT max(id) FROM reconciliations) - ?",
        (KEPT,),
    )


def last_report(connection: sqlite3.Connection) -> Report | None:
    """Give the newest report."""
    row = connection.execute("SELECT * FROM reconciliations ORDER BY id DESC LIMIT 1").fetchone()
    if row is None:
        return None
    return Report.of(
        row["trigger"],
        read_stamp(row["began_at"]),
        read_stamp(row["ended_at"]),
        from_json(row["report"]),
    )
