"""Many days, on several processes."""

import multiprocessing
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Final

from tests.simulation.day import live

_AT_ONCE: Final = 20


@dataclass(frozen=True)
class Batch:
    """What came of some days in a row: the seeds that failed, each with what was violated.

    `reached` counts, by failpoint, on how many days it was reached, and `gone` on how many the
    power went there.
    """

    days: int
    steps: int
    checks: int
    failed: tuple[tuple[int, str], ...]
    reached: Counter[str]
    gone: Counter[str]


def batch(seeds: range) -> Batch:
    """Live through some days."""
    steps = checks = 0
    failed = []
    reached: Counter[str] = Counter()
    gone: Counter[str] = Counter()
    for seed in seeds:
        lived = live(seed)
        steps += lived.steps
        checks += lived.checks
        reached.update(lived.reached.keys())
        gone.update(filter(None, (lived.went_at,)))
        if lived.violation:
            failed.append((seed, lived.violation))
    return Batch(len(seeds), steps, checks, tuple(failed), reached, gone)


def batches(first: int, days: int, jobs: int) -> Iterator[Batch]:
    """Live through many days, on several processes."""
    ranges = [
        range(start, min(start + _AT_ONCE, first + days))
        for start in range(first, first + days, _AT_ONCE)
    ]
    if jobs < 2:
        yield from map(batch, ranges)
        return
    spawning = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=spawning) as pool:
        yield from pool.map(batch, ranges)
