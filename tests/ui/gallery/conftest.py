"""The option that makes the gallery leave its pictures, and the album that they go into."""

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
