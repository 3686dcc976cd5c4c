"""The tables of the books and how they came to be: sqlite-utils' migrations, oldest first.

A migration is never edited once it has shipped. Guard triggers are made again after each
migration, since rebuilding a table drops its triggers without a word.
"""

import sqlite3
from pathlib import Path
from typing import Final

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from app.errors import InvariantError, Message, StoreError
from app.failpoints import reach
from app.store.connection import FILE_MODE, sync_directory, sync_file
from app.store.decided import ROUTING
from app.store.epochs import EPOCHS
from app.store.schema_0004 import TABLES_OF_M0004
from app.store.schema_0006 import give_entries_their_provider, give_kept_money_its_account
from app.store.schema_0008 import TABLES_OF_M0008
from app.store.schema_0009 import TABLES_OF_M0009
from app.store.schema_0010 import TABLES_OF_M0010

migrations = Migrations("scantill")

APPEND_ONLY: Final = ("journal", "ledger_transactions", "ledger_entries", "audit")
"""Tables whose rows are never changed and never deleted, held by triggers."""


@migrations()
def m0001_the_books(db: Database) -> None:
    """Make the first tables: till, orders, attempts, money, intents, inbox, and the records."""
    for statement in _FIRST_TABLES:
        db.execute(statement)
        reach("migration.running")


@migrations()
def m0002_words_of_exceptions(db: Database) -> None:
    """Keep beside the English of an entry what it was made of, as JSON; NULL where it is older."""
    db.execute("ALTER TABLE exceptions ADD COLUMN words TEXT")


@migrations()
def m0003_refunds_of_strangers(db: Database) -> None:
    """Find what is known of a stranger's payment by its id."""
    db.execute(
        "CREATE INDEX inbox_foreign ON inbox (detail) WHERE standing = 'foreign' AND detail <> ''"
    )


@migrations()
def m0004_money_given_back(db: Database) -> None:
    """Make room for refunds before the provider has answered, disputes, fees and write-offs.

    Also for what a person decides, and for how far each provider's own lists were read.
    """
    for statement in TABLES_OF_M0004:
        db.execute(statement)
        reach("migration.running")


@migrations()
def m0005_epochs(db: Database) -> None:
    """Know each time the books were restored: where numbers go on, and whether it is reconciled."""
    db.execute(EPOCHS)


@migrations()
def m0006_whose_payment(db: Database) -> None:
    """Name the provider of an entry's payment, since another's may bear the same id.

    Also, give the money that was kept above an order or without one an account of its own.
    """
    give_entries_their_provider(db)
    give_kept_money_its_account(db)


@migrations()
def m0007_why_this_account(db: Database) -> None:
    """Keep with an attempt why it went to its account, as JSON; NULL where it is older."""
    db.execute(ROUTING)


@migrations()
def m0008_subscriptions(db: Database) -> None:
    """Make room for subscriptions as records of their own, their plans and their renewals."""
    for statement in TABLES_OF_M0008:
        db.execute(statement)
        reach("migration.running")


@migrations()
def m0009_saved_cards(db: Database) -> None:
    """Make room for cards that customers give for later."""
    for statement in TABLES_OF_M0009:
        db.execute(statement)
        reach("migration.running")


@migrations()
def m0010_subscriptions_when_due(db: Database) -> None:
    """Know when each subscription is looked at next, and keep those that restored books lost."""
    for statement in TABLES_OF_M0010:
        db.execute(statement)
        reach("migration.running")


