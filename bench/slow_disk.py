"""A slower disk to order: a library that is loaded before libc's and waits after each fsync.

What SQLite waits for is then really waited for, by the very thread that would wait.
"""

import shutil
import subprocess
import sys
from pathlib import Path

_SOURCE = Path(__file__).with_name("slow_fsync.c")


def slow_disk(directory: Path, delay_ms: float) -> dict[str, str] | None:
    """Build the library in `directory` and give the environment that a process needs for it.

    None where there is no C compiler, or where libraries cannot be put before others so.
    """
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or sys.platform != "linux":
        return None
    library = directory / "slow_fsync.so"
    command = [compiler, "-shared", "-fPIC", "-O2", "-o", str(library), str(_SOURCE), "-ldl"]
    subprocess.run(command, check=True)
    return {"LD_PRELOAD": str(library), "BENCH_FSYNC_DELAY_US": str(round(delay_ms * 1000))}
