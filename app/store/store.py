"""The store as the use cases hold it: write through one queue, read beside it."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

from app.clock import Clock
from app.domain.ids import TILL_ID_LENGTH, Ids
from app.errors import BooksDamaged, ConfigError, InvariantError, Message, StoreError
from app.events import Bus
from app.failpoints import reach
from app.settings import Mode
from app.store.connection import (
    BOOKS,
    disk_full,
    has_room,
    open_writer,
    private_directory,
    store_error,
    sync_directory,
)
from app.store.damage import CHECK_S, MARK, as_damage, check_file, lost_wal, wal_of
from app.store.doubted import fold_alone, write_again
from app.store.epochs import begin_epoch
from app.store.lock import InstanceLock
from app.store.readers import Readers
from app.store.restore import finish_restore
from app.store.schema import assert_guards, bring_up_to_date
from app.store.transaction import Transaction, stamp
from app.store.writer import Writer

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Store:
    """The books in `directory`, held alone by this process while open.

    `write` runs a unit of work in the writer's next transaction and returns after the commit;
    `read` runs a function on a read-only connection, in one snapshot, off the caller's thread.
    Facts are published on `bus` after their commit. With `inline` everything happens on the
    caller's thread.
    """

    def __init__(
        self,
        directory: Path,
        *,
        mode: Mode,
        clock: Clock,
        ids: Ids,
        bus: Bus | None = None,
        inline: bool = False,
    ) -> None:
        self.directory = private_directory(directory)
        self.path = self.directory / BOOKS
        self.bus = bus or Bus()
        self._inline = inline
        self._readers = Readers(self.path)
        self._lock = InstanceLock(self.directory)
        reach("store.locked")
        try:
            is_restored = finish_restore(self.directory) is not None
            has_lost = not is_restored and lost_wal(self.path, was_left=self._lock.was_left)
            self._writer = Writer(
                _opened(self.path),
                clock,
                self.bus.publish,
                inline=inline,
                full=self._full,
                on_damage=self._mark_damaged,
                renew=self._renewed,
                shut=self._shut,
            )
        except OSError as error:
            self._lock.release(in_order=False)
            raise store_error(error, self.path) from error
        except BaseException:
            self._lock.release(in_order=False)
            raise
        try:
            self.till_id = self.write_now(lambda tx: _till_row(tx, mode, ids, has_lost=has_lost))
            reach("till.made")
            self._readers.keep_one()
        except BaseException:
            self.close()
            raise

    @property
    def trouble(self) -> StoreError | None:
        """Say what keeps the books from being written just now; None where they can be.

        That holds also where the disk has hardly any room left, before a write has failed.
        """
        return self._writer.trouble

    def declare_damaged(self, damage: BooksDamaged) -> None:
        """Have nothing more written: the file was found to be damaged; from any thread."""
        self._writer.declare_damaged(damage)

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in a transaction and give its result once that is on the disk."""
        return await asyncio.wrap_future(self.submit(work))

    def submit(self, work: Callable[[Transaction], T]) -> Future[T]:
        """Queue `work` from any thread; the future is done after the commit."""
        return self._writer.submit(work)

    def write_now(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` and wait for it on this thread; never on the window's."""
        return self.submit(work).result()

    async def read(self, look: Callable[[sqlite3.Connection], T]) -> T:
        """Run `look` on a reader; it must only read."""
        if self._inline:
            return self.read_now(look)
        return await asyncio.to_thread(self.read_now, look)

    def read_now(self, look: Callable[[sqlite3.Connection], T]) -> T:
        """Run `look` on a reader on this thread, in one snapshot of the books."""
        try:
            with self._readers.one() as reader:
                reader.execute("BEGIN")
                try:
                    return look(reader)
                finally:
                    reader.execute("ROLLBACK")
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
            raise
        except sqlite3.DatabaseError as error:
            if (damage := as_damage(error, self.path)) is not None:
                self.declare_damaged(damage)
            raise store_error(error, self.path) from error

    def close(self) -> None:
        """Commit what is queued, close every connection and let another till have the books."""
        self._writer.close()
        self._readers.close()
        self._lock.release()

    def _shut(self, connection: sqlite3.Connection, *, is_in_doubt: bool) -> None:
        # Only the last to close can fold the WAL into the file, and readers may not.
        if is_in_doubt:
            connection.close()
        self._readers.close()
        connection.close()

    def _renewed(self, connection: sqlite3.Connection) -> sqlite3.Connection:
        """Open the books anew after their disk has failed, as soon as nobody reads them."""
        with self._readers.none():
            self._shut(connection, is_in_doubt=True)
            fold_alone(self.path)
            opened = _opened(self.path)
            try:
                self._readers.keep_one()
            except BaseException:
                opened.close()
                raise
        return opened

    def _full(self) -> StoreError | None:
        return None if has_room(self.directory) else disk_full(self.directory)

    def _mark_damaged(self, damage: BooksDamaged) -> None:
        """Leave word for the next start, which would not look at all of a large file."""
        try:
            (self.directory / MARK).write_text(f"{damage}\n", "utf-8")
        except OSError as error:
            _log.error("the damaged books could not be marked: %s", error)


def _opened(path: Path) -> sqlite3.Connection:
    try:
        # A till that died after a sync had failed may have left what only passes for written.
        write_again(wal_of(path))
    except OSError as error:
        raise store_error(error, path) from error
    connection = open_writer(path)
    mark = path.with_name(MARK)
    reach("store.opened")
    try:
        check_file(connection, path, within_s=None if mark.exists() else CHECK_S)
        bring_up_to_date(connection, path)
        assert_guards(connection)
        mark.unlink(missing_ok=True)
        # SQLite syncs the directory of a new WAL, too, but does not look at what came of it.
        sync_directory(path.parent)
        reach("store.guarded")
    except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
        connection.close()
        raise store_error(error, path) from error
    except BaseException:
        connection.close()
        raise
    return connection


def _till_row(tx: Transaction, mode: Mode, ids: Ids, *, has_lost: bool) -> str:
    row = tx.execute("SELECT id, mode FROM till").fetchone()
    if row is None:
        till_id = ids.new(TILL_ID_LENGTH)
        tx.insert(
            "till",
            one=1,
            id=till_id,
            epoch=1,
            mode=mode.value,
            created_at=stamp(tx.at),
            last_order_number=0,
            last_receipt_number=0,
        )
        tx.audit("till", "till.made", till_id, {"mode": mode.value})
        reach("till.making")
        return till_id
    if row["mode"] != mode.value:
        raise ConfigError(
            Message("These books were made for {mode}", mode=row["mode"]),
            Message("They cannot be used for {mode}: nothing is ever mixed.", mode=mode.value),
            action=Message(
                "Start with --mode {mode} or name another data directory.", mode=row["mode"]
            ),
        )
    if has_lost:
        begin_epoch(tx, actor="till", cause="the file of the last commits was gone")
    return str(row["id"])


def takes_live(connection: sqlite3.Connection) -> bool:
    """Say whether the books are for real money: their mode is fixed when they are made."""
    row = connection.execute("SELECT mode FROM till").fetchone()
    return row is not None and row["mode"] == Mode.LIVE.value


def next_number(tx: Transaction, counter: str) -> int:
    """Count on by one: `order` at an order's creation, `receipt` where an order is settled.

    Both are gapless, since the count is part of the transaction that uses it.
    """
    column = {"order": "last_order_number", "receipt": "last_receipt_number"}[counter]
    row = tx.execute(f"UPDATE till SET {column} = {column} + 1 RETURNING {column}").fetchone()
    if row is None:
        raise InvariantError("The till has no row of its own")
    return int(row[0])
