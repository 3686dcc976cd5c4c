"""Backups of real books: whole, verified, beside a busy till, and never half."""

import contextlib
import os
import sqlite3
import stat
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from app.errors import BooksDamaged, StoreError
from app.store import Store, schema
from app.store.backup import (
    backups_in,
    make_backup,
    newest_verified,
    position_of,
    read_backup,
)
from app.store.connection import open_reader
from app.store.unfinished import Halt
from app.store.verify import Outcome
from tests.integration.store.kills import killed_at_each_step
from tests.parts.books import begun, count, one_of_each_record, open_store, placed, statement, taken
from tests.parts.clock import START


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "backups"
    path.mkdir()
    return path


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def page_of(store: Store, table: str) -> int:
    return store.read_now(
        lambda db: db.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)
        ).fetchone()[0]
    )


def spoil(path: Path, page: int) -> None:
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\x77" * 4096)


def test_a_backup_is_one_verified_file_that_tells_what_it_is(store: Store, folder: Path) -> None:
    store.write_now(one_of_each_record)
    store.write_now(placed)
    report = make_backup(store.path, folder, at=START)
    assert left(folder) == [f"till-{store.till_id}-1-00000002-20261121T090000000000Z.db"]
    assert (report.path.parent, report.mode, report.till_id) == (folder, "training", store.till_id)
    assert (report.orders, report.receipts, report.known.epoch) == (1, 0, 1)
    assert report.size == report.path.stat().st_size and report.size % 4096 == 0
    assert stat.S_IMODE(report.path.stat().st_mode) == 0o600
    assert report.violated == ()
    assert next(check.name for check in report.checks if check.outcome is Outcome.OK) == "file"
    copy = open_reader(report.path)
    assert copy.execute("PRAGMA journal_mode").fetchone()[0] == "delete"
    assert count(copy, "orders") == 1
    copy.close()
    assert read_backup(report.path) == report


def test_a_backup_can_be_made_without_a_till(store: Store, folder: Path) -> None:
    store.write_now(placed)
    store.close()
    to = folder / "mine.db"
    assert make_backup(store.path, to, at=START).orders == 1
    assert left(folder) == ["mine.db"]


def test_a_file_that_is_there_is_never_written_over(store: Store, folder: Path) -> None:
    to = folder / "mine.db"
    to.write_text("something of somebody's")
    with pytest.raises(StoreError, match="There is a file already"):
        make_backup(store.path, to, at=START)
    assert to.read_text() == "something of somebody's"
    assert left(folder) == ["mine.db"]


def test_beside_a_busy_writer_each_backup_is_one_moment_of_the_books(
    busy: Store, folder: Path
) -> None:
    """Orders come in pairs in one transaction, so that half a moment would show."""
    stop = threading.Event()
    written: list[int] = []

    def sell() -> None:
        while not stop.is_set():
            busy.write_now(lambda tx: (placed(tx), placed(tx)))
            written.append(1)

    seller = threading.Thread(target=sell)
    seller.start()
    reports = []
    try:
        for number in range(8):
            before = len(written)
            report = make_backup(busy.path, folder, at=START + timedelta(seconds=number))
            reports.append(report)
            assert report.violated == () and report.orders % 2 == 0
            assert report.orders >= 2 * before, "what was acknowledged before is in it"
    finally:
        stop.set()
        seller.join(10)
    assert len(written) > len(reports), "the writer went on meanwhile"
    newest = [backup.path for backup in backups_in(folder)]
    assert newest == [report.path for report in reversed(reports)]


def test_which_is_newest_is_told_by_the_books_and_not_by_a_clock(
    store: Store, folder: Path
) -> None:
    store.write_now(placed)
    old = make_backup(store.path, folder, at=START + timedelta(days=365))
    store.write_now(placed)
    new = make_backup(store.path, folder, at=START)
    assert [backup.path for backup in backups_in(folder)] == [new.path, old.path]
    assert [backup.entry for backup in backups_in(folder)] == [2, 1]
    assert store.read_now(position_of) == (1, 2)
    assert backups_in(folder, "another") == []
    assert backups_in(folder / "nowhere") == []


