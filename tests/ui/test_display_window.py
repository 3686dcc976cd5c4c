"""The customer's display as a window: its lines, its mirror, when it is there and when not."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.ui.fakes import URL, FakeTill
from tests.ui.helpers import button, emitted
from ui.demo.eyes import read_qr
from ui.display.display import CustomerDisplay, DisplayOptions
from ui.display.model import DisplayModel, Face
from ui.display.parts import FitText
from ui.display.window import DisplayWindow
from ui.theme import Type
from ui.window import Window

Run = Callable[[Coroutine[Any, Any, None]], None]
Make = Callable[..., Window]
IN_A_WINDOW = DisplayOptions(place="window")


@pytest.fixture
def window(qtbot: QtBot, make_window: Make, till: FakeTill) -> Window:
    made = make_window(till, display=IN_A_WINDOW)
    made.display.start()
    qtbot.addWidget(shown(made))
    return made


def shown(window: Window) -> DisplayWindow:
    assert window.display.window is not None
    return window.display.window


def add(window: Window, till: FakeTill, *product_ids: str) -> None:
    for product_id in product_ids:
        product = till.catalog.product(product_id)
        assert product is not None
        window.counter.add(product)


async def charge(window: Window, till: FakeTill) -> str:
    add(window, till, "coffee", "bread")
    button(window, "charge").click()
    await window.counter.tasks.settled()
    return next(reversed(till.orders.orders))


def picture(widget: QWidget) -> QImage:
    return widget.grab().toImage()


def test_a_long_amount_grows_smaller_before_it_is_cut(qtbot: QtBot, window: Window) -> None:
    text = FitText(shown(window).look, (Type.HERO, Type.AMOUNT, Type.TITLE))
    qtbot.addWidget(text)
    text.resize(300, 100)
    text.set_text("€5")
    large = text.step
    text.set_text("€1,234,567.89")
    assert (large, text.step) == (Type.HERO, Type.TITLE)


def test_it_is_mirrored_for_right_to_left(
    run: Run, qapp: QApplication, window: Window, till: FakeTill
) -> None:
    display = shown(window)
    display.setLayoutDirection(Qt.LayoutDirection.RightToLeft)

    async def sale() -> None:
        await charge(window, till)
        QApplication.processEvents()
        code = display.code
        assert code.qr.mapTo(display, QPoint(0, 0)).x() > display.width() / 3
        assert code.amount.mapTo(display, QPoint(0, 0)).x() < display.width() / 3
        assert read_qr(picture(display)) == URL

    run(sale())


def test_the_newest_line_stands_out(window: Window, till: FakeTill) -> None:
    add(window, till, "coffee", "long")
    QApplication.processEvents()
    lines = shown(window).cart.lines
    image = picture(lines)
    soft = QColor(window.look.theme.accent_soft)
    top = lines._row_height()
    assert image.pixelColor(8, top + top // 2) == soft
    assert image.pixelColor(8, top // 2) != soft


@pytest.mark.parametrize("place", ["auto", "off"])
def test_with_one_monitor_there_is_no_display_unless_it_is_wanted(
    make_window: Make, till: FakeTill, place: str
) -> None:
    window = make_window(till, display=DisplayOptions(place=place))
    window.display.start()
    assert window.display.window is None
    window.display.stop()


def test_it_takes_no_keys_and_does_not_keep_the_till_open(
    run: Run, window: Window, qapp: QApplication
) -> None:
    display = shown(window)
    assert display.windowFlags() & Qt.WindowType.WindowDoesNotAcceptFocus
    assert display.testAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)

    async def close() -> None:
        waiting = asyncio.ensure_future(emitted(qapp.lastWindowClosed))
        await asyncio.sleep(0)
        window.close()
        await asyncio.wait_for(waiting, 2)
        assert display.isVisible()

    # As the till has it: it is the signal that ends it.
    qapp.setQuitOnLastWindowClosed(False)
    try:
        run(close())
    finally:
        qapp.setQuitOnLastWindowClosed(True)


def test_it_goes_with_the_till(run: Run, window: Window, till: FakeTill) -> None:
    async def end() -> None:
        display = shown(window)
        await window.finish()
        assert not display.isVisible()
        assert window.display.model is None
        add(window, till, "coffee")

    run(end())


def test_a_display_that_starts_late_shows_what_holds_then(
    qtbot: QtBot, run: Run, make_window: Make, till: FakeTill
) -> None:
    window = make_window(till, display=IN_A_WINDOW)

    async def sale() -> None:
        await charge(window, till)
        window.display.start()
        qtbot.addWidget(shown(window))
        assert isinstance(window.display, CustomerDisplay)
        assert read_qr(picture(shown(window))) == URL

    run(sale())


def test_without_a_logo_the_shops_letter_stands_for_it(window: Window) -> None:
    display = shown(window)
    QTest.qWait(1)
    mark = display.idle._mark
    image = picture(mark)
    assert image.pixelColor(image.width() // 2, 6) == QColor(window.look.theme.accent)
    model = DisplayModel(Face.IDLE, "... 7 Seas")
    display.show_model(replace(model))
    assert mark._letter == "7"
