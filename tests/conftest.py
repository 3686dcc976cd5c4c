"""What holds for the whole suite: no unexpected log, and a word on what could not be run."""

import gc
import importlib.util
import logging
import os
import signal
import ssl
import threading
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, settings


def _load_system_check() -> ModuleType:
    path = Path(__file__).parents[1] / "packaging" / "system_check.py"
    spec = importlib.util.spec_from_file_location("system_check", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


system_check = _load_system_check()
NO_QT = bool(system_check.missing("qt"))
collect_ignore = ["ui", "e2e", "soak"] if NO_QT else []

_QUIET = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
settings.register_profile("till", max_examples=80, deadline=None, suppress_health_check=_QUIET)
# The same examples on every run: a pipeline must not fail by luck.
settings.register_profile("ci", settings.get_profile("till"), derandomize=True, database=None)
# In a pipeline pytest explains a failed comparison whole, which takes minutes for a hundred books:
# what it looks at is taken away, and the workers that are started later go by a name of our own.
if os.environ.pop("CI", ""):
    os.environ["SCANTILL_CI"] = "true"
settings.load_profile("ci" if os.environ.get("SCANTILL_CI") else "till")

_MEMORY = Path("/dev/shm")
_ROOM = 3 << 30
"""Bytes that must be free there: the package is made twice over, and books stay until the end."""


def _is_for_tests(place: Path) -> bool:
    """Say whether tests may write all they write to a place, and start programs from it."""
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        return False
    found = os.statvfs(place)
    return found.f_bavail * found.f_frsize >= _ROOM and not found.f_flag & os.ST_NOEXEC


# What a sync is worth is proven from recordings of each one (tests/power), not by waiting for a
# disk: all other books are in memory where there is room. The workers ask for the same.
if _is_for_tests(_MEMORY):
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))

# To read the list of authorities takes longer than most tests; each list is read once.
ssl.create_default_context = cache(ssl.create_default_context)  # type: ignore[assignment]

_BEFORE_ALL = 100
"""Collections of what tests have just made, before all that there is is looked through."""


def pytest_addoption(pluginmanager: pytest.PytestPluginManager) -> None:
    # pytest-qt stops the whole run where Qt cannot be loaded.
    if NO_QT:
        pluginmanager.unregister(name="pytest-qt")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    lacks = system_check.missing(*system_check.purposes_of("test"))
    if lacks:
        terminalreporter.section("Not run for want of system parts")
        terminalreporter.line(system_check.sentence(lacks))


class ExpectedLogs(logging.Handler):
    """The warnings and errors of one test: what the test does not take fails it."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def take(self, text: str) -> logging.LogRecord:
        """Expect a log of WARNING or above whose message has `text`, and give the first one."""
        for record in self.records:
            if text in record.getMessage():
                self.records.remove(record)
                return record
        raise AssertionError(f"nothing was logged with {text!r}, only: {self.lines() or 'nothing'}")

    def take_all(self, text: str) -> list[logging.LogRecord]:
        """Expect any number of logs with `text`, none too, and give them."""
        taken = [record for record in self.records if text in record.getMessage()]
        self.records = [record for record in self.records if record not in taken]
        return taken

    def lines(self) -> list[str]:
        return [f"{r.levelname} {r.name}: {r.getMessage()}" for r in self.records]


def pytest_configure() -> None:
    """Have Ctrl+C mean something to the processes that tests start.

    Whatever a shell runs in the background ignores it, and so would its children.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if is_main and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def collected_on_this_thread() -> Iterator[None]:
    """Keep windows that are garbage from being taken apart on a thread of a later test."""
    gc.disable()
    yield
    gc.disable()
    youngest, middle, _oldest = gc.get_count()
    if youngest > gc.get_threshold()[0]:
        # What one test made is all of the youngest: nothing was collected meanwhile.
        gc.collect(2 if middle > _BEFORE_ALL else 0)


@pytest.fixture(autouse=True)
def expected_logs() -> Iterator[ExpectedLogs]:
    """Fail the test on any log of WARNING or above that it did not `take`."""
    logs = ExpectedLogs()
    root = logging.getLogger()
    root.addHandler(logs)
    yield logs
    root.removeHandler(logs)
    if logs.records:
        pytest.fail("unexpected logs:\n" + "\n".join(logs.lines()), pytrace=False)
