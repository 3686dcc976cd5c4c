"""A full disk and a failing one, real ones, at each write of a sale; and books that are locked."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.bootstrap import Till
from app.errors import CheckoutRefused, StoreError
from app.store import store as store_module
from app.store import writer
from tests.conftest import ExpectedLogs
from tests.integration.till.disks import Ballast, faults_after, sell, small_disk
from tests.integration.till.house import (
    NEVER,
    Customer,
    clean_environment,
    elsewhere,
    open_till,
    place,
    rows,
    show,
    until,
    until_registered,
    until_state,
    violations,
    with_till,
)
from tests.integration.till.processes import REPOSITORY
from tests.parts.till import Counter

Record = Callable[[str, object], None]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk") as place:
        yield place


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the writer try again at once; a second each time would take minutes here."""
    monkeypatch.setattr(writer, "_TRY_AGAIN_S", 0.005)


@pytest.mark.usefixtures("quick")
def test_at_whichever_write_the_disk_is_full_nothing_is_lost_and_it_sells_again_by_itself(
    disk: Path, monkeypatch: pytest.MonkeyPatch, record_property: Record
) -> None:
    """With the till's own look at the room taken out, since it would stop before any write."""
    monkeypatch.setattr(store_module, "has_room", lambda *_: True)
    ballast, stops, pages, whole = Ballast(disk), dict[str, int](), 0, 0
    while whole < 2:
        till = Counter(disk / f"till{pages}", inline=False)
        ballast.fill(but_pages=pages)

        async def story(till: Counter = till) -> tuple[list[str], list[str], str]:
            sale = await sell(till)
            ballast.drop()
            return await faults_after(till, sale), sale.done, sale.stopped

        faults, done, stopped = asyncio.run(story())
        assert faults == [], f"with {pages} pages free, stopped after {done}"
        till.close()
        for path in till.directory.iterdir():
            path.unlink()
        assert stopped in ("", "The disk is full")
        whole = 0 if stopped else whole + 1
        if stopped:
            last = done[-1] if done else "nothing"
            stops[last] = stops.get(last, 0) + 1
        pages += 1
    record_property("places_where_the_disk_was_full", sum(stops.values()))
    record_property("stopped_after", json.dumps(stops))
    assert set(stops) == {"nothing", "order", "session", "shown"}
    assert sum(stops.values()) > 20


