"""Plans as rows: what the provider calls the plan of some terms, for each of its accounts.

One that is dead there stays, under its terms' digest and a number of its own.
"""

import sqlite3

from app.domain.subscription import PlanTerms
from app.store.accounts import KnownAccount
from app.store.transaction import Transaction, stamp


def find_plan(connection: sqlite3.Connection, known: KnownAccount, terms: PlanTerms) -> str | None:
    """Give the id of the plan that was made of these terms at the provider's own account."""
    row = connection.execute(
        "SELECT plan_id FROM plans WHERE provider = ? AND provider_account = ? AND live = ? "
        "AND digest = ?",
        (*_account(known), terms.digest),
    ).fetchone()
    return None if row is None else str(row["plan_id"])


def save_plan(tx: Transaction, known: KnownAccount, terms: PlanTerms, plan_id: str) -> None:
    """Write down what a provider called a plan; the first to be written stays."""
    tx.execute(
        "INSERT INTO plans (provider, provider_account, live, digest, plan_id, name, made_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (provider, provider_account, live, digest) DO NOTHING",
        (
            *_account(known),
            terms.digest,
            plan_id,
            terms.name,
            stamp(tx.at),
        ),
    )


def forget_plan(tx: Transaction, known: KnownAccount, terms: PlanTerms, plan_id: str) -> None:
    """Set a plan aside that is dead at the provider; another that was made since stays."""
    number = 1 + dead_plans(tx.connection, known, terms)
    tx.execute(
        "UPDATE plans SET digest = ? WHERE provider = ? AND provider_account = ? AND live = ? "
        "AND digest = ? AND plan_id = ?",
        (f"{terms.digest}-{number}", *_account(known), terms.digest, plan_id),
    )


def dead_plans(connection: sqlite3.Connection, known: KnownAccount, terms: PlanTerms) -> int:
    """Count the plans of these terms that were set aside: the next one's key goes by that."""
    row = connection.execute(
        "SELECT count(*) FROM plans WHERE provider = ? AND provider_account = ? AND live = ? "
        "AND digest GLOB ?",
        (*_account(known), f"{terms.digest}-*"),
    ).fetchone()
    return int(row[0])


def _account(known: KnownAccount) -> tuple[str, str, int]:
    return known.provider, known.provider_account, int(known.live)
