"""A till of virtual time for each test, whose books agree with its provider's at the end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts.till import Counter


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Counter]:
    till = Counter(tmp_path)
    yield till
    faults = till.violations()
    till.close()
    assert faults == []
