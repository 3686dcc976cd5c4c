"""The proof: days are recorded, cut off at many places, and the till is started on each image."""

import atexit
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from tests.integration.till.house import clean_environment, simulator
from tests.integration.till.processes import REPOSITORY
from tests.power.disk import ALL_KEPT, Disk, replayed
from tests.power.judge import DATA, judge, judge_with_the_program
from tests.power.recording import (
    Kind,
    Record,
    build_recorder,
    read_recording,
    recorded_environment,
)

_DAY_S: Final = 120
_AROUND: Final = 8
_SECOND_CUTS: Final = 5
_NAMINGS: Final = (Kind.CREATE, Kind.MKDIR, Kind.RENAME, Kind.UNLINK, Kind.SYNC_DIRECTORY)
_MEMORY: Final = Path("/dev/shm")


@dataclass(frozen=True, slots=True)
class Violation:
    """What was wrong with one image."""

    seed: int
    cut: int
    faults: tuple[str, ...]

    def __str__(self) -> str:
        more = f" and {len(self.faults) - 3} more" if len(self.faults) > 3 else ""
        return f"image {self.seed}:{self.cut}: {'; '.join(self.faults[:3])}{more}"


@dataclass(slots=True)
class Report:
    """What came of some images.

    `again` counts those of a second cut, while the till came back; `acknowledged` what was looked
    for in all of them; `started` those on which processes of the program were started, too.
    """

    images: int = 0
    again: int = 0
    acknowledged: int = 0
    started: int = 0
    violations: list[Violation] = field(default_factory=list)

    def add(self, other: "Report") -> None:
        self.images += other.images
        self.again += other.again
        self.acknowledged += other.acknowledged
        self.started += other.started
        self.violations += other.violations


class Died(Exception):
    """A process that was recorded did not end well; the text is what it said."""


def record_day(place: Path, log: Path, weakness: str = "", *, rounds: int | None = None) -> None:
    """Record one day into `log`; `place` is an empty directory to work in.

    Raises AssertionError where the log does not tell all of it, and Died where the day does.
    """
    disk = place / "disk"
    disk.mkdir()
    with simulator(place / "provider.db") as customer:
        arguments = [str(disk / DATA), customer.origin, str(rounds or ""), weakness]
        _recorded([sys.executable, "-m", "tests.power.day", *arguments], disk, log)
    _assert_whole(read_recording(log), disk)


