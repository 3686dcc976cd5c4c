"""The proof: days are recorded, cut off at many places, and the till is started on each image."""

import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
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
    """What came of some images; `acknowledged` counts what was looked for in all of them."""

    images: int = 0
    acknowledged: int = 0
    started: int = 0
    violations: list[Violation] = field(default_factory=list)

    def add(self, other: "Report") -> None:
        self.images += other.images
        self.acknowledged += other.acknowledged
        self.started += other.started
        self.violations += other.violations


def record_day(place: Path, log: Path, weakness: str = "", *, rounds: int | None = None) -> None:
    """Record one day into `log`. Raises AssertionError where the log does not tell all of it.

    `place` is an empty directory to work in.
    """
    disk = place / "disk"
    disk.mkdir()
    log.unlink(missing_ok=True)
    library = build_recorder(place)
    with simulator(place / "provider.db") as customer:
        arguments = [str(disk / DATA), customer.origin, str(rounds or ""), weakness]
        done = subprocess.run(
            [sys.executable, "-m", "tests.power.day", *arguments],
            cwd=REPOSITORY,
            env={**clean_environment(), **recorded_environment(library, disk, log)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_DAY_S,
            check=False,
        )
    assert done.returncode == 0, done.stdout
    rebuilt = place / "rebuilt"
    rebuilt.mkdir()
    replayed(read_recording(log)).image(rebuilt, random.Random(0), ALL_KEPT)
    assert contents(rebuilt) == contents(disk), "the recording is not what happened"


def contents(directory: Path) -> dict[str, bytes]:
    """Give every file below a directory, and every directory as an empty one."""
    return {
        str(path.relative_to(directory)): path.read_bytes() if path.is_file() else b""
        for path in directory.rglob("*")
    }


def choose_cuts(records: list[Record], images: int, seed: int) -> list[int]:
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
    tell: Callable[[int, Report], None] = lambda done, report: None,
) -> Report:
    """Judge an image for each cut, and every `program_each`-th with processes of its own."""
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
