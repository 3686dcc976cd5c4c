"""The customer's display as a window: its lines, its mirror, when it is there and when not."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.ui.fakes import URL, FakeTill
from tests.ui.helpers import Recorder, add, charged, display_of, emitted, picture
from ui.demo.eyes import read_qr
from ui.display.display import CustomerDisplay, DisplayOptions
from ui.display.fittext import FitText
from ui.display.model import DisplayModel, Face
from ui.theme import TYPE_SCALE, Type
from ui.window import Window

Run = Callable[[Coroutine[Any, Any, None]], None]
Make = Callable[..., Window]
IN_A_WINDOW = DisplayOptions(place="window")


def test_a_long_amount_grows_smaller_before_it_is_cut(qtbot: QtBot, displayed: Window) -> None:
    text = FitText(display_of(displayed).look, Type.HERO, Type.TITLE)
    qtbot.addWidget(text)
    text.resize(300, 100)
    text.set_text("€5")
    large = text.pixels
    text.set_text("€1,234,567.89")
    assert large == text.look.metrics.type_px(TYPE_SCALE[Type.HERO].size)
    assert text.look.metrics.type_px(TYPE_SCALE[Type.TITLE].size) < text.pixels < large


def test_it_is_mirrored_for_right_to_left(
    run: Run, qapp: QApplication, displayed: Window, till: FakeTill
) -> None:
    display = display_of(displayed)
    display.setLayoutDirection(Qt.LayoutDirection.RightToLeft)

    async def sale() -> None:
        await charged(displayed.counter, till, "coffee", "bread")
        QApplication.processEvents()
        code = display.code
        assert code.qr.mapTo(display, QPoint(0, 0)).x() > display.width() / 3
        assert code.amount.mapTo(display, QPoint(0, 0)).x() < display.width() / 3
        assert read_qr(picture(display)) == URL

    run(sale())


def test_the_newest_line_stands_out(displayed: Window, till: FakeTill) -> None:
    add(displayed.counter, till, "coffee", "long")
    QApplication.processEvents()
    lines = display_of(displayed).cart.lines
    image = picture(lines)
    soft = QColor(displayed.look.theme.accent_soft)
    old, new = (lines.place_of(row).center().toPoint().y() for row in (0, 1))
    assert image.pixelColor(8, new) == soft
    assert image.pixelColor(8, old) != soft


@pytest.mark.parametrize("place", ["auto", "off"])
def test_with_one_monitor_there_is_no_display_unless_it_is_wanted(
    make_window: Make, till: FakeTill, place: str
) -> None:
    window = make_window(till, display=DisplayOptions(place=place))
    window.display.start()
    assert window.display.window is None
    window.display.stop()


def test_it_takes_no_keys_and_does_not_keep_the_till_open(
    run: Run, displayed: Window, qapp: QApplication
) -> None:
    display = display_of(displayed)
    assert display.windowFlags() & Qt.WindowType.WindowDoesNotAcceptFocus
    assert display.testAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
    assert not display.testAttribute(Qt.WidgetAttribute.WA_QuitOnClose)

    async def close() -> None:
        waiting = asyncio.ensure_future(emitted(qapp.lastWindowClosed))
        await asyncio.sleep(0)
        displayed.close()
        await asyncio.wait_for(waiting, 2)
        assert not display.isVisible()

    # As the till has it: it is the signal that ends it.
    qapp.setQuitOnLastWindowClosed(False)
    try:
        run(close())
    finally:
        qapp.setQuitOnLastWindowClosed(True)


def test_closing_it_is_seen_on_the_rail_and_never_ends_the_till(
    qtbot: QtBot, displayed: Window, qapp: QApplication
) -> None:
    display, ended = displayed.display, Recorder(qapp.lastWindowClosed)
    opened = Recorder(display.open_changed)
    with qtbot.waitSignal(display.open_changed):
        display_of(displayed).close()
    assert displayed.rail.display.label == "Open the customer display"
    assert displayed.isVisible() and not display.is_open
    with qtbot.waitActive(displayed):
        displayed.activateWindow()
    with qtbot.waitSignal(display.open_changed):
        QTest.keyClick(displayed, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert displayed.rail.display.label == "Close the customer display"
    displayed.rail.display.click()
    assert opened.calls == [(False,), (True,), (False,)]
    assert ended.calls == []


@pytest.mark.parametrize("place", ["auto", "off"])
def test_on_one_monitor_the_key_opens_it_unless_the_settings_forbid_it(
    qtbot: QtBot, make_window: Make, till: FakeTill, place: str
) -> None:
    window = make_window(till, display=DisplayOptions(place=place))
    window.display.start()
    assert window.rail.display.isVisible() is (place == "auto")
    QTest.keyClick(window, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    if place == "auto":
        qtbot.waitUntil(lambda: window.display.is_open)
        qtbot.addWidget(display_of(window))
    else:
        window.rail.display.click()
        assert not window.display.is_open and window.display.window is None


def test_it_goes_with_the_till(run: Run, displayed: Window, till: FakeTill) -> None:
    async def end() -> None:
        display = display_of(displayed)
        await displayed.finish()
        assert not display.isVisible()
        assert displayed.display.model is None
        add(displayed.counter, till, "coffee")

    run(end())


def test_a_display_that_starts_late_shows_what_holds_then(
    qtbot: QtBot, run: Run, make_window: Make, till: FakeTill
) -> None:
    window = make_window(till, display=IN_A_WINDOW)

    async def sale() -> None:
        await charged(window.counter, till, "coffee", "bread")
        window.display.start()
        qtbot.addWidget(display_of(window))
        assert isinstance(window.display, CustomerDisplay)
        assert read_qr(picture(display_of(window))) == URL

    run(sale())


def test_without_a_logo_the_shops_letter_stands_for_it(displayed: Window) -> None:
    display = display_of(displayed)
    QTest.qWait(1)
    mark = display.idle._mark
    image = picture(mark)
    assert image.pixelColor(image.width() // 2, 6) == QColor(displayed.look.theme.accent)
    model = DisplayModel(Face.IDLE, "... 7 Seas")
    display.show_model(replace(model))
    assert mark._letter == "7"
