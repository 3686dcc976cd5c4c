"""A till that is told what to believe: only some tests know what a provider would say of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts.till import Counter


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Counter]:
    till = Counter(tmp_path)
    yield till
    till.close()
