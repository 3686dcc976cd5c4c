"""How many genuine webhooks a second the till takes, the full way, beside one commit per event.

Everything is real: an SQLite file, signed bodies, HTTP over loopback. By itself, for longer or
with a slower disk: `python -m bench.webhooks --seconds 60 --fsync-delay-ms 5`.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import random
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from app.clock import SystemClock
from app.domain.delivery import Delivery
from app.domain.ids import Ids
from app.providers.kinds.stripe_checkout import StripeCheckout
from app.providers.strategy import WebhookRequest
from app.settings import Mode
from app.store import Store
from app.store.inbox import receive
from app.webhooks import PublicDoor
from bench.deliveries import (
    ACCOUNT,
    SECRET,
    Sent,
    be_ready,
    event_body,
    make_attempts,
    send,
    signature_of,
)
from bench.figures import Figure, figure, table
from bench.machine import fsync_ms, this_machine
from bench.slow_disk import slow_disk
from bench.windows import ROOT, BenchFailed

_MOST_AT_FIRST_S = 2.0
_MOST_PER_S = 2_500
_SPARE = 1.4


@dataclass(frozen=True, slots=True)
class _Flood:
    """What the senders saw, the seconds until all was paid, and the till's processor time."""

    sent: Sent
    settled_s: float
    cpu_s: float


class NoSlowDisk(BenchFailed):
    """No fsync can be slowed down on this computer."""


def measure(*, seconds: float, connections: int, delay_ms: float) -> list[Figure]:
    """Measure in a process of its own, whose disk is slower by so much where that is asked for."""
    with tempfile.TemporaryDirectory(prefix="scantill-bench-") as directory:
        slow = slow_disk(Path(directory), delay_ms) if delay_ms else {}
        if slow is None:
            raise NoSlowDisk("webhooks on a slower disk; that needs Linux and a C compiler (cc)")
        command = [sys.executable, "-m", "bench.webhooks", "--json"]
        command += ["--seconds", str(seconds), "--connections", str(connections)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **slow}
        done = subprocess.run(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False
        )
    if done.returncode:
        raise BenchFailed("the webhooks were not all taken")
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    disk = f", +{delay_ms:g} ms" if delay_ms else ""
    single = figure(f"one commit each{disk}", "/s", [told["single"]])
    return [
        figure(f"fsync{disk}", "ms", [told["fsync_ms"]]),
        single,
        figure(f"inbox alone{disk}", "/s", [told["inbox"]], beside=single, wanted=">= 4000"),
        figure(f"acknowledged{disk}", "/s", [told["acknowledged"]], beside=single),
        figure(f"settled{disk}", "/s", [told["settled"]], beside=single, wanted=">= 1000"),
        figure(f"processor for each{disk}", "ms", [told["cpu_ms"]]),
        figure(f"acknowledgement took{disk}", "ms", told["waits_ms"], wanted="p99 <= 250"),
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="for so long at most")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--fsync-delay-ms", type=float, default=0.0, metavar="MS")
    parser.add_argument("--json", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.json:
        print(json.dumps(_measured(arguments.seconds, arguments.connections)))
        return
    print(this_machine().lines())
    try:
        figures = measure(
            seconds=arguments.seconds,
            connections=arguments.connections,
            delay_ms=arguments.fsync_delay_ms,
        )
    except BenchFailed as failed:
        sys.exit(str(failed))
    print(table(figures))


def _measured(seconds: float, connections: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="scantill-bench-") as directory:
        root = Path(directory)
        count = 300 if seconds > 1 else 20
        told: dict[str, Any] = {
            "fsync_ms": fsync_ms(root),
            "single": _commits_per_s(root / "single", count),
            "inbox": asyncio.run(_inbox_per_s(root / "inbox", 20 * count, connections)),
        }
        # A first, short flood says how many orders the long one needs.
        first_s = min(_MOST_AT_FIRST_S, seconds)
        orders = round(_MOST_PER_S * first_s)
        first = asyncio.run(_flood(root / "first", orders, first_s, connections))
        orders = round(_SPARE * seconds * len(first.sent.waits_ms) / first.sent.seconds) + 100
        flood = asyncio.run(_flood(root / "flood", orders, seconds, connections))
    number = len(flood.sent.waits_ms)
    return told | {
        "acknowledged": number / flood.sent.seconds,
        "settled": number / flood.settled_s,
        "cpu_ms": flood.cpu_s * 1000 / number,
        "waits_ms": flood.sent.waits_ms,
    }


def _commits_per_s(directory: Path, count: int) -> float:
    """Write deliveries to the inbox, each waited for on its own."""
    store = _new_store(directory)
    bodies = [event_body(f"evt_{n}", "x-x-1") for n in range(count)]
    began = time.perf_counter()
    for n, body in enumerate(bodies):
        delivery = Delivery(
            "bench", "stripe", ACCOUNT, False, f"evt_{n}", "checkout.session.completed", body
        )
        store.write_now(partial(receive, delivery=delivery))
    elapsed = time.perf_counter() - began
    store.close()
    return count / elapsed


async def _inbox_per_s(directory: Path, count: int, at_once: int) -> float:
    """Verify signed deliveries and commit each to the inbox, some at once; no HTTP, no settling."""
    store = _new_store(directory)
    clock = SystemClock()
    strategy = _strategy()
    signed = [(body, signature_of(body)) for n in range(count) for body in [_numbered(n)]]
    work = iter(signed)

    async def one() -> None:
        for body, signature in work:
            headers = {"stripe-signature": signature}
            delivery = strategy.read_webhook(WebhookRequest(headers, body, clock.now()))
            await store.write(partial(receive, delivery=delivery))

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(at_once)))
    elapsed = time.perf_counter() - began
    store.close()
    return count / elapsed


