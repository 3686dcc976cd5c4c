"""Backups of the books: copied beside a running till, checked whole, and only then put in place.

A backup is one file without a WAL, mode 0600, named after its till, its epoch and the moment it
was taken at. What carries that name is complete and was verified; a copy of books that are sound
as a file but broke a rule of money is kept too, under a name that says so.
"""

import re
import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from app.errors import Message, StoreError
from app.failpoints import reach
from app.store.connection import (
    disk_full,
    has_room,
    open_reader,
    store_error,
    sync_directory,
    sync_file,
)
from app.store.damage import check_file, lost_records
from app.store.epochs import Known, known_to
from app.store.schema import bring_up_to_date, is_up_to_date, missing_guards
from app.store.unfinished import PART, BackupStopped, Halt, dropped_unless_done, sweep
from app.store.verify import Check, Outcome, check_pages, verify

_NAME: Final = re.compile(
    r"till-(?P<till>[0-9a-z]+)-(?P<epoch>[0-9]+)-(?P<entry>[0-9]+)-(?P<at>[0-9]{8}T[0-9]{12}Z)\.db"
)
_STAMP: Final = "%Y%m%dT%H%M%S%fZ"
_UNCLEAN: Final = ".unclean"
_PAGES_AT_ONCE: Final = 1_024
_CACHE_KIB: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup as its name tells of it; `entry` is the last one of the journal that it has.

    Which of two is newer is told by what is in them: a clock may have been wrong.
    """

    path: Path
    till_id: str
    epoch: int
    entry: int
    taken_at: datetime

    @property
    def age(self) -> tuple[int, int, datetime]:
        """Give what backups of one till are put in order by, the oldest first."""
        return self.epoch, self.entry, self.taken_at


@dataclass(frozen=True, slots=True)
class Report:
    """What was found in a backup when it was read whole. `size` is in bytes."""

    path: Path
    size: int
    mode: str
    till_id: str
    known: Known
    orders: int
    receipts: int
    checks: tuple[Check, ...]

    @property
    def violated(self) -> tuple[Check, ...]:
        """Give the checks that failed; none in a backup that may be restored."""
        return tuple(check for check in self.checks if check.outcome is Outcome.VIOLATED)


def make_backup(
    books: Path, to: Path, *, at: datetime, reserve: int = 0, halt: Halt | None = None
) -> Report:
    """Copy books to a file, or into a directory under a name that tells of them.

    The till may run meanwhile: its writer is not held up, and the copy is one moment of its books.
    `reserve` is how many bytes must be left free. Raises StoreError where there is no whole copy,
    BooksDamaged where that is because the books themselves are damaged, BackupStopped where `halt`
    was asked to; then nothing is left of it.
    """
    halt = halt or Halt()
    reader = open_reader(books)
    try:
        reader.execute("BEGIN")
        target = _target(reader, to, at)
        if to.is_dir():
            sweep(to, _till_of(reader))
        size = _size(reader)
        if not has_room(target.parent, size + reserve):
            raise disk_full(target.parent)
        part = target.with_name(f"{target.name}{PART}")
        with dropped_unless_done(part):
            _copy(reader, part, halt)
            reach("backup.copied")
            report = _checked_copy(reader, books, part, halt)
            sync_file(part)
            halt.check()
            reach("backup.verified")
            if report.violated and to.is_dir():
                target = target.with_name(target.name + _UNCLEAN)
            part.replace(target)
            reach("backup.renamed")
        sync_directory(target.parent)
    except (sqlite3.Error, OSError) as error:
        raise store_error(error, to if isinstance(error, OSError) else books) from error
    finally:
        reader.close()
    return replace(report, path=target)


def read_backup(path: Path, halt: Halt | None = None) -> Report:
    """Read a backup whole and check it. Raises StoreError where it is no sound copy of books."""
    halt = halt or Halt()
    reader = open_reader(path)
    try:
        _read_in_large(reader)
        with halt.heeded_by(reader):
            return _report(reader, path, halt)
    except (sqlite3.Error, LookupError, TypeError, ValueError) as error:
        # UnicodeDecodeError, of words that quote what cannot be read, is a ValueError.
        raise not_usable(path, f"{error}.") from error
    finally:
        reader.close()


def backups_in(directory: Path, till_id: str = "") -> list[Backup]:
    """Give the verified backups in a directory, newest first; of one till, if it is named."""
    try:
        names = sorted(path.name for path in directory.iterdir())
    except OSError:
        # A directory that is not there, or on a disk that is gone, offers none.
        return []
    found = [
        Backup(
            directory / name,
            match["till"],
            int(match["epoch"]),
            int(match["entry"]),
            datetime.strptime(match["at"], _STAMP).replace(tzinfo=UTC),
        )
        for name in names
        if (match := _NAME.fullmatch(name)) is not None
    ]
    if till_id:
        found = [backup for backup in found if backup.till_id == till_id]
    return sorted(found, key=lambda backup: backup.age, reverse=True)


def position_of(connection: sqlite3.Connection) -> tuple[int, int]:
    """Give how far books have come: their epoch and the last entry of their journal."""
    row = connection.execute(
        "SELECT epoch, (SELECT coalesce(max(seq), 0) FROM journal) AS entry FROM till"
    ).fetchone()
    return (0, 0) if row is None else (row["epoch"], row["entry"])


def newest_verified(directory: Path, mode: str) -> tuple[Backup, Report] | None:
    """Find the newest backup that is sound when it is read whole today."""
    for backup in backups_in(directory):
        try:
            report = read_backup(backup.path)
        except StoreError:
            # The next older one may be better; the file stays for whoever can read it.
            continue
        if not report.violated and report.mode == mode:
            return backup, report
    return None


def not_usable(path: Path, detail: str) -> StoreError:
    """Make the error of a file that is no backup, or none of this till's."""
    return StoreError(
        Message("{path} cannot be restored", path=path),
        detail,
        action=Message("Nothing was changed. Take another backup."),
    )


