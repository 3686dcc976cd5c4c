"""Backups that the till makes by itself, and a till whose books were restored."""

import asyncio
import shutil
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.backups import Backups, folder_of, newest_offer
from app.errors import BooksDamaged, CheckoutRefused, StoreError
from app.settings import BackupTable, Mode, Settings, load_settings
from app.store.backup import backups_in, read_backup
from app.store.epochs import reconciled
from app.store.restore import restore_books
from tests.conftest import ExpectedLogs
from tests.integration.till.disks import Ballast, small_disk
from tests.integration.till.house import Customer, open_till, place, show, until, violations
from tests.integration.till.processes import called, command, serving
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
    (folder_of(settings) / "till-cut-off.db.part").write_bytes(b"half")
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

    def slow(path: Path) -> Any:
        inside.set()
        assert go_on.wait(20)
        return real(path)

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


def sold_twice_and_backed_up_between(root: Path, customer: Customer) -> tuple[str, str]:
    """Sell and be paid twice; give both orders. The backup knows of the first one only."""

    async def story() -> tuple[str, str]:
        async with open_till(root, customer.origin) as till:
            orders = []
            for _ in range(2):
                order, attempt = await show(till)
                await asyncio.to_thread(customer.pay, attempt.url)

                async def is_paid(order_id: str = order.id) -> bool:
                    detail = await till.orders.detail(order_id)
                    return detail is not None and detail.order.receipt_number is not None

                await until(is_paid)
                if not orders:
                    await till.backups.make()
                orders.append(order.id)
            return orders[0], orders[1]

    return asyncio.run(story())


def restored(root: Path) -> None:
    offer = newest_offer(load_settings(root, Mode.TRAINING, working_directory=root))
    assert offer is not None
    clock = VirtualClock()
    at = max(offer[1].known.newest_at, clock.now()) + timedelta(hours=1)
    restore_books(root / "training", offer[0].path, mode="training", at=at, actor="somebody")


def test_after_a_restoration_nothing_is_sold_before_it_is_reconciled_and_no_number_comes_again(
    root: Path, customer: Customer
) -> None:
    first, lost = sold_twice_and_backed_up_between(root, customer)
    restored(root)

    async def story() -> None:
        async with open_till(root, customer.origin) as till:
            assert await till.orders.detail(first) is not None
            assert await till.orders.detail(lost) is None
            if till.status().books.must_reconcile:
                with pytest.raises(CheckoutRefused, match="restored and are not compared"):
                    await place(till)
                await till.store.write(reconciled)
            await until(lambda: not till.status().books.must_reconcile)
            order, attempt = await show(till)
            assert order.number > 2
            await asyncio.to_thread(customer.pay, attempt.url)

            async def receipt() -> int | None:
                detail = await till.orders.detail(order.id)
                return None if detail is None else detail.order.receipt_number

            await until(receipt)
            assert (await receipt() or 0) > 2

    asyncio.run(story())
    # The provider took the lost order's money under our reference; reconciliation tells of it.
    faults = violations(root, customer)
    assert all(fault.startswith("VIOLATED     I2") for fault in faults), faults


def test_an_open_order_from_before_gets_no_new_session_but_its_old_one_may_still_be_paid(
    root: Path, customer: Customer
) -> None:
    async def before() -> tuple[str, str | None, str]:
        async with open_till(root, customer.origin) as till:
            unpaid = await place(till)
            order, attempt = await show(till)
            await till.backups.make()
            return order.id, attempt.url, unpaid.id

    order_id, url, unpaid = asyncio.run(before())
    restored(root)

    async def story() -> None:
        async with open_till(root, customer.origin) as till:
            await till.store.write(reconciled)
            with pytest.raises(CheckoutRefused, match="from before the books were restored"):
                await till.checkout.open_session(unpaid, till.accounts[0])
            await asyncio.to_thread(customer.pay, url)

            async def is_paid() -> bool:
                detail = await till.orders.detail(order_id)
                return detail is not None and detail.order.state.value == "paid"

            await until(is_paid)

    asyncio.run(story())
    assert violations(root, customer) == []


@pytest.mark.parametrize("damage", ["gone", "empty", "letter", "page"])
def test_damaged_or_missing_books_are_not_opened_and_the_command_that_restores_them_works(
    root: Path, customer: Customer, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    sold_twice_and_backed_up_between(root, customer)
    books = root / "training" / "till.db"
    body = books.read_bytes()
    spoilt = {"gone": b"", "empty": b"", "letter": b"Dear shop, " * 2000}.get(
        damage, body[: 8 * 4096] + b"\x77" * 4096 + body[9 * 4096 :]
    )
    books.write_bytes(spoilt)
    if damage == "gone":
        books.unlink()
    done = command("serve", "--data-dir", str(root), "--sandbox", customer.origin)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "The till's books are" in done.stderr
    says = done.stderr.partition("scantill restore ")[2].split()
    status, out, _err = called(capsys, "restore", *says)
    assert status == 0 and "orders   1, receipts 1" in out
    if damage != "gone":
        (aside,) = (root / "training").glob("set-aside-*/till.db")
        assert aside.read_bytes() == spoilt
    with serving(root, customer.origin) as served:
        assert served.ask("/api/v1/status")["mode"] == "training"


def test_a_new_data_directory_has_no_backups_and_opens(root: Path, customer: Customer) -> None:
    with serving(root, customer.origin) as served:
        assert served.ask("/api/v1/status")["needs_person"] == 0


def test_the_command_backs_up_beside_a_running_till(
    root: Path, customer: Customer, tmp_path: Path
) -> None:
    sold_twice_and_backed_up_between(root, customer)
    with serving(root, customer.origin):
        to = tmp_path / "mine.db"
        done = command("backup", "--data-dir", str(root), "--to", str(to))
        assert done.returncode == 0, done.stderr
        assert f"backup   {to}" in done.stdout and "orders   2, receipts 2" in done.stdout
        assert "verdict  clean" in done.stdout
        refused = command("restore", str(to), "--data-dir", str(root))
        assert refused.returncode == 1 and "running already" in refused.stderr
    again = command("backup", "--data-dir", str(root), "--to", str(to))
    assert again.returncode == 1 and "There is a file already" in again.stderr


def test_the_commands_say_in_words_what_they_cannot_do(
    root: Path, capsys: pytest.CaptureFixture[str], expected_logs: ExpectedLogs
) -> None:
    data = ("--data-dir", str(root))
    assert "There are no books" in called(capsys, "backup", *data)[2]
    assert "There is no file" in called(capsys, "restore", str(root / "x.db"), *data)[2]
    (root / "x.db").write_bytes(b"a letter " * 1000)
    assert "cannot be restored" in called(capsys, "restore", str(root / "x.db"), *data)[2]
    for mode in ("training", "test"):
        till = Counter(root / "training")
        till.close()
        if mode == "test":
            shutil.copytree(root / "training", root / "test")
    status, _out, err = called(capsys, "backup", *data, "--to", str(root / "both.db"))
    assert status == 1 and "several books" in err
    status, out, _err = called(capsys, "backup", *data)
    assert status == 0 and out.count("verdict  clean") == 2
    expected_logs.take_all("")


def test_the_command_says_that_books_are_not_clean(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Counter(root / "training").close()
    db = sqlite3.connect(root / "training" / "till.db")
    db.execute("UPDATE till SET last_order_number = 5")
    db.commit()
    db.close()
    status, out, _err = called(capsys, "backup", "--data-dir", str(root))
    assert status == 1 and "verdict  NOT CLEAN" in out and "VIOLATED" in out
