"""Proves that a power cut takes nothing that was acknowledged.

python -m tests.power --images 1000 --seed 1   judge so many images; exit status 1 on a violation
python -m tests.power --image 3:1234           judge one again, by the day's seed and the cut

Each 500 images come from a day of their own, whose seed is one more than the last one's. A day is
real threads and sockets and never the same twice: its recording is kept for `--image` to use.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.power.proof import Pace, Report, choose_cuts, judge_images, record_day
from tests.power.recording import Record, read_recording
from tests.power.weaknesses import WEAKNESSES

_PER_DAY: Final = 500
_PROGRAM_EACH: Final = 100
_AGAIN_EACH: Final = 50
_SHOWN: Final = 10


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.power", description=__doc__)
    parser.add_argument("--images", type=int, default=1000, help="how many images to judge")
    parser.add_argument("--seed", type=int, default=1, help="of the first day")
    parser.add_argument("--image", metavar="SEED:CUT", help="judge only this one again")
    parser.add_argument("--recordings", type=Path, default=Path("build/power"), metavar="DIR")
    parser.add_argument("--weakness", choices=sorted(WEAKNESSES), default="", help="plant a fault")
    options = parser.parse_args()
    options.recordings.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    report = _again(options.recordings, options.image) if options.image else _all(options)
    for violation in report.violations[:_SHOWN]:
        again = f"{violation.seed}:{violation.cut}"
        print(f"{violation}\n  again: python -m tests.power --image {again}")
    seconds = time.monotonic() - begun
    print(
        f"{report.acknowledged:,} acknowledgements looked for, {report.started} images also with "
        f"processes of their own, {report.again} with a second cut while the till came back, "
        f"{seconds:.0f} s, {report.images / seconds:.1f} images/s"
    )
    print(f"power loss: {report.images} images, {len(report.violations)} violations")
    return 1 if report.violations else 0


def _all(options: argparse.Namespace) -> Report:
    report, seed = Report(), options.seed
    while report.images < options.images:
        with tempfile.TemporaryDirectory() as place:
            record_day(Path(place), _recording(options.recordings, seed), options.weakness)
        records = read_recording(_recording(options.recordings, seed))
        cuts = choose_cuts(records, min(_PER_DAY, options.images - report.images), seed)
        print(f"day {seed}: {_told(records)}", flush=True)
        pace = Pace(report.images, options.images)
        report.add(
            judge_images(
                records, seed, cuts, program_each=_PROGRAM_EACH, again_each=_AGAIN_EACH, tell=pace
            )
        )
        seed += 1
    return report


def _again(recordings: Path, image: str) -> Report:
    seed, _, cut = image.partition(":")
    records = read_recording(_recording(recordings, int(seed)))
    report = judge_images(records, int(seed), [int(cut)], program_each=1, again_each=1)
    for fault in report.violations[0].faults if report.violations else ():
        print(fault)
    return report


def _recording(recordings: Path, seed: int) -> Path:
    return recordings / f"{seed}.log"


def _told(records: list[Record]) -> str:
    counts: dict[str, int] = {}
    for record in records:
        counts[record.kind.name] = counts.get(record.kind.name, 0) + 1
    names = {"WRITE": "writes", "SYNCED": "syncs", "MARK": "acknowledgements"}
    return ", ".join(f"{counts.get(kind, 0):,} {name}" for kind, name in names.items())


if __name__ == "__main__":
    sys.exit(main())
