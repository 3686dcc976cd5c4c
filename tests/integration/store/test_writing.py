"""Writing to a real file: commits shared, nothing acknowledged lost, whatever the disk does."""

import asyncio
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from pathlib import Path

import pytest

from app.errors import StoreError
from app.events import Bus, Fact
from app.store import Store, Transaction
from app.store.verify import Outcome, verify
from tests.parts.books import count, one_of_each_record, open_store

ROOT = Path(__file__).parents[3]


def write_down(name: str, *, size: int = 0) -> Callable[[Transaction], str]:
    def work(tx: Transaction) -> str:
        tx.record(name, data={"padding": "x" * size})
        return name

    return work


def names_in(store: Store) -> list[str]:
    return store.read_now(
        lambda db: [row[0] for row in db.execute("SELECT name FROM journal ORDER BY seq")]
    )


def held_up(store: Store) -> threading.Event:
    """Keep the writer busy, so that what is submitted next becomes one batch."""
    started, go_on = threading.Event(), threading.Event()

    def wait_here(_: Transaction) -> None:
        started.set()
        assert go_on.wait(10)

    store.submit(wait_here)
    assert started.wait(5)
    return go_on


def outcomes(units: "list[Future[str]]") -> tuple[list[str], list[BaseException]]:
    """Give the names that were acknowledged, and the errors of the rest."""
    wait(units, 30)
    done = [unit.result(0) for unit in units if unit.exception(0) is None]
    return done, [error for unit in units if (error := unit.exception(0)) is not None]


def test_concurrent_writers_share_few_commits(busy: Store) -> None:
    statements: list[str] = []
    busy.write_now(lambda tx: tx.connection.set_trace_callback(statements.append))

    async def write_all() -> list[str]:
        return await asyncio.gather(*(busy.write(write_down(f"n{n}")) for n in range(300)))

    go_on = held_up(busy)
    threading.Timer(0.05, go_on.set).start()
    assert len(asyncio.run(write_all())) == 300
    assert sorted(names_in(busy)) == sorted(f"n{n}" for n in range(300))
    assert statements.count("COMMIT") <= 5


def test_whoever_is_released_finds_it_in_the_file(busy: Store) -> None:
    found: list[bool] = []

    def look(unit: "Future[str]") -> None:
        found.append(unit.result() in names_in(busy))

    go_on = held_up(busy)
    units = [busy.submit(write_down(f"n{n}")) for n in range(25)]
    for unit in units:
        unit.add_done_callback(look)
    go_on.set()
    wait(units, 5)
    busy.write_now(lambda tx: None)
    assert found == [True] * 25


def test_facts_are_told_when_they_are_in_the_file_and_in_their_order(directory: Path) -> None:
    bus, told = Bus(), list[tuple[int, bool]]()
    store = open_store(directory, bus=bus)

    def hear(fact: Fact) -> None:
        in_the_file = store.read_now(
            lambda db: db.execute("SELECT 1 FROM journal WHERE seq = ?", (fact.seq,)).fetchone()
        )
        told.append((fact.seq, in_the_file is not None))

    def fails(tx: Transaction) -> None:
        tx.record("never.happened")
        raise ValueError("no")

    bus.subscribe(hear)
    go_on = held_up(store)
    for n in range(20):
        store.submit(fails if n % 4 == 3 else write_down(f"n{n}"))
    go_on.set()
    store.close()
    assert len(told) == 15
    assert told == [(seq, True) for seq, _ in sorted(told)]


def test_a_coroutine_that_gives_up_waiting_disturbs_nobody(busy: Store) -> None:
    async def give_up() -> str:
        go_on = held_up(busy)
        impatient = asyncio.create_task(busy.write(write_down("given up")))
        patient = asyncio.create_task(busy.write(write_down("kept")))
        await asyncio.sleep(0.02)
        impatient.cancel()
        await asyncio.sleep(0.02)
        go_on.set()
        kept = await patient
        assert impatient.cancelled()
        return kept

    assert asyncio.run(give_up()) == "kept"
    assert names_in(busy) == ["kept"]


def test_a_loop_that_is_gone_disturbs_nobody(busy: Store) -> None:
    async def leave() -> None:
        asyncio.get_running_loop().call_later(0.01, go_on.set)
        waiting = asyncio.ensure_future(busy.write(write_down("nobody waits")))
        await asyncio.sleep(0)
        waiting.cancel()

    go_on = held_up(busy)
    asyncio.run(leave())
    go_on.set()
    assert busy.write_now(write_down("later")) == "later"


def test_closing_writes_what_is_queued(directory: Path) -> None:
    store = open_store(directory)
    units = [store.submit(write_down(f"n{n}")) for n in range(700)]
    store.close()
    assert all(unit.done() for unit in units)
    again = open_store(directory)
    assert len(names_in(again)) == 700
    again.close()


def test_inline_and_threaded_books_are_the_same(directory: Path, tmp_path: Path) -> None:
    found = []
    for place, inline in ((directory, False), (tmp_path / "inline", True)):
        store = open_store(place, inline=inline)
        store.write_now(one_of_each_record)
        found.append(store.read_now(lambda db: list(map(tuple, db.execute("SELECT * FROM audit")))))
        store.close()
    assert found[0] == found[1]