def _recorded(command: list[str], root: Path, log: Path) -> None:
    """Run a process and record what it does below `root`. Raises Died if it fails."""
    log.unlink(missing_ok=True)
    environment = recorded_environment(recorder(), root, log)
    done = subprocess.run(
        command,
        cwd=REPOSITORY,
        env={**clean_environment(), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_DAY_S,
        check=False,
    )
    if done.returncode != 0:
        raise Died(done.stdout)


@cache
def recorder() -> Path:
    """Build the recorder once for this process, which takes it away at its end."""
    place = Path(tempfile.mkdtemp(prefix="power-recorder-"))
    atexit.register(shutil.rmtree, place)
    return build_recorder(place)


def _assert_whole(records: list[Record], disk: Path, before: Path | None = None) -> None:
    """Assert that what is replayed to the end is what is on the disk now."""
    with _room() as rebuilt:
        replayed(records, before).image(rebuilt, random.Random(0), ALL_KEPT)
        assert contents(rebuilt) == contents(disk), "the recording is not what happened"


def contents(directory: Path) -> dict[str, bytes]:
    """Give every file below a directory but WAL-indexes, and every directory as an empty one."""
    return {
        str(path.relative_to(directory)): path.read_bytes() if path.is_file() else b""
        for path in directory.rglob("*")
        if not path.name.endswith("-shm")
    }


def choose_cuts(records: list[Record], images: int, seed: int | str) -> list[int]:
    """Choose how many records come before the power goes, for each image, in ascending order.

    A third right after something was acknowledged, a third around changes of names, the rest
    anywhere.
    """
    chance = random.Random(seed)
    marks = [at + 1 for at, record in enumerate(records) if record.kind is Kind.MARK]
    namings = [at for at, record in enumerate(records) if record.kind in _NAMINGS]
    around = {near for at in namings for near in range(at - _AROUND, at + _AROUND + 1)}
    around &= set(range(1, len(records) + 1))
    chosen: set[int] = set()
    for some in (marks, sorted(around)):
        chosen.update(chance.sample(some, min(len(some), images // 3)))
    rest = sorted(set(range(1, len(records) + 1)) - chosen)
    chosen.update(chance.sample(rest, min(len(rest), max(0, images - len(chosen)))))
    return sorted(chosen)


def judge_images(
    records: list[Record],
    seed: int,
    cuts: list[int],
    *,
    program_each: int = 0,
    again_each: int = 0,
    tell: Callable[[int, Report], None] = lambda done, report: None,
) -> Report:
    """Judge an image for each cut, every `program_each`-th with processes of its own, too.

    On every `again_each`-th the power goes a second time, while the till comes back.
    """
    report = Report()
    disk, marks, at = Disk(), [], 0
    for done, cut in enumerate(cuts, 1):
        for record in records[at:cut]:
            disk.apply(record)
            if record.kind is Kind.MARK:
                marks.append(record.mark)
        at = cut
        faults = judge_image(disk, marks, f"{seed}:{cut}", judge)
        if program_each and done % program_each == 0:
            faults += judge_image(disk, marks, f"{seed}:{cut}", judge_with_the_program)
            report.started += 1
        if again_each and done % again_each == 0:
            faults += judge_second_cuts(disk, marks, f"{seed}:{cut}")
            report.again += _SECOND_CUTS
        report.images += 1
        report.acknowledged += len(marks)
        if faults:
            report.violations.append(Violation(seed, cut, tuple(faults)))
        tell(done, report)
    return report


def judge_image(
    disk: Disk,
    marks: list[dict[str, Any]],
    name: str,
    by: Callable[[Path, list[dict[str, Any]]], list[str]],
) -> list[str]:
    """Make the image of that name, which decides its fate, and have it judged."""
    with _room() as place:
        chance = random.Random(name)
        disk.image(place, chance)
        _leave_an_index(place, chance)
        return by(place, marks)


def judge_second_cuts(
    disk: Disk,
    marks: list[dict[str, Any]],
    name: str,
    *,
    cuts: int = _SECOND_CUTS,
    weakness: str = "",
) -> list[str]:
    """Record how the till comes back on the image of that name, and cut that off, too.

    What it acknowledged before either cut must be there.
    """
    with _room() as place:
        image, before = place / "image", place / "before"
        image.mkdir()
        chance = random.Random(name)
        disk.image(image, chance)
        shutil.copytree(image, before)
        _leave_an_index(image, chance)
        log, faults = place / "log", []
        command = [sys.executable, "-m", "tests.power.comeback", str(image), weakness]
        try:
            _recorded(command, image, log)
        except Died as death:
            return [f"the till does not come back: {death}"]
        records = read_recording(log)
        _assert_whole(records, image, before)
        begin = sum(record.kind is Kind.FOUND for record in records)
        for cut in (begin + later for later in choose_cuts(records[begin:], cuts, name)):
            second, told = replayed(records[:cut], before), marks_of(records[:cut])
            found = judge_image(second, marks + told, f"{name}:{cut}", judge)
            faults += [f"at the second cut, {cut}: {fault}" for fault in found]
    return faults


def marks_of(records: list[Record]) -> list[dict[str, Any]]:
    """Give what was acknowledged in a recording."""
    return [record.mark for record in records if record.kind is Kind.MARK]


def _leave_an_index(place: Path, chance: random.Random) -> None:
    """In half of the images leave a WAL-index of junk, as a cut off one may be found."""
    directory = place / DATA / "training"
    if directory.is_dir() and chance.random() < 0.5:
        (directory / "till.db-shm").write_bytes(chance.randbytes(32_768))


@contextmanager
def _room() -> Iterator[Path]:
    """Give an empty directory, in memory where there is such a place."""
    parent = _MEMORY if _MEMORY.is_dir() else None
    place = Path(tempfile.mkdtemp(prefix="power-", dir=parent))
    try:
        yield place
    finally:
        shutil.rmtree(place)


class Pace:
    """Prints how far a long run has come."""

    def __init__(self, before: int, images: int) -> None:
        self._before, self._images = before, images
        self._begun = self._told = time.monotonic()

    def __call__(self, done: int, report: Report) -> None:
        now = time.monotonic()
        if now - self._told < 5:
            return
        self._told = now
        rate = done / (now - self._begun)
        print(
            f"{self._before + done:,} of {self._images:,} images, {rate:.0f}/s, "
            f"{len(report.violations)} violations in this day",
            flush=True,
        )
