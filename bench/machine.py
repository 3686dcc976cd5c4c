"""The computer that figures come from; no figure means anything without it."""

import os
import platform
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import PySide6.QtCore


@dataclass(frozen=True, slots=True)
class Machine:
    """What is printed before anything is measured. `load` is the mean of the last minute."""

    system: str
    processor: str
    cores: int
    python: str
    qt: str
    load: float | None
    fsync_ms: float

    def lines(self) -> str:
        """Give the machine in words."""
        load = "unknown" if self.load is None else f"{self.load:.2f}"
        return (
            f"machine   {self.processor}, {self.cores} cores, {self.system}\n"
            f"software  Python {self.python}, Qt {self.qt}\n"
            f"load      {load} before the run (the figures are worth most near 0)\n"
            f"disk      {self.fsync_ms:.2f} ms for an fsync of 4 KiB (median of 100)"
        )


def this_machine() -> Machine:
    """Look at this computer, and try its disk where temporary files go."""
    with tempfile.TemporaryDirectory() as directory:
        fsync = fsync_ms(Path(directory))
    return Machine(
        system=f"{platform.system()} {platform.release()}",
        processor=_processor(),
        cores=os.cpu_count() or 0,
        python=platform.python_version(),
        qt=PySide6.QtCore.qVersion(),
        load=load_average(),
        fsync_ms=fsync,
    )


def load_average() -> float | None:
    """Give the load of the last minute, where the system knows it."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def fsync_ms(directory: Path) -> float:
    """Measure the disk: 4 KiB written and synced, the median of a hundred."""
    times = []
    with (directory / "probe").open("wb") as file:
        for _ in range(100):
            file.write(bytes(4096))
            began = time.perf_counter()
            file.flush()
            os.fsync(file.fileno())
            times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
