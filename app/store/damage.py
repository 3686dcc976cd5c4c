"""Whether the file of the books can be trusted: looked at when it is opened, marked when it fails.

The whole check of a large file takes longer than a start may; what the time does not suffice for
is looked at in the copy of the next backup, whose pages are the file's own.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from app.errors import BooksDamaged, Message
from app.store.connection import is_damage, store_error
from app.store.schema import APPEND_ONLY

MARK: Final = "till.damaged"
"""Lies beside books that turned out to be damaged while the till ran."""

CHECK_S: Final = 1.0
_MOST_FAULTS: Final = 5
_AGAIN_S: Final = 0.05


def check_file(connection: sqlite3.Connection, path: Path, *, within_s: float | None) -> bool:
    """Check every page and index; False where the time was up before the end.

    Raises BooksDamaged.
    """
    try:
        with _interrupted_after(connection, within_s):
            if lost := lost_records(connection):
                raise damaged(path, "; ".join(lost))
            rows = connection.execute(f"PRAGMA integrity_check({_MOST_FAULTS})").fetchall()
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        if getattr(error, "sqlite_errorname", "") == "SQLITE_INTERRUPT":
            return False
        raise store_error(error, path) from error
    faults = [str(row[0]) for row in rows if row[0] != "ok"]
    if faults:
        raise damaged(path, "; ".join(faults))
    return True


@contextmanager
def _interrupted_after(connection: sqlite3.Connection, within_s: float | None) -> Iterator[None]:
    """Interrupt what runs once the time is up, again and again: between two statements nothing is.

    None never interrupts.
    """
    done = threading.Event()

    def ring() -> None:
        pause_s = within_s
        while not done.wait(pause_s):
            connection.interrupt()
            pause_s = _AGAIN_S

    alarm = threading.Thread(target=ring, name="check-alarm", daemon=True)
    if within_s is not None:
        alarm.start()
    try:
        yield
    finally:
        done.set()
        if within_s is not None:
            alarm.join()


def lost_records(connection: sqlite3.Connection) -> list[str]:
    """Name tables that only grow and yet end before SQLite's own counter of their rows.

    A sound but empty page in the place of such a table is no fault of the file's structure.
    """
    sql = "SELECT name FROM sqlite_master WHERE name = 'sqlite_sequence'"
    if connection.execute(sql).fetchone() is None:
        return []
    counters = dict(map(tuple, connection.execute("SELECT name, seq FROM sqlite_sequence")))
    lost = []
    for table in APPEND_ONLY:
        if table in counters:
            (last,) = connection.execute(f"SELECT max(rowid) FROM {table}").fetchone()
            if last != counters[table] and (last or counters[table]):
                lost.append(f"{table} ends at {last}, not at {counters[table]}")
    return lost


def damaged(path: Path, particulars: str) -> BooksDamaged:
    """Make the error of a file that a check found to be damaged."""
    return BooksDamaged(
        Message("The till's books are damaged"),
        f"{particulars} ({path}).",
        action=Message("Do not sell with them. Restore the last backup."),
    )


def lost_wal(path: Path, *, was_left: bool) -> bool:
    """Say whether books that a till left without closing them lack the file of its last commits."""
    has_books = path.exists() and path.stat().st_size > 0
    return was_left and has_books and not wal_of(path).exists()


def wal_of(path: Path) -> Path:
    """Give the file that holds the newest commits of books."""
    return path.with_name(f"{path.name}-wal")


def as_damage(error: sqlite3.Error, path: Path) -> BooksDamaged | None:
    """Give what SQLite met as damage of the file, or None where it is something else."""
    translated = store_error(error, path)
    if not is_damage(error) or not isinstance(translated, BooksDamaged):
        return None
    translated.__cause__ = error
    return translated
