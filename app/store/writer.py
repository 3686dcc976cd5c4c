"""The one writer: a thread that drains units of work and commits them in groups.

Each unit runs in a savepoint of its own; the batch is committed once; only then does any waiter
hear of its result. So many small writes share one fsync, and nothing is acknowledged before it
is on the disk. Inline, the same code runs on the caller's thread, one commit a unit, for virtual
time.

What keeps the books from being written is remembered as `trouble`. A disk that was full or failed
is tried again each second, with nothing to be done by anybody; a damaged file is not written again.
After a failed one nobody knows what the disk has: the books are opened anew before the next write.
"""

import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar

from app.clock import Clock
from app.errors import BooksDamaged, InvariantError, Message, ScantillError, StoreError
from app.events import Fact
from app.failpoints import reach
from app.store.connection import books_locked, is_damage, is_passing, leaves_doubt, store_error
from app.store.transaction import Transaction

T = TypeVar("T")
Work = Callable[[Transaction], T]

_MAX_BATCH: Final = 512
_TRY_AGAIN_S: Final = 1.0
_PATIENCE_S: Final = 3.0
"""How long another program may hold the file before anybody is told."""
_FOLD_AFTER: Final = 1_000
"""Changed rows after which the WAL is folded into the file."""

_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Unit:
    work: Work[Any]
    future: Future[Any] = field(default_factory=Future)
    result: Any = None
    error: BaseException | None = None
    facts: list[Fact] = field(default_factory=list)


class Shut(Protocol):
    """Closes the writer's connection; where it is in doubt, with nothing folded into the file."""

    def __call__(self, connection: sqlite3.Connection, *, is_in_doubt: bool) -> None: ...


def _just_close(connection: sqlite3.Connection, *, is_in_doubt: bool) -> None:
    connection.close()


def _as_it_is(connection: sqlite3.Connection) -> sqlite3.Connection:
    return connection


