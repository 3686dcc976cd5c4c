"""Plans as rows: what the provider calls the plan of some terms, for each of its accounts."""

import sqlite3

from app.domain.subscription import PlanTerms
from app.store.accounts import KnownAccount
from app.store.transaction import Transaction, stamp


def find_plan(connection: sqlite3.Connection, known: KnownAccount, terms: PlanTerms) -> str | None:
    """Give the id of the plan that was made of these terms at the provider's own account."""
    row = connection.execute(
        "SELECT plan_id FROM plans WHERE provider = ? AND provider_account = ? AND live = ? "
        "AND digest = ?",
        (known.provider, known.provider_account, int(known.live), terms.digest),
    ).fetchone()
    return None if row is None else str(row["plan_id"])


def save_plan(tx: Transaction, known: KnownAccount, terms: PlanTerms, plan_id: str) -> None:
    """Write down what a provider called a plan; the first to be written stays."""
    tx.execute(
        "INSERT INTO plans (provider, provider_account, live, digest, plan_id, name, made_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (provider, provider_account, live, digest) DO NOTHING",
        (
            known.provider,
            known.provider_account,
            int(known.live),
            terms.digest,
            plan_id,
            terms.name,
            stamp(tx.at),
        ),
    )
