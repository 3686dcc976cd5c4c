"""One provider after the other, each with a rig of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.rigs import RIGS, Rig


@pytest.fixture(params=RIGS)
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    rig = RIGS[request.param](tmp_path)
    yield rig
    rig.close()
