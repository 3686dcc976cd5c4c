"""Connections to the books, with every setting that durability depends on asserted at each open."""

import errno
import os
import shutil
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from app.errors import BooksDamaged, InvariantError, Message, StoreError

BOOKS: Final = "till.db"
FILE_MODE: Final = 0o600
DIRECTORY_MODE: Final = 0o700
_BUSY_MS: Final = 60_000
ROOM: Final = 1024 * 1024
"""Bytes that must be free on the disk for the till to sell: some hundred orders' worth."""

_SYNCHRONOUS_FULL: Final = 2
_NO_SUCH_SYNC: Final = (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EACCES)


def private_directory(path: Path) -> Path:
    """Make a directory that only its owner can enter, or bring an existing one to that.

    What is made survives a power cut, the directories above it too.
    """
    try:
        missing = [new for new in (path, *path.parents) if not new.exists()]
        for new in reversed(missing):
            _made(new)
        path.mkdir(mode=DIRECTORY_MODE, exist_ok=True)
        if os.name == "posix":
            path.chmod(DIRECTORY_MODE)
    except OSError as error:
        raise store_error(error, path) from error
    return path


def _made(new: Path) -> None:
    """Make a directory that survives a power cut, or leave none: the next start tries it again."""
    new.mkdir(mode=DIRECTORY_MODE, exist_ok=True)
    try:
        sync_directory(new.parent)
    except OSError:
        new.rmdir()
        raise


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
    except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
        raise store_error(error, path) from error


def open_reader(path: Path) -> sqlite3.Connection:
    """Open the books for reading only, beside a running till or alone."""
    try:
        return _connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, pragmas={"query_only": ("ON", 1)}
        )
    except (sqlite3.Error, UnicodeDecodeError) as error:
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
            # To its end: SQLite answers before it writes down that the books have a WAL.
            connection.execute(f"PRAGMA {name}={value}").fetchall()
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
    "SQLITE_IOERR": (
        Message("The disk fails"),
        Message(
            "Take no payment until it works again; the till tries by itself. If it goes on, "
            "put the till's data on another disk."
        ),
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
    family = family_of(error)
    if family in _FOR_WANT_OF_ROOM and path is not None and not has_room(path.parent, 1):
        family = "SQLITE_FULL"
    title, action = _WORDS.get(
        family,
        (
            Message("The till's books cannot be used"),
            Message("Check the disk, then start the till again."),
        ),
    )
    where = f" ({path})" if path is not None else ""
    kind = BooksDamaged if family in _DAMAGE else StoreError
    return kind(title, f"{name or type(error).__name__}: {error}{where}.", action=action)


_UNREADABLE_TEXT: Final = "Could not decode to UTF-8"
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_FAILING: Final = frozenset({errno.EIO, errno.EFBIG, errno.EROFS})
_DAMAGE: Final = frozenset({"SQLITE_CORRUPT", "SQLITE_NOTADB"})
_FOR_WANT_OF_ROOM: Final = frozenset({"SQLITE_IOERR", "SQLITE_CANTOPEN"})
_PASSING: Final = frozenset(
    {"SQLITE_FULL", "SQLITE_IOERR", "SQLITE_BUSY", "SQLITE_READONLY", "SQLITE_CANTOPEN"}
)


def family_of(error: BaseException) -> str:
    """Name what went wrong by SQLite's primary code, also where the system said it; or nothing."""
    if isinstance(error, UnicodeDecodeError) or str(error).startswith(_UNREADABLE_TEXT):
        # Every text of the books was written as UTF-8, also those that SQLite's own words quote.
        return "SQLITE_CORRUPT"
    if isinstance(error, OSError):
        if error.errno in _FULL:
            return "SQLITE_FULL"
        return "SQLITE_IOERR" if error.errno in _FAILING else ""
    return "_".join(getattr(error, "sqlite_errorname", "").split("_")[:2])


def is_damage(error: BaseException) -> bool:
    """Say whether an error of SQLite's means that the file itself is damaged."""
    return family_of(error) in _DAMAGE


def is_passing(error: BaseException) -> bool:
    """Say whether an error is the environment's, so that the books may be writable again later."""
    return family_of(error) in _PASSING


def leaves_doubt(error: BaseException) -> bool:
    """Say whether after an error nobody knows what the disk has: a sync, perhaps, has failed."""
    return family_of(error) == "SQLITE_IOERR"


def has_room(directory: Path, least: int = ROOM) -> bool:
    """Say whether the disk of a directory has so many bytes free, or does not tell."""
    try:
        return shutil.disk_usage(directory).free >= least
    except OSError:
        # What is wrong with it is told by whatever is done there next.
        return True


def disk_full(directory: Path) -> StoreError:
    """Make the error of a disk that has hardly any room left."""
    title, action = _WORDS["SQLITE_FULL"]
    return StoreError(title, f"{directory}.", action=action)


def books_locked() -> StoreError:
    """Make the error of books that another program has been holding for a while."""
    title, action = _WORDS["SQLITE_BUSY"]
    return StoreError(title, action=action)


def sync_file(path: Path) -> None:
    """Have the whole of a file on the disk."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