def assert_recovers(store: Store, acknowledged: list[str], failed: list[BaseException]) -> None:
    assert failed and acknowledged
    for error in failed:
        assert isinstance(error, StoreError)
        assert error.title == "The disk is full"
        assert "goes on by itself" in error.action
    acknowledged.append(store.write_now(write_down("space again", size=5_000)))
    assert sorted(names_in(store)) == sorted(acknowledged)
    checks = store.read_now(verify)
    assert [str(check) for check in checks if check.outcome is Outcome.VIOLATED] == []


def write_until_full(store: Store) -> tuple[list[str], list[BaseException]]:
    """Write in batches, some units small and some large, until the disk refuses."""
    acknowledged: list[str] = []
    failed: list[BaseException] = []
    for batch in range(200):
        go_on = held_up(store)
        units = [
            store.submit(write_down(f"b{batch}n{n}", size=20_000 if n == 3 else 200))
            for n in range(8)
        ]
        go_on.set()
        done, errors = outcomes(units)
        acknowledged += done
        failed += errors
        if len(failed) > 20:
            break
    return acknowledged, failed


def test_a_full_file_fails_its_waiters_loses_nothing_acknowledged_and_recovers(
    busy: Store,
) -> None:
    pages = busy.read_now(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
    busy.write_now(lambda tx: tx.execute(f"PRAGMA max_page_count = {pages + 60}"))
    acknowledged, failed = write_until_full(busy)
    busy.write_now(lambda tx: tx.execute("PRAGMA max_page_count = 1000000"))
    assert_recovers(busy, acknowledged, failed)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1536k", "none", str(place)]
    if (
        sys.platform != "linux"
        or subprocess.run(mount, capture_output=True, check=False).returncode
    ):
        pytest.skip("only who may mount can make a small disk; a full file is tested anyway")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_fails_its_waiters_loses_nothing_acknowledged_and_recovers(
    small_disk: Path,
) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 300_000)
    store = open_store(small_disk / "training")
    try:
        acknowledged, failed = write_until_full(store)
        with pytest.raises(StoreError, match="disk is full"):
            store.write_now(write_down("while it is full", size=400_000))
        ballast.unlink()
        assert_recovers(store, acknowledged, failed)
    finally:
        store.close()
    again = open_store(small_disk / "training")
    assert set(acknowledged) <= set(names_in(again))
    again.close()


HOLD = """
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN IMMEDIATE")
print("held", flush=True)
time.sleep(1.2)
db.execute("COMMIT")
"""


def test_another_program_that_holds_the_file_for_a_while_only_delays(busy: Store) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(busy.path)], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None and other.stdout.readline() == "held\n"
        began = time.monotonic()
        units = [busy.submit(write_down(f"n{n}")) for n in range(10)]
        assert names_in(busy) == [], "reading goes on meanwhile"
        done, failed = outcomes(units)
        assert time.monotonic() - began > 0.5
    assert (len(done), failed) == (10, [])


def test_another_program_that_never_lets_go_is_an_error_in_words(
    busy: Store,
) -> None:
    busy.write_now(lambda tx: tx.execute("PRAGMA busy_timeout = 50"))
    other = sqlite3.connect(busy.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="Another program holds"):
        busy.write_now(write_down("refused"))
    other.execute("COMMIT")
    other.close()
    assert busy.write_now(write_down("later")) == "later"
    assert names_in(busy) == ["later"]


SELL = """
import sys
from pathlib import Path
from tests.parts.books import open_store

store = open_store(Path(sys.argv[1]))
start = int(sys.argv[2])
print("ready", flush=True)
n = start
while True:
    units = []
    for _ in range(1 + n % 7):
        def work(tx, n=n):
            tx.record("sold", data={"n": n})
            tx.post("test", "EUR", {"orders": n + 1, "sales": -n - 1})
            return n
        units.append(store.submit(work))
        n += 1
    for unit in units:
        sys.stdout.write(f"{unit.result()}\\n")
    sys.stdout.flush()
"""


def test_what_was_acknowledged_survives_kill_after_kill(directory: Path) -> None:
    chance = random.Random(4)
    acknowledged: list[int] = []
    for life in range(1, 6):
        start = life * 1_000_000
        with subprocess.Popen(
            [sys.executable, "-c", SELL, str(directory), str(start)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        ) as till:
            assert till.stdout is not None and till.stdout.readline() == "ready\n"
            acknowledged.append(int(till.stdout.readline()))
            timer = threading.Timer(chance.uniform(0.02, 0.12), os.kill, (till.pid, signal.SIGKILL))
            timer.start()
            acknowledged += [int(line) for line in till.stdout if line.endswith("\n")]
            timer.join()
    assert len(acknowledged) > 5
    store = open_store(directory)
    kept = store.read_now(
        lambda db: [r[0] for r in db.execute("SELECT json_extract(data, '$.n') FROM journal")]
    )
    assert set(acknowledged) <= set(kept)
    assert len(set(kept)) == len(kept)
    assert store.read_now(lambda db: count(db, "ledger_transactions")) == len(kept)
    checks = store.read_now(verify)
    assert all(check.outcome is not Outcome.VIOLATED for check in checks)
    store.close()
