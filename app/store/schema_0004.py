"""The tables of migration 4: refunds that are asked for first, disputes, fees, write-offs."""

from typing import Final

TABLES_OF_M0004: Final = (
    # Our reference as the provider had it: what a refund is asked for under, order or none.
    "ALTER TABLE payments ADD COLUMN reference TEXT NOT NULL DEFAULT ''",
    # What a person decided of held money: 'accepted', 'assigned' or 'kept', and who.
    "ALTER TABLE payments ADD COLUMN resolved_as TEXT",
    "ALTER TABLE payments ADD COLUMN resolved_by TEXT",
    """
    UPDATE payments SET reference = coalesce(
        (SELECT reference FROM attempts WHERE attempts.id = payments.attempt_id), '')
    """,
    "ALTER TABLE exceptions ADD COLUMN action TEXT",
    "ALTER TABLE exceptions ADD COLUMN resolved_by TEXT",
    # A refund of ours has no id of the provider's before the answer: `press` is what tells one
    # press of the button from the next, `number` its place among those of its payment's reference.
    """
    CREATE TABLE refunds_of_4 (
        id INTEGER PRIMARY KEY,
        provider TEXT NOT NULL,
        refund_id TEXT,
        payment_id TEXT NOT NULL,
        amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
        currency TEXT NOT NULL,
        state TEXT NOT NULL,
        version INTEGER NOT NULL,
        seen_at TEXT NOT NULL,
        press TEXT UNIQUE,
        number INTEGER,
        asked_by TEXT NOT NULL DEFAULT '',
        reason TEXT NOT NULL DEFAULT '',
        UNIQUE (provider, refund_id),
        FOREIGN KEY (provider, payment_id) REFERENCES payments (provider, payment_id),
        CHECK (refund_id IS NOT NULL OR press IS NOT NULL)
    ) STRICT
    """,
    """
    INSERT INTO refunds_of_4 (
        id, provider, refund_id, payment_id, amount_minor, currency, state, version, seen_at)
    SELECT id, provider, refund_id, payment_id, amount_minor, currency, state, version, seen_at
    FROM refunds
    """,
    "DROP TABLE refunds",
    "ALTER TABLE refunds_of_4 RENAME TO refunds",
    "CREATE INDEX refunds_of_payment ON refunds (provider, payment_id)",
    "CREATE INDEX refunds_unfinished ON refunds (id) WHERE state IN ('requested', 'pending')",
    # An intent belongs to an attempt, to a refund, or to both.
    """
    CREATE TABLE intents_of_4 (
        id INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        operation TEXT NOT NULL,
        attempt_id INTEGER REFERENCES attempts (id),
        refund INTEGER REFERENCES refunds (id),
        parameters TEXT NOT NULL,
        digest TEXT NOT NULL,
        created_at TEXT NOT NULL,
        outcome TEXT,
        result TEXT,
        finished_at TEXT,
        CHECK (attempt_id IS NOT NULL OR refund IS NOT NULL)
    ) STRICT
    """,
    """
    INSERT INTO intents_of_4 (
        id, key, operation, attempt_id, parameters, digest, created_at, outcome, result,
        finished_at)
    SELECT id, key, operation, attempt_id, parameters, digest, created_at, outcome, result,
        finished_at
    FROM intents
    """,
    "DROP TABLE intents",
    "ALTER TABLE intents_of_4 RENAME TO intents",
    "CREATE INDEX intents_unanswered ON intents (id) WHERE outcome IS NULL",
    "CREATE INDEX intents_of_attempt ON intents (attempt_id)",
    "CREATE INDEX intents_of_refund ON intents (refund) WHERE refund IS NOT NULL",
    # A chargeback. `withdrawn_minor` is what the provider has taken for it as far as it was told.
    """
    CREATE TABLE disputes (
        id INTEGER PRIMARY KEY,
        provider TEXT NOT NULL,
        dispute_id TEXT NOT NULL,
        payment_id TEXT NOT NULL,
        amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
        currency TEXT NOT NULL,
        reason TEXT NOT NULL,
        state TEXT NOT NULL,
        due_at TEXT,
        withdrawn_minor INTEGER NOT NULL,
        version INTEGER NOT NULL,
        seen_at TEXT NOT NULL,
        UNIQUE (provider, dispute_id),
        FOREIGN KEY (provider, payment_id) REFERENCES payments (provider, payment_id)
    ) STRICT
    """,
    "CREATE INDEX disputes_of_payment ON disputes (provider, payment_id)",
    # What the provider kept for itself; `fee_id` is its own entry, so that it counts once.
    """
    CREATE TABLE fees (
        id INTEGER PRIMARY KEY,
        provider TEXT NOT NULL,
        fee_id TEXT NOT NULL,
        payment_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        amount_minor INTEGER NOT NULL,
        currency TEXT NOT NULL,
        seen_at TEXT NOT NULL,
        UNIQUE (provider, fee_id),
        FOREIGN KEY (provider, payment_id) REFERENCES payments (provider, payment_id)
    ) STRICT
    """,
    "CREATE INDEX fees_of_payment ON fees (provider, payment_id)",
    # What a person gave up on an order, or took over and above it (then negative), and why.
    """
    CREATE TABLE write_offs (
        id INTEGER PRIMARY KEY,
        order_id TEXT NOT NULL REFERENCES orders (id),
        exception_id INTEGER REFERENCES exceptions (id),
        amount_minor INTEGER NOT NULL CHECK (amount_minor <> 0),
        currency TEXT NOT NULL,
        decided_by TEXT NOT NULL,
        reason TEXT NOT NULL,
        decided_at TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX write_offs_of_order ON write_offs (order_id)",
    # How far an account's own list of a kind was read.
    """
    CREATE TABLE cursors (
        account TEXT NOT NULL,
        provider_account TEXT NOT NULL,
        kind TEXT NOT NULL,
        position TEXT NOT NULL,
        read_at TEXT NOT NULL,
        PRIMARY KEY (account, provider_account, kind)
    ) STRICT
    """,
    # What each reconciliation found, as JSON.
    """
    CREATE TABLE reconciliations (
        id INTEGER PRIMARY KEY,
        trigger TEXT NOT NULL,
        began_at TEXT NOT NULL,
        ended_at TEXT NOT NULL,
        report TEXT NOT NULL
    ) STRICT
    """,
)
