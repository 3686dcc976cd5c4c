"""At whichever sync the disk fails, nothing acknowledged is lost, not even to a later power cut.

The power goes after the disk has failed. What the failed sync was to bring to the disk passes for
written from then on: the image has it only where it was written again.
"""

import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from tests.integration.till.house import clean_environment
from tests.integration.till.processes import REPOSITORY
from tests.power.disk import FATES, NONE_KEPT, replayed
from tests.power.judge import DATA, judge
from tests.power.needs import needs_recorder
from tests.power.proof import marks_of, recorder
from tests.power.recording import Kind, Record, read_recording

pytestmark = needs_recorder

CUTS: Final = 4
BOOKS: Final = f"{DATA}/training/till.db"
_MEMORY: Final = Path("/dev/shm")


@dataclass(frozen=True)
class Day:
    """What was said of one day, and its recording."""

    told: dict[str, Any]
    records: list[Record]

    @property
    def failed_at(self) -> list[int]:
        return [at for at, record in enumerate(self.records) if record.kind is Kind.FAILED]


def days(*, first: int = 1, step: int = 1, times: int = 1, weakness: str = "") -> list[Day]:
    """Live days with the first, second, third sync failing and so on, up to the last there is."""
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as place:
        arguments = [place, str(first), str(step), str(times), weakness]
        done = subprocess.run(
            [sys.executable, "-m", "tests.power.failing", *arguments],
            cwd=REPOSITORY,
            env={**clean_environment(), "LD_PRELOAD": str(recorder())},
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        told = [json.loads(line) for line in done.stdout.splitlines()]
        return [
            Day(each, read_recording(Path(place) / str(each["first"]) / "log"))
            for each in told
            if each["failed"]
        ]


def lost_in(day: Day, cuts: int = CUTS) -> list[str]:
    """Cut the power some time after the disk has failed, and name what is lost then."""
    chance = random.Random(day.told["first"])
    after = range(day.failed_at[0] + 1, len(day.records) + 1)
    marked = [at for at in after if day.records[at - 1].kind is Kind.MARK]
    chosen = {len(day.records), *chance.sample(marked, min(cuts - 2, len(marked)))}
    chosen.add(chance.choice(after))
    faults = []
    for number, cut in enumerate(sorted(chosen)):
        with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as place:
            fate = NONE_KEPT if number % 2 else chance.choice(FATES)
            replayed(day.records[:cut]).image(Path(place), chance, fate)
            found = judge(Path(place), marks_of(day.records[:cut]))
        faults += [f"sync {day.told['first']} failed, cut at {cut}: {fault}" for fault in found]
    return faults


def what_failed(day: Day) -> str:
    """Name the file or the directory whose sync was the first to fail."""
    number = day.records[day.failed_at[0]].number
    begun = next(
        record
        for record in day.records
        if record.kind in (Kind.SYNC, Kind.SYNC_DIRECTORY) and record.number == number
    )
    if begun.kind is Kind.SYNC_DIRECTORY:
        return "a directory"
    names = {r.file: r.path for r in day.records if r.kind is Kind.CREATE}
    return Path(names[begun.file]).name


def test_at_whichever_sync_the_disk_fails_once_nothing_acknowledged_is_lost(
    record_property: Callable[[str, object], None],
) -> None:
    found = days()
    assert [day.told for day in found if day.told["faults"]] == []
    assert [fault for day in found for fault in lost_in(day)] == []
    assert {what_failed(day) for day in found} >= {"till.db", "till.db-wal", "a directory"}
    assert {word for day in found for word in day.told["said"]} <= _WORDS
    record_property("syncs_that_failed", len(found))
    assert len(found) > 50


_WORDS: Final = {"The disk fails", "Another program holds the till's books"}
"""The second where somebody reads the books while they are to be opened anew."""


def test_a_disk_that_fails_three_times_in_a_row_takes_nothing_either() -> None:
    found = days(step=8, times=3)
    assert [day.told for day in found if day.told["faults"]] == []
    assert [fault for day in found for fault in lost_in(day)] == []


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("times", [1, 2, 5])
def test_nothing_is_lost_at_many_cuts_after_any_failing_sync(times: int) -> None:
    found = days(times=times)
    assert [day.told for day in found if day.told["faults"]] == []
    assert [fault for day in found for fault in lost_in(day, 24)] == []


def test_a_till_that_just_tries_again_after_a_failed_sync_is_found_out() -> None:
    """SQLite goes on from where it had folded to: what it had written before that is gone."""
    # Which fold that sync belongs to depends on how the day's threads ran.
    failed: list[Day] = []
    for _ in range(3):
        failed = days(first=30, weakness="tries-again")
        found = [day for day in failed if what_failed(day) == "till.db"]
        lost = [fault for day in found for fault in lost_in(day, 10)]
        if any(": lost: " in fault or "does not start" in fault for fault in lost):
            return
    raise AssertionError([(day.told["first"], what_failed(day)) for day in failed])


def test_what_a_failed_sync_forgot_no_later_one_brings_to_the_disk(tmp_path: Path) -> None:
    make = partial(Record, first=b"", second=b"")
    records = [
        Record(Kind.CREATE, 1, 0, b"a", b""),
        Record(Kind.WRITE, 1, 0, b"safe", b""),
        make(Kind.SYNC, 1, 1),
        make(Kind.SYNCED, 0, 1),
        Record(Kind.WRITE, 1, 0, b"LOST", b""),
        make(Kind.SYNC, 1, 2),
        make(Kind.FAILED, 0, 2),
        Record(Kind.WRITE, 1, 2, b"XX", b""),
        make(Kind.SYNC, 1, 3),
        make(Kind.SYNCED, 0, 3),
    ]
    replayed(records).image(tmp_path, random.Random(0), NONE_KEPT)
    assert (tmp_path / "a").read_bytes() == b"saXX"
