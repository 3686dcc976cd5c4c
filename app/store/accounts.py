"""Which provider account stands behind each configured account, as it was last learned."""

import sqlite3
from dataclasses import dataclass

from app.store.transaction import Transaction, stamp


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """The provider's own account behind a credential, told apart by the credential's digest."""

    name: str
    provider: str
    provider_account: str
    live: bool
    credential: str


def remember(tx: Transaction, account: KnownAccount) -> None:
    """Write down what the provider said of an account."""
    tx.execute(
        "INSERT INTO accounts (name, provider, provider_account, live, credential, learned_at) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET provider = excluded.provider, "
        "provider_account = excluded.provider_account, live = excluded.live, "
        "credential = excluded.credential, learned_at = excluded.learned_at",
        (
            account.name,
            account.provider,
            account.provider_account,
            int(account.live),
            account.credential,
            stamp(tx.at),
        ),
    )


def known_for(connection: sqlite3.Connection, name: str, credential: str) -> KnownAccount | None:
    """Give what is known of an account, as long as its credential is still the same."""
    row = connection.execute(
        "SELECT * FROM accounts WHERE name = ? AND credential = ?", (name, credential)
    ).fetchone()
    if row is None:
        return None
    return KnownAccount(
        row["name"], row["provider"], row["provider_account"], bool(row["live"]), row["credential"]
    )
