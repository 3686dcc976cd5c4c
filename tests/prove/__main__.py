"""`python -m tests.prove`: take out each guard of money, one after the other.

Prints each guard as killed or SURVIVED and ends with one line; the status is 1 where one survived.
"""

import argparse
import queue
import sys
import tempfile
import threading
from pathlib import Path

from tests.prove import page
from tests.prove.guard import Guard
from tests.prove.guards import GUARDS
from tests.prove.run import Outcome, copy_of_the_project, prove, run_tests


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.prove", description=__doc__)
    parser.add_argument("--only", default="", metavar="TEXT", help="guards with TEXT in their name")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="at once (default: 2)")
    parser.add_argument("--table", action="store_true", help="write the table in docs/trust.md")
    arguments = parser.parse_args()
    if arguments.table:
        page.write()
        return 0
    guards = [guard for guard in GUARDS if arguments.only in guard.name]
    with tempfile.TemporaryDirectory(prefix="scantill-prove-") as directory:
        return _prove_all(guards, Path(directory), max(1, arguments.jobs))


def _prove_all(guards: list[Guard], directory: Path, jobs: int) -> int:
    whole = copy_of_the_project(directory / "whole")
    tests = {test for guard in guards for test in guard.tests}
    results = run_tests(tests, whole, directory / "whole.xml")
    unsound = sorted(name for name, verdict in results.items() if verdict != "passed")
    if unsound:
        print(f"These fail with every guard in place: {', '.join(unsound)}")
        return 1
    print(f"{len(results)} tests pass with every guard in place", flush=True)
    outcomes: list[Outcome] = []
    waiting: queue.SimpleQueue[Guard] = queue.SimpleQueue()
    for guard in guards:
        waiting.put(guard)

    def work(number: int) -> None:
        copy = copy_of_the_project(directory / f"copy-{number}")
        while True:
            try:
                guard = waiting.get_nowait()
            except queue.Empty:
                return
            outcome = prove(guard, copy)
            outcomes.append(outcome)
            print(outcome, flush=True)

    workers = [threading.Thread(target=work, args=(number,)) for number in range(jobs)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    killed = sum(outcome.is_killed for outcome in outcomes)
    print(f"guards: {len(guards)}, killed {killed}, survived {len(guards) - killed}")
    return 0 if killed == len(guards) else 1


if __name__ == "__main__":
    sys.exit(main())
