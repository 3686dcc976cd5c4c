"""Memory and idle processor time of the till at its Sell screen, beside an empty window."""

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import psutil

from bench.figures import Figure, figure
from bench.windows import empty_command, started, till_command

_MIB = 1024 * 1024
_NAMES = {"rss": "resident", "pss": "proportional", "uss": "its own"}


class _Idle(NamedTuple):
    at_once: dict[str, float]
    later: dict[str, float]
    cpu_per_cent: float


def measure(environment: Mapping[str, str], seconds: float) -> list[Figure]:
    """Open both windows, one after the other so that neither shares pages with the other."""
    with tempfile.TemporaryDirectory(prefix="scantill-bench-") as directory:
        till = _watched(till_command(Path(directory) / "till"), environment, seconds)
        empty = _watched(empty_command(), environment, seconds)
    figures = []
    for kind in till.at_once:
        name = _NAMES[kind]
        beside = figure(f"empty window: {name} memory", "MiB", [empty.at_once[kind]])
        later = figure(f"empty window: {name}, idle", "MiB", [empty.later[kind]])
        wanted = "<= 250" if kind == "rss" else ""
        figures += [
            beside,
            figure(f"{name} memory", "MiB", [till.at_once[kind]], beside=beside, wanted=wanted),
            later,
            figure(f"{name}, idle", "MiB", [till.later[kind]], beside=later, wanted=wanted),
        ]
    idle = figure("empty window: idle processor", "% of a core", [empty.cpu_per_cent])
    return [
        *figures,
        idle,
        figure("idle processor, Sell", "% of a core", [till.cpu_per_cent], wanted="~ 0"),
    ]


def _watched(command: list[str], environment: Mapping[str, str], seconds: float) -> _Idle:
    with started(command, environment) as window:
        at_once = _memory(window.process)
        # In the first half what follows the start comes to rest.
        time.sleep(seconds / 2)
        began, used = time.monotonic(), _cpu_s(window.process)
        time.sleep(seconds / 2)
        share = (_cpu_s(window.process) - used) / (time.monotonic() - began)
        return _Idle(at_once, _memory(window.process), 100 * share)


def _memory(process: psutil.Popen) -> dict[str, float]:
    full = process.memory_full_info()
    return {kind: getattr(full, kind) / _MIB for kind in _NAMES if hasattr(full, kind)}


def _cpu_s(process: psutil.Popen) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
