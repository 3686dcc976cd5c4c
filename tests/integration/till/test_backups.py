"""Backups that the till makes by itself, and a till whose books were restored."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.backups import Backups, folder_of
from app.errors import BooksDamaged, CheckoutRefused, StoreError
from app.settings import BackupTable, Mode, Settings, load_settings
from app.store.backup import backups_in, read_backup
from app.store.unfinished import Halt
from tests.conftest import ExpectedLogs
from tests.integration.till.disks import Ballast, small_disk
from tests.integration.till.house import Customer, open_till, place, until
from tests.parts.clock import VirtualClock
from tests.parts.till import Counter


def settings_of(root: Path, **table: Any) -> Settings:
    settings = load_settings(root, Mode.TRAINING, working_directory=root)
    return settings.model_copy(
        update={"file": settings.file.model_copy(update={"backup": BackupTable(**table)})}
    )


@asynccontextmanager
async def backing_up(till: Counter, settings: Settings, **options: Any) -> AsyncIterator[Backups]:
    """Run the schedule over a till in virtual time; the first one is due at once."""
    options = {"first_after": timedelta(), "reserve": 0, **options}
    backups = Backups(till.store, settings, clock=till.clock, **options)
    backups.start()
    try:
        yield backups
    finally:
        await backups.stop()


def names(settings: Settings) -> list[str]:
    return [backup.path.name for backup in backups_in(folder_of(settings))]


class HeldClock(VirtualClock):
    """Time that stands still in a sleep until the test lets it go by."""

    def __init__(self) -> None:
        super().__init__()
        self.sleeps: list[float] = []
        self._over = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self._over = asyncio.Event()
        await self._over.wait()
        self.advance(seconds)

    def go_by(self) -> None:
        self._over.set()


def test_one_is_made_at_the_start_after_so_many_orders_and_each_some_hours(root: Path) -> None:
    settings = settings_of(root, after_orders=3, every_hours=2, keep=50)
    clock = HeldClock()
    till = Counter(root / "training", inline=False, clock=clock)

    async def story() -> None:
        await till.place()
        async with backing_up(till, settings, first_after=timedelta(seconds=3)):
            await until(lambda: clock.sleeps == [3.0])
            clock.go_by()
            await until(lambda: clock.sleeps == [3.0, 7200.0])
            assert len(names(settings)) == 1
            for _ in range(3):
                assert len(names(settings)) == 1
                await till.place()
            await until(lambda: len(clock.sleeps) == 3)
            assert len(names(settings)) == 2
            await till.place()
            clock.go_by()
            await until(lambda: clock.sleeps == [3.0, 7200.0, 7200.0, 7200.0])

    asyncio.run(story())
    kept = backups_in(folder_of(settings))
    assert [read_backup(backup.path).orders for backup in kept] == [5, 4, 1]
    till.close()


def made(till: Counter, settings: Settings, times: int = 1, **options: Any) -> Backups:
    """Sell and make a backup so many times, by hand."""
    backups = Backups(till.store, settings, clock=till.clock, **{"reserve": 0, **options})

    async def story() -> None:
        for _ in range(times):
            await till.place()
            till.clock.advance(60)
            await backups.make()

    asyncio.run(story())
    return backups


def test_where_nothing_is_new_no_second_one_is_made(root: Path) -> None:
    settings, till = settings_of(root), Counter(root / "training")
    backups = made(till, settings)
    asyncio.run(backups.make())
    assert len(names(settings)) == 1
    assert backups.state.made_at == backups_in(folder_of(settings))[0].taken_at
    till.close()


def test_a_kept_number_stays_and_the_oldest_go(root: Path) -> None:
    settings, till = settings_of(root, keep=3), Counter(root / "training")
    (folder_of(settings) / f"till-{till.store.till_id}-1-x.db.part").write_bytes(b"half")
    (folder_of(settings) / "notes.txt").write_text("a person's own")
    made(till, settings, times=7)
    found = backups_in(folder_of(settings))
    assert [read_backup(backup.path).orders for backup in found] == [7, 6, 5]
    others = {p.name for p in folder_of(settings).iterdir()} - set(names(settings))
    assert others == {"notes.txt"}
    till.close()


def test_the_oldest_stay_for_as_long_as_no_newer_one_is_verified(
    root: Path, monkeypatch: pytest.MonkeyPatch, expected_logs: ExpectedLogs
) -> None:
    settings, till = settings_of(root, keep=2), Counter(root / "training")
    made(till, settings, times=2)
    before = names(settings)

    def fails(*_: object, **__: object) -> None:
        raise StoreError("The backup came out damaged and was not kept")

    monkeypatch.setattr("app.backups.make_backup", fails)
    backups = made(till, settings, times=3)
    assert names(settings) == before
    assert backups.state.problem is not None
    expected_logs.take("no backup was made: The backup came out damaged")
    till.close()


def test_one_that_fails_is_told_and_tried_again(
    tmp_path: Path, root: Path, expected_logs: ExpectedLogs
) -> None:
    with small_disk(tmp_path / "usb", "1m") as usb:
        settings = settings_of(root, directory=str(usb))
        till, ballast = Counter(root / "training", inline=False), Ballast(usb)
        ballast.fill()

        async def story() -> None:
            await till.place()
            async with backing_up(till, settings) as backups:
                await until(lambda: backups.state.problem is not None)
                problem = backups.state.problem
                assert problem is not None and problem.title == "The disk is full"
                assert names(settings) == []
                await till.place()
                assert till.store.trouble is None, "the books lie on another disk"
                ballast.drop()
                await until(lambda: backups.state.problem is None)
                assert len(names(settings)) == 1

        asyncio.run(story())
        expected_logs.take("no backup was made: The disk is full")
        till.close()


def test_a_disk_for_backups_that_is_not_plugged_in_is_told_and_nothing_made_in_its_place(
    root: Path, expected_logs: ExpectedLogs
) -> None:
    settings, till = settings_of(root, directory="usb"), Counter(root / "training")
    backups = made(till, settings)
    assert backups.state.problem is not None
    assert backups.state.problem.title == "The directory for backups is not there"
    assert not (root / "usb").exists()
    expected_logs.take("no backup was made")
    (root / "usb").mkdir()
    made(till, settings)
    assert [path.parent for path in (root / "usb").rglob("*.db")] == [root / "usb" / "training"]
    till.close()


def test_books_that_break_a_rule_are_told_and_sold_on(
    root: Path, expected_logs: ExpectedLogs
) -> None:
    settings, till = settings_of(root), Counter(root / "training")
    till.store.write_now(lambda tx: tx.execute("UPDATE till SET last_receipt_number = 9"))
    backups = made(till, settings)
    assert backups.state.problem is not None
    assert "no gap" in backups.state.problem.detail
    assert till.store.trouble is None
    expected_logs.take("break a rule")
    till.close()


def test_damage_that_a_backup_meets_stops_selling(root: Path, expected_logs: ExpectedLogs) -> None:
    settings, till = settings_of(root), Counter(root / "training")
    made(till, settings)
    page = till.rows("SELECT rootpage FROM sqlite_master WHERE name = 'intents'")[0][0]
    till.restart()
    with till.store.path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\x77" * 4096)
    backups = made(till, settings)
    assert isinstance(backups.state.problem, BooksDamaged)
    with pytest.raises(CheckoutRefused, match="damaged"):
        asyncio.run(till.place())
    assert len(names(settings)) == 1
    expected_logs.take_all("damaged")
    till.close()


def test_neither_the_loop_nor_the_writer_waits_for_a_backup(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The backup is held up in its middle, on its own thread, while all else goes on."""
    from app.store import backup as module

    settings, till = settings_of(root), Counter(root / "training", inline=False)
    go_on, inside = threading.Event(), threading.Event()
    real = module.read_backup

    def slow(path: Path, halt: Any) -> Any:
        inside.set()
        assert go_on.wait(20)
        return real(path, halt)

    monkeypatch.setattr(module, "read_backup", slow)

    async def story() -> None:
        await till.place()
        async with backing_up(till, settings) as backups:
            await until(inside.is_set)
            for _ in range(20):
                await till.place()
            assert backups.state.made_at is None
            go_on.set()
            await until(lambda: backups.state.made_at is not None)

    asyncio.run(story())
    assert read_backup(backups_in(folder_of(settings))[-1].path).orders == 1
    till.close()


