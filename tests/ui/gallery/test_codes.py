"""The QR code is read from the pixels in every combination, at every device pixel ratio."""

import json
import os
import subprocess
import sys

import pytest

from tests.ui.gallery.stage import ROOT

RATIOS = ["1", "1.25", "1.5", "2"]
COMBINATIONS = 24
"""Three sizes, two themes, till and display, two scales."""


@pytest.mark.parametrize(
    "ratio",
    [
        ratio if ratio == RATIOS[0] else pytest.param(ratio, marks=pytest.mark.slow)
        for ratio in RATIOS
    ],
)
def test_the_code_is_the_attempts_own_in_every_combination(ratio: str) -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": ratio}
    done = subprocess.run(
        [sys.executable, "-m", "tests.ui.gallery.codes"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    seen = json.loads(done.stdout)
    assert seen["ratio"] == float(ratio)
    assert seen["combinations"] == COMBINATIONS
    assert seen["faults"] == []
