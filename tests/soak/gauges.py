"""What a process holds, read at one moment, and whether it grew from one moment to the next."""

import asyncio
import ctypes
import gc
import os
import sqlite3
import statistics
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import psutil
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

MEMORY: Final = "memory, KiB"
HEAP: Final = "heap in use, KiB"
COUNTED: Final[dict[str, type]] = {
    "asyncio tasks": asyncio.Task,
    "Qt objects in Python": QObject,
    "SQLite connections": sqlite3.Connection,
}

MOST_GROWTH: Final[dict[str, float]] = {
    HEAP: 5.0,
    MEMORY: 12.0,
    "Python's blocks": 40.0,
    "Python's objects": 8.0,
    "handles": 0.01,
    "threads": 0.01,
    "sockets": 0.01,
    "widgets": 0.01,
    **dict.fromkeys(COUNTED, 0.01),
}
"""How much of each may be added by one sale; of what is counted, one in a hundred sales.

Of the memory little is known but its size: what was freed stays in holes, and comes and goes by
MiB. What is in use of the heap is exact.
"""


@dataclass(frozen=True, slots=True)
class Sample:
    """What the process held after so many sales."""

    sales: int
    held: Mapping[str, float]


def take_sample(sales: int) -> Sample:
    """Read every gauge, with the garbage taken out first."""
    gc.collect()
    _give_back()
    process = psutil.Process()
    objects = gc.get_objects()
    kinds = Counter(
        name for thing in objects for name, kind in COUNTED.items() if issubclass(type(thing), kind)
    )
    with process.oneshot():
        held: dict[str, float] = {
            HEAP: _heap_in_use() / 1024,
            MEMORY: _own_memory(process) / 1024,
            "Python's blocks": sys.getallocatedblocks(),
            "Python's objects": len(objects),
            "handles": getattr(process, "num_fds" if os.name == "posix" else "num_handles")(),
            "threads": process.num_threads(),
            "sockets": len(process.net_connections("all")),
            "widgets": len(QApplication.allWidgets()),
        }
    return Sample(sales, {**held, **{name: kinds[name] for name in COUNTED}})


def _own_memory(process: psutil.Process) -> int:
    """Give the bytes that are the process's own, without the libraries' pages.

    Whether those count as shared changes with what other programs run.
    """
    memory = process.memory_info()
    if hasattr(memory, "shared"):
        return int(memory.rss - memory.shared)
    return int(process.memory_full_info().uss)


class _Mallinfo2(ctypes.Structure):
    """What glibc tells of all arenas of its heap, in bytes: `man mallinfo`."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    )


def _heap_in_use() -> int:
    """Give the bytes that were taken from the heap and not given back; 0 where nobody tells.

    Python's own small objects lie elsewhere and are counted as its blocks.
    """
    tell = None
    if sys.platform.startswith("linux"):
        tell = getattr(ctypes.CDLL(None), "mallinfo2", None)
    if tell is None:
        return 0
    tell.restype = _Mallinfo2
    told = tell()
    return int(told.uordblks + told.hblkhd)


def _give_back() -> None:
    """Have glibc give back what is free: how much of that it keeps swings by tens of MiB."""
    if sys.platform.startswith("linux"):
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def growth(samples: Sequence[Sample], gauge: str) -> float:
    """Give what one sale adds: the median slope between any two samples, which no outlier bends."""
    return statistics.median(
        (later.held[gauge] - earlier.held[gauge]) / (later.sales - earlier.sales)
        for earlier, later in combinations(samples, 2)
    )


def grown(samples: Sequence[Sample]) -> list[str]:
    """Name what grew by more than it may, and by how much."""
    slopes = {gauge: growth(samples, gauge) for gauge in MOST_GROWTH}
    return [
        f"{gauge}: {slope:+.3f} a sale, where {MOST_GROWTH[gauge]:g} is the most"
        for gauge, slope in slopes.items()
        if slope > MOST_GROWTH[gauge]
    ]
