"""The option that makes the gallery leave its pictures, and the album that they go into."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui.gallery.album import Album


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--pictures", type=Path, default=None, help="leave a picture of every scene in this folder"
    )


@pytest.fixture(scope="session")
def album(request: pytest.FixtureRequest) -> Iterator[Album]:
    folder = request.config.getoption("--pictures", None)
    book = Album(folder)
    yield book
    book.close()


@pytest.fixture(autouse=True)
def collected_here() -> Iterator[None]:
    """Collect garbage on this thread only: windows must not end on one that draws pictures."""
    gc.disable()
    yield
    gc.collect()
    gc.enable()
