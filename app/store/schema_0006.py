"""Migration 6: an entry of the list names its payment's provider; kept money gets its account."""

from collections import defaultdict
from typing import Final

from sqlite_utils import Database

from app.failpoints import reach

_STATEMENTS: Final = (
    # Empty where an entry is about no payment.
    "ALTER TABLE exceptions ADD COLUMN provider TEXT NOT NULL DEFAULT ''",
    # Of several payments with the entry's id, its own attempt's is meant.
    """
    UPDATE exceptions SET provider = coalesce(
        (SELECT provider FROM payments WHERE payments.payment_id = exceptions.payment_id
         AND payments.attempt_id IS exceptions.attempt_id),
        (SELECT provider FROM payments WHERE payments.payment_id = exceptions.payment_id),
        (SELECT provider FROM attempts WHERE attempts.id = exceptions.attempt_id),
        '')
    WHERE payment_id <> ''
    """,
    "CREATE INDEX exceptions_of_payment ON exceptions (payment_id, provider)",
    # A person names a payment by its id alone.
    "CREATE INDEX payments_called ON payments (payment_id)",
)

# What lies on an account and ought to: kept money was on `write_offs`, less what was given up, and
# what went back of it was a refund of a sale.
_OFF: Final = """
    WITH back AS (
        SELECT provider, payment_id, sum(amount_minor) AS minor FROM refunds
        WHERE state = 'succeeded' GROUP BY provider, payment_id
    ), above AS (
        SELECT provider, payment_id, -sum(write_offs.amount_minor) AS minor
        FROM write_offs JOIN exceptions ON exceptions.id = exception_id
        WHERE write_offs.amount_minor < 0 GROUP BY provider, payment_id
    ), above_and_back AS (
        SELECT currency, min(above.minor, back.minor) AS minor
        FROM above JOIN back USING (provider, payment_id) JOIN payments USING (provider, payment_id)
    ), wanted AS (
        SELECT 'refunds' AS account, currency, back.minor AS minor
        FROM back JOIN payments USING (provider, payment_id) WHERE held_as IS NULL
        UNION ALL SELECT 'refunds', currency, -minor FROM above_and_back
        UNION ALL SELECT 'surplus', currency, minor FROM above_and_back
        UNION ALL SELECT 'surplus', currency, coalesce(back.minor, 0) - amount_minor
        FROM payments LEFT JOIN back USING (provider, payment_id) WHERE resolved_as = 'kept'
        UNION ALL SELECT iif(amount_minor > 0, 'write_offs', 'surplus'), currency, amount_minor
        FROM write_offs
        UNION ALL SELECT account, currency, -amount_minor FROM ledger_entries
        WHERE account IN ('refunds', 'surplus', 'write_offs')
    )
    SELECT currency, account, sum(minor) FROM wanted GROUP BY currency, account
    HAVING sum(minor) <> 0
"""


def give_kept_money_its_account(db: Database) -> None:
    """Post, once for each currency, what kept money lay on the wrong account.

    Where that does not sum to zero the books are not sound, and are left for `verify` to say so.
    """
    off: dict[str, dict[str, int]] = defaultdict(dict)
    for currency, account, minor in db.execute(_OFF).fetchall():
        off[currency][account] = minor
    for currency, entries in off.items():
        if sum(entries.values()) != 0:
            continue
        # A migration knows no time: it is that of the newest posting.
        posting = db.execute(
            "INSERT INTO ledger_transactions (at, kind, payment_id) "
            "SELECT max(at), 'reclassified', '' FROM ledger_transactions RETURNING id"
        ).fetchone()
        for account, minor in entries.items():
            db.execute(
                "INSERT INTO ledger_entries (transaction_id, account, amount_minor, currency) "
                "VALUES (?, ?, ?, ?)",
                (posting[0], account, minor, currency),
            )
    reach("migration.running")


def give_entries_their_provider(db: Database) -> None:
    """Add the provider to the list's entries, and what finds an entry and a payment by its id."""
    for statement in _STATEMENTS:
        db.execute(statement)
        reach("migration.running")
