"""A till whose books were restored, and the commands that back up and restore."""

import asyncio
import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from app.backups import newest_offer
from app.errors import CheckoutRefused
from app.settings import Mode, load_settings
from app.store.epochs import reconciled
from app.store.restore import restore_books
from tests.conftest import ExpectedLogs
from tests.integration.till.house import Customer, open_till, place, show, until, violations
from tests.integration.till.processes import called, command, serving
from tests.parts.clock import VirtualClock
from tests.parts.till import Counter


def sold_twice_and_backed_up_between(root: Path, customer: Customer) -> tuple[str, str]:
    """Sell and be paid twice; give both orders. The backup knows of the first one only."""

    async def story() -> tuple[str, str]:
        async with open_till(root, customer.origin) as till:
            orders: list[str] = []
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
    for named in ((), ("--mode", "training")):
        said = called(capsys, "restore", str(root / "x.db"), *data, *named)[2]
        assert said.count("cannot be restored") == 1, "it is said once"
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
