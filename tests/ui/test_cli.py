"""The command that opens the window."""

import argparse
import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ui.cli import main

ROOT = Path(__file__).resolve().parents[2]


def test_the_window_runs_with_the_collector_on_and_what_was_loaded_out_of_its_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[tuple[bool, bool]] = []

    def open_window(_: argparse.Namespace) -> int:
        seen.append((gc.isenabled(), gc.get_freeze_count() > 50_000))
        return 0

    monkeypatch.setattr("ui.start.open_window", open_window)
    gc.unfreeze()
    try:
        assert main([]) == 0
    finally:
        gc.unfreeze()
    assert seen == [(True, True)]


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only there a screen may be missing"
)
def test_without_a_screen_no_till_runs_that_nobody_can_see(tmp_path: Path) -> None:
    left_out = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    environment = {k: v for k, v in os.environ.items() if k not in left_out}
    command = [sys.executable, "-m", "ui.cli", "--data-dir", str(tmp_path)]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    # Once, and not a second time by Python's own last resort for logs.
    assert done.stderr.count("There is no screen") == 1
    assert "scantill demo" in done.stderr
    assert not list(tmp_path.iterdir())
