"""Migration 6: an entry of the list names the provider of its payment, and is found by it."""

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


def give_entries_their_provider(db: Database) -> None:
    """Add the provider to the list's entries, and what finds an entry and a payment by its id."""
    for statement in _STATEMENTS:
        db.execute(statement)
        reach("migration.running")
