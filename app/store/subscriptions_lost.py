"""Subscriptions of ours that the books know nothing of: they were restored from an older backup.

The provider goes on to charge for one, and may tell nobody. So each that was met once is looked at
every day until it is long over; what it takes is held for a person.
"""

import sqlite3
from datetime import datetime, timedelta
from typing import Final

from app.domain.renewal import FURTHEST, next_look_at_lost, put_off_by
from app.domain.subscription import SubscriptionObservation
from app.store.subscriptions import hear_of, subscription_called
from app.store.transaction import Transaction, maybe_stamped, stamp

_SLACK: Final = timedelta(minutes=5)


def keep_lost(tx: Transaction, account: str, seen: SubscriptionObservation) -> None:
    """Note a look at one that is not in the books, and when it is looked at next."""
    due_at = next_look_at_lost(seen.state, seen.ended_at, tx.at)
    tx.execute(
        "INSERT INTO lost_subscriptions (provider, subscription_id, account, reference, state, "
        "found_at, looked_at, due_at, failures) VALUES (:provider, :id, :account, :reference, "
        ":state, :now, :now, :due, 0) ON CONFLICT (provider, subscription_id) DO UPDATE SET "
        "account = :account, state = :state, looked_at = :now, due_at = :due, failures = 0",
        {
            "provider": seen.provider,
            "id": seen.subscription_id,
            "account": account,
            "reference": seen.reference,
            "state": seen.state.value,
            "now": stamp(tx.at),
            "due": maybe_stamped(due_at),
        },
    )


def hear_of_lost(tx: Transaction, account: str, provider: str, subscription_id: str) -> None:
    """Have one looked at that a list names, unless it is in the books or was met before."""
    is_met = tx.execute(
        "SELECT 1 FROM lost_subscriptions WHERE provider = ? AND subscription_id = ?",
        (provider, subscription_id),
    ).fetchone()
    if is_met is None and subscription_called(tx.connection, provider, subscription_id) is None:
        hear_of(tx, account, subscription_id)


def due_lost(connection: sqlite3.Connection, *, now: datetime, most: int) -> list[tuple[str, str]]:
    """Give the accounts and names of `most` that are to be looked at now, the oldest first."""
    rows = connection.execute(
        "SELECT account, subscription_id FROM lost_subscriptions WHERE due_at IS NOT NULL "
        "AND (due_at <= ? OR due_at > ?) ORDER BY due_at LIMIT ?",
        (stamp(now), _beyond(now), most),
    )
    return [(row["account"], row["subscription_id"]) for row in rows]


def put_off_lost(tx: Transaction, account: str, subscription_id: str) -> None:
    """Leave one alone after a look without an answer, the longer the more often that was so."""
    of = (account, subscription_id)
    row = tx.execute(
        "SELECT failures FROM lost_subscriptions WHERE account = ? AND subscription_id = ?", of
    ).fetchone()
    failures = row["failures"] + 1
    tx.execute(
        "UPDATE lost_subscriptions SET failures = ?, due_at = ? "
        "WHERE account = ? AND subscription_id = ?",
        (failures, stamp(tx.at + put_off_by(failures)), *of),
    )


def nothing_told_of_lost(tx: Transaction, account: str, subscription_id: str) -> None:
    """Look at one again tomorrow of which an answer told nothing, as of one that is gone."""
    tx.execute(
        "UPDATE lost_subscriptions SET due_at = ?, failures = 0 WHERE account = ? "
        "AND subscription_id = ? AND (due_at <= ? OR due_at > ?)",
        (stamp(tx.at + FURTHEST), account, subscription_id, stamp(tx.at), _beyond(tx.at)),
    )


def _beyond(now: datetime) -> str:
    """Give the latest that a look is put off to; what is later was written by a wrong clock."""
    return stamp(now + FURTHEST + _SLACK)
