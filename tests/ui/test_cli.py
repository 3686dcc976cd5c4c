"""The command that opens the window."""

import argparse
import gc
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ExpectedLogs
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


@pytest.mark.parametrize(
    "words, among",
    [
        (["--mode", "prod"], "training, test, live"),
        (["verify", "--mode", "prod"], "training, test, live"),
        (["sandbox", "--port", "99999"], "65535"),
        (["sandbox", "--port", "-1"], "65535"),
        (["resolve", "1", "sing"], "accept, refund, assign, write_off"),
    ],
)
def test_a_word_that_is_none_of_a_few_is_refused_with_these(
    capsys: pytest.CaptureFixture[str], words: list[str], among: str
) -> None:
    with pytest.raises(SystemExit) as left:
        main(words)
    assert left.value.code == 2
    err = capsys.readouterr().err
    assert "it must be " in err and f" {among}\n" in err


@pytest.mark.parametrize("number", ["abc", "4242", "4242 4242 4242 4242"])
def test_the_demo_takes_no_card_that_is_none(
    capsys: pytest.CaptureFixture[str], expected_logs: ExpectedLogs, tmp_path: Path, number: str
) -> None:
    there = ["--out", str(tmp_path / "out"), "--data-dir", str(tmp_path / "till")]
    assert main(["demo", "--card", number, *there]) == 1
    expected_logs.take_all("--card takes the number of a card")
    assert "its 12 to 19 digits" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(os.name != "posix", reason="a process of its own is sent SIGINT")
def test_ctrl_c_ends_the_demo_in_order(tmp_path: Path) -> None:
    command = [sys.executable, "-u", "-m", "ui.cli", "demo", "--no-browser"]
    there = ["--out", str(tmp_path / "out"), "--data-dir", str(tmp_path / "till")]
    with subprocess.Popen(
        [*command, *there],
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as playing:
        assert playing.stdout is not None
        lines = iter(playing.stdout)
        assert any("the cart holds" in line for line in lines)
        playing.send_signal(signal.SIGINT)
        rest = "".join(lines)
    assert playing.returncode == 130
    assert "Traceback" not in rest and "Error" not in rest


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
