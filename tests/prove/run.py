"""Takes each guard out of a copy of the project and runs its tests there, which must fail."""

import os
import resource
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as Xml
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.prove.guard import REPOSITORY, Guard

_LINKED = ("tests", "resources", "packaging", "pyproject.toml", "catalog.toml", "docs", "README.md")
_COPIED = ("app", "ui")
_LIMIT_S = 300
_MOST_BYTES = 3 * 1024**3


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the tests of one guard ended without it. `survivors` passed though it was gone."""

    guard: Guard
    failed: tuple[str, ...]
    survivors: tuple[str, ...]
    broken: str = ""
    seconds: float = 0.0

    @property
    def is_killed(self) -> bool:
        """Say whether every named test noticed."""
        return not self.survivors and not self.broken and bool(self.failed)

    def __str__(self) -> str:
        word = "killed  " if self.is_killed else "SURVIVED"
        told = self.broken or ", ".join(self.survivors)
        return f"{word}  {self.seconds:5.1f} s  {self.guard.name}{': ' if told else ''}{told}"


def copy_of_the_project(at: Path) -> Path:
    """Make a copy whose program may be changed; the tests are the project's own."""
    at.mkdir(parents=True)
    for name in _LINKED:
        (at / name).symlink_to(REPOSITORY / name)
    for name in _COPIED:
        shutil.copytree(REPOSITORY / name, at / name, ignore=shutil.ignore_patterns("__pycache__"))
    return at


def prove(guard: Guard, copy: Path) -> Outcome:
    """Take a guard out of the copy, run its tests, and put it back."""
    path = copy / guard.file
    whole = path.read_text("utf-8")
    began = time.monotonic()
    try:
        without = guard.taken_out_of(copy)
    except LookupError as error:
        return Outcome(guard, (), (), broken=str(error))
    path.write_text(without, "utf-8")
    try:
        results = run_tests(guard.tests, copy, copy / f"{guard.mark}.xml")
    except LookupError as error:
        return Outcome(guard, (), (), str(error), time.monotonic() - began)
    finally:
        path.write_text(whole, "utf-8")
    failed = tuple(sorted(name for name, verdict in results.items() if verdict == "failed"))
    survivors = tuple(t for t in guard.tests if not _failed_in(t, results))
    return Outcome(guard, failed, survivors, "", time.monotonic() - began)


def run_tests(tests: Iterable[str], root: Path, report: Path) -> dict[str, str]:
    """Run tests against the program in `root` and give each one's verdict.

    Raises LookupError where pytest could not run them at all.
    """
    named = sorted(set(tests))
    command = [sys.executable, "-m", "pytest", "-q", "-m", "", "-p", "no:cacheprovider"]
    command += ["--no-header", "--tb=line", f"--junitxml={report}", "-o", "junit_family=xunit1"]
    environment = os.environ | {
        "PYTHONPATH": str(root),
        "QT_QPA_PLATFORM": "offscreen",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    ran = subprocess.run(
        [*command, *named],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        timeout=_LIMIT_S,
        check=False,
        preexec_fn=_keep_within_memory,
    )
    if ran.returncode not in (0, 1) or not report.exists():
        raise LookupError(f"pytest ended with {ran.returncode}: {ran.stdout[-400:]}")
    verdicts: dict[str, str] = {}
    for case in Xml.parse(report).iter("testcase"):
        # A test that failed may stand there again for what its teardown found.
        name, verdict = f"{case.get('file')}::{case.get('name')}", _verdict(case)
        if verdicts.get(name) != "failed":
            verdicts[name] = verdict
    return verdicts


def _keep_within_memory() -> None:
    """Without a cap on what comes in, a test would take all the memory that there is."""
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))


def _verdict(case: Xml.Element) -> str:
    """Tell a test that failed from one that could not even be set up."""
    kinds = {child.tag for child in case}
    if "failure" in kinds:
        return "failed"
    return "broken" if "error" in kinds else "skipped" if "skipped" in kinds else "passed"


def _failed_in(test: str, results: dict[str, str]) -> bool:
    """Say whether a named test, or one of its cases where it has several, failed."""
    return any(
        verdict == "failed" and (name == test or name.startswith(f"{test}["))
        for name, verdict in results.items()
    )
