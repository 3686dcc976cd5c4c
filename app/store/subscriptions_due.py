"""Which subscriptions are to be looked at now: chosen by an index, whatever their number.

`due_at` stands with each row, so that a till that was started anew goes on with the same patience.
A look is never put off for longer than `FURTHEST`; what is due later than that, or was looked at
later than now, was written by a clock that was set back since, and is due, too.
"""

import sqlite3
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from app.domain.renewal import FURTHEST, put_off_by
from app.store.subscriptions import epoch_of
from app.store.transaction import Transaction, stamp

ACCOUNTS_DUE: Final = """
    WITH RECURSIVE named (account) AS (
        SELECT min(account) FROM subscriptions WHERE due_at IS NOT NULL
        UNION ALL
        SELECT (
            SELECT min(account) FROM subscriptions
            WHERE due_at IS NOT NULL AND account > named.account
        ) FROM named WHERE account IS NOT NULL
    )
    SELECT account FROM named WHERE account IS NOT NULL
"""
DUE: Final = """
    SELECT id, account, due_at FROM subscriptions
    WHERE account = :account AND due_at <= :now ORDER BY due_at LIMIT :most
"""
BEYOND: Final = """
    SELECT id, account, due_at FROM subscriptions
    WHERE account = :account AND due_at > :beyond ORDER BY due_at LIMIT :most
"""
SEEN_AHEAD: Final = """
    SELECT id, account, due_at FROM subscriptions
    WHERE coalesce(looked_at, started_at) > :now AND due_at IS NOT NULL
    ORDER BY coalesce(looked_at, started_at)
"""
ENDS_DUE: Final = """
    SELECT subscriptions.id, account, due_at FROM intents JOIN subscriptions
    ON subscriptions.id = subscription WHERE outcome IS NULL AND subscription IS NOT NULL
    AND (due_at IS NULL OR due_at <= :now OR due_at > :beyond)
    ORDER BY intents.id
"""
UNSEEN: Final = """
    SELECT count(*) FROM subscriptions WHERE looked_in < :epoch AND due_at IS NOT NULL
"""
TO_BE_MARKED: Final = """
    SELECT 1 FROM subscriptions
    WHERE looked_in > 0 AND looked_in < :epoch AND due_at IS NOT NULL LIMIT 1
"""
_SLACK: Final = timedelta(minutes=5)


class Due(NamedTuple):
    """A subscription to be looked at, by its row."""

    id: int
    account: str


def due_subscriptions(
    connection: sqlite3.Connection,
    *,
    now: datetime,
    most: int,
    leave_out: frozenset[str] = frozenset(),
) -> list[Due]:
    """Give `most` of those whose time has come; none of accounts left out.

    The accounts have their turns, each with its oldest first: what cannot be asked about, as of
    one whose keys are gone, keeps no other account waiting.
    """
    times = {"now": stamp(now), "beyond": stamp(now + FURTHEST + _SLACK), "most": most}
    found: list[tuple[int, str, Due]] = []
    for (account,) in connection.execute(ACCOUNTS_DUE).fetchall():
        if account not in leave_out:
            of = {**times, "account": account}
            rows = [row for sql in (DUE, BEYOND) for row in connection.execute(sql, of)]
            rows.sort(key=lambda row: str(row["due_at"]))
            found += [
                (turn, str(row["due_at"]), Due(row["id"], row["account"]))
                for turn, row in enumerate(rows[:most])
            ]
    return [due for _, _, due in sorted(found)[:most]]


def seen_ahead(connection: sqlite3.Connection, *, now: datetime) -> list[Due]:
    """Give those that were begun or looked at later than now: the clock was set back since."""
    rows = connection.execute(SEEN_AHEAD, {"now": stamp(now)})
    return [Due(row["id"], row["account"]) for row in rows]


def due_ends(connection: sqlite3.Connection, *, now: datetime) -> list[Due]:
    """Give those whose end was asked for without an answer and is to be asked for again now."""
    times = {"now": stamp(now), "beyond": stamp(now + FURTHEST + _SLACK)}
    return [Due(row["id"], row["account"]) for row in connection.execute(ENDS_DUE, times)]


def put_off(tx: Transaction, row_id: int) -> None:
    """Leave one alone after a look without an answer, the longer the more often that was so."""
    row = tx.execute("SELECT failures FROM subscriptions WHERE id = ?", (row_id,)).fetchone()
    failures = row["failures"] + 1
    tx.execute(
        "UPDATE subscriptions SET failures = ?, due_at = ? WHERE id = ?",
        (failures, stamp(tx.at + put_off_by(failures)), row_id),
    )


def ask_now(tx: Transaction, row_id: int) -> None:
    """Have one be asked about at once by the watch, should whoever asks now be cut off."""
    tx.execute(
        "UPDATE subscriptions SET failures = 0, due_at = ? WHERE id = ?", (stamp(tx.at), row_id)
    )


def is_unseen(connection: sqlite3.Connection, row_id: int) -> bool:
    """Say whether one has not been looked at since the books were restored."""
    (looked_in,) = connection.execute(
        "SELECT looked_in FROM subscriptions WHERE id = ?", (row_id,)
    ).fetchone()
    return bool(looked_in < epoch_of(connection))


def count_unseen(connection: sqlite3.Connection) -> int:
    """Count those that have not been looked at since the books were restored."""
    found = connection.execute(UNSEEN, {"epoch": epoch_of(connection)}).fetchone()
    return int(found[0])


def were_restored(connection: sqlite3.Connection) -> bool:
    """Say whether the books were restored and the dates of subscriptions are those of before."""
    of = {"epoch": epoch_of(connection)}
    return connection.execute(TO_BE_MARKED, of).fetchone() is not None


def want_all_seen(tx: Transaction) -> None:
    """Have all be looked at that were not since the books were restored, whatever their dates."""
    tx.execute(
        "UPDATE subscriptions SET looked_in = 0, failures = 0, due_at = :now "
        "WHERE looked_in > 0 AND looked_in < :epoch AND due_at IS NOT NULL",
        {"epoch": epoch_of(tx.connection), "now": stamp(tx.at)},
    )