class Writer:
    """Takes units of work from any thread; owns its connection from then on.

    `full` gives the error of a disk without room to go on, or None; it is asked after each commit,
    so that selling stops before a write fails. `on_damage` is called once, where the file turns out
    to be damaged. `renew` gives a new connection for one whose disk has failed; it raises what it
    meets while that is so.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        clock: Clock,
        publish: Callable[[list[Fact]], None],
        *,
        inline: bool = False,
        full: Callable[[], StoreError | None] = lambda: None,
        on_damage: Callable[[BooksDamaged], None] = lambda _: None,
        renew: Callable[[sqlite3.Connection], sqlite3.Connection] = _as_it_is,
        shut: Shut = _just_close,
    ) -> None:
        self._full = full
        self._on_damage = on_damage
        self._renew = renew
        self._shut = shut
        self._is_in_doubt = False
        self._has_written = False
        self._folded_at = 0
        self._trouble: StoreError | None = None
        self._damage: BooksDamaged | None = None
        self._damaging = threading.Lock()
        self._asks_since: float | None = None
        # SQLite folds by itself, too, and tells nobody where that has failed.
        connection.execute("PRAGMA wal_autocheckpoint=0")
        self._connection = connection
        self._clock = clock
        self._publish = publish
        self._units: queue.SimpleQueue[_Unit | None] = queue.SimpleQueue()
        self._closing = threading.Lock()
        self._is_closed = False
        self._inline_lock = threading.RLock()
        self._thread: threading.Thread | None = None
        if not inline:
            self._thread = threading.Thread(target=self._drain, name="till-writer", daemon=True)
            self._thread.start()

    def submit(self, work: Work[T]) -> "Future[T]":
        """Queue a unit of work; the future is done after its commit, or has its error.

        The future raises StoreError where the books could not be written (then nothing of the
        unit is in them) and whatever `work` itself raised.
        """
        unit = _Unit(work)
        with self._closing:
            if self._is_closed:
                raise StoreError(Message("The till's books are closed"))
            if self._damage is not None:
                raise _again(self._damage)
            if self._thread is not None:
                self._units.put(unit)
        if self._thread is None:
            with self._inline_lock:
                self._commit([unit])
        return unit.future

    @property
    def trouble(self) -> StoreError | None:
        """Say what keeps the books from being written just now; None where they can be."""
        if (known := self._damage or self._trouble) is not None:
            return known
        since = self._asks_since
        if since is not None and time.monotonic() - since > _PATIENCE_S:
            return books_locked()
        return None

    def declare_damaged(self, damage: BooksDamaged) -> None:
        """Write nothing more: the file was found to be damaged; from any thread."""
        with self._damaging:
            if self._damage is not None:
                return
            self._damage = damage
        _log.error("%s", damage)
        self._on_damage(damage)

    def close(self) -> None:
        """Finish what is queued, then close the connection."""
        with self._closing:
            if self._is_closed:
                return
            self._is_closed = True
            self._units.put(None)
        if self._thread is not None:
            self._thread.join()
        self._shut(self._connection, is_in_doubt=self._is_in_doubt)

    def _drain(self) -> None:
        while True:
            try:
                first = self._units.get(timeout=_TRY_AGAIN_S if self._trouble else None)
            except queue.Empty:
                self._try_again()
                continue
            if first is None:
                return
            batch, is_last = [first], False
            while len(batch) < _MAX_BATCH and not is_last:
                try:
                    unit = self._units.get_nowait()
                except queue.Empty:
                    break
                if unit is None:
                    is_last = True
                else:
                    batch.append(unit)
            self._commit(batch)
            if is_last:
                return

    def _commit(self, batch: list[_Unit]) -> None:
        """Run a batch and release its waiters; where the disk refuses, each of them hears of it."""
        batch = [unit for unit in batch if unit.future.set_running_or_notify_cancel()]
        waiting = batch
        self._has_written = False
        if self._damage is not None:
            _fail(batch, _again(self._damage))
            waiting = []
        while waiting:
            try:
                waiting = self._run_batch(waiting)
            except (sqlite3.Error, OSError, UnicodeDecodeError, StoreError) as error:
                _fail(waiting, error)
                self._roll_back()
                waiting = []
        self._look_at(batch)
        facts = [fact for unit in batch for fact in unit.facts]
        reach("writer.committed")
        for unit in batch:
            if unit.error is not None:
                unit.future.set_exception(_translated(unit.error))
            else:
                unit.future.set_result(unit.result)
        if facts:
            reach("writer.publishing")
            self._publish(facts)
            reach("writer.published")
        self._fold()

    def _run_batch(self, units: list[_Unit]) -> list[_Unit]:
        """Run units in one transaction; give back those that are still to be run.

        A full disk can make SQLite drop the whole transaction in the middle: then what had run is
        lost with the unit that met it, and the rest is still to be run.
        """
        self._begin()
        changes = self._connection.total_changes
        at = self._clock.now()
        for place, unit in enumerate(units):
            self._run_unit(unit, Transaction(self._connection, at))
            if not self._connection.in_transaction:
                _fail(units[: place + 1], unit.error or sqlite3.OperationalError("rolled back"))
                return units[place + 1 :]
        reach("writer.committing")
        self._connection.execute("COMMIT")
        self._has_written |= self._connection.total_changes > changes
        return []

    def _run_unit(self, unit: _Unit, transaction: Transaction) -> None:
        self._connection.execute("SAVEPOINT unit")
        try:
            unit.result = unit.work(transaction)
        except BaseException as error:  # noqa: BLE001 - it belongs to whoever waits for this unit
            unit.error = error
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK TO unit")
                self._connection.execute("RELEASE unit")
        else:
            unit.facts = transaction.facts
            self._connection.execute("RELEASE unit")

    def _begin(self) -> None:
        if self._is_in_doubt:
            self._connection = self._renew(self._connection)
            self._connection.execute("PRAGMA wal_autocheckpoint=0")
            self._is_in_doubt, self._folded_at = False, 0
        # Another process's lock lasts in real time, also where the till's own time is virtual.
        self._asks_since = time.monotonic()
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        finally:
            self._asks_since = None

    def _fold(self) -> None:
        """Fold the WAL into the file now and then, once nobody waits for anything."""
        changes = 0 if self._is_in_doubt else self._connection.total_changes
        if self._damage is not None or changes - self._folded_at < _FOLD_AFTER:
            return
        self._folded_at = changes
        try:
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.Error as error:
            self._note(error)

    def _look_at(self, batch: list[_Unit]) -> None:
        """Remember what a batch showed of the disk."""
        errors = [unit.error for unit in batch if unit.error is not None]
        for error in errors:
            self._note(error)
        is_well = not any(map(is_passing, errors))
        if is_well and (self._has_written or self._trouble is None):
            self._trouble = self._full()

    def _note(self, error: BaseException) -> None:
        translated = _translated(error)
        is_told = is_damage(error) or translated is error
        if is_told and isinstance(translated, BooksDamaged):
            self.declare_damaged(translated)
        elif is_passing(error) and isinstance(translated, StoreError):
            self._is_in_doubt |= leaves_doubt(error)
            if self._trouble is None:
                _log.info("the books cannot be written: %s", translated)
            self._trouble = translated

    def _try_again(self) -> None:
        """Find out by a write that changes nothing whether the books can be written again."""
        try:
            if (full := self._full()) is not None:
                self._trouble = full
                return
            self._begin()
            (version,) = self._connection.execute("PRAGMA user_version").fetchone()
            self._connection.execute(f"PRAGMA user_version = {version}")
            self._connection.execute("COMMIT")
        except (sqlite3.Error, OSError, StoreError) as error:
            self._roll_back()
            self._note(error)
        else:
            self._trouble = None
            _log.info("the books can be written again")

    def _roll_back(self) -> None:
        """Leave the transaction; where even that fails, the next batch fails in words, too."""
        try:
            if not self._is_in_doubt and self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            _log.exception("the books could not be rolled back")


def _fail(units: list[_Unit], error: BaseException) -> None:
    for unit in units:
        unit.error, unit.facts = error, []


def _again(damage: BooksDamaged) -> BooksDamaged:
    """Make the same error anew: one that is raised again and again keeps every traceback."""
    return BooksDamaged(damage.title, damage.detail, action=damage.action, backup=damage.backup)


def _translated(error: BaseException) -> BaseException:
    """Tell the environment's faults from ours: a broken rule of the tables is our bug."""
    translated: ScantillError
    if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
        translated = InvariantError("The books refused a change", str(error))
    elif isinstance(error, sqlite3.Error | OSError):
        translated = store_error(error)
    else:
        return error
    translated.__cause__ = error
    return translated
