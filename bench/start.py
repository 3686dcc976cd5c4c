"""Warm start: process begun to first paint and to usable, the till and an empty window by turns."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from bench.figures import Figure, figure
from bench.windows import Started, empty_command, started, till_command


def measure(environment: Mapping[str, str], count: int) -> list[Figure]:
    """Start both windows in turn, once for nothing and then `count` times."""
    tills: list[Started] = []
    empties: list[Started] = []
    with tempfile.TemporaryDirectory(prefix="scantill-bench-") as directory:
        data_dir = Path(directory) / "till"
        for _ in range(count + 1):
            with started(till_command(data_dir), environment) as till:
                tills.append(till)
            with started(empty_command(), environment) as empty:
                empties.append(empty)
    # Before the first pair there was no bytecode and there were no books.
    tills, empties = tills[1:], empties[1:]
    empty_paint = figure("empty window: first paint", "ms", [e.first_paint_ms for e in empties])
    empty_usable = figure("empty window: usable", "ms", [e.usable_ms for e in empties])
    empty_cpu = figure("empty window: processor", "ms", [e.cpu_ms for e in empties])
    return [
        empty_paint,
        figure("start to first paint", "ms", [t.first_paint_ms for t in tills], beside=empty_paint),
        empty_usable,
        figure(
            "start to usable",
            "ms",
            [t.usable_ms for t in tills],
            beside=empty_usable,
            wanted="<= 1000",
        ),
        empty_cpu,
        figure("start: processor", "ms", [t.cpu_ms for t in tills], beside=empty_cpu),
    ]
