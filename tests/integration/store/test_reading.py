"""Reading beside the writer: committed data only, one snapshot for each look."""

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest

from app.store import Store, Transaction
from tests.parts.books import count, open_store


def write_down(tx: Transaction) -> None:
    tx.record("till.tested")


def test_what_is_not_committed_is_not_seen(busy: Store) -> None:
    written, go_on = threading.Event(), threading.Event()

    def slow(tx: Transaction) -> None:
        write_down(tx)
        written.set()
        assert go_on.wait(5)

    unit = busy.submit(slow)
    assert written.wait(5)
    assert busy.read_now(lambda db: count(db, "journal")) == 0
    go_on.set()
    unit.result(5)
    assert busy.read_now(lambda db: count(db, "journal")) == 1


def test_one_look_sees_one_moment(busy: Store) -> None:
    def look_twice(db: sqlite3.Connection) -> tuple[int, int]:
        before = count(db, "journal")
        busy.write_now(write_down)
        return before, count(db, "journal")

    assert busy.read_now(look_twice) == (0, 0)
    assert busy.read_now(lambda db: count(db, "journal")) == 1


def test_readers_are_used_again_and_several_read_at_once(busy: Store) -> None:
    seen: set[int] = set()

    def nested(db: sqlite3.Connection) -> int:
        seen.add(id(db))

        def inner(other: sqlite3.Connection) -> int:
            seen.add(id(other))
            return count(other, "till")

        return busy.read_now(inner)

    for _ in range(5):
        assert busy.read_now(nested) == 1
    assert len(seen) == 2


def test_a_look_that_fails_leaves_its_reader_usable(busy: Store) -> None:
    with pytest.raises(KeyError):
        busy.read_now(lambda db: dict[str, int]()["none"])
    busy.write_now(write_down)
    assert busy.read_now(lambda db: count(db, "journal")) == 1


def test_coroutines_read_off_their_own_thread(busy: Store) -> None:
    here = threading.get_ident()

    async def where() -> int:
        return await busy.read(lambda db: threading.get_ident())

    assert asyncio.run(where()) != here


def test_inline_books_are_read_and_written_on_the_callers_thread(store: Store) -> None:
    here = threading.get_ident()

    async def where() -> tuple[int, int]:
        return (
            await store.read(lambda db: threading.get_ident()),
            await store.write(lambda tx: threading.get_ident()),
        )

    assert asyncio.run(where()) == (here, here)


def test_closing_folds_everything_into_the_one_file(directory: Path) -> None:
    store = open_store(directory)
    store.write_now(write_down)
    store.read_now(lambda db: count(db, "journal"))
    store.close()
    assert sorted(path.name for path in directory.iterdir()) == ["till.db", "till.lock"]
