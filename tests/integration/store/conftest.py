"""Real books in a temporary directory."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.store import Store
from tests.parts.books import open_store


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "training"


@pytest.fixture
def store(directory: Path) -> Iterator[Store]:
    """Books written inline."""
    store = open_store(directory, inline=True)
    yield store
    store.close()


@pytest.fixture
def busy(directory: Path) -> Iterator[Store]:
    """Books with the writer's thread."""
    store = open_store(directory)
    yield store
    store.close()
