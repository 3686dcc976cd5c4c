"""The tables of migration 9: cards that customers gave for later."""

from typing import Final

TABLES_OF_M0009: Final = (
    # What the operator calls the customer stands here alone, so that a person can be forgotten.
    # `heard` counts news that nobody has looked at yet: a set-up is in the books before the
    # provider hears of it, so all that there is news of is here.
    """
    CREATE TABLE card_setups (
        id INTEGER PRIMARY KEY,
        reference TEXT NOT NULL UNIQUE,
        account TEXT NOT NULL,
        provider TEXT NOT NULL,
        provider_account TEXT NOT NULL,
        live INTEGER NOT NULL,
        label TEXT NOT NULL,
        asked_by TEXT NOT NULL,
        state TEXT NOT NULL,
        version INTEGER NOT NULL,
        created_at TEXT NOT NULL,
        deadline_at TEXT NOT NULL,
        setup_id TEXT NOT NULL DEFAULT '',
        url TEXT NOT NULL DEFAULT '',
        shown_at TEXT,
        close_reason TEXT,
        heard INTEGER NOT NULL DEFAULT 0,
        looked_at TEXT,
        saved_at TEXT,
        decline TEXT NOT NULL DEFAULT '',
        customer_id TEXT NOT NULL DEFAULT '',
        method_id TEXT NOT NULL DEFAULT '',
        brand TEXT NOT NULL DEFAULT '',
        last4 TEXT NOT NULL DEFAULT '',
        expiry_month INTEGER,
        expiry_year INTEGER,
        CHECK ((state = 'saved') = (customer_id <> '' AND method_id <> '' AND saved_at IS NOT NULL))
    ) STRICT
    """,
    """
    CREATE UNIQUE INDEX card_setups_at_provider ON card_setups (provider, setup_id)
        WHERE setup_id <> ''
    """,
    """
    CREATE INDEX card_setups_watched ON card_setups (id)
        WHERE heard > 0 OR state IN ('creating', 'open', 'processing', 'unknown')
    """,
    # An intent belongs to an attempt, to a refund, to both, or to a card's set-up.
    """
    CREATE TABLE intents_of_9 (
        id INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        operation TEXT NOT NULL,
        attempt_id INTEGER REFERENCES attempts (id),
        refund INTEGER REFERENCES refunds (id),
        subscription INTEGER REFERENCES subscriptions (id),
        card_setup INTEGER REFERENCES card_setups (id),
        parameters TEXT NOT NULL,
        digest TEXT NOT NULL,
        created_at TEXT NOT NULL,
        outcome TEXT,
        result TEXT,
        finished_at TEXT,
        CHECK (attempt_id IS NOT NULL OR refund IS NOT NULL OR card_setup IS NOT NULL)
    ) STRICT
    """,
    """
    INSERT INTO intents_of_9 (
        id, key, operation, attempt_id, refund, subscription, parameters, digest, created_at,
        outcome, result, finished_at)
    SELECT id, key, operation, attempt_id, refund, subscription, parameters, digest, created_at,
        outcome, result, finished_at
    FROM intents
    """,
    "DROP TABLE intents",
    "ALTER TABLE intents_of_9 RENAME TO intents",
    "CREATE INDEX intents_unanswered ON intents (id) WHERE outcome IS NULL",
    "CREATE INDEX intents_of_attempt ON intents (attempt_id)",
    "CREATE INDEX intents_of_refund ON intents (refund) WHERE refund IS NOT NULL",
    """
    CREATE INDEX intents_of_subscription ON intents (subscription) WHERE subscription IS NOT NULL
    """,
    "CREATE INDEX intents_of_card_setup ON intents (card_setup) WHERE card_setup IS NOT NULL",
)
