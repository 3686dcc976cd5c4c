"""`python -m tests.simulation` from the outside."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.simulation

BUG = "the amount is not compared"


def simulation(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.simulation", *arguments],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=False,
        text=True,
    )


def test_the_last_line_has_days_steps_and_violations() -> None:
    ran = simulation("--days", "4", "--jobs", "2")
    assert ran.returncode == 0, ran.stderr
    last = ran.stdout.splitlines()[-1]
    assert re.fullmatch(r"4 days, [1-9]\d+ steps \(.+/s, \d+ with news\), 0 violations", last)


def test_a_failing_seed_is_told_shrunk_and_replayed() -> None:
    ran = simulation("--days", "8", "--bug", BUG)
    assert ran.returncode == 1
    assert re.search(r", [1-9]\d* violations$", ran.stdout.splitlines()[-1])
    command = re.search(r"python -m tests.simulation --seed (\d+) --only (\S+)", ran.stdout)
    assert command is not None
    again = simulation("--seed", command[1], "--only", command[2], "--bug", BUG)
    assert again.returncode == 1 and "does not fit its attempt" in again.stdout
    without = simulation("--seed", command[1], "--only", command[2])
    assert without.returncode == 0 and without.stdout.splitlines()[-1].endswith(", 0 violations")
