"""Days at the counter; `SCANTILL_SEEDS=1000:1300` lives through others.

A day that fails is shrunk and told, with the command that replays it.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.simulation.day import live
from tests.simulation.shrink import shrunk, story

FROM, TO = map(int, os.environ.get("SCANTILL_SEEDS", "0:200").split(":"))
_IN_ONE: Final = 20

pytestmark = pytest.mark.simulation


@pytest.mark.parametrize("first", range(FROM, TO, _IN_ONE))
def test_whatever_happens_money_and_books_agree(first: int) -> None:
    for seed in range(first, min(first + _IN_ONE, TO)):
        lived = live(seed)
        assert not lived.violation, story(shrunk(lived, most_tries=60))


def test_the_same_seed_is_the_same_day_in_any_process() -> None:
    days = [
        subprocess.run(
            [sys.executable, "-c", _TELL],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for hash_seed in ("1", "2")
    ]
    assert days[0] == days[1]
    assert len(days[0].splitlines()) > 200


_TELL: Final = """
from tests.simulation.day import live
for seed in range(8):
    print("\\n".join(live(seed).log))
"""


def test_a_day_with_all_its_decisions_named_is_the_same_day() -> None:
    whole = live(7)
    again = live(7, whole.plan.happened)
    assert again.digest == whole.digest and len(whole.plan.happened) > 5
