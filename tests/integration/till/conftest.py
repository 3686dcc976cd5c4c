"""A simulator and a data directory for each test, and no settings from outside."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.till.house import SETTINGS, Customer, simulator


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "till"
    path.mkdir()
    return path


@pytest.fixture
def customer(tmp_path: Path) -> Iterator[Customer]:
    with simulator(tmp_path / "sandbox.db") as customer:
        yield customer


@pytest.fixture(autouse=True)
def _no_log_is_left_open() -> Iterator[None]:
    """A command opens the till's log for its process; here that is the tests' own."""
    logger = logging.getLogger()
    before, level = list(logger.handlers), logger.level
    yield
    for handler in [h for h in logger.handlers if h not in before]:
        logger.removeHandler(handler)
        handler.close()
    logger.setLevel(level)
