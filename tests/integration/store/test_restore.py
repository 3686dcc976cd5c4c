"""A backup in the place of the books: whole or not at all, and what lay there is kept."""

import random
import shutil
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from app.domain.ids import Ids
from app.errors import StoreError
from app.settings import Mode
from app.store import Store, schema
from app.store.backup import Report, make_backup
from app.store.connection import open_reader
from app.store.epochs import epochs_of, needs_reconciliation
from app.store.lock import InstanceLock
from app.store.restore import Restored, restore_books
from app.store.verify import Outcome, verify
from tests.integration.store.kills import killed_at_each_step
from tests.parts.books import count, one_of_each_record, open_store, placed
from tests.parts.clock import START, VirtualClock

LATER = START + timedelta(hours=1)


@pytest.fixture
def backup(directory: Path, tmp_path: Path) -> Report:
    """Books of two orders, backed up before the second."""
    (tmp_path / "backups").mkdir()
    store = open_store(directory)
    store.write_now(one_of_each_record)
    store.write_now(placed)
    report = make_backup(store.path, tmp_path / "backups", at=START)
    store.write_now(placed)
    store.close()
    return report


def restore(directory: Path, file: Path, **changes: object) -> Restored:
    values = {"mode": "training", "at": LATER, "actor": "tester", **changes}
    return restore_books(directory, file, **values)  # type: ignore[arg-type]


def orders(path: Path) -> int:
    reader = open_reader(path)
    try:
        return count(reader, "orders")
    finally:
        reader.close()


def violated(store: Store) -> list[str]:
    checks = store.read_now(verify)
    return [str(check) for check in checks if check.outcome is Outcome.VIOLATED]


def test_the_books_are_those_of_the_backup_and_what_lay_there_is_kept(
    directory: Path, backup: Report
) -> None:
    done = restore(directory, backup.path)
    assert orders(directory / "till.db") == 1
    assert orders(done.aside / "till.db") == 2
    assert done.aside.parent == directory
    store = open_store(directory, clock=VirtualClock(LATER))
    assert store.till_id == backup.till_id
    assert violated(store) == []
    store.close()
    assert orders(backup.path) == 1, "the backup itself is left alone"


def test_it_begins_an_epoch_with_who_when_and_which_file(directory: Path, backup: Report) -> None:
    done = restore(directory, backup.path)
    store = open_store(directory, clock=VirtualClock(LATER))
    assert store.read_now(needs_reconciliation)
    assert store.read_now(epochs_of)[1:] == [done.epoch]
    assert (done.epoch.number, done.epoch.began_at) == (2, LATER)
    row = store.read_now(lambda db: db.execute("SELECT * FROM audit ORDER BY seq DESC").fetchone())
    assert (row["actor"], row["action"]) == ("tester", "epoch.begun")
    assert row["subject"] == f"restored {backup.path}" and row["at"].startswith("2026-11-21T10:00")
    assert store.write_now(placed).number == done.epoch.first_order > 2
    assert violated(store) == []
    store.close()


def test_the_same_backup_twice_gives_no_number_twice(directory: Path, backup: Report) -> None:
    first = restore(directory, backup.path)
    store = open_store(directory, clock=VirtualClock(LATER))
    sold = [store.write_now(placed).number for _ in range(50)]
    store.close()
    second = restore(directory, backup.path, at=LATER + timedelta(minutes=2))
    assert (first.epoch.number, second.epoch.number) == (2, 3)
    assert second.epoch.first_order > max(sold)
    assert first.aside != second.aside and orders(second.aside / "till.db") == 51


def test_books_that_cannot_be_read_are_set_aside_as_they_are(
    directory: Path, backup: Report
) -> None:
    letter = b"this is not a database, it is a letter" * 500
    (directory / "till.db").write_bytes(letter)
    (directory / "till.db-wal").write_bytes(b"and this its postscript")
    (directory / "till.damaged").write_text("it said so")
    done = restore(directory, backup.path)
    assert (done.aside / "till.db").read_bytes() == letter
    assert (done.aside / "till.db-wal").read_bytes() == b"and this its postscript"
    store = open_store(directory, clock=VirtualClock(LATER))
    assert store.read_now(lambda db: count(db, "orders")) == 1
    store.close()


def test_a_new_computer_has_nothing_to_set_aside(tmp_path: Path, backup: Report) -> None:
    directory = tmp_path / "new" / "training"
    done = restore(directory, backup.path)
    assert not done.aside.exists()
    store = open_store(directory, clock=VirtualClock(LATER))
    assert store.till_id == backup.till_id
    store.close()


