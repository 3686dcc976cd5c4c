#!/usr/bin/env python3
"""Makes the package, says how large it is and how fast it starts, and proves that it works.

Run by `make package`, with the virtual environment's Python. The package is the folder
dist/scantill: it can be copied anywhere, and needs no Python. With `--build-only` it is made and
neither measured nor proved.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parents[1]
PROGRAM: Final = "scantill.exe" if sys.platform == "win32" else "scantill"
# The moment that is written into the package instead of now, so that two builds are the same.
_MOMENT: Final = 315_532_800
_WARM_STARTS: Final = 5
_COLD_STARTS: Final = 3
_START_S: Final = 60
_DEMO_S: Final = 120
_OF_WINDOWS: Final = ("SYSTEMROOT", "TEMP", "TMP")


class Start(NamedTuple):
    """How long one start took, in milliseconds from the start of the process."""

    first_paint_ms: float
    usable_ms: float


def main() -> int:
    """Make the package, measure it and prove it."""
    parser = argparse.ArgumentParser(description="Make the package of Scantill.")
    parser.add_argument("--dist", type=Path, default=ROOT / "dist", help="where it is put")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "package")
    parser.add_argument("--build-only", action="store_true", help="neither measure nor prove it")
    arguments = parser.parse_args()
    package = build(arguments.dist.resolve(), arguments.work.resolve())
    files = [path for path in package.rglob("*") if path.is_file() and not path.is_symlink()]
    size = sum(path.stat().st_size for path in files)
    print(f"{package / PROGRAM}\nsize        {size / 1e6:.0f} MB in {len(files)} files")
    if arguments.build_only:
        return 0
    with tempfile.TemporaryDirectory(prefix="scantill-package-") as folder:
        measure(package, files, Path(folder))
        prove(package, Path(folder))
    return 0


def build(dist: Path, work: Path) -> Path:
    """Run PyInstaller and give the package's folder; ends the program where it fails."""
    print("Making the package; about a minute ...", flush=True)
    shutil.rmtree(work, ignore_errors=True)
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level=WARN"]
    done = subprocess.run(
        [*command, f"--distpath={dist}", f"--workpath={work}", "packaging/scantill.spec"],
        cwd=ROOT,
        env={
            **os.environ,
            "PYINSTALLER_CONFIG_DIR": str(work / "cache"),
            "PYTHONHASHSEED": "0",
            "SOURCE_DATE_EPOCH": str(_MOMENT),
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    # Of these PyInstaller only warns, and the package would open on no other computer.
    lacking = [line for line in done.stdout.splitlines() if "could not resolve" in line]
    if done.returncode != 0 or lacking:
        sys.exit("\n".join(lacking) or done.stdout)
    return dist / "scantill"


def bare_environment(folder: Path) -> dict[str, str]:
    """Give an environment in which no program can be found: an empty PATH, a home of its own."""
    for name in ("home", "empty"):
        (folder / name).mkdir(exist_ok=True)
    kept = {name: os.environ[name] for name in _OF_WINDOWS if name in os.environ}
    return {
        **kept,
        "PATH": str(folder / "empty"),
        "HOME": str(folder / "home"),
        "LANG": "C.UTF-8",
        "QT_QPA_PLATFORM": "offscreen",
    }


def measure(package: Path, files: list[Path], folder: Path) -> None:
    """Start the till some times and print the medians."""
    environment = bare_environment(folder)
    # The books are made at the very first start, and that is not what a shop waits for.
    _start(package, environment, folder)
    _print_median("warm", [_start(package, environment, folder) for _ in range(_WARM_STARTS)])
    if sys.platform == "linux":
        cold = []
        for _ in range(_COLD_STARTS):
            _forget(files)
            cold.append(_start(package, environment, folder))
        _print_median("cold", cold, "; its files were not in memory")


def prove(package: Path, folder: Path) -> None:
    """Play the demo from a copy elsewhere, with no Python on the PATH; ends where it fails."""
    copy = folder / "Käse & Brot 1" / package.name
    shutil.copytree(package, copy, symlinks=True)
    done = subprocess.run(
        [copy / PROGRAM, "demo", "--out", folder / "pictures"],
        cwd=folder,
        env=bare_environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=_DEMO_S,
        check=False,
    )
    if done.returncode != 0 or "Done: every step happened." not in done.stdout:
        sys.exit(f"{done.stdout}\nThe package does not pass the demo.")
    print("demo        passed, from a copy elsewhere and with no Python on the PATH")


def _start(package: Path, environment: dict[str, str], folder: Path) -> Start:
    command = [str(package / PROGRAM), "--data-dir", str(folder / "data")]
    asking = {**environment, "SCANTILL_TIMINGS": str(time.monotonic_ns())}
    with subprocess.Popen(command, cwd=folder, env=asking, stdout=subprocess.PIPE) as till:
        watchdog = threading.Timer(_START_S, till.kill)
        watchdog.start()
        try:
            line = till.stdout.readline() if till.stdout else b""
            till.terminate()
            till.wait()
        finally:
            watchdog.cancel()
    if not line:
        sys.exit(f"The package did not open its window within {_START_S} s.")
    told = json.loads(line)
    return Start(told["first_paint_ms"], told["usable_ms"])


def _print_median(name: str, starts: list[Start], words: str = "") -> None:
    painted = statistics.median(start.first_paint_ms for start in starts)
    usable = statistics.median(start.usable_ms for start in starts)
    print(
        f"{name} start  first paint {painted:.0f} ms, usable {usable:.0f} ms "
        f"(median of {len(starts)}{words})",
        flush=True,
    )


def _forget(files: list[Path]) -> None:
    """Have the system read these files from the disk again; it needs no rights to be told so."""
    os.sync()
    for path in files:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(handle)


if __name__ == "__main__":
    sys.exit(main())