def test_books_with_nothing_in_them_are_not_backed_up(store: Store, folder: Path) -> None:
    store.write_now(statement("DELETE FROM till"))
    with pytest.raises(StoreError, match="nothing in these books"):
        make_backup(store.path, folder, at=START)
    assert left(folder) == []


def test_where_there_is_not_room_for_it_and_the_till_none_is_begun(
    store: Store, folder: Path
) -> None:
    with pytest.raises(StoreError, match="disk is full"):
        make_backup(store.path, folder, at=START, reserve=2**62)
    assert left(folder) == []


def test_books_that_break_a_rule_are_kept_under_a_name_that_is_not_offered(
    store: Store, folder: Path
) -> None:
    attempt = store.write_now(lambda tx: begun(tx, placed(tx)))
    store.write_now(lambda tx: taken(tx, attempt))
    report = make_backup(store.path, folder, at=START)
    assert report.violated != ()
    assert report.path.name.endswith(".db.unclean")
    assert left(folder) == [report.path.name]
    assert backups_in(folder) == []
    by_hand = make_backup(store.path, folder / "mine.db", at=START)
    assert by_hand.violated and by_hand.path == folder / "mine.db"


def test_damage_in_the_books_is_found_by_their_backup_and_leaves_none(
    directory: Path, folder: Path
) -> None:
    store = open_store(directory)
    store.write_now(one_of_each_record)
    page = page_of(store, "ledger_entries")
    store.close()
    spoil(store.path, page)
    with pytest.raises(BooksDamaged):
        make_backup(store.path, folder, at=START)
    assert left(folder) == []


def test_damage_of_the_copy_alone_is_not_blamed_on_the_books(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.store import backup

    real = backup._copy

    def copies_badly(source: sqlite3.Connection, to: Path, halt: Halt) -> None:
        real(source, to, halt)
        spoil(to, 3)

    monkeypatch.setattr(backup, "_copy", copies_badly)
    with pytest.raises(StoreError, match="came out damaged") as caught:
        make_backup(store.path, folder, at=START)
    assert not isinstance(caught.value, BooksDamaged)
    assert left(folder) == []


def test_books_from_before_an_update_are_backed_up_as_they_are(
    directory: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *_later = schema.migrations._migrations
    monkeypatch.setattr(schema.migrations, "_migrations", [first])
    monkeypatch.setattr("app.store.store.begin_epoch", None)
    open_store(directory).close()
    monkeypatch.undo()
    report = make_backup(directory / "till.db", folder, at=START)
    assert report.violated == ()
    copy = open_reader(report.path)
    tables = {row[0] for row in copy.execute("SELECT name FROM sqlite_master")}
    copy.close()
    assert "epochs" not in tables


def test_the_newest_backup_that_is_sound_today_is_found(store: Store, folder: Path) -> None:
    kept = []
    for number in range(3):
        store.write_now(placed)
        kept.append(make_backup(store.path, folder, at=START + timedelta(hours=number)).path)
    kept[2].write_bytes(kept[2].read_bytes()[:5000])
    found = newest_verified(folder, "training")
    assert found is not None and found[0].path == kept[1]
    assert found[1].orders == 2
    assert newest_verified(folder, "live") is None
    assert newest_verified(folder / "nowhere", "training") is None


def test_killed_at_any_step_it_leaves_a_whole_backup_or_none(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    store = open_store(tmp_path / "before" / "training")
    store.write_now(placed)
    store.close()
    places = killed_at_each_step("backup", tmp_path)
    ends = {}
    for place in places:
        backups = backups_in(place / "backups")
        assert [read_backup(backup.path).violated for backup in backups] in ([], [()])
        ends[place] = len(backups)
        again = open_store(place / "training")
        assert again.read_now(lambda db: count(db, "orders")) == 1
        again.close()
    assert list(ends.values()) == sorted(ends.values()) and set(ends.values()) == {0, 1}
    record_property("kills", len(places) - 1)
    assert len(places) > 6


@pytest.mark.skipif(os.name != "posix", reason="Windows knows no owner's mode")
def test_a_folder_that_cannot_be_written_is_told_in_words(store: Store, folder: Path) -> None:
    with pytest.raises(StoreError) as caught:
        make_backup(store.path, folder / "nowhere" / "mine.db", at=START)
    assert "cannot be used" in caught.value.title
    with contextlib.suppress(FileNotFoundError):
        assert left(folder) == []
