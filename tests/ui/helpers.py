"""Small tools for tests of the window."""

import asyncio
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QPoint, Qt, SignalInstance
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QWidget

from tests.ui.fakes import FakeTill
from ui.counter import Counter, Stage
from ui.display.model import Face
from ui.display.window import DisplayWindow
from ui.pay.state import PayModel
from ui.window import Window


async def emitted(signal: SignalInstance) -> Any:
    """Wait for a signal and give its first argument."""
    future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def on_signal(*arguments: Any) -> None:
        if not future.done():
            future.set_result(arguments[0] if arguments else None)

    signal.connect(on_signal)
    try:
        return await future
    finally:
        signal.disconnect(on_signal)


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for a condition that events bring about; the test's own time-out ends it."""
    while not is_so():  # noqa: ASYNC110 - whatever brings it about tells nobody
        await asyncio.sleep(0.005)


class Recorder:
    """Keeps what a signal carried."""

    def __init__(self, signal: SignalInstance) -> None:
        self.calls: list[tuple[Any, ...]] = []
        signal.connect(self._on_signal)

    def _on_signal(self, *arguments: Any) -> None:
        self.calls.append(arguments)


def tap(view: QAbstractItemView, point: QPoint) -> None:
    """Tap a point of a view's viewport."""
    QTest.mouseClick(
        view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, point
    )


def button(parent: QWidget, name: str) -> QAbstractButton:
    """Find a button by its object name."""
    found = parent.findChild(QAbstractButton, name)
    assert isinstance(found, QAbstractButton), name
    return found


def stage_of(counter: Counter) -> Stage:
    """Ask anew what the counter is doing."""
    return counter.stage


def add(counter: Counter, till: FakeTill, *product_ids: str) -> None:
    """Ring up one piece of each."""
    for product_id in product_ids:
        product = till.catalog.product(product_id)
        assert product is not None
        counter.add(product)


def payment_of(counter: Counter) -> PayModel:
    """Give what the Pay screen shows."""
    shown = counter.payment
    assert shown is not None
    return shown


async def charged(counter: Counter, till: FakeTill, *product_ids: str) -> str:
    """Ring up, charge and wait until the code is on the screen; give the order's id."""
    add(counter, till, *(product_ids or ("coffee",)))
    assert counter.charge()
    await counter.tasks.settled()
    return next(reversed(till.orders.orders))


def display_of(window: Window) -> DisplayWindow:
    """Give the customer's display, which must be there."""
    assert window.display.window is not None
    return window.display.window


def face_of(window: Window) -> Face:
    """Say which face the customer's display shows."""
    model = window.display.model
    assert model is not None
    return model.face


def picture(widget: QWidget) -> QImage:
    """Give a widget as it paints itself."""
    return widget.grab().toImage()


def ink(image: QImage, gap: int = 14) -> list[tuple[int, int]]:
    """Give the columns in which something stands out from the upper left corner, in clusters."""
    ground = image.pixelColor(1, 1)

    def is_inked(x: int) -> bool:
        return any(
            abs(image.pixelColor(x, y).lightness() - ground.lightness()) > 24
            for y in range(image.height())
        )

    clusters: list[tuple[int, int]] = []
    for x in filter(is_inked, range(image.width())):
        if clusters and x - clusters[-1][1] <= gap:
            clusters[-1] = (clusters[-1][0], x)
        else:
            clusters.append((x, x))
    return clusters


def contrast(one: str, other: str) -> float:
    """Compute the contrast of two colours as WCAG 2 defines it."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(name: str) -> float:
    colour = QColor(name)
    parts = []
    for value in (colour.redF(), colour.greenF(), colour.blueF()):
        parts.append(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)
    red, green, blue = parts
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
