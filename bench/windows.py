"""Windows in processes of their own, on a screen of their own: the till's and an empty one."""

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import psutil

from ui.timings import VARIABLE

ROOT: Final = Path(__file__).resolve().parent.parent
_SCREEN: Final = "1600x1000x24"
_PATIENCE_S: Final = 60.0


class BenchFailed(Exception):
    """Something that was to be measured did not happen; the message says what."""


@contextlib.contextmanager
def surroundings() -> Iterator[dict[str, str]]:
    """Give the environment of every measured process; on Linux with an X server of its own.

    Bytecode goes to a place of this run, so that a warm start finds all of it there, as on a
    computer where the till has been opened before.
    """
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("QT_", "SCANTILL_", "STRIPE_", "PYTHON"))
        and name not in {"DISPLAY", "WAYLAND_DISPLAY", "HOST", "PORT", "BASE_URL"}
    }
    environment |= {"PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
    with tempfile.TemporaryDirectory(prefix="scantill-bench-") as directory:
        environment["PYTHONPYCACHEPREFIX"] = str(Path(directory) / "bytecode")
        if sys.platform != "linux":
            yield environment
        else:
            with _virtual_screen() as display:
                yield environment | {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}


@contextlib.contextmanager
def _virtual_screen() -> Iterator[str]:
    server = shutil.which("Xvfb")
    if server is None:
        raise BenchFailed("Xvfb is not installed")
    reader, writer = os.pipe()
    command = [server, "-displayfd", str(writer), "-screen", "0", _SCREEN, "-nolisten", "tcp"]
    process = psutil.Popen(command, pass_fds=(writer,), stderr=subprocess.DEVNULL)
    os.close(writer)
    try:
        with os.fdopen(reader) as number:
            yield f":{_line_of(number, process)}"
    finally:
        _end(process)


@dataclass(frozen=True, slots=True)
class Started:
    """A window that is usable, with what its start took. `cpu_ms` is user and system together."""

    process: psutil.Popen
    first_paint_ms: float
    usable_ms: float
    cpu_ms: float


def till_command(data_dir: Path) -> list[str]:
    """Give the command that opens the till's window."""
    return [sys.executable, "-m", "ui.cli", "--data-dir", str(data_dir)]


def empty_command() -> list[str]:
    """Give the command that opens an empty window of the same size."""
    return [sys.executable, "-m", "bench.empty_window"]


@contextlib.contextmanager
def started(command: list[str], environment: Mapping[str, str]) -> Iterator[Started]:
    """Start a window and wait until it is usable; it is ended afterwards."""
    began = str(time.monotonic_ns())
    process = psutil.Popen(
        command, env={**environment, VARIABLE: began}, cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        told = json.loads(_line_of(process.stdout, process))
        times = process.cpu_times()
        cpu_ms = (times.user + times.system) * 1000
        yield Started(process, told["first_paint_ms"], told["usable_ms"], cpu_ms)
    finally:
        _end(process)


def _line_of(stream: IO[str], process: psutil.Popen) -> str:
    """Read one line that a process is about to write."""
    ready, _, _ = select.select([stream], [], [], _PATIENCE_S)
    line = stream.readline().strip() if ready else ""
    if not line:
        raise BenchFailed(f"{process.args!r} said nothing in {_PATIENCE_S:.0f} s")
    return line


def _end(process: psutil.Popen) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=_PATIENCE_S)
    except psutil.TimeoutExpired:
        process.kill()
        process.wait()
