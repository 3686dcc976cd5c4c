"""Putting a backup in the place of the books, so that a crash leaves the old ones or the new.

The backup is copied, checked and brought up to date beside the books. Once that copy carries its
last name but one, the restoration is decided: whoever opens the directory next finishes it. What
lay there before is set aside and never deleted.
"""

import logging
import os
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from app.errors import Message, StoreError
from app.failpoints import reach
from app.store.backup import Report, copy_books, not_usable, read_backup, readable
from app.store.connection import (
    BOOKS,
    DIRECTORY_MODE,
    FILE_MODE,
    open_reader,
    private_directory,
    store_error,
    sync_directory,
    sync_file,
)
from app.store.damage import MARK
from app.store.epochs import Epoch, Known, begin_epoch, known_to
from app.store.lock import InstanceLock
from app.store.schema import bring_up_to_date
from app.store.transaction import Transaction

_PART: Final = "till.restore.part"
_READY: Final = "till.restore-"
_ASIDE: Final = "set-aside-"
_STAMP: Final = "%Y%m%dT%H%M%S%fZ"
# The file itself goes last: as long as it lies there, nothing else is taken for the books.
_OF_THE_BOOKS: Final = (MARK, f"{BOOKS}-wal", f"{BOOKS}-shm", f"{BOOKS}-journal", BOOKS)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Restored:
    """A restoration that is done: what came back, the new epoch, and where the old books lie."""

    report: Report
    epoch: Epoch
    aside: Path


def restore_books(
    directory: Path, backup: Path, *, mode: str, at: datetime, actor: str
) -> Restored:
    """Restore a backup as the books of a mode's directory and begin a new epoch.

    Raises StoreError, with nothing changed, where a till runs there or where the file is not a
    sound backup of this till, this mode and a schema that is known here.
    """
    private_directory(directory)
    lock = InstanceLock(directory)
    try:
        finish_restore(directory)
        report = _usable(backup, directory / BOOKS, mode)
        epoch, ready = _prepared(directory, backup, at=at, actor=actor)
        aside = finish_restore(directory)
        if aside is None:
            raise StoreError(Message("The restored books are gone"), f"{ready}.")
    except (sqlite3.Error, OSError) as error:
        raise store_error(error, directory / BOOKS) from error
    finally:
        lock.release()
    _log.info("restored %s as epoch %s; the old books are in %s", backup, epoch.number, aside)
    return Restored(report, epoch, aside)


def finish_restore(directory: Path) -> Path | None:
    """Finish a restoration that was decided, and give where the old books lie; None without one.

    For whoever holds the directory's lock.
    """
    decided = sorted(path.name for path in directory.glob(f"{_READY}*.db"))
    if not decided:
        return None
    ready = directory / decided[-1]
    aside = directory / f"{_ASIDE}{decided[-1].removeprefix(_READY).removesuffix('.db')}"
    for name in _OF_THE_BOOKS:
        if (directory / name).exists():
            aside.mkdir(mode=DIRECTORY_MODE, exist_ok=True)
            (directory / name).rename(aside / name)
            reach("restore.set_aside")
    if aside.exists():
        sync_directory(aside)
    sync_directory(directory)
    ready.rename(directory / BOOKS)
    reach("restore.put_in_place")
    sync_directory(directory)
    return aside


def _usable(backup: Path, books: Path, mode: str) -> Report:
    if not backup.is_file():
        raise not_usable(backup, str(Message("There is no such file.")))
    report = readable(backup)
    if report.violated:
        raise not_usable(backup, "; ".join(map(str, report.violated)))
    if report.mode != mode:
        raise not_usable(
            backup, Message("It is of {other}, not of {mode}.", other=report.mode, mode=mode)
        )
    present = _present(books)
    if present is not None and present[0] != report.till_id:
        raise not_usable(
            backup,
            Message(
                "It is of till {other}; here is {till}.", other=report.till_id, till=present[0]
            ),
        )
    return report


def _prepared(directory: Path, backup: Path, *, at: datetime, actor: str) -> tuple[Epoch, Path]:
    """Make the books as they are to be, whole and on the disk, under the name that decides."""
    part = directory / _PART
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, FILE_MODE))
    source = open_reader(backup)
    try:
        copy_books(source, part)
    finally:
        source.close()
    present = _present(directory / BOOKS)
    copy = sqlite3.connect(part, isolation_level=None)
    copy.row_factory = sqlite3.Row
    try:
        bring_up_to_date(copy, part, with_copy=False)
        copy.execute("BEGIN IMMEDIATE")
        epoch = begin_epoch(
            Transaction(copy, at),
            actor=actor,
            cause=f"restored {backup}",
            other=None if present is None else present[1],
        )
        copy.execute("COMMIT")
        reach("restore.epoch_written")
    finally:
        copy.close()
    if violated := read_backup(part).violated:
        raise not_usable(backup, "; ".join(map(str, violated)))
    sync_file(part)
    ready = directory / f"{_READY}{at.astimezone(UTC).strftime(_STAMP)}.db"
    part.rename(ready)
    reach("restore.decided")
    sync_directory(directory)
    return epoch, ready


def _present(books: Path) -> tuple[str, Known] | None:
    """Give the till and the numbers of the books that lie there, where they can still be read."""
    try:
        reader = open_reader(books)
    except StoreError:
        return None
    try:
        row, known = reader.execute("SELECT id FROM till").fetchone(), known_to(reader)
    except (sqlite3.Error, LookupError, TypeError, ValueError) as error:
        _log.info("the present books cannot be read: %s", error)
        return None
    finally:
        reader.close()
    return None if row is None or known is None else (str(row["id"]), known)
