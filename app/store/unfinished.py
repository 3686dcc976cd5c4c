"""Backups that are being made: how one is stopped, and what becomes of one that was killed.

While a file is written its writer holds a lock of the operating system on it, which ends with the
process. So what a killed one left can be told from what another process is writing just now.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from app.errors import Message, StoreError
from app.store.connection import FILE_MODE
from app.store.lock import take_lock

PART: Final = ".part"
_BESIDE: Final = ("-journal", "-wal", "-shm")
_STEPS_BETWEEN: Final = 20_000
"""Steps of SQLite's machine between two looks at whether to stop: about a millisecond."""


class BackupStopped(StoreError):
    """A backup that was given up at the till's own wish; nothing is left of it."""

    def __init__(self) -> None:
        super().__init__(
            Message("The backup was stopped"),
            Message("Nothing is left of it, and the older ones are as they were."),
            action=Message("The next one is made when the till runs again."),
        )


class Halt:
    """Asks a backup that is being made to stop; `ask` may be called from any thread."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._lock = threading.Lock()
        self._at_work: list[sqlite3.Connection] = []

    def ask(self) -> None:
        """Have whatever heeds it stop where it is, and whatever begins later not begin."""
        self._asked.set()
        with self._lock:
            for connection in self._at_work:
                connection.interrupt()

    def check(self) -> None:
        """Raise BackupStopped where it was asked for."""
        if self._asked.is_set():
            raise BackupStopped

    @contextmanager
    def heeded_by(self, connection: sqlite3.Connection) -> Iterator[None]:
        """Have what a connection does inside end when that is asked for. Raises BackupStopped."""
        connection.set_progress_handler(self._asked.is_set, _STEPS_BETWEEN)
        with self._lock:
            self._at_work.append(connection)
        try:
            self.check()
            yield
        except Exception as error:
            if self._asked.is_set() and not isinstance(error, BackupStopped):
                raise BackupStopped from error
            raise
        finally:
            with self._lock:
                self._at_work.remove(connection)
            connection.set_progress_handler(None, 0)


@contextmanager
def dropped_unless_done(part: Path) -> Iterator[None]:
    """Make an empty file, mode 0600, that is this process's to write and is gone afterwards.

    Raises StoreError where another process is writing it just now.
    """
    if part.exists() and not _dropped(part):
        raise StoreError(
            Message("Another backup is being written there"),
            f"{part}.",
            action=Message("Wait until it is done, or name another file."),
        )
    descriptor = os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, FILE_MODE)
    try:
        take_lock(descriptor)
        yield
    finally:
        os.close(descriptor)
        _unlink(part)


def sweep(directory: Path, till_id: str) -> None:
    """Remove what killed backups of this till left in a directory; nothing that is being written.

    A directory that cannot be read is left to whoever writes there next.
    """
    with suppress(OSError):
        for part in sorted(directory.glob(f"till-{till_id}-*{PART}")):
            _dropped(part)


def _dropped(part: Path) -> bool:
    """Remove a file unless its writer lives; say whether it is gone."""
    try:
        descriptor = os.open(part, os.O_RDWR)
    except FileNotFoundError:
        return True
    try:
        take_lock(descriptor)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    _unlink(part)
    return True


def _unlink(part: Path) -> None:
    for beside in _BESIDE:
        part.with_name(f"{part.name}{beside}").unlink(missing_ok=True)
    part.unlink(missing_ok=True)
