"""Migrations: a verified copy first, old or new after, guards made again, never backwards."""

import sqlite3
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from app.domain.exceptions import ExceptionKind
from app.domain.money import Money
from app.errors import InvariantError, Message, StoreError
from app.store import Store, schema
from app.store.connection import open_reader
from app.store.payments import exceptions_of, open_exception
from app.store.schema import missing_guards
from app.store.transaction import stamp
from tests.parts.books import count, one_of_each_record, open_store, placed, statement

Migration = Callable[[Database], None]
Register = Callable[[Migration], None]


@pytest.fixture
def later() -> Iterator[Register]:
    """Register migrations that this program does not have yet; they are forgotten afterwards."""
    known = list(schema.migrations._migrations)
    yield lambda migration: (schema.migrations()(migration), None)[1]
    schema.migrations._migrations[:] = known


@pytest.fixture
def old_books(directory: Path) -> Path:
    store = open_store(directory)
    store.write_now(one_of_each_record)
    store.write_now(placed)
    store.close()
    return directory


def m9001_add_a_column(db: Database) -> None:
    db["orders"].add_column("colour", str)  # type: ignore[union-attr]


def m9002_rebuild_the_records(db: Database) -> None:
    for table in schema.APPEND_ONLY:
        db[table].transform(rename={"at": "happened_at"})  # type: ignore[union-attr]
    assert missing_guards(db.conn), "transform drops triggers without a word"


def m9003_fail_halfway(db: Database) -> None:
    db.execute("ALTER TABLE orders ADD COLUMN half TEXT")
    db.execute("UPDATE orders SET half = 'done'")
    raise sqlite3.OperationalError("it stops here")


def columns(store: Store, table: str) -> set[str]:
    return store.read_now(lambda db: {row[1] for row in db.execute(f"PRAGMA table_info({table})")})


def leave(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_a_later_migration_is_applied_and_what_was_there_stays(
    old_books: Path, later: Register
) -> None:
    later(m9001_add_a_column)
    store = open_store(old_books)
    assert "colour" in columns(store, "orders")
    assert store.read_now(lambda db: count(db, "orders")) == 1
    store.close()


def test_a_verified_copy_lies_beside_the_books_before_they_change(
    old_books: Path, later: Register
) -> None:
    later(m9001_add_a_column)
    open_store(old_books).close()
    assert leave(old_books) == ["till.before-m9001_add_a_column.db", "till.db", "till.lock"]
    path = old_books / "till.before-m9001_add_a_column.db"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    copy = open_reader(path)
    assert count(copy, "orders") == 1
    assert "colour" not in {row[1] for row in copy.execute("PRAGMA table_info(orders)")}
    copy.close()


def test_new_books_need_no_copy(directory: Path) -> None:
    open_store(directory).close()
    assert leave(directory) == ["till.db", "till.lock"]


def test_a_copy_that_was_cut_off_before_is_made_anew(old_books: Path, later: Register) -> None:
    later(m9001_add_a_column)
    (old_books / "till.before-m9001_add_a_column.part").write_bytes(b"half a copy" * 1000)
    open_store(old_books).close()
    copy = open_reader(old_books / "till.before-m9001_add_a_column.db")
    assert count(copy, "orders") == 1
    copy.close()


def test_guards_are_made_again_after_a_table_was_rebuilt(old_books: Path, later: Register) -> None:
    later(m9002_rebuild_the_records)
    store = open_store(old_books)
    assert "happened_at" in columns(store, "journal")
    assert store.read_now(missing_guards) == []
    for table in schema.APPEND_ONLY:
        with pytest.raises(InvariantError, match="refused a change"):
            store.write_now(statement(f"DELETE FROM {table}"))
    store.close()


def test_a_migration_that_fails_leaves_the_old_books(old_books: Path, later: Register) -> None:
    later(m9001_add_a_column)
    later(m9003_fail_halfway)
    with pytest.raises(StoreError):
        open_store(old_books)
    schema.migrations._migrations.pop()
    store = open_store(old_books)
    assert "half" not in columns(store, "orders")
    assert "colour" in columns(store, "orders")
    assert store.read_now(lambda db: count(db, "orders")) == 1
    store.close()


def test_an_older_program_refuses_newer_books_and_changes_nothing(
    old_books: Path, later: Register
) -> None:
    later(m9001_add_a_column)
    open_store(old_books).close()
    schema.migrations._migrations.pop()
    before = (old_books / "till.db").read_bytes()
    with pytest.raises(StoreError, match="newer Scantill") as caught:
        open_store(old_books)
    assert "m9001_add_a_column" in caught.value.detail
    assert (old_books / "till.db").read_bytes() == before


def test_books_without_guards_get_them_at_the_next_start(old_books: Path) -> None:
    """A crash may come between a migration and its guards."""
    raw = sqlite3.connect(old_books / "till.db")
    raw.execute("DROP TRIGGER journal_refuses_update")
    raw.close()
    store = open_store(old_books)
    assert store.read_now(missing_guards) == []
    store.close()


def test_entries_from_before_their_words_were_kept_are_still_read(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *_later = schema.migrations._migrations
    monkeypatch.setattr(schema.migrations, "_migrations", [first])
    store = open_store(directory)
    order = store.write_now(placed)
    store.write_now(
        lambda tx: tx.insert(
            "exceptions",
            kind="surplus",
            amount_minor=680,
            currency="EUR",
            order_id=order.id,
            payment_id="pi_1",
            detail="the order was paid already",
            opened_at=stamp(tx.at),
        )
    )
    store.close()
    monkeypatch.undo()
    store = open_store(directory)
    (old,) = store.read_now(lambda db: exceptions_of(db, order.id))
    assert old.detail == "the order was paid already"
    said = Message("Paid {got}.", got=Money(1, "EUR"))
    kind, amount = ExceptionKind.MISMATCH, Money(1, "EUR")
    store.write_now(lambda tx: open_exception(tx, kind, amount, order_id=order.id, detail=said))
    new = store.read_now(lambda db: exceptions_of(db, order.id))[1]
    assert isinstance(new.detail, Message)
    assert new.detail.parameters == said.parameters
    store.close()


def test_opening_again_changes_nothing(old_books: Path) -> None:
    before = (old_books / "till.db").read_bytes()
    open_store(old_books).close()
    assert (old_books / "till.db").read_bytes() == before
