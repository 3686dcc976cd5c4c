"""What migration 10 adds: when a subscription is looked at next, and those that were lost."""

from typing import Final

TABLES_OF_M0010: Final = (
    # `due_at` is when it is looked at next, after `failures` looks in a row without an answer; NULL
    # where nothing can come of it any more.
    "ALTER TABLE subscriptions ADD COLUMN due_at TEXT",
    "ALTER TABLE subscriptions ADD COLUMN failures INTEGER NOT NULL DEFAULT 0",
    # The epoch in which it was looked at last; 0 while it waits to be looked at in a new one.
    "ALTER TABLE subscriptions ADD COLUMN looked_in INTEGER NOT NULL DEFAULT 0",
    # Up to where its provider's list of payments is in the books, in the provider's own words.
    "ALTER TABLE subscriptions ADD COLUMN read_to TEXT NOT NULL DEFAULT ''",
    """
    UPDATE subscriptions SET due_at = coalesce(looked_at, started_at)
    WHERE state <> 'ended' OR ended_at IS NULL OR looked_at IS NULL
        OR julianday(looked_at) - julianday(ended_at) < 14
    """,
    """
    UPDATE subscriptions SET looked_in = (SELECT epoch FROM till)
    WHERE NOT EXISTS (SELECT 1 FROM epochs WHERE reconciled_at IS NULL)
    """,
    """
    CREATE INDEX subscriptions_due ON subscriptions (account, due_at) WHERE due_at IS NOT NULL
    """,
    """
    CREATE INDEX subscriptions_seen ON subscriptions (coalesce(looked_at, started_at))
        WHERE due_at IS NOT NULL
    """,
    "CREATE INDEX subscriptions_epochs ON subscriptions (looked_in) WHERE due_at IS NOT NULL",
    """
    CREATE INDEX subscriptions_ending ON subscriptions (id)
        WHERE end_wanted IS NOT NULL AND state <> 'ended'
    """,
    # What a till of ours began that restored books know nothing of: its money is held.
    """
    CREATE TABLE lost_subscriptions (
        provider TEXT NOT NULL,
        subscription_id TEXT NOT NULL,
        account TEXT NOT NULL,
        reference TEXT NOT NULL,
        state TEXT NOT NULL,
        found_at TEXT NOT NULL,
        looked_at TEXT NOT NULL,
        due_at TEXT,
        failures INTEGER NOT NULL,
        PRIMARY KEY (provider, subscription_id)
    ) STRICT
    """,
    "CREATE INDEX lost_subscriptions_due ON lost_subscriptions (due_at) WHERE due_at IS NOT NULL",
)
