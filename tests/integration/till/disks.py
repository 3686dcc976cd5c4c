"""Disks that are full or fail: a real small one, and a sale that is tried on it.

Run as `python -m tests.integration.till.disks ROOT` it limits the size of its own files, byte by
byte, so that each write of a sale fails once with an I/O error, and prints one JSON object a line.
"""

import asyncio
import contextlib
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app.domain.observation import Source
from app.errors import CheckoutRefused, ScantillError, StoreError
from app.store.attempts import watched_attempts
from tests.integration.till.house import until
from tests.parts.till import Counter

PAGE = 4096


@contextmanager
def small_disk(place: Path, size: str = "8m") -> Iterator[Path]:
    """Mount a small disk; where that is not allowed, a pipeline fails and a person's run skips."""
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(place)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        (pytest.fail if os.environ.get("SCANTILL_CI") else pytest.skip)(
            f"no small disk: {done.stderr}"
        )
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


class Ballast:
    """A file that takes all of a disk but for some pages."""

    def __init__(self, disk: Path) -> None:
        self._path = disk / "ballast"

    def fill(self, *, but_pages: int = 0) -> None:
        with self._path.open("wb", buffering=0) as file:
            for piece in (64 * PAGE, PAGE):
                # Full, as it is meant to be.
                with contextlib.suppress(OSError):
                    while True:
                        file.write(b"x" * piece)
            size = file.tell() // PAGE * PAGE
            os.ftruncate(file.fileno(), max(0, size - but_pages * PAGE))

    def drop(self) -> None:
        self._path.unlink(missing_ok=True)


@dataclass
class Sale:
    """How far a sale came: what was acknowledged, and the words of what stopped it."""

    done: list[str] = field(default_factory=list)
    order_id: str = ""
    stopped: str = ""
    action: str = ""

    @property
    def is_whole(self) -> bool:
        return not self.stopped


async def sell(till: Counter) -> Sale:
    """Sell once, with the customer paying as soon as there is a code; stop at the first error."""
    sale = Sale()
    try:
        order = await till.place()
        sale.order_id = order.id
        sale.done.append("order")
        attempt = await till.open(order)
        assert attempt.url is not None, "a session that could not be written down is not shown"
        sale.done.append("session")
        await till.checkout.mark_shown(attempt.id)
        sale.done.append("shown")
        assert attempt.session_id is not None
        till.provider.pay(attempt.session_id)
        if (await till.look(attempt)).state.value == "paid":
            sale.done.append("paid")
    except (StoreError, CheckoutRefused) as error:
        sale.stopped, sale.action = error.title, error.action
    return sale


async def recover(till: Counter) -> None:
    """Wait for the till to find by itself that it can write, and do what its watch would."""
    await until(lambda: till.store.trouble is None)
    for attempt in till.store.read_now(watched_attempts):
        await till.sessions.look(attempt.id, Source.SWEEP)


async def faults_after(till: Counter, sale: Sale) -> list[str]:
    """Say what is wrong once the disk works again: a lost acknowledgement, lost money, no sale."""
    await recover(till)
    faults = till.violations()
    found = till.count("orders", f"id = '{sale.order_id}'") if sale.order_id else 0
    if found != ("order" in sale.done):
        faults.append("an acknowledged order is gone")
    if "session" in sale.done and not till.count("attempts", "url IS NOT NULL"):
        faults.append("an acknowledged session is gone")
    if "shown" in sale.done and not till.count("attempts", "shown_at IS NOT NULL"):
        faults.append("what a customer saw is gone")
    if "paid" in sale.done and not till.count("orders", "state = 'paid'"):
        faults.append("PAID was said and is gone")
    after = await sell(till)
    if not after.is_whole:
        faults.append(f"it does not sell again: {after.stopped}")
    return faults + till.violations()


def limited(till: Counter, allowance: int) -> Callable[[], None]:
    """Let no file of this process grow beyond the WAL's size and some bytes; give the way back."""
    wal = till.directory / "till.db-wal"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (wal.stat().st_size + allowance, hard))
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def main(root: Path) -> None:
    from app.store import writer

    writer._TRY_AGAIN_S = 0.005  # type: ignore[misc]
    allowance, whole = 0, 0
    while whole < 2:
        till = Counter(root / str(allowance), inline=False)

        async def story(till: Counter = till, allowance: int = allowance) -> dict[str, object]:
            back = limited(till, allowance)
            try:
                sale = await sell(till)
            finally:
                back()
            try:
                faults = await faults_after(till, sale)
            except ScantillError as error:
                faults = [str(error)]
            return {"allowance": allowance, "done": sale.done, "stopped": sale.stopped} | {
                "faults": faults
            }

        said = asyncio.run(story())
        till.close()
        sys.stdout.write(f"{json.dumps(said)}\n")
        whole = 0 if said["stopped"] else whole + 1
        allowance += 1500


if __name__ == "__main__":
    main(Path(sys.argv[1]))
