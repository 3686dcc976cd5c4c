"""One till for one data directory, shown with real processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.errors import StoreError
from app.store.lock import InstanceLock, is_running
from tests.parts.books import open_store

ROOT = Path(__file__).parents[3]
OPEN = """
import sys
from pathlib import Path
from app.errors import StoreError
from tests.parts.books import open_store
try:
    store = open_store(Path(sys.argv[1]))
except StoreError as error:
    print(error, flush=True)
    sys.exit(1)
print("open", flush=True)
sys.stdin.read()
store.close()
"""

Start = Callable[[], "subprocess.Popen[str]"]


@pytest.fixture
def another_till(directory: Path) -> Iterator[Start]:
    processes: list[subprocess.Popen[str]] = []

    def start() -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-c", OPEN, str(directory)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def first_line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_a_second_instance_is_told_who_runs_already(directory: Path, another_till: Start) -> None:
    store = open_store(directory)
    second = another_till()
    words = first_line(second)
    assert words.startswith("This till is running already.")
    assert f"Process {os.getpid()} uses {directory}." in words
    assert "close it first" in words
    assert second.wait(10) == 1
    store.close()
    third = another_till()
    assert first_line(third) == "open\n"


def test_a_second_store_in_the_same_process_is_refused_too(directory: Path) -> None:
    store = open_store(directory)
    with pytest.raises(StoreError, match="running already"):
        open_store(directory)
    store.close()


def test_a_lock_that_a_killed_till_left_is_taken_over(directory: Path, another_till: Start) -> None:
    first = another_till()
    assert first_line(first) == "open\n"
    assert is_running(directory)
    with pytest.raises(StoreError, match=f"Process {first.pid} "):
        open_store(directory)
    first.send_signal(signal.SIGKILL)
    first.wait(10)
    assert (directory / "till.lock").read_text() == f"{first.pid}\n"
    store = open_store(directory)
    assert (directory / "till.lock").read_text() == f"{os.getpid()}\n"
    store.close()


def test_whether_a_till_runs_can_be_asked_without_disturbing_it(directory: Path) -> None:
    assert not is_running(directory)
    store = open_store(directory)
    assert is_running(directory)
    store.close()
    assert not is_running(directory)
    assert not is_running(directory)


def test_a_lock_file_with_nonsense_in_it_is_just_a_file(tmp_path: Path) -> None:
    (tmp_path / "till.lock").write_text("x" * 100)
    lock = InstanceLock(tmp_path)
    with pytest.raises(StoreError, match=f"Process {os.getpid()} "):
        InstanceLock(tmp_path)
    lock.release()
