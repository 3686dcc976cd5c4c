"""Kills the till at every failpoint, as often as is wanted, and tells what it found.

`python -m tests.integration.till.kills --times 10` dies that often at each failpoint, in every
scenario and at every hit that reaches it by turns.
"""

import argparse
import queue
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from itertools import count, cycle, islice
from pathlib import Path

from app.failpoints import FAILPOINTS
from tests.integration.till.aftermath import Death, Return
from tests.integration.till.deaths import (
    Drivers,
    NotReached,
    die_and_return,
    drivers,
    likely_death,
)
from tests.integration.till.house import simulator
from tests.integration.till.scenarios import SCENARIOS


def ways_to(free: "queue.SimpleQueue[Drivers]", directory: Path) -> dict[str, list[Death]]:
    """Live each scenario unharmed, and give all deaths that are possible at each failpoint."""
    ways: dict[str, list[Death]] = defaultdict(list)
    by = free.get()
    for name in SCENARIOS:
        root = directory / name / "till"
        root.mkdir(parents=True)
        with simulator(directory / name / "sandbox.db") as customer:
            reached = by.live(Death("", name), root, customer.origin)["reached"]
        for point, hits in reached.items():
            ways[point] += [Death(point, name, hit) for hit in range(1, hits + 1)]
    free.put(by)
    return ways


def spread(ways: Sequence[Death], times: int) -> list[Death]:
    """Choose deaths that differ as long as there are different ones, spread over all of them."""
    if len(ways) <= times:
        return list(islice(cycle(ways), times))
    return [ways[place * len(ways) // times] for place in range(times)]


def many_times(times: int, points: Sequence[str], jobs: int) -> int:
    """Die `times` times at each point and tell of it; give the number of violations."""
    returns: list[Return] = []
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        free: queue.SimpleQueue[Drivers] = queue.SimpleQueue()
        for _ in range(jobs):
            free.put(stack.enter_context(drivers()))
        pool = stack.enter_context(ThreadPoolExecutor(jobs))
        ways = ways_to(free, place / "unharmed")
        plan = {point: spread(ways[point], times) for point in points}
        numbers = count()
        dying = {
            point: [
                pool.submit(_returned, free, death, place / str(next(numbers))) for death in deaths
            ]
            for point, deaths in plan.items()
        }
        for point, futures in dying.items():
            of_point = [future.result() for future in futures]
            returns += of_point
            _tell(point, of_point)
    missed = [point for point, deaths in plan.items() if not deaths]
    if missed:
        print(f"reached by no scenario: {', '.join(missed)}")
    violated = sum(len(each.found) for each in returns) + len(missed)
    slowest = max(returns, key=lambda each: each.after_s)
    print(
        f"kills: {len(returns)} runs, {violated} violations, "
        f"slowest {slowest.after_s:.1f} s at {slowest.death.point}"
    )
    return violated


def _tell(point: str, of_point: Sequence[Return]) -> None:
    found = [f"{each.death}: {word}" for each in of_point for word in each.found]
    slowest = max((each.after_s for each in of_point), default=0.0)
    summary = (
        f"{point:24} {len(of_point):4} runs {len(found):4} violations  slowest {slowest:5.2f} s"
    )
    print(summary, *found, sep="\n    ", flush=True)


def _returned(free: "queue.SimpleQueue[Drivers]", death: Death, directory: Path) -> Return:
    """Die there, or where the point is reached for certain.

    How often it is hit may differ by one or two, and what goes on beside a scenario (a
    reconciliation, a backup) may reach it or not.
    """
    by = free.get()
    ways = (death, replace(death, hit=1), likely_death(death.point))
    words: list[str] = []
    try:
        for number, way in enumerate(ways):
            (directory / str(number)).mkdir(parents=True)
            try:
                return die_and_return(by, way, directory / str(number))
            except NotReached as missed:
                words = [str(missed)]
            except AssertionError as broken:
                # The other deaths are still to be died.
                return Return(way, found=[str(broken)])
        return Return(death, found=words)
    finally:
        free.put(by)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=1, help="deaths at each failpoint")
    parser.add_argument("--jobs", type=int, default=2, help="tills at once")
    parser.add_argument("points", nargs="*", metavar="POINT", help="failpoints; all if none")
    chosen = parser.parse_args()
    points = chosen.points or FAILPOINTS
    sys.exit(1 if many_times(chosen.times, points, chosen.jobs) else 0)
