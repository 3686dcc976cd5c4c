"""What `verify` looks at of disputes and fees: rows, ledger, journal and the list of exceptions.

Each check is a name, the faults found, and what was looked at.
"""

import sqlite3
from typing import Final

from app.domain.dispute import OVER
from app.domain.exceptions import ExceptionKind
from app.store.payments import BY_ITSELF

Finding = tuple[str, list[str], str]

_OVER: Final = ", ".join(f"'{state.value}'" for state in sorted(OVER))
_DISPUTED: Final = ExceptionKind.DISPUTED.value


def dispute_checks(db: sqlite3.Connection) -> list[Finding]:
    """Check disputes and fees."""
    return [_disputes(db), _told(db), _fees(db)]


def _disputes(db: sqlite3.Connection) -> Finding:
    """Compare what was withdrawn and reinstated in the ledger with the disputes' rows."""
    kinds = "'dispute_withdrawn', 'dispute_reinstated'"
    faults = _differences(db, "disputes", "withdrawn_minor", kinds)
    rows = db.execute(
        "SELECT posting.kind, entry.amount_minor FROM ledger_transactions AS posting "
        "JOIN ledger_entries AS entry ON entry.transaction_id = posting.id "
        "WHERE entry.account = 'disputes' AND ((posting.kind = 'dispute_withdrawn' "
        "AND entry.amount_minor < 0) OR (posting.kind = 'dispute_reinstated' "
        "AND entry.amount_minor > 0))"
    )
    faults += [f"{kind} of {minor}" for kind, minor in rows]
    rows = db.execute(
        "SELECT dispute_id, version, coalesce(rows, 0) AS rows FROM disputes LEFT JOIN ("
        "SELECT json_extract(data, '$.provider') AS by, json_extract(data, '$.dispute') AS told, "
        "count(*) AS rows, count(DISTINCT version) AS versions, max(version) AS last FROM journal "
        "WHERE version IS NOT NULL AND name LIKE 'dispute.%' GROUP BY 1, 2) "
        "ON told = dispute_id AND by = provider "
        "WHERE (version, version, version) IS NOT (rows, versions, last)"
    )
    faults += [f"dispute {row[0]}: {row[1]} changes, {row[2]} rows" for row in rows]
    count, open_count = db.execute(
        f"SELECT count(*), count(*) FILTER (WHERE state NOT IN ({_OVER})) FROM disputes"
    ).fetchone()
    figure = f"{count} disputes, {open_count} open"
    return "disputes are in the ledger and the journal", faults, figure


def _told(db: sqlite3.Connection) -> Finding:
    """See that each dispute that wants a person stands on the list, or was taken off it by one."""
    rows = db.execute(
        "SELECT dispute_id, state FROM disputes WHERE (state NOT IN ('closed', 'won') "
        "OR withdrawn_minor > 0) AND NOT EXISTS (SELECT 1 FROM exceptions "
        f"WHERE exceptions.kind = '{_DISPUTED}' AND exceptions.provider = disputes.provider "
        "AND exceptions.payment_id = disputes.payment_id "
        "AND json_extract(words, '$.parameters.dispute') = dispute_id "
        f"AND (resolved_at IS NULL OR coalesce(resolved_by, '{BY_ITSELF}') <> '{BY_ITSELF}'))"
    )
    faults = [f"dispute {row[0]} is {row[1]} and nobody is told" for row in rows]
    rows = db.execute(
        "SELECT order_id, number FROM disputes JOIN payments USING (provider, payment_id) "
        "JOIN orders ON orders.id = order_id WHERE held_as IS NULL "
        # A part of an order may be disputed before the rest is paid.
        "AND receipt_number IS NOT NULL AND orders.state <> 'paid'"
    )
    faults += [f"order {row['number']} is no longer paid for a dispute" for row in rows]
    count = int(
        db.execute(
            f"SELECT count(*) FROM exceptions WHERE kind = '{_DISPUTED}' AND resolved_at IS NULL"
        ).fetchone()[0]
    )
    return "each open dispute is told of, and none has undone a sale", faults, f"{count} waiting"


def _fees(db: sqlite3.Connection) -> Finding:
    faults = _differences(db, "fees", "amount_minor", "'fee'")
    counts = dict(map(tuple, db.execute("SELECT kind, count(*) FROM fees GROUP BY kind")))
    unreported = counts.get("unreported", 0)
    count = sum(counts.values()) - unreported
    return "fees are in the ledger", faults, f"{count} fees, {unreported} never reported"


def _differences(db: sqlite3.Connection, table: str, column: str, kinds: str) -> list[str]:
    """Compare rows with postings by payment and currency, on both sides of the ledger."""
    compared = db.execute(
        f"WITH booked AS (SELECT payment_id, currency, '{table}' AS account, "
        f"sum({column}) AS minor FROM {table} GROUP BY 1, 2 HAVING minor <> 0 UNION ALL "
        f"SELECT rows.payment_id, rows.currency, 'clearing:' || payments.account AS account, "
        f"-sum(rows.{column}) AS minor FROM {table} AS rows "
        "JOIN payments USING (provider, payment_id) GROUP BY 1, 2, 3 HAVING minor <> 0), "
        "posted AS (SELECT posting.payment_id, entry.currency, entry.account, "
        "sum(entry.amount_minor) AS minor FROM ledger_transactions AS posting "
        "JOIN ledger_entries AS entry ON entry.transaction_id = posting.id "
        f"WHERE posting.kind IN ({kinds}) GROUP BY 1, 2, 3 HAVING minor <> 0) "
        "SELECT 'only in the rows' AS place, * FROM "
        "(SELECT * FROM booked EXCEPT SELECT * FROM posted) UNION ALL "
        "SELECT 'only in the ledger', * FROM (SELECT * FROM posted EXCEPT SELECT * FROM booked)"
    )
    return [
        f"{row['payment_id']}: {row['minor']} {row['currency']} on {row['account']} {row['place']}"
        for row in compared
    ]
