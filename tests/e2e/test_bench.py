"""Every benchmark runs to its end. What it measured is its own affair, not a test's."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

PARTS = {
    "start": {"start to first paint", "start to usable", "start: processor"},
    "idle": {"resident memory", "resident, idle", "idle processor, Sell"},
    "selling": {
        "tap to cart line painted",
        "Charge to QR painted",
        "Pay to PAID painted, webhook",
        "Pay to PAID painted, polling",
        "loop late by, while selling",
        "idle processor, QR shown",
    },
    "webhooks": {"one commit each", "inbox alone", "acknowledged", "settled"},
}


@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="Xvfb is not installed")
@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_the_bench_measures_everything_once(part: str, tmp_path: Path) -> None:
    out = tmp_path / "bench.json"
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--once", "--only", part, "--out", str(out)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("machine ")
    report = json.loads(out.read_text("utf-8"))
    assert report["machine"]["fsync_ms"] > 0
    figures = {figure["name"]: figure for figure in report["figures"]}
    assert PARTS[part] <= set(figures)
    for figure in figures.values():
        assert figure["count"] >= 1
        assert 0 <= figure["least"] <= figure["median"] <= figure["most"]
        assert figure["name"] in done.stdout
