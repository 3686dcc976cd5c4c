"""The command that opens the window."""

import argparse
import gc

import pytest

from ui.cli import main


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