def test_a_till_that_is_closed_gives_up_the_backup_in_progress_and_leaves_nothing_of_it(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.store import backup as module

    settings, till = settings_of(root), Counter(root / "training", inline=False)
    inside, is_closing = threading.Event(), threading.Event()
    ask = Halt.ask

    def asked(halt: Halt) -> None:
        ask(halt)
        is_closing.set()

    def held(name: str) -> None:
        if name == "backup.copied":
            inside.set()
            assert is_closing.wait(20)

    async def story() -> Backups:
        await till.place()
        monkeypatch.setattr(module, "reach", held)
        monkeypatch.setattr(Halt, "ask", asked)
        async with backing_up(till, settings) as backups:
            await until(inside.is_set)
        return backups

    backups = asyncio.run(story())
    assert list(folder_of(settings).iterdir()) == []
    assert backups.state.made_at is None and backups.state.problem is None
    monkeypatch.undo()
    assert asyncio.run(backups.make()).made_at is not None, "by hand one is made all the same"
    assert till.violations() == []
    till.close()


def test_what_a_killed_backup_left_is_gone_at_the_next_start_though_nothing_is_new(
    root: Path,
) -> None:
    settings, till = settings_of(root), Counter(root / "training")
    made(till, settings)
    (folder_of(settings) / f"till-{till.store.till_id}-1-x.db.part").write_bytes(b"half")
    asyncio.run(Backups(till.store, settings, clock=till.clock).make())
    assert [path.name for path in folder_of(settings).iterdir()] == names(settings)
    till.close()


def test_a_running_till_says_how_its_backups_stand(root: Path, customer: Customer) -> None:
    async def story() -> None:
        async with open_till(root, customer.origin) as till:
            assert till.status().books.backup.made_at is None
            await place(till)
            await till.backups.make()
            state = till.status().books
            assert state.backup.made_at is not None and state.trouble is None

    asyncio.run(story())
    assert len(list((root / "training" / "backups").iterdir())) == 1
