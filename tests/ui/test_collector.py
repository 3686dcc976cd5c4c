"""Garbage that Qt made is taken apart on the thread that made it."""

import gc
import threading
from collections.abc import Iterator
from typing import ClassVar

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from ui.collector import Collector, collect_what_is_due


class Knot:
    """Garbage that only the collector can find; it notes on which thread it was found."""

    found_on: ClassVar[list[threading.Thread]] = []

    def __init__(self) -> None:
        self.itself = self
        self.held = QObject()

    def __del__(self) -> None:
        self.found_on.append(threading.current_thread())


@pytest.fixture(autouse=True)
def knots() -> Iterator[None]:
    was_enabled = gc.isenabled()
    gc.collect()
    Knot.found_on.clear()
    yield
    (gc.enable if was_enabled else gc.disable)()


def much_made_on_another_thread() -> list[list[object]]:
    kept: list[list[object]] = []
    thread = threading.Thread(target=lambda: kept.extend([] for _ in range(50_000)))
    thread.start()
    thread.join()
    return kept


def test_left_to_python_it_is_found_on_any_thread(qapp: object) -> None:
    """What the collector is there for: without it, this is what happens."""
    gc.enable()
    Knot()
    assert len(much_made_on_another_thread()) == 50_000
    assert [thread is threading.main_thread() for thread in Knot.found_on] == [False]


def test_it_is_found_on_the_guis_thread_alone(qtbot: QtBot) -> None:
    gc.enable()
    collector = Collector()
    collector.start()
    try:
        Knot()
        kept = much_made_on_another_thread()
        assert Knot.found_on == []
        qtbot.waitUntil(lambda: bool(Knot.found_on), timeout=30_000)
        assert len(kept) == 50_000
        assert Knot.found_on == [threading.main_thread()]
    finally:
        collector.stop()
    assert gc.isenabled()


def test_what_was_off_before_stays_off(qapp: object) -> None:
    gc.disable()
    collector = Collector()
    collector.start()
    collector.stop()
    assert not gc.isenabled()


def test_older_garbage_is_looked_for_as_rarely_as_python_does() -> None:
    gc.disable()
    due, kept = [], []
    for _ in range(400):
        kept.append([[object] for _ in range(gc.get_threshold()[0] + 100)])
        due.append(collect_what_is_due())
    assert None not in due
    assert due.count(0) > 10 * due.count(1) * 0.8
    assert due.count(1) > 10 * due.count(2) * 0.8
    assert due.count(2) >= 1


def test_nothing_is_done_while_nothing_is_due() -> None:
    gc.disable()
    gc.collect()
    assert collect_what_is_due() is None
