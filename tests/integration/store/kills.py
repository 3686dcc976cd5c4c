"""Kills a piece of work on real files at each of its steps, in forked children of one process.

Run as `python -m tests.integration.store.kills WORK ROOT`: ROOT/before is copied to ROOT/step-N,
and there the work is killed with SIGKILL as it comes to its Nth step, until it gets to its end.
"""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from app.store import backup, connection, restore, schema
from app.store.backup import make_backup
from app.store.restore import restore_books
from tests.parts.books import open_store
from tests.parts.clock import START

REPOSITORY = Path(__file__).parents[3]


@dataclass(frozen=True)
class Work:
    """What is done in a place, and the functions whose calls are its steps."""

    run: Callable[[Path], None]
    steps: tuple[tuple[Any, str], ...]


def _backup(place: Path) -> None:
    (place / "backups").mkdir()
    make_backup(place / "training" / "till.db", place / "backups", at=START)


def _restore(place: Path) -> None:
    at = START + timedelta(hours=1)
    directory, file = place / "training", place / "backup.db"
    restore_books(directory, file, mode="training", at=at, actor="tester")


def _migrate(place: Path) -> None:
    open_store(place / "training").close()


WORKS = {
    "backup": Work(
        _backup,
        (
            (os, "open"),
            (os, "fsync"),
            (os, "replace"),
            (os, "unlink"),
            (backup, "_copy"),
            (backup, "read_backup"),
            (backup, "sync_directory"),
        ),
    ),
    "restore": Work(
        _restore,
        (
            (os, "open"),
            (os, "fsync"),
            (os, "rename"),
            (os, "mkdir"),
            (os, "unlink"),
            (restore, "copy_books"),
            (restore, "begin_epoch"),
            (restore, "bring_up_to_date"),
            (restore, "read_backup"),
        ),
    ),
    "migrate": Work(
        _migrate,
        (
            (os, "open"),
            (os, "fsync"),
            (os, "replace"),
            (os, "unlink"),
            (schema, "_verified_copy"),
            (schema, "make_guards"),
            (schema, "sync_file"),
            (connection, "_assert_pragma"),
        ),
    ),
}


class Countdown:
    """Kills this process as it comes to its Nth step."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def step(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def at(self, owner: Any, name: str) -> None:
        real = getattr(owner, name)

        def call(*arguments: Any, **options: Any) -> Any:
            self.step()
            return real(*arguments, **options)

        setattr(owner, name, call)

    def at_statements(self) -> None:
        """Take each statement that a migration runs for a step, and each that follows it."""
        countdown = self

        class Counted(sqlite3.Connection):
            def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
                countdown.step()
                return super().execute(sql, *arguments)

        real = sqlite3.connect

        def connect(*arguments: Any, **options: Any) -> sqlite3.Connection:
            return real(*arguments, **{"factory": Counted, **options})

        sqlite3.connect = connect  # type: ignore[assignment]


def killed_at_each_step(work: str, root: Path) -> list[Path]:
    """Kill a work at each step, in a process of its own, and give the places that it left."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.integration.store.kills", work, str(root)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return [root / line for line in done.stdout.split()]


def main(name: str, root: Path) -> None:
    work = WORKS[name]
    for number in range(1, 2_000):
        place = root / f"step-{number}"
        shutil.copytree(root / "before", place)
        child = os.fork()
        if child == 0:
            countdown = Countdown(number)
            if name == "migrate":
                countdown.at_statements()
            for owner, step in work.steps:
                countdown.at(owner, step)
            work.run(place)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert status in (0, signal.SIGKILL), f"step {number}: {status}"
        sys.stdout.write(f"{place.name}\n")
        sys.stdout.flush()
        if status == 0:
            return
    raise AssertionError("it never came to its end")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