def test_a_backup_from_before_an_update_is_brought_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *_later = schema.migrations._migrations
    monkeypatch.setattr(schema.migrations, "_migrations", [first])
    store = open_store(tmp_path / "old")
    store.write_now(placed)
    store.close()
    monkeypatch.undo()
    report = make_backup(store.path, tmp_path / "old.db", at=START)
    done = restore(tmp_path / "new", report.path)
    assert done.report.orders == 1
    new = open_store(tmp_path / "new", clock=VirtualClock(LATER))
    assert violated(new) == [] and new.read_now(needs_reconciliation)
    new.close()


def refused(directory: Path, file: Path, words: str, **changes: object) -> None:
    before = (directory / "till.db").read_bytes()
    with pytest.raises(StoreError) as caught:
        restore(directory, file, **changes)
    assert words in str(caught.value)
    assert (directory / "till.db").read_bytes() == before
    open_store(directory, clock=VirtualClock(LATER)).close()


def test_it_is_refused_while_a_till_runs(directory: Path, backup: Report) -> None:
    lock = InstanceLock(directory)
    with pytest.raises(StoreError, match="running already"):
        restore(directory, backup.path)
    lock.release()
    assert orders(directory / "till.db") == 2


def test_a_backup_of_another_mode_is_refused(directory: Path, backup: Report) -> None:
    refused(directory, backup.path, "of training, not of live", mode="live")


def test_a_backup_of_another_till_is_refused(
    directory: Path, backup: Report, tmp_path: Path
) -> None:
    ids = Ids(random.Random(99))
    clock = VirtualClock()
    other = Store(tmp_path / "other", mode=Mode.TRAINING, clock=clock, ids=ids)
    report = make_backup(other.path, tmp_path / "backups", at=START)
    other.close()
    refused(directory, report.path, f"of till {report.till_id}")


def changed(backup: Report, sql: str) -> Path:
    copy = backup.path.with_name("changed.db")
    copy.write_bytes(backup.path.read_bytes())
    db = sqlite3.connect(copy)
    db.execute(sql)
    db.commit()
    db.close()
    return copy


@pytest.mark.parametrize(
    "sql, words",
    [
        ("DROP TRIGGER journal_refuses_delete", "not guarded: journal_refuses_delete"),
        ("UPDATE orders SET state = 'paid'", "I3"),
        ("UPDATE till SET last_order_number = 7", "no gap"),
        ("DELETE FROM till", "no till in it"),
        (
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) "
            "VALUES ('scantill', 'm9999_of_tomorrow', 'tomorrow')",
            "newer Scantill",
        ),
        ("DROP TABLE epochs", "no such table"),
    ],
)
def test_a_backup_that_is_not_sound_is_refused(
    directory: Path, backup: Report, sql: str, words: str
) -> None:
    refused(directory, changed(backup, sql), words)


@pytest.mark.parametrize("length", [0, 10, 4096, 20_000])
def test_a_backup_that_was_cut_off_is_refused(directory: Path, backup: Report, length: int) -> None:
    cut = backup.path.with_name("cut.db")
    cut.write_bytes(backup.path.read_bytes()[:length])
    refused(directory, cut, "cannot be restored")
    with pytest.raises(StoreError) as error:
        restore(directory, cut)
    assert str(error.value).count("cannot be restored") == 1, "it is said once"


def test_a_file_that_is_not_there_is_told_in_words(directory: Path, backup: Report) -> None:
    refused(directory, directory / "nowhere.db", "no such file")


def test_killed_at_any_step_the_old_books_or_the_new_are_there_and_nothing_is_lost(
    directory: Path,
    backup: Report,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """The old books have a WAL, as a till that was killed leaves them."""
    old = open_store(directory)
    old.write_now(placed)
    shutil.copytree(directory, tmp_path / "before" / "training")
    old.close()
    shutil.copy(backup.path, tmp_path / "before" / "backup.db")
    ends = []
    for place in (path / "training" for path in killed_at_each_step("restore", tmp_path)):
        store = open_store(place, clock=VirtualClock(LATER + timedelta(minutes=1)))
        epoch = len(store.read_now(epochs_of))
        found = store.read_now(lambda db: count(db, "orders"))
        assert violated(store) == []
        store.close()
        asides = [orders(path) for path in place.glob("set-aside-*/till.db")]
        assert (found, asides) in ((3, []), (1, [3])), "the WAL went along"
        assert (found == 3) is (epoch == 1)
        ends.append(found)
    record_property("kills", len(ends) - 1)
    assert ends == sorted(ends, reverse=True)
    assert ends.count(3) > 5 and ends.count(1) > 5
