import subprocess
import sys

import pytest

_THREADS = """
import ctypes, threading
from app.heap import keep_together
{before}
held, wait = [], threading.Barrier(5)
def hold():
    held.append(ctypes.create_string_buffer(100_000)); wait.wait()
for _ in range(4):
    threading.Thread(target=hold).start()
wait.wait()
libc = ctypes.CDLL(None)
libc.fflush(None)
libc.malloc_stats()
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc is Linux'")
@pytest.mark.parametrize("before, is_one", [("assert keep_together()", True), ("", False)])
def test_threads_share_one_heap_only_where_that_was_asked_for(before: str, is_one: bool) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _THREADS.format(before=before)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    arenas = done.stderr.count("Arena ")
    assert arenas == 1 if is_one else arenas > 1
