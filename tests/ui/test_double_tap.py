"""Two quick taps: the second one is not for what the first one brought under the finger."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from tests.ui.fakes import FakeClock, FakeTill
from tests.ui.helpers import add, button, charged, payment_of, stage_of, tap
from ui.counter import Stage
from ui.pay.state import Phase
from ui.window import Window

Run = Callable[[Coroutine[Any, Any, None]], None]
Make = Callable[..., Window]


def tap_twice(window: Window, place: QPoint) -> None:
    """Tap as quickly as a finger does, on whatever the window then has in that place.

    As Qt's own tools do it, but for the events that these let in between.
    """
    kinds = QEvent.Type
    for kind in (
        kinds.MouseButtonPress,
        kinds.MouseButtonRelease,
        kinds.MouseButtonDblClick,
        kinds.MouseButtonRelease,
    ):
        window.grab()
        target = window.childAt(place)
        assert target is not None
        QApplication.sendEvent(
            target,
            QMouseEvent(
                kind,
                QPointF(target.mapFrom(window, place)),
                QPointF(window.mapToGlobal(place)),
                Qt.MouseButton.LeftButton,
                Qt.MouseButton.LeftButton,
                Qt.KeyboardModifier.NoModifier,
            ),
        )


def points_of(widget: QWidget, window: Window) -> list[QPoint]:
    height = widget.height()
    return [
        widget.mapTo(window, QPoint(widget.width() // 2, y))
        for y in range(height // 8, height, height // 8)
    ]


@pytest.mark.parametrize("size", [(1024, 600), (1280, 800), (1920, 1080)])
def test_charge_tapped_twice_does_not_cancel(
    run: Run, make_window: Make, till: FakeTill, size: tuple[int, int]
) -> None:
    async def sale() -> None:
        window = make_window(till, size)
        till.checkout.gates["place_order"] = asyncio.Event()
        add(window.counter, till, "coffee")
        for place in points_of(button(window, "charge"), window):
            tap_twice(window, place)
            assert stage_of(window.counter) is Stage.PAYING
            assert payment_of(window.counter).phase is Phase.OPENING
            assert window.counter._payment is not None
            window.counter._end_payment(keep_cart=True)
        await window.counter.close()

    run(sale())


def test_next_sale_tapped_twice_rings_nothing_up(
    run: Run, window: Window, till: FakeTill, clock: FakeClock
) -> None:
    async def sale() -> None:
        tiles = window.sell.tiles
        place = tiles.viewport().mapTo(window, tiles.rect_of("coffee").center())
        till.pay(await charged(window.counter, till))
        window.grab()
        clock.advance(seconds=5)
        tap_twice(window, place)
        assert stage_of(window.counter) is Stage.SELLING
        assert window.counter.cart.is_empty

    run(sale())


def test_a_tile_tapped_twice_is_rung_up_twice(window: Window, till: FakeTill) -> None:
    tiles = window.sell.tiles
    tap_twice(window, tiles.viewport().mapTo(window, tiles.rect_of("coffee").center()))
    assert window.counter.cart.content.quantity_of("coffee") == 2
    tap(tiles, tiles.rect_of("tea").center())
    assert window.counter.cart.content.quantity_of("tea") == 1


def test_a_button_tapped_twice_is_pressed_twice(window: Window, till: FakeTill) -> None:
    add(window.counter, till, "coffee")
    void = button(window, "void")
    tap_twice(window, void.mapTo(window, void.rect().center()))
    assert window.counter.cart.is_empty
