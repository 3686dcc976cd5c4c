"""How the process's heap is kept: where it grows, and that it comes back."""

import ctypes
import sys
from typing import Final

_ARENA_MAX: Final = -8
"""glibc's M_ARENA_MAX."""


def keep_together() -> bool:
    """Have all threads share one heap where the system's C library is glibc; say whether they do.

    By itself it gives each thread one of its own. What is freed in one is of no use to the others:
    over a day of sales the process grows by tens of MiB that nobody holds. To be called before the
    first thread is started. Source: glibc's manual, `mallopt`.
    """
    if not sys.platform.startswith("linux"):
        return False
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    return set_option is not None and set_option(_ARENA_MAX, 1) == 1