async def _flood(directory: Path, orders: int, seconds: float, connections: int) -> _Flood:
    """Post signed deliveries over HTTP, and wait until each has settled its order."""
    store = _new_store(directory)
    references: list[str] = []
    while len(references) < orders:
        some = min(5_000, orders - len(references))
        seed = len(references)
        references += store.write_now(
            partial(make_attempts, till_id=store.till_id, count=some, seed=seed)
        )
    strategy = _strategy()
    strategy.adopt(ACCOUNT)
    door = PublicDoor(
        store,
        {"bench": strategy},
        host="127.0.0.1",
        port=0,
        clock=SystemClock(),
        recheck=lambda _: None,
    )
    address = await asyncio.to_thread(door.start)
    loop = asyncio.get_running_loop()
    # The senders are a process of their own: their work is not the till's.
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        await loop.run_in_executor(pool, be_ready)
        began, used = time.perf_counter(), time.process_time()
        sent = await loop.run_in_executor(pool, send, address, references, connections, seconds)
        await _until_paid(store, len(sent.waits_ms))
        settled_s, cpu_s = time.perf_counter() - began, time.process_time() - used
    await asyncio.to_thread(door.stop)
    store.close()
    return _Flood(sent, settled_s, cpu_s)


def _strategy() -> StripeCheckout:
    clock = SystemClock()
    return StripeCheckout("bench", "sk_test_bench", clock=clock, webhook_secrets=(SECRET,))


def _numbered(n: int) -> bytes:
    return event_body(f"evt_{n}", "x-x-1")


def _new_store(directory: Path) -> Store:
    return Store(directory, mode=Mode.TEST, clock=SystemClock(), ids=Ids(random.Random(1)))


async def _until_paid(store: Store, count: int) -> None:
    while await asyncio.to_thread(_paid, store) < count:  # noqa: ASYNC110 - only the books know
        await asyncio.sleep(0.02)


def _paid(store: Store) -> int:
    sql = "SELECT count(*) FROM orders WHERE state = 'paid'"
    return int(store.read_now(lambda db: db.execute(sql).fetchone()[0]))


if __name__ == "__main__":
    main()
