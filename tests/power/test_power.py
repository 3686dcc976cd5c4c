"""A power cut at any moment of a till's day takes nothing that was acknowledged."""

import random
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from tests.integration.till.processes import REPOSITORY
from tests.power.disk import NONE_KEPT, replayed
from tests.power.judge import DATA, judge, judge_with_the_program
from tests.power.needs import needs_recorder
from tests.power.proof import (
    Report,
    choose_cuts,
    judge_images,
    judge_second_cuts,
    marks_of,
    record_day,
)
from tests.power.recording import Kind, Record, read_recording
from tests.power.weaknesses import WEAKNESSES

pytestmark = needs_recorder

BOOKS = f"{DATA}/training/till.db"
WAL = f"{BOOKS}-wal"
SHORT = 3


def a_day(place: Path, weakness: str = "", rounds: int = SHORT) -> list[Record]:
    record_day(place, place / "log", weakness, rounds=rounds)
    return read_recording(place / "log")


def judged(
    records: list[Record], images: int, seed: int = 1, program_each: int = 0, again_each: int = 0
) -> Report:
    cuts = choose_cuts(records, images, seed)
    assert len(cuts) == images
    return judge_images(records, seed, cuts, program_each=program_each, again_each=again_each)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> list[Record]:
    return a_day(tmp_path_factory.mktemp("day"))


@pytest.fixture(scope="module")
def whole_day(tmp_path_factory: pytest.TempPathFactory) -> list[Record]:
    return a_day(tmp_path_factory.mktemp("whole-day"), rounds=10)


@pytest.fixture(scope="module")
def forgetful_day(tmp_path_factory: pytest.TempPathFactory) -> list[Record]:
    return a_day(tmp_path_factory.mktemp("forgetful-day"), "synchronous-normal")


def files_at(records: list[Record], path: str) -> set[int]:
    return {r.file for r in records if r.kind is Kind.CREATE and r.path == path}


def test_nothing_acknowledged_is_lost_in_sixty_power_cuts(day: list[Record]) -> None:
    report = judged(day, 60)
    assert [str(violation) for violation in report.violations] == []
    assert report.images == 60 and report.acknowledged > 1000


@pytest.mark.xdist_group("whole-day")
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_nothing_acknowledged_is_lost_in_two_hundred_power_cuts(whole_day: list[Record]) -> None:
    report = judged(whole_day, 200, seed=2, program_each=50, again_each=40)
    assert [str(violation) for violation in report.violations] == []
    assert (report.started, report.again) == (4, 25)


def test_the_power_may_go_a_second_time_while_the_till_comes_back(day: list[Record]) -> None:
    cut = day.index(next(r for r in day if r.kind is Kind.MARK and r.mark["ack"] == "shown"))
    disk, marks = replayed(day[:cut]), marks_of(day[:cut])
    assert judge_second_cuts(disk, marks, "1") == []
    # What the day had synced is not touched; what the weak till says itself is lost.
    faults = judge_second_cuts(disk, marks, "1", cuts=30, weakness="synchronous-off")
    assert any("lost: {'ack': 'order'" in fault for fault in faults), faults


def test_the_day_has_all_that_an_acknowledgement_may_be(day: list[Record]) -> None:
    marks = marks_of(day)
    kinds = {"till", "order", "session", "shown", "ended", "call", "webhook", "fact", "closed"}
    assert {mark["ack"] for mark in marks} == kinds
    names = {mark["name"] for mark in marks if mark["ack"] == "fact"}
    assert names >= {
        "order.paid",
        "order.cancelled",
        "order.expired",
        "attempt.declined",
        "refund.succeeded",
        "exception.opened",
    }


def test_the_day_begins_without_books_and_updates_an_older_programs(day: list[Record]) -> None:
    assert day[0].kind is Kind.MKDIR
    made = [record.path for record in day if record.kind is Kind.CREATE]
    assert made.count(BOOKS) == 1 and made.count(WAL) == 3
    renamed = [record.new_path for record in day if record.kind is Kind.RENAME]
    assert [name for name in renamed if "before-m0002" in name]


def test_commits_are_shared_in_the_day(day: list[Record]) -> None:
    """Between two syncs of the WAL, waiters of several units are released."""
    wal = files_at(day, WAL)
    syncs = {r.number for r in day if r.kind is Kind.SYNC and r.file in wal}
    ends = [at for at, r in enumerate(day) if r.kind is Kind.SYNCED and r.number in syncs]
    orders = [
        sum(mark.get("name") == "order.placed" for mark in marks_of(day[start:end]))
        for start, end in pairwise(ends)
    ]
    assert max(orders) > 1


@pytest.mark.xdist_group("whole-day")
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_in_a_whole_day_the_wal_is_folded_into_the_books_and_begun_anew(
    whole_day: list[Record],
) -> None:
    begun = [r.file for r in whole_day if r.kind is Kind.WRITE and r.number == 0]
    assert any(begun.count(wal) > 1 for wal in files_at(whole_day, WAL))


