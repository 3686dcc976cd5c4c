"""A till's small day on a disk whose syncs fail, in a process that has the recorder preloaded.

Run as `python -m tests.power.failing PLACE FIRST STEP TIMES WEAKNESS` it lives the day again and
again, each time on a directory of its own, PLACE/N/disk, recorded in PLACE/N/log: with N = FIRST,
FIRST + STEP and so on the first sync to fail; TIMES of them fail in a row. It prints one JSON
object a day and ends after the day that had no N-th sync any more.
"""

import asyncio
import json
import sys
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

from app.errors import ScantillError, StoreError
from app.events import Fact
from app.store import writer
from app.store.connection import open_reader
from tests.integration.till.disks import Sale, recover, sell
from tests.parts.clock import VirtualClock
from tests.parts.provider import FakeProvider
from tests.parts.till import Counter
from tests.power.judge import DATA
from tests.power.recording import Kind, begin_anew, read_recording, set_mark
from tests.power.weaknesses import WEAKNESSES

_STARTS: Final = 9
"""How often somebody tries to start a till whose disk fails."""
_NEVER: Final = 1_000_000


class Day:
    """One day. `said` are the words that its people were told when something did not go."""

    def __init__(self, root: Path) -> None:
        self.said: list[str] = []
        self.faults: list[str] = []
        self._directory = root / DATA / "training"
        self._clock = VirtualClock()
        self._provider = FakeProvider(self._clock)
        self._starts = 0

    def live(self) -> None:
        """Sell, with somebody reading in the middle of it; close the till, open it, sell again."""
        fold_after(_NEVER)
        till = self._started()
        asyncio.run(self._morning(till))
        till.close()
        till = self._started()
        asyncio.run(self._afternoon(till))
        till.close()

    def _started(self) -> Counter:
        while True:
            self._starts += 1
            try:
                till = Counter(
                    self._directory,
                    clock=self._clock,
                    provider=self._provider,
                    seed=self._starts,
                    inline=False,
                )
            except StoreError as error:
                self.said.append(error.title)
                if self._starts >= _STARTS:
                    raise
            else:
                set_mark(ack="till", id=till.store.till_id)
                till.store.bus.subscribe(_mark)
                return till

    async def _morning(self, till: Counter) -> None:
        """Fold while somebody reads what was there before, so in part; then after each commit."""
        await self._sold(till)
        with closing(open_reader(till.store.path)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM orders").fetchone()
            sale = await self._sell(till)
            fold_after(0)
            for _ in range(2):
                with suppress(ScantillError):
                    await till.place()
        await self._recovered(till, sale)
        await self._sold(till)
        with suppress(ScantillError):
            # Written by the thread that folds: what it had to fold is folded then.
            await till.store.write(lambda tx: None)
        fold_after(30)
        await self._sold(till)

    async def _afternoon(self, till: Counter) -> None:
        """Sell until nothing goes wrong any more: the last sale is a whole one."""
        sale = await self._sell(till)
        while not sale.is_whole:
            await self._recovered(till, sale)
            assert len(self.said) < _STARTS, "it never sells again"
            sale = await self._sell(till)
        await recover(till)
        self.faults += till.violations()

    async def _sold(self, till: Counter) -> None:
        await self._recovered(till, await self._sell(till))

    async def _recovered(self, till: Counter, sale: Sale) -> None:
        await recover(till)
        if sale.order_id and not till.count("orders", f"id = '{sale.order_id}'"):
            self.faults.append("an acknowledged order is gone")

    async def _sell(self, till: Counter) -> Sale:
        sale = await sell(till)
        if sale.stopped:
            self.said.append(sale.stopped)
        return sale


def fold_after(rows: int) -> None:
    """Have the WAL folded into the books after so many changed rows."""
    writer._FOLD_AFTER = rows  # type: ignore[misc]


def _mark(fact: Fact) -> None:
    set_mark(ack="fact", seq=fact.seq, name=fact.name, order=fact.order_id)


def lived(place: Path, first: int, times: int) -> dict[str, Any]:
    """Live one day and say how it went; without `failed` there was no such sync any more."""
    root, log = place / "disk", place / "log"
    root.mkdir(parents=True)
    begin_anew(root, log, fail_from=first, fail_times=times)
    day = Day(root)
    try:
        day.live()
    except Exception as error:  # noqa: BLE001 - it is what is looked for
        day.faults.append(f"{type(error).__name__}: {error}")
    failed = sum(record.kind is Kind.FAILED for record in read_recording(log))
    return {"first": first, "failed": failed, "said": day.said, "faults": day.faults}


def main() -> None:
    place, first, step, times, weakness = sys.argv[1:]
    writer._TRY_AGAIN_S = 0.005  # type: ignore[misc]
    if weakness:
        WEAKNESSES[weakness]()
    number = int(first)
    while True:
        day = lived(Path(place) / str(number), number, int(times))
        sys.stdout.write(f"{json.dumps(day)}\n")
        if not day["failed"]:
            break
        number += int(step)


if __name__ == "__main__":
    main()
