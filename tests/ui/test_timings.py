"""The till tells how long its start took, to whoever asked and to nobody else."""

import json
import time

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from ui.timings import VARIABLE, Timings


def test_painted_and_usable_are_told_once_counted_from_the_given_moment(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    a_minute_ago = time.monotonic_ns() - 60_000_000_000
    monkeypatch.setenv(VARIABLE, str(a_minute_ago))
    window = QWidget()
    qtbot.addWidget(window)
    timings = Timings.of(window)
    assert timings is not None
    with qtbot.waitSignal(timings.destroyed, timeout=10_000):
        window.show()
        timings.note_started()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    told = json.loads(lines[0])
    assert 60_000 <= told["first_paint_ms"] <= told["usable_ms"]


def test_a_window_is_not_usable_before_its_till_runs(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, str(time.monotonic_ns()))
    window = QWidget()
    qtbot.addWidget(window)
    timings = Timings.of(window)
    assert timings is not None
    window.show()
    qtbot.waitExposed(window)
    qtbot.wait(50)
    assert capsys.readouterr().out == ""
    with qtbot.waitSignal(timings.destroyed, timeout=10_000):
        timings.note_started()
    assert "usable_ms" in capsys.readouterr().out


def test_nothing_is_told_where_nobody_asks(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    monkeypatch.delenv(VARIABLE, raising=False)
    assert Timings.of(window) is None
    monkeypatch.setenv(VARIABLE, "yes")
    assert Timings.of(window) is None