_FIRST_TABLES: Final = (
    """
    CREATE TABLE till (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        id TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        mode TEXT NOT NULL CHECK (mode IN ('training', 'test', 'live')),
        created_at TEXT NOT NULL,
        last_order_number INTEGER NOT NULL,
        last_receipt_number INTEGER NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE accounts (
        name TEXT PRIMARY KEY,
        provider TEXT NOT NULL,
        provider_account TEXT NOT NULL,
        live INTEGER NOT NULL,
        credential TEXT NOT NULL,
        learned_at TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE orders (
        id TEXT PRIMARY KEY,
        number INTEGER NOT NULL UNIQUE,
        state TEXT NOT NULL,
        version INTEGER NOT NULL,
        currency TEXT NOT NULL,
        total_minor INTEGER NOT NULL CHECK (total_minor >= 0),
        item_count INTEGER NOT NULL,
        snapshot TEXT NOT NULL,
        created_at TEXT NOT NULL,
        closed_at TEXT,
        receipt_number INTEGER UNIQUE
    ) STRICT
    """,
    "CREATE INDEX orders_open ON orders (number) WHERE state = 'open'",
    """
    CREATE TABLE attempts (
        id INTEGER PRIMARY KEY,
        order_id TEXT NOT NULL REFERENCES orders (id),
        number INTEGER NOT NULL,
        account TEXT NOT NULL,
        provider TEXT NOT NULL,
        provider_account TEXT NOT NULL,
        live INTEGER NOT NULL,
        reference TEXT NOT NULL UNIQUE,
        amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
        currency TEXT NOT NULL,
        state TEXT NOT NULL,
        version INTEGER NOT NULL,
        created_at TEXT NOT NULL,
        deadline_at TEXT NOT NULL,
        session_id TEXT,
        url TEXT,
        shown_at TEXT,
        close_reason TEXT,
        is_final INTEGER NOT NULL,
        decline TEXT NOT NULL,
        UNIQUE (order_id, number),
        UNIQUE (provider, session_id)
    ) STRICT
    """,
    "CREATE INDEX attempts_watched ON attempts (id) WHERE is_final = 0",
    """
    CREATE TABLE payments (
        id INTEGER PRIMARY KEY,
        provider TEXT NOT NULL,
        payment_id TEXT NOT NULL,
        account TEXT NOT NULL,
        order_id TEXT REFERENCES orders (id),
        attempt_id INTEGER REFERENCES attempts (id),
        amount_minor INTEGER NOT NULL,
        currency TEXT NOT NULL,
        held_as TEXT,
        provider_account TEXT NOT NULL,
        live INTEGER NOT NULL,
        settled_at TEXT NOT NULL,
        UNIQUE (provider, payment_id)
    ) STRICT
    """,
    "CREATE INDEX payments_of_order ON payments (order_id)",
    """
    CREATE TABLE refunds (
        id INTEGER PRIMARY KEY,
        provider TEXT NOT NULL,
        refund_id TEXT NOT NULL,
        payment_id TEXT NOT NULL,
        amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
        currency TEXT NOT NULL,
        state TEXT NOT NULL,
        version INTEGER NOT NULL,
        seen_at TEXT NOT NULL,
        UNIQUE (provider, refund_id),
        FOREIGN KEY (provider, payment_id) REFERENCES payments (provider, payment_id)
    ) STRICT
    """,
    "CREATE INDEX refunds_of_payment ON refunds (provider, payment_id)",
    """
    CREATE TABLE exceptions (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        amount_minor INTEGER NOT NULL,
        currency TEXT NOT NULL,
        order_id TEXT REFERENCES orders (id),
        attempt_id INTEGER REFERENCES attempts (id),
        payment_id TEXT NOT NULL,
        detail TEXT NOT NULL,
        opened_at TEXT NOT NULL,
        resolved_at TEXT,
        resolution TEXT
    ) STRICT
    """,
    "CREATE INDEX exceptions_waiting ON exceptions (order_id) WHERE resolved_at IS NULL",
    "CREATE INDEX exceptions_of_attempt ON exceptions (attempt_id) WHERE resolved_at IS NULL",
    """
    CREATE TABLE intents (
        id INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        operation TEXT NOT NULL,
        attempt_id INTEGER NOT NULL REFERENCES attempts (id),
        parameters TEXT NOT NULL,
        digest TEXT NOT NULL,
        created_at TEXT NOT NULL,
        outcome TEXT,
        result TEXT,
        finished_at TEXT
    ) STRICT
    """,
    "CREATE INDEX intents_unanswered ON intents (id) WHERE outcome IS NULL",
    "CREATE INDEX intents_of_attempt ON intents (attempt_id)",
    """
    CREATE TABLE inbox (
        id INTEGER PRIMARY KEY,
        account TEXT NOT NULL,
        provider TEXT NOT NULL,
        provider_account TEXT NOT NULL,
        live INTEGER NOT NULL,
        event_id TEXT NOT NULL,
        event_type TEXT NOT NULL,
        body BLOB NOT NULL,
        received_at TEXT NOT NULL,
        standing TEXT,
        detail TEXT,
        handled_at TEXT,
        UNIQUE (provider, provider_account, live, event_id)
    ) STRICT
    """,
    "CREATE INDEX inbox_waiting ON inbox (id) WHERE standing IS NULL",
    "CREATE INDEX inbox_refunds ON inbox (detail) WHERE standing = 'waiting'",
    """
    CREATE TABLE journal (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        at TEXT NOT NULL,
        name TEXT NOT NULL,
        order_id TEXT,
        attempt_id INTEGER,
        version INTEGER,
        data TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX journal_of_order ON journal (order_id)",
    """
    CREATE TABLE ledger_transactions (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at TEXT NOT NULL,
        kind TEXT NOT NULL,
        order_id TEXT,
        payment_id TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE ledger_entries (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        transaction_id INTEGER NOT NULL REFERENCES ledger_transactions (id),
        account TEXT NOT NULL,
        amount_minor INTEGER NOT NULL,
        currency TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX ledger_entries_of ON ledger_entries (transaction_id)",
    """
    CREATE TABLE audit (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        at TEXT NOT NULL,
        actor TEXT NOT NULL,
        action TEXT NOT NULL,
        subject TEXT NOT NULL,
        data TEXT NOT NULL
    ) STRICT
    """,
)


def is_up_to_date(connection: sqlite3.Connection) -> bool:
    """Say whether no migration is missing. Raises StoreError for a newer program's books."""
    db = Database(connection, execute_plugins=False)
    _refuse_newer(db)
    return not migrations.pending(db)


def are_older(connection: sqlite3.Connection) -> bool:
    """Say whether books are of an older program, with migrations of its own but not all of ours."""
    db = Database(connection, execute_plugins=False)
    return bool(migrations.pending(db)) and bool(_refuse_newer(db))


def bring_up_to_date(connection: sqlite3.Connection, path: Path, *, with_copy: bool = True) -> None:
    """Apply what is missing, with a verified copy of the file beside it first.

    Raises StoreError where the file was written by a newer program.
    """
    db = Database(connection, execute_plugins=False)
    applied = _refuse_newer(db)
    pending = migrations.pending(db)
    if pending and applied and with_copy:
        _verified_copy(connection, path.with_suffix(f".before-{pending[0].name}.db"))
        reach("migration.copied")
    for place, _ in enumerate(pending, start=1):
        reach("migration.begun")
        migrations.apply(db, stop_before=[later.name for later in pending[place:]])
        reach("migration.done")
    make_guards(connection)


def _refuse_newer(db: Database) -> set[str]:
    known = {migration.name for migration in migrations.pending(Database(memory=True))}
    applied = {migration.name for migration in migrations.applied(db)}
    if applied - known:
        raise StoreError(
            Message("These books were written by a newer Scantill"),
            Message("Unknown here: {migrations}.", migrations=", ".join(sorted(applied - known))),
            action=Message("Start the newer program; nothing was changed."),
        )
    return applied


def make_guards(connection: sqlite3.Connection) -> None:
    """Make the triggers that refuse to change or delete what is append-only."""
    guards = _guards()
    for name in missing_guards(connection):
        connection.execute(f"DROP TRIGGER IF EXISTS {name}")
        connection.execute(guards[name])


def missing_guards(connection: sqlite3.Connection) -> list[str]:
    """Name the guard triggers that are not there as they should be."""
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    present = dict(map(tuple, rows))
    return [name for name, sql in _guards().items() if present.get(name) != sql]


def assert_guards(connection: sqlite3.Connection) -> None:
    """Raise InvariantError where an append-only table stands unguarded."""
    if missing := missing_guards(connection):
        raise InvariantError("The records are not guarded", f"Missing: {', '.join(missing)}.")


def _guards() -> dict[str, str]:
    return {
        f"{table}_refuses_{verb.lower()}": (
            f"CREATE TRIGGER {table}_refuses_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
        for table in APPEND_ONLY
        for verb in ("UPDATE", "DELETE")
    }


def _verified_copy(connection: sqlite3.Connection, path: Path) -> None:
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    part.touch(FILE_MODE)
    copy = sqlite3.connect(part)
    try:
        connection.backup(copy)
        # A file of its own, without a WAL beside it.
        copy.execute("PRAGMA journal_mode=DELETE")
        verdict = copy.execute("PRAGMA integrity_check").fetchone()[0]
    finally:
        copy.close()
    if verdict != "ok":
        raise StoreError(Message("The copy before the update is damaged"), str(verdict))
    sync_file(part)
    part.replace(path)
    # The books are changed only once the copy cannot be lost any more.
    sync_directory(path.parent)
