"""Gestures and PAID in the till's own window, beside the loop of an empty one at the same time."""

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from bench.figures import Figure, figure
from bench.windows import ROOT, BenchFailed, empty_command

_MOST_S = 600


def measure(
    environment: Mapping[str, str], *, sales: int, polled: int, idle_s: float
) -> list[Figure]:
    """Sell with webhooks, look at the idle code for a while, then sell by polling alone."""
    empty = subprocess.Popen(
        [*empty_command(), "--stalls"],
        env=dict(environment),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        told = _sold(environment, "--sales", str(sales), "--idle", str(idle_s))
        beside, _ = empty.communicate(timeout=60)
    finally:
        empty.kill()
        empty.wait()
    by_polling = _sold(environment, "--sales", str(polled), "--no-webhooks")
    calm = figure("empty window: loop late by", "ms", json.loads(beside))
    return [
        figure("tap to cart line painted", "ms", told["tap"], wanted="<= 100"),
        figure("Charge to QR painted", "ms", told["qr"]),
        _paid("Pay to PAID painted, webhook", told, "webhook", "p99 <= 1000"),
        _paid("Pay to PAID painted, polling", by_polling, "poll", "<= 4000"),
        calm,
        figure(
            "loop late by, while selling",
            "ms",
            told["stall"],
            wanted="p99 <= 50, max <= 200",
        ),
        figure("idle processor, QR shown", "% of a core", told["idle_per_cent"], wanted="~ 0"),
    ]


def _paid(name: str, told: Mapping[str, Any], source: str, wanted: str) -> Figure:
    if set(told["sources"]) != {source}:
        name = f"{name} ({', '.join(f'{n} by {s}' for s, n in told['sources'].items())})"
    return figure(name, "ms", told["paid"], wanted=wanted)


def _sold(environment: Mapping[str, str], *options: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.sale", *options],
        env=dict(environment),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=_MOST_S,
        check=False,
    )
    if done.returncode:
        raise BenchFailed(f"the sales did not come to their end\n{done.stdout}{done.stderr}")
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return report
