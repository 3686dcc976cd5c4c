"""`make bench`: every part in one run, as a table and as JSON.

`--quick` takes a minute or two and says less; `--once` does everything once, to see that it runs.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from bench import idle, selling, start, webhooks
from bench.figures import Figure, as_json, table
from bench.machine import load_average, this_machine
from bench.windows import ROOT, BenchFailed, surroundings

PARTS: Final = ("start", "idle", "selling", "webhooks")
_CONNECTIONS: Final = 64
_DELAY_MS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured. All times are in seconds."""

    starts: int
    idle_s: float
    sales: int
    polled: int
    code_s: float
    webhooks_s: float
    slow_webhooks_s: float


FULL: Final = Extent(10, 60, 50, 10, 30, 10, 60)
QUICK: Final = Extent(3, 10, 10, 2, 6, 3, 5)
ONCE: Final = Extent(1, 1, 1, 1, 1, 0.5, 0.5)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print and write; status 1 where something that was to be measured did not happen."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    extent = parser.add_mutually_exclusive_group()
    extent.add_argument("--quick", dest="extent", action="store_const", const=QUICK, default=FULL)
    extent.add_argument("--once", dest="extent", action="store_const", const=ONCE)
    parser.add_argument("--only", choices=PARTS, action="append", help="measure this part alone")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "bench.json", metavar="FILE")
    arguments = parser.parse_args(argv)
    machine = this_machine()
    print(machine.lines(), flush=True)
    try:
        figures = _measured(arguments.extent, arguments.only or PARTS)
    except BenchFailed as failed:
        print(f"NOT MEASURED: {failed}", file=sys.stderr)
        return 1
    load = load_average()
    report = {
        "machine": asdict(machine) | {"load_after": load},
        "extent": asdict(arguments.extent),
        "figures": as_json(figures),
    }
    out: Path = arguments.out.absolute()
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    print(f"\nload {'unknown' if load is None else f'{load:.2f}'} after the run; written to {out}")
    return 0


def _measured(extent: Extent, parts: Sequence[str]) -> list[Figure]:
    measures: dict[str, Callable[[dict[str, str]], list[Figure]]] = {
        "start": lambda environment: start.measure(environment, extent.starts),
        "idle": lambda environment: idle.measure(environment, extent.idle_s),
        "selling": lambda environment: selling.measure(
            environment, sales=extent.sales, polled=extent.polled, idle_s=extent.code_s
        ),
        "webhooks": lambda _: _webhooks(extent),
    }
    figures: list[Figure] = []
    with surroundings() as environment:
        for part in parts:
            some = measures[part](environment)
            print(f"\n{table(some)}", flush=True)
            figures += some
    return figures


def _webhooks(extent: Extent) -> list[Figure]:
    fast = webhooks.measure(seconds=extent.webhooks_s, connections=_CONNECTIONS, delay_ms=0)
    try:
        slow = webhooks.measure(
            seconds=extent.slow_webhooks_s, connections=_CONNECTIONS, delay_ms=_DELAY_MS
        )
    except webhooks.NoSlowDisk as lack:
        print(f"\nnot measured: {lack}")
        slow = []
    return fast + slow


if __name__ == "__main__":
    sys.exit(main())
