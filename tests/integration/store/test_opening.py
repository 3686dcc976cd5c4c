"""Opening the books: what durability depends on, who may read them, whose they are."""

import os
import sqlite3
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from app.errors import ConfigError, InvariantError, StoreError
from app.settings import Mode
from app.store import Store
from app.store.connection import open_reader, open_writer, private_directory
from tests.conftest import ExpectedLogs
from tests.parts.books import count, one_of_each_record, open_store


def pragma(store: Store, name: str) -> Any:
    return store.write_now(lambda tx: tx.execute(f"PRAGMA {name}").fetchone()[0])


def test_a_commit_that_returned_is_on_the_disk_by_sqlites_own_word(store: Store) -> None:
    assert pragma(store, "journal_mode") == "wal"
    assert pragma(store, "synchronous") == 2
    assert pragma(store, "foreign_keys") == 1
    assert pragma(store, "recursive_triggers") == 1


class Stubborn(sqlite3.Connection):
    """An SQLite that keeps its own mind about one setting."""

    refuses = ""

    def execute(self, sql: str, parameters: object = (), /) -> sqlite3.Cursor:
        if self.refuses and sql.startswith(f"PRAGMA {self.refuses}="):
            return super().execute("SELECT 1")
        return super().execute(sql, parameters)  # type: ignore[arg-type]


@pytest.fixture
def stubborn(monkeypatch: pytest.MonkeyPatch) -> type[Stubborn]:
    class OneStubborn(Stubborn):
        pass

    real = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: real(*a, **k, factory=OneStubborn))
    return OneStubborn


@pytest.mark.parametrize("name", ["journal_mode", "foreign_keys", "recursive_triggers"])
def test_a_setting_that_sqlite_refuses_keeps_the_books_closed(
    directory: Path, stubborn: type[Stubborn], name: str
) -> None:
    stubborn.refuses = name
    with pytest.raises(InvariantError, match=f"SQLite refused {name}="):
        open_store(directory)


def test_synchronous_is_asserted_and_not_only_asked_for(
    directory: Path, stubborn: type[Stubborn], monkeypatch: pytest.MonkeyPatch
) -> None:
    # This build's own default is FULL; a distribution may choose another.
    real = Stubborn.execute

    def less_by_default(self: Stubborn, sql: str, parameters: object = (), /) -> sqlite3.Cursor:
        if sql.startswith("PRAGMA synchronous="):
            return real(self, "PRAGMA synchronous=NORMAL")
        return real(self, sql, parameters)

    monkeypatch.setattr(Stubborn, "execute", less_by_default)
    with pytest.raises(InvariantError, match="SQLite refused synchronous=2"):
        open_writer(private_directory(directory) / "till.db")


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps a user's files apart by itself")
def test_files_and_directory_are_their_owners_alone(directory: Path) -> None:
    before = os.umask(0)
    try:
        store = open_store(directory)
        store.write_now(one_of_each_record)
        store.read_now(lambda db: count(db, "journal"))
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()}
        assert modes == dict.fromkeys(("till.db", "till.db-wal", "till.db-shm", "till.lock"), 0o600)
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
        store.close()
    finally:
        os.umask(before)


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps a user's files apart by itself")
def test_files_that_were_open_to_others_are_closed_to_them(directory: Path) -> None:
    open_store(directory).close()
    directory.chmod(0o755)
    (directory / "till.db").chmod(0o644)
    open_store(directory).close()
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert stat.S_IMODE((directory / "till.db").stat().st_mode) == 0o600


def test_a_till_keeps_its_id(directory: Path) -> None:
    first = open_store(directory)
    first.close()
    again = open_store(directory)
    assert again.till_id == first.till_id
    assert len(again.till_id) == 6
    assert again.read_now(lambda db: count(db, "till")) == 1
    again.close()


@pytest.mark.parametrize("mode", [Mode.TEST, Mode.LIVE])
def test_books_of_another_mode_are_refused_and_left_alone(directory: Path, mode: Mode) -> None:
    open_store(directory).close()
    threads = threading.active_count()
    with pytest.raises(ConfigError, match="made for training") as caught:
        open_store(directory, mode=mode)
    assert "--mode training" in caught.value.action
    assert threading.active_count() == threads
    again = open_store(directory)
    assert again.read_now(lambda db: db.execute("SELECT mode FROM till").fetchone()[0]) == (
        "training"
    )
    again.close()


def test_a_file_that_is_no_database_is_refused_in_words(directory: Path) -> None:
    private_directory(directory)
    (directory / "till.db").write_bytes(b"this is not a database, it is a letter" * 100)
    with pytest.raises(StoreError, match="not an SQLite file"):
        open_store(directory)
    with pytest.raises(StoreError, match="not an SQLite file"):
        open_store(directory)


def test_a_damaged_file_is_refused_in_words(directory: Path) -> None:
    store = open_store(directory)
    store.write_now(one_of_each_record)
    store.close()
    path = directory / "till.db"
    body = bytearray(path.read_bytes())
    body[100:4096] = b"\xff" * 3996
    path.write_bytes(body)
    with pytest.raises(StoreError, match="damaged"):
        open_store(directory)


def test_a_page_that_is_damaged_later_is_a_store_error_to_who_reads_it(
    directory: Path, expected_logs: ExpectedLogs
) -> None:
    store = open_store(directory)
    store.write_now(one_of_each_record)
    root_page = store.read_now(
        lambda db: db.execute("SELECT rootpage FROM sqlite_master WHERE name='audit'").fetchone()[0]
    )
    store.close()
    store = open_store(directory)
    with (directory / "till.db").open("r+b") as file:
        file.seek((root_page - 1) * 4096)
        file.write(b"\x77" * 4096)
    with pytest.raises(StoreError, match="damaged"):
        store.read_now(lambda db: db.execute("SELECT * FROM audit").fetchall())
    with pytest.raises(StoreError, match="damaged"):
        store.write_now(lambda tx: tx.audit("a", "b", "c", {}))
    store.close()
    expected_logs.take("The till's books are damaged")


def test_a_directory_where_the_file_should_be_is_refused_in_words(directory: Path) -> None:
    private_directory(directory)
    (directory / "till.db").mkdir()
    with pytest.raises(StoreError):
        open_store(directory)


def test_there_is_nothing_to_read_where_there_are_no_books(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        open_reader(tmp_path / "till.db")
    assert not (tmp_path / "till.db").exists()


def test_books_can_be_read_beside_a_running_till_but_not_written(store: Store) -> None:
    store.write_now(one_of_each_record)
    reader = open_reader(store.path)
    assert count(reader, "journal") == 1
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("DELETE FROM inbox")
    reader.close()


def test_a_read_only_ever_reads(store: Store) -> None:
    with pytest.raises(StoreError, match="cannot be written"):
        store.read_now(lambda db: db.execute("DELETE FROM inbox"))


def test_a_wrong_statement_of_ours_is_not_blamed_on_the_disk(store: Store) -> None:
    with pytest.raises(sqlite3.ProgrammingError):
        store.read_now(lambda db: db.execute("SELECT ?", (1, 2)))
    assert store.read_now(lambda db: count(db, "till")) == 1


def test_after_closing_nothing_is_written_and_another_till_may_open(directory: Path) -> None:
    first = open_store(directory)
    first.read_now(lambda db: count(db, "till"))
    first.close()
    with pytest.raises(StoreError, match="closed"):
        first.write_now(one_of_each_record)
    open_store(directory).close()
    assert sorted(path.name for path in directory.iterdir()) == ["till.db", "till.lock"]