def readable(path: Path) -> Report:
    """Read a backup that is to be restored. Raises StoreError, which says once that it cannot."""
    try:
        return read_backup(path)
    except StoreError as error:
        refused = not_usable(path, f"{error.title}. {error.detail}")
        if error.title == refused.title:
            raise
        raise refused from error


def copy_books(source: sqlite3.Connection, to: Path) -> None:
    """Copy all pages of open books into a new file of its own, without a WAL; not yet synced."""
    _copy(source, to, Halt())


def _till_of(reader: sqlite3.Connection) -> str:
    row = reader.execute("SELECT id FROM till").fetchone()
    if row is None:
        raise StoreError(Message("There is nothing in these books yet"))
    return str(row["id"])


def _target(reader: sqlite3.Connection, to: Path, at: datetime) -> Path:
    till_id = _till_of(reader)
    if to.is_dir():
        epoch, entry = position_of(reader)
        stamp = at.astimezone(UTC).strftime(_STAMP)
        return to / f"till-{till_id}-{epoch}-{entry:08}-{stamp}.db"
    if to.exists():
        raise StoreError(
            Message("There is a file already: {path}", path=to),
            action=Message("Name another one, or a directory."),
        )
    return to


def _size(connection: sqlite3.Connection) -> int:
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (each,) = connection.execute("PRAGMA page_size").fetchone()
    return int(pages) * int(each)


def _copy(source: sqlite3.Connection, to: Path, halt: Halt) -> None:
    copy = sqlite3.connect(to, isolation_level=None)
    try:
        # Half a copy is never used, and a whole one is synced before it gets its name.
        copy.execute("PRAGMA synchronous=OFF")
        source.backup(copy, pages=_PAGES_AT_ONCE, progress=lambda *_: halt.check())
        copy.execute("PRAGMA journal_mode=DELETE")
    finally:
        copy.close()


def _checked_copy(source: sqlite3.Connection, books: Path, part: Path, halt: Halt) -> Report:
    """Check a copy; where it is damaged, say whether the books are, too."""
    try:
        return read_backup(part, halt)
    except BackupStopped:
        raise
    except StoreError as error:
        with halt.heeded_by(source):
            check_file(source, books, within_s=None)
            halt.check()
        raise StoreError(
            Message("The backup came out damaged and was not kept"),
            error.detail,
            action=Message("Check the disk that backups go to. The books themselves are sound."),
        ) from error


def _read_in_large(reader: sqlite3.Connection) -> None:
    """Keep much in memory: a check goes through the whole file, some of it again and again.

    Not mapped: a disk that is pulled out then would kill the till instead of being told.
    """
    reader.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")


def _pages_of(path: Path, halt: Halt) -> Check:
    """Check the pages of a file that nobody writes, through a connection of its own."""
    reader = open_reader(path)
    try:
        _read_in_large(reader)
        with halt.heeded_by(reader):
            return check_pages(reader)
    finally:
        reader.close()


def _report(reader: sqlite3.Connection, path: Path, halt: Halt) -> Report:
    missing = missing_guards(reader)
    if missing:
        raise not_usable(path, f"The records are not guarded: {', '.join(missing)}.")
    if not is_up_to_date(reader):
        # From before an update: today's checks need today's tables.
        with sqlite3.connect(":memory:", isolation_level=None) as scratch:
            scratch.row_factory = sqlite3.Row
            reader.backup(scratch)
            bring_up_to_date(scratch, path, with_copy=False)
            with halt.heeded_by(scratch):
                report = _report_of(scratch, path, tuple(verify(scratch)))
        scratch.close()
        return report
    # The pages take as long as all the rest: both are looked at beside each other.
    with ThreadPoolExecutor(1, "backup-pages") as beside:
        pages = beside.submit(_pages_of, path, halt)
        return _report_of(reader, path, verify(reader, file=pages.result))


def _report_of(reader: sqlite3.Connection, path: Path, checks: Sequence[Check]) -> Report:
    till = reader.execute("SELECT id, mode FROM till").fetchone()
    known = known_to(reader)
    if till is None or known is None:
        raise LookupError("there is no till in it")
    orders, receipts = reader.execute(
        "SELECT count(*), count(receipt_number) FROM orders"
    ).fetchone()
    if lost := lost_records(reader):
        raise not_usable(path, "; ".join(lost))
    # The first of them looks at every page.
    if checks[0].outcome is Outcome.VIOLATED:
        raise not_usable(path, checks[0].figure)
    size = path.stat().st_size
    return Report(path, size, till["mode"], till["id"], known, orders, receipts, tuple(checks))