def test_at_whichever_byte_writing_fails_nothing_is_lost_and_it_sells_again_by_itself(
    tmp_path: Path, record_property: Record
) -> None:
    """The system refuses the rest of a write, in the middle of a page too: an I/O error."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.integration.till.disks", str(tmp_path)],
        cwd=REPOSITORY,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line for line in said if line["faults"]] == []
    stops = [line for line in said if line["stopped"]]
    assert {line["stopped"] for line in stops} == {"The disk fails"}
    assert {line["done"][-1] if line["done"] else "" for line in stops} == {
        "",
        "order",
        "session",
        "shown",
    }
    record_property("places_where_writing_failed", len(stops))


@pytest.mark.usefixtures("quick")
def test_selling_stops_before_the_disk_is_full_and_goes_on_when_there_is_room(disk: Path) -> None:
    till, ballast = Counter(disk / "till", inline=False), Ballast(disk)

    async def story() -> None:
        order, _ = await till.show()
        before = till.count("journal")
        ballast.fill(but_pages=200)
        second = await till.place(300)
        with pytest.raises(CheckoutRefused, match="disk is full") as refused:
            await till.place()
        assert "goes on by itself" in refused.value.action
        with pytest.raises(CheckoutRefused, match="disk is full"):
            await till.open(second)
        assert len(till.provider.sessions) == 1, "nobody was asked for a session"
        assert till.count("journal") == before + 1
        ballast.drop()
        await until(lambda: till.store.trouble is None)
        await till.open(second)
        assert await till.state(order) == "open"

    asyncio.run(story())
    assert till.violations() == []
    till.close()


@pytest.mark.usefixtures("quick")
def test_a_webhook_that_cannot_be_written_is_answered_503_and_comes_again(
    disk: Path, customer: Customer, expected_logs: ExpectedLogs
) -> None:
    ballast = Ballast(disk)

    async def story() -> None:
        async with open_till(disk, customer.origin, pace=NEVER) as till:
            await until_registered(till, customer)
            order, attempt = await show(till)
            await elsewhere(customer.control, "POST", "webhooks", mode="withhold")
            await elsewhere(customer.pay, attempt.url)
            event = customer.event("checkout.session.completed")
            # So that the row of the inbox does not find its pages in the WAL as it is.
            till.store.write_now(lambda tx: tx.execute("PRAGMA wal_autocheckpoint = 0"))
            ballast.fill()

            def deliver() -> list[int]:
                said = customer.control("POST", f"events/{event}/deliver", times=1)
                return list(said["statuses"])

            assert await elsewhere(deliver) == [503]
            assert rows(disk, "SELECT count(*) FROM inbox") == [(0,)]
            trouble = till.status().books.trouble
            assert trouble is not None and trouble.title == "The disk is full"
            with pytest.raises(CheckoutRefused, match="disk is full"):
                await place(till)
            ballast.drop()
            await until(lambda: till.status().books.trouble is None)
            assert await elsewhere(deliver) == [200]
            await until_state(till, order, "paid")

    asyncio.run(story())
    assert violations(disk, customer) == []
    expected_logs.take_all("the books cannot be written")


def test_a_full_disk_keeps_neither_log_nor_token_from_letting_the_till_run(
    disk: Path, customer: Customer, expected_logs: ExpectedLogs
) -> None:
    import logging

    from app.logs import log_to

    async def story() -> None:
        async with open_till(disk, customer.origin) as till:
            Ballast(disk).fill()
            log_to(disk / "training")
            for number in range(2_000):
                logging.getLogger("till").info("entry %s that finds no room", number)
            token = till.token
            assert len(token) > 32
            assert await till.orders.page() == []

    asyncio.run(story())
    expected_logs.take_all("token")


HOLD = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
db.execute("COMMIT")
"""


@pytest.mark.parametrize("held_s", [4, pytest.param(30, marks=pytest.mark.slow)])
def test_while_another_program_holds_the_books_the_loop_and_reading_go_on(
    root: Path, customer: Customer, held_s: int, record_property: Record
) -> None:
    async def story(till: Till) -> None:
        await place(till)
        holder = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            HOLD,
            str(till.store.path),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert holder.stdin is not None and holder.stdout is not None
        await holder.stdout.readline()
        loop = asyncio.get_running_loop()
        waits, until_s = asyncio.create_task(place(till)), loop.time() + held_s
        turns, reads = 0, 0
        while loop.time() < until_s:
            await asyncio.sleep(0.01)
            turns += 1
            if turns % 10 == 0:
                assert len(await till.orders.page()) == 1
                reads += 1
        assert not waits.done(), "it waits for its turn"
        trouble = till.status().books.trouble
        assert trouble is not None and trouble.title == "Another program holds the till's books"
        with pytest.raises(CheckoutRefused, match="Another program holds"):
            await place(till)
        holder.stdin.close()
        await holder.wait()
        order = await waits
        assert order.number == 2
        assert till.status().books.trouble is None
        assert (await place(till)).number == 3
        record_property("turns_of_the_loop", turns)
        record_property("reads", reads)

    with_till(root, customer, story)


def test_a_disk_that_is_full_at_the_start_is_told_in_words(disk: Path) -> None:
    till = Counter(disk / "till")
    till.close()
    Ballast(disk).fill()
    with pytest.raises(StoreError) as caught:
        Counter(disk / "till")
    assert caught.value.title == "The disk is full"
