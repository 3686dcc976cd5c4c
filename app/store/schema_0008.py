"""The tables of migration 8: subscriptions, the plans they are made by, and their renewals."""

from typing import Final

TABLES_OF_M0008: Final = (
    # What began it stands in its order and attempt; `amount_minor` is what those agreed for each
    # interval. `looked_at` is when the newest look was made that is written here.
    """
    CREATE TABLE subscriptions (
        id INTEGER PRIMARY KEY,
        account TEXT NOT NULL,
        provider TEXT NOT NULL,
        provider_account TEXT NOT NULL,
        live INTEGER NOT NULL,
        subscription_id TEXT NOT NULL,
        reference TEXT NOT NULL,
        order_id TEXT NOT NULL REFERENCES orders (id),
        attempt_id INTEGER NOT NULL REFERENCES attempts (id),
        state TEXT NOT NULL,
        version INTEGER NOT NULL,
        amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
        currency TEXT NOT NULL,
        interval TEXT NOT NULL,
        started_at TEXT NOT NULL,
        looked_at TEXT,
        current_until TEXT,
        ends_at TEXT,
        ended_at TEXT,
        decline TEXT NOT NULL DEFAULT '',
        end_wanted TEXT,
        end_wanted_by TEXT NOT NULL DEFAULT '',
        UNIQUE (provider, subscription_id)
    ) STRICT
    """,
    "CREATE INDEX subscriptions_going_on ON subscriptions (id) WHERE state <> 'ended'",
    "CREATE INDEX subscriptions_of_order ON subscriptions (order_id)",
    # What was heard and not looked at yet; of a subscription that is not in the books, too. `heard`
    # counts, so that what comes during a look is not taken for looked at.
    """
    CREATE TABLE subscription_news (
        account TEXT NOT NULL,
        subscription_id TEXT NOT NULL,
        heard INTEGER NOT NULL,
        heard_at TEXT NOT NULL,
        PRIMARY KEY (account, subscription_id)
    ) STRICT
    """,
    # A plan at a provider, made once for each version of its terms.
    """
    CREATE TABLE plans (
        provider TEXT NOT NULL,
        provider_account TEXT NOT NULL,
        live INTEGER NOT NULL,
        digest TEXT NOT NULL,
        plan_id TEXT NOT NULL,
        name TEXT NOT NULL,
        made_at TEXT NOT NULL,
        PRIMARY KEY (provider, provider_account, live, digest)
    ) STRICT
    """,
    # The subscription that a payment renewed: it is money of no order.
    "ALTER TABLE payments ADD COLUMN renewal_of INTEGER REFERENCES subscriptions (id)",
    "CREATE INDEX payments_of_subscription ON payments (renewal_of) WHERE renewal_of IS NOT NULL",
    "ALTER TABLE intents ADD COLUMN subscription INTEGER REFERENCES subscriptions (id)",
    """
    CREATE INDEX intents_of_subscription ON intents (subscription) WHERE subscription IS NOT NULL
    """,
)