def test_the_copy_before_an_update_is_safe_before_the_books_change(day: list[Record]) -> None:
    at = next(i for i, r in enumerate(day) if r.kind is Kind.RENAME and "before-" in r.new_path)
    names = [r.kind for r in day[at + 1 : at + 3]]
    assert names == [Kind.SYNC_DIRECTORY, Kind.SYNCED]


def test_with_synchronous_normal_what_was_acknowledged_is_lost(
    forgetful_day: list[Record],
) -> None:
    assert_found_out(judged(forgetful_day, 60))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_processes_of_the_program_find_what_is_lost_and_what_is_damaged(
    forgetful_day: list[Record], tmp_path: Path
) -> None:
    paid = next(r for r in forgetful_day if r.kind is Kind.MARK and "order.paid" in str(r.first))
    cut = forgetful_day.index(paid) + 1
    marks = marks_of(forgetful_day[:cut])
    replayed(forgetful_day[:cut]).image(tmp_path, random.Random(0), NONE_KEPT)
    (fault,) = judge_with_the_program(tmp_path, marks)
    assert fault.startswith("scantill serve: ") and "no such order" in fault
    (tmp_path / BOOKS).write_bytes(b"SQLite format 3\0" + bytes(4000))
    (fault,) = judge_with_the_program(tmp_path, marks)
    assert fault.startswith("scantill serve: ")
    (fault,) = judge(tmp_path, marks)
    assert fault.startswith("the till does not start: ")


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "weakness", sorted(WEAKNESSES.keys() - {"synchronous-normal", "tries-again"})
)
def test_a_till_that_syncs_too_little_or_speaks_too_soon_is_found_out(
    tmp_path: Path, weakness: str
) -> None:
    assert_found_out(judged(a_day(tmp_path, weakness), 200))


def assert_found_out(report: Report) -> None:
    assert len(report.violations) > 3
    faults = [fault for violation in report.violations for fault in violation.faults]
    assert any(fault.startswith("lost: ") for fault in faults)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_books_that_are_never_synced_are_damaged_and_that_is_seen(tmp_path: Path) -> None:
    violations = judged(a_day(tmp_path, "synchronous-off", rounds=10), 150).violations
    damaged = ("malformed", "file: ", "damaged")
    faults = [fault for violation in violations for fault in violation.faults]
    assert any(word in fault for fault in faults for word in damaged)


def proof(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the proof as it is run for the night."""
    command = [sys.executable, "-m", "tests.power", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_violation_is_named_so_that_it_can_be_looked_at_again(tmp_path: Path) -> None:
    kept = f"--recordings={tmp_path}"
    found = proof("--images=40", "--seed=7", "--weakness=synchronous-normal", kept)
    assert found.returncode == 1, found.stderr
    last = found.stdout.splitlines()[-1]
    assert re.fullmatch(r"power loss: 40 images, [1-9]\d* violations", last)
    name = re.search(r"again: python -m tests.power --image (7:\d+)", found.stdout)
    assert name is not None
    again = proof("--image", name[1], kept)
    assert again.returncode == 1, again.stderr
    assert again.stdout.splitlines()[-1] == "power loss: 1 images, 1 violations"
    assert f"image {name[1]}: lost: " in again.stdout


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_proof_without_a_violation_ends_well(tmp_path: Path) -> None:
    done = proof("--images=20", f"--recordings={tmp_path}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "power loss: 20 images, 0 violations"


def test_an_image_judged_again_is_judged_the_same(forgetful_day: list[Record]) -> None:
    found = judged(forgetful_day, 40, seed=7).violations[0]
    assert judge_images(forgetful_day, 7, [found.cut]).violations == [found]


def test_replaying_to_a_cut_is_the_same_in_one_go_and_in_steps(
    day: list[Record], tmp_path: Path
) -> None:
    cut = len(day) // 2
    for place, disk in (("a", replayed(day[:cut])), ("b", replayed(day[: cut // 2]))):
        for record in day[cut // 2 : cut] if place == "b" else ():
            disk.apply(record)
        (tmp_path / place).mkdir()
        disk.image(tmp_path / place, random.Random(3))
    assert (tmp_path / "a" / BOOKS).read_bytes() == (tmp_path / "b" / BOOKS).read_bytes()


def test_cuts_are_chosen_by_the_seed_and_many_follow_an_acknowledgement(
    day: list[Record],
) -> None:
    cuts = choose_cuts(day, 90, 5)
    assert cuts == choose_cuts(day, 90, 5) != choose_cuts(day, 90, 6)
    assert len(set(cuts)) == 90 and cuts[0] >= 1 and cuts[-1] <= len(day)
    assert sum(day[cut - 1].kind is Kind.MARK for cut in cuts) >= 30
    assert len(choose_cuts(day, len(day) + 50, 5)) == len(day)
