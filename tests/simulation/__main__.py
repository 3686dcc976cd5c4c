"""Live through many days, or through one again: `python -m tests.simulation --days 1000 --jobs 2`.

A day that fails is shrunk, told, and named with the command that replays it. The last line gives
days, steps and violations; the status is 1 if there were any.
"""

import argparse
import os
import sys
import time
from collections import Counter
from contextlib import nullcontext

from app.failpoints import FAILPOINTS
from tests.simulation.day import Lived, live
from tests.simulation.many import batches
from tests.simulation.planted import BUGS
from tests.simulation.shrink import kind_of, shrunk, story

_MOST_STORIES = 3


def simulate(first: int, days: int, jobs: int, *, points: bool = False) -> int:
    """Live through days, tell of those that fail, and give how many there were."""
    began = last = time.monotonic()
    done = steps = checks = 0
    failed: list[tuple[int, str]] = []
    reached: Counter[str] = Counter()
    gone: Counter[str] = Counter()
    for each in batches(first, days, jobs):
        done, steps, checks = done + each.days, steps + each.steps, checks + each.checks
        failed += each.failed
        reached += each.reached
        gone += each.gone
        for seed, violation in each.failed:
            print(f"day {seed}: {violation}", flush=True)
        if time.monotonic() - last > 10:
            last = time.monotonic()
            print(f"{done} days, {steps / (last - began):,.0f} steps/s", flush=True)
    for seed in _one_of_each_kind(failed):
        print(story(shrunk(live(seed))), flush=True)
    if points:
        print(f"{'failpoint':24} {'days':>7} {'died':>7}")
        for point in FAILPOINTS:
            print(f"{point:24} {reached[point]:7} {gone[point]:7}")
    if unreached := [point for point in FAILPOINTS if not reached[point]]:
        print(f"never at: {', '.join(unreached)}")
    took = time.monotonic() - began
    print(
        f"{done} days, {steps} steps ({steps / took:,.0f}/s, {checks} with news), "
        f"{len(failed)} violations"
    )
    return len(failed)


def _one_of_each_kind(failed: list[tuple[int, str]]) -> list[int]:
    kinds: dict[str, int] = {}
    for seed, violation in failed:
        kinds.setdefault(kind_of(violation), seed)
    return list(kinds.values())[:_MOST_STORIES]


def bugs_found(most_days: int) -> int:
    """Tell on which day each planted bug is found; give how many are not in so many days."""
    missed = 0
    print(f"{'day':>5}  {'within':>6}  bug")
    for name, bug in sorted(BUGS.items()):
        with bug.planted():
            seeds = range(bug.first, bug.first + most_days)
            day = next((day for day in seeds if live(day).violation), None)
        missed += day is None
        found = "never" if day is None else str(day + 1 - bug.first)
        print(f"{found:>5}  {bug.within:6}  {name}", flush=True)
    print(f"{len(BUGS)} bugs, {missed} not found in {most_days} days")
    return missed


def relive(seed: int, only: str | None, *, shrink: bool) -> Lived:
    """Live through one day and tell all of it."""
    lived = live(seed, None if only is None else only.split(","))
    if lived.violation:
        print(story(shrunk(lived) if shrink else lived))
    else:
        print("\n".join(lived.log))
    print(f"1 days, {lived.steps} steps, {1 if lived.violation else 0} violations")
    return lived


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--days", type=int, default=300, help="how many days")
    parser.add_argument("--first", type=int, default=0, help="the seed of the first")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--points", action="store_true", help="tell how often at each failpoint")
    parser.add_argument("--bugs", action="store_true", help="tell when each planted bug is found")
    parser.add_argument("--seed", type=int, help="live through this day alone and tell it")
    parser.add_argument("--only", help="of its decisions only these, by their codes")
    parser.add_argument("--shrink", action="store_true", help="find its shortest failing form")
    parser.add_argument("--bug", choices=sorted(BUGS), help="with a bug planted into the till")
    asked = parser.parse_args()
    if asked.bugs:
        return bool(bugs_found(asked.days))
    with nullcontext() if asked.bug is None else BUGS[asked.bug].planted():
        if asked.seed is not None:
            return bool(relive(asked.seed, asked.only, shrink=asked.shrink).violation)
        jobs = 1 if asked.bug else asked.jobs
        return bool(simulate(asked.first, asked.days, jobs, points=asked.points))


if __name__ == "__main__":
    sys.exit(main())
