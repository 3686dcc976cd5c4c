"""The suite's own rule: a log of WARNING or above that a test did not expect fails it."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TESTS = """
import logging

def test_warns():
    logging.getLogger("app.x").warning("nobody asked for %s", "this")

def test_takes_what_it_expects(expected_logs):
    logging.getLogger("app.x").warning("asked for %s", "this")
    assert expected_logs.take("asked for").levelname == "WARNING"
    assert expected_logs.take_all("asked for") == []

def test_takes_too_little(expected_logs):
    for _ in "ab":
        logging.getLogger("app.x").error("twice")
    expected_logs.take("twice")

def test_says_little():
    logging.getLogger("app.x").info("all is well")
"""


def test_an_unexpected_log_fails_the_test_and_an_expected_one_does_not(tmp_path: Path) -> None:
    path = tmp_path / "test_some.py"
    path.write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider"]
    run = subprocess.run(
        [*command, "-p", "no:pytest-qt", "-c", "/dev/null", "--rootdir", str(tmp_path), str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 1, run.stdout + run.stderr
    assert re.search(r"^ERROR \S*test_some.py::test_warns", run.stdout, re.MULTILINE)
    assert "WARNING app.x: nobody asked for this" in run.stdout
    assert re.search(r"^ERROR \S*test_some.py::test_takes_too_little", run.stdout, re.MULTILINE)
    assert "4 passed, 2 errors" in run.stdout
