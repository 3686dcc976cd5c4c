"""Backups that are not finished: stopped, killed, or being written by somebody else."""

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.errors import StoreError
from app.store import Store, backup, unfinished
from app.store.backup import make_backup, read_backup
from app.store.lock import take_lock
from app.store.unfinished import BackupStopped, Halt, sweep
from tests.integration.till.processes import REPOSITORY
from tests.parts.books import placed
from tests.parts.clock import START


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "backups"
    path.mkdir()
    return path


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@contextmanager
def written(part: Path) -> Iterator[None]:
    """Hold a file as a process does that is writing its backup to it."""
    descriptor = os.open(part, os.O_CREAT | os.O_RDWR)
    take_lock(descriptor)
    try:
        yield
    finally:
        os.close(descriptor)


def test_what_a_killed_one_left_is_swept_and_nothing_else(store: Store, folder: Path) -> None:
    ours = folder / f"till-{store.till_id}-1-00000001-20260101T000000000000Z.db.part"
    for name in (ours.name, f"{ours.name}-journal", "till-other-1-1-x.db.part", "notes.part"):
        (folder / name).write_bytes(b"half")
    alive = folder / f"till-{store.till_id}-1-00000002-20260101T000000000000Z.db.part"
    with written(alive):
        report = make_backup(store.path, folder, at=START)
    kept = {"till-other-1-1-x.db.part", "notes.part", alive.name, report.path.name}
    assert set(left(folder)) == kept


@pytest.mark.parametrize("point", ["backup.copied", "backup.verified"])
def test_a_backup_whose_process_was_killed_is_swept_by_the_next(
    store: Store, folder: Path, point: str
) -> None:
    code = (
        "import os, signal, sys; from datetime import UTC, datetime; from pathlib import Path; "
        "from app.store import backup; "
        "backup.reach = lambda name: "
        f"name == {point!r} and os.kill(os.getpid(), signal.SIGKILL); "
        "backup.make_backup(Path(sys.argv[1]), Path(sys.argv[2]), at=datetime.now(UTC))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(store.path), str(folder)],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        timeout=60,
        check=False,
    )
    assert done.returncode == -9 and len(left(folder)) == 1
    assert left(folder)[0].endswith(".part")
    report = make_backup(store.path, folder, at=START)
    assert left(folder) == [report.path.name]


def test_a_file_that_another_process_is_writing_is_not_taken_from_it(
    store: Store, folder: Path
) -> None:
    with written(folder / "kept.db.part"):
        with pytest.raises(StoreError, match="Another backup is being written"):
            make_backup(store.path, folder / "kept.db", at=START)
        assert left(folder) == ["kept.db.part"]
    make_backup(store.path, folder / "kept.db", at=START)
    assert left(folder) == ["kept.db"], "what a dead one left is in nobody's way"


def test_a_folder_that_is_gone_has_nothing_to_sweep(tmp_path: Path) -> None:
    sweep(tmp_path / "nowhere", "till1")
    assert not (tmp_path / "nowhere").exists()


def test_what_somebody_else_has_swept_meanwhile_is_gone(folder: Path) -> None:
    assert unfinished._dropped(folder / "till-1-1-1-x.db.part")


@pytest.mark.parametrize("step", range(6))
def test_stopped_at_any_step_nothing_is_left_of_it(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Stopped at a step of the copy, of the check, and of what comes after."""
    store.write_now(placed)
    halt, passed = Halt(), 0
    check = halt.check

    def checked() -> None:
        nonlocal passed
        if passed == step:
            halt.ask()
        passed += 1
        check()

    monkeypatch.setattr(halt, "check", checked)
    monkeypatch.setattr(backup, "_PAGES_AT_ONCE", 20)
    with pytest.raises(BackupStopped) as stopped:
        make_backup(store.path, folder, at=START, halt=halt)
    assert left(folder) == []
    assert "Nothing is left of it" in str(stopped.value)


def test_one_that_nobody_stops_is_whole(store: Store, folder: Path) -> None:
    assert make_backup(store.path, folder, at=START, halt=Halt()).violated == ()


ENDLESS = (
    "WITH RECURSIVE n(i) AS (SELECT noted() UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n"
)


def test_a_long_statement_is_broken_off_from_another_thread() -> None:
    halt, under_way = Halt(), threading.Event()
    connection = sqlite3.connect(":memory:", check_same_thread=False)

    def noted() -> int:
        under_way.set()
        return 0

    connection.create_function("noted", 0, noted)

    def ask() -> None:
        assert under_way.wait(20)
        halt.ask()

    asking = threading.Thread(target=ask)
    asking.start()
    with pytest.raises(BackupStopped), halt.heeded_by(connection):
        connection.execute(ENDLESS).fetchall()
    asking.join()
    assert connection.execute("SELECT 1").fetchone() == (1,), "afterwards it is free again"
    connection.close()


def test_what_was_stopped_before_it_began_does_not_begin(store: Store, folder: Path) -> None:
    halt = Halt()
    halt.ask()
    with pytest.raises(BackupStopped):
        make_backup(store.path, folder, at=START, halt=halt)
    assert left(folder) == []


def test_a_fault_that_nobody_asked_for_stays_what_it_is() -> None:
    connection = sqlite3.connect(":memory:")
    with pytest.raises(sqlite3.OperationalError), Halt().heeded_by(connection):
        connection.execute("SELECT * FROM nowhere")
    connection.close()


def test_a_copy_that_is_damaged_while_it_is_stopped_is_not_blamed_on_the_disk(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    halt = Halt()

    def spoiled(name: str) -> None:
        if name == "backup.copied":
            (part,) = folder.glob("*.part")
            part.write_bytes(b"no books")
            halt.ask()

    monkeypatch.setattr(backup, "reach", spoiled)
    with pytest.raises(BackupStopped):
        make_backup(store.path, folder, at=START, halt=halt)
    assert left(folder) == []


def test_pages_and_money_are_checked_beside_each_other_with_the_same_outcome(
    store: Store, folder: Path
) -> None:
    report = make_backup(store.path, folder, at=START)
    again = read_backup(report.path)
    assert [str(check) for check in again.checks] == [str(check) for check in report.checks]
    assert again.checks[0].name == "file"
