"""Backups that the till makes by itself: when, how many are kept, and which is offered.

Each is made on a thread of its own, from a connection that only reads. The oldest goes only once
a newer one was verified; one that fails is told and tried again.
"""

import asyncio
import getpass
import logging
import os
import shlex
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Final

from app.clock import Clock
from app.domain.ids import Ids
from app.errors import BooksDamaged, Message, StoreError
from app.events import Fact
from app.settings import Settings
from app.status import BackupState
from app.store import Store
from app.store.backup import (
    Backup,
    Report,
    backups_in,
    make_backup,
    newest_verified,
    position_of,
)
from app.store.connection import BOOKS, private_directory, store_error
from app.store.unfinished import BackupStopped, Halt, sweep

FOLDER: Final = "backups"
_FIRST_AFTER: Final = timedelta(seconds=3)
"""So that the window opens first."""
_AGAIN_AFTER: Final = timedelta(minutes=5)
_RESERVE: Final = 32 * 1024 * 1024
"""Bytes that a backup leaves free: the books need the disk more."""

_log = logging.getLogger(__name__)


class Backups:
    """Runs on the loop that started it; `state` may be read at any time."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        *,
        clock: Clock,
        first_after: timedelta = _FIRST_AFTER,
        again_after: timedelta = _AGAIN_AFTER,
        reserve: int = _RESERVE,
    ) -> None:
        table = settings.file.backup
        self._store = store
        self._settings = settings
        self._clock = clock
        self._first_after = first_after
        self._again_after = again_after
        self._reserve = reserve
        self._every = timedelta(hours=table.every_hours)
        self._after_orders = table.after_orders
        self._keep = table.keep
        self._orders = 0
        self._wanted = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._making: asyncio.Future[BackupState] | None = None
        self._unsubscribe: Callable[[], None] = lambda: None
        self._state = BackupState()
        self._halt = Halt()

    @property
    def state(self) -> BackupState:
        """Give when the newest backup was made, and what keeps the next one from being made."""
        return self._state

    def start(self) -> None:
        """Make one soon, then each some hours and after so many orders."""
        loop = asyncio.get_running_loop()

        def count(fact: Fact) -> None:
            if fact.name == "order.placed" and not loop.is_closed():
                loop.call_soon_threadsafe(self._count)

        self._unsubscribe = self._store.bus.subscribe(count)
        self._task = asyncio.create_task(self._run(), name="backups")

    async def stop(self) -> None:
        """Stop; one that is being made is given up, and nothing is left of it."""
        self._unsubscribe()
        self._halt.ask()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._making is not None:
            await asyncio.gather(self._making, return_exceptions=True)
        # By hand one may be made all the same.
        self._halt = Halt()

    async def make(self) -> BackupState:
        """Make a backup now, unless the newest one has all there is; say how that went."""
        async with self._one_at_a_time:
            self._orders = 0
            self._wanted.clear()
            before = self._state
            self._making = asyncio.ensure_future(asyncio.to_thread(self._made))
            self._state = await asyncio.shield(self._making)
        problem = self._state.problem
        if problem is not None and before.problem is None:
            _log.warning("no backup was made: %s", problem)
        elif problem is None and before.problem is not None:
            _log.info("backups are made again")
        return self._state

    def _count(self) -> None:
        self._orders += 1
        if self._orders >= self._after_orders:
            self._wanted.set()

    async def _run(self) -> None:
        pause = self._first_after
        while True:
            await self._until_wanted(pause)
            state = await self.make()
            pause = self._every if state.problem is None else self._again_after

    async def _until_wanted(self, pause: timedelta) -> None:
        waits = {
            asyncio.ensure_future(self._clock.sleep(pause.total_seconds())),
            asyncio.ensure_future(self._wanted.wait()),
        }
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    def _made(self) -> BackupState:
        """Make one, on a thread of its own, and only then let go of the oldest."""
        made_at = self._state.made_at
        try:
            folder = folder_of(self._settings)
            sweep(folder, self._store.till_id)
            known = backups_in(folder, self._store.till_id)
            if known and (known[0].epoch, known[0].entry) == self._store.read_now(position_of):
                return BackupState(known[0].taken_at)
            now = self._clock.now()
            report = make_backup(
                self._store.path, folder, at=now, reserve=self._reserve, halt=self._halt
            )
            if report.violated:
                return BackupState(made_at, _broken_rules(report))
            self._drop_oldest(folder, report.path)
            return BackupState(now)
        except BackupStopped:
            return self._state
        except BooksDamaged as damage:
            self._store.declare_damaged(damage)
            return BackupState(made_at, damage)
        except StoreError as error:
            return BackupState(made_at, error)
        except OSError as error:
            return BackupState(made_at, store_error(error, self._store.path))

    def _drop_oldest(self, folder: Path, newest: Path) -> None:
        for backup in backups_in(folder, self._store.till_id)[self._keep :]:
            if backup.path != newest:
                backup.path.unlink(missing_ok=True)


def folder_of(settings: Settings) -> Path:
    """Give the folder of a mode's backups, made where it is missing.

    Raises StoreError where the directory that the settings name is not there: it may be a disk
    that is not plugged in, and a folder in its place would be on the wrong one.
    """
    named = settings.file.backup.directory
    if not named:
        return private_directory(settings.directory / FOLDER)
    directory = settings.root / named
    if not directory.is_dir():
        raise StoreError(
            Message("The directory for backups is not there"),
            f"{directory}.",
            action=Message("Plug its disk in, or change [backup] directory in the settings."),
        )
    return private_directory(directory / settings.mode.value)


def open_books(settings: Settings, clock: Clock, ids: Ids) -> Store:
    """Open the books; where they are damaged or gone, say which backup brings them back."""
    try:
        refuse_lost(settings)
        return Store(settings.directory, mode=settings.mode, clock=clock, ids=ids)
    except BooksDamaged as damage:
        raise with_offer(damage, settings) from damage


def refuse_lost(settings: Settings) -> None:
    """Raise BooksDamaged where there are backups and no books: new ones would hide the loss."""
    books = settings.directory / BOOKS
    is_there = books.exists() and books.stat().st_size > 0
    if is_there or any(settings.directory.glob("till.restore-*.db")):
        return
    if newest_offer(settings) is not None:
        raise BooksDamaged(Message("The till's books are gone"), f"{books}.")


def newest_offer(settings: Settings) -> tuple[Backup, Report] | None:
    """Find the newest backup of a mode that is sound today."""
    try:
        return newest_verified(folder_of(settings), settings.mode.value)
    except StoreError:
        # Its disk is not plugged in: there is nothing to offer.
        return None


def with_offer(damage: BooksDamaged, settings: Settings) -> BooksDamaged:
    """Add to an error of damaged books which backup brings them back, and how."""
    offer = newest_offer(settings)
    if offer is None:
        return damage
    backup, _report = offer
    command = shlex.join(
        [
            "scantill",
            "restore",
            "--data-dir",
            os.fspath(settings.root),
            "--mode",
            settings.mode.value,
            os.fspath(backup.path),
        ]
    )
    return BooksDamaged(
        damage.title,
        damage.detail,
        action=Message(
            "Do not sell with them. This brings the newest backup back, made at {at}: {command}",
            at=f"{backup.taken_at:%Y-%m-%d %H:%M} UTC",
            command=command,
        ),
        backup=os.fspath(backup.path),
    )


def person_at(place: str) -> str:
    """Name who restores, for the audit: the system's user, and from where ("window")."""
    try:
        return f"{getpass.getuser()} ({place})"
    except (KeyError, OSError):
        # A container may have no name for its user.
        return place


def _broken_rules(report: Report) -> StoreError:
    return StoreError(
        Message("The backup was made, but the books in it break a rule"),
        "; ".join(map(str, report.violated)),
        action=Message("Run scantill verify and have somebody look at it."),
    )
