"""Connections to the books, with every setting that durability depends on asserted at each open."""

import errno
import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from app.errors import InvariantError, Message, StoreError

FILE_MODE: Final = 0o600
DIRECTORY_MODE: Final = 0o700
_BUSY_MS: Final = 60_000

_SYNCHRONOUS_FULL: Final = 2
_NO_SUCH_SYNC: Final = (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EACCES)


def private_directory(path: Path) -> Path:
    """Make a directory that only its owner can enter, or bring an existing one to that.

    What is made survives a power cut, the directories above it too.
    """
    try:
        made = [new for new in (path, *path.parents) if not new.exists()]
        path.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
        for new in reversed(made):
            sync_directory(new.parent)
        if os.name == "posix":
            path.chmod(DIRECTORY_MODE)
    except OSError as error:
        raise store_error(error, path) from error
    return path


def sync_directory(path: Path) -> None:
    """Bring to the disk which names are in a directory: files that were made, renamed or removed.

    Nothing happens where the system or the file system has no such sync.
    """
    if os.name != "posix":
        return
    try:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno not in _NO_SUCH_SYNC:
            raise


def open_writer(path: Path) -> sqlite3.Connection:
    """Open the books for writing, making the file (mode 0600) where there is none.

    WAL with `synchronous=FULL`: a commit that returned survives a power cut.
    Raises StoreError where the file cannot be used.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, FILE_MODE))
        if os.name == "posix":
            path.chmod(FILE_MODE)
        return _connect(
            str(path),
            uri=False,
            pragmas={
                "journal_mode": ("WAL", "wal"),
                "synchronous": ("FULL", _SYNCHRONOUS_FULL),
                # Without it a REPLACE deletes rows past the triggers that guard them.
                "recursive_triggers": ("ON", 1),
            },
        )
    except (sqlite3.Error, OSError) as error:
        raise store_error(error, path) from error


def open_reader(path: Path) -> sqlite3.Connection:
    """Open the books for reading only, beside a running till or alone."""
    try:
        return _connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, pragmas={"query_only": ("ON", 1)}
        )
    except sqlite3.Error as error:
        raise store_error(error, path) from error


def _connect(
    database: str, *, uri: bool, pragmas: Mapping[str, tuple[str, str | int]]
) -> sqlite3.Connection:
    connection = sqlite3.connect(
        database, isolation_level=None, check_same_thread=False, timeout=_BUSY_MS / 1000, uri=uri
    )
    connection.row_factory = sqlite3.Row
    try:
        for name, (value, wanted) in {"foreign_keys": ("ON", 1), **pragmas}.items():
            connection.execute(f"PRAGMA {name}={value}")
            _assert_pragma(connection, name, wanted)
    except BaseException:
        connection.close()
        raise
    return connection


def _assert_pragma(connection: sqlite3.Connection, name: str, wanted: str | int) -> None:
    got = connection.execute(f"PRAGMA {name}").fetchone()[0]
    if got != wanted:
        raise InvariantError(f"SQLite refused {name}={wanted}", f"It stays at {got}.")


_WORDS: Final[dict[str, tuple[str, str]]] = {
    "SQLITE_FULL": (
        Message("The disk is full"),
        Message("Free some space; the till goes on by itself. Take no payment until then."),
    ),
    "SQLITE_BUSY": (
        Message("Another program holds the till's books"),
        Message("Close whatever has the file open; the till tries again."),
    ),
    "SQLITE_CORRUPT": (
        Message("The till's books are damaged"),
        Message("Do not sell with them. Restore the last backup."),
    ),
    "SQLITE_NOTADB": (
        Message("The till's books are not an SQLite file"),
        Message("Do not sell with them. Restore the last backup."),
    ),
    "SQLITE_READONLY": (
        Message("The till's books cannot be written"),
        Message("Check who owns the file and whether the disk is writable."),
    ),
    "SQLITE_CANTOPEN": (
        Message("The till's books cannot be opened"),
        Message("Check that the data directory exists and belongs to you."),
    ),
}


_NO_PLACE: Final = (PermissionError, FileExistsError, FileNotFoundError, NotADirectoryError)


def store_error(error: Exception, path: Path | None = None) -> StoreError:
    """Translate what SQLite or the system says into words for the counter."""
    if isinstance(error, _NO_PLACE):
        return StoreError(
            Message("The data directory cannot be used"),
            f"{error.strerror or error}: {error.filename or path}.",
            action=Message("Make it writable for you, or name another one with --data-dir."),
        )
    name = getattr(error, "sqlite_errorname", "")
    family = "_".join(name.split("_")[:2])
    title, action = _WORDS.get(
        family,
        (
            Message("The till's books cannot be used"),
            Message("Check the disk, then start the till again."),
        ),
    )
    where = f" ({path})" if path is not None else ""
    return StoreError(title, f"{name or type(error).__name__}: {error}{where}.", action=action)
