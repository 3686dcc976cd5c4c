"""What the demo does with the window: gestures as an operator's, looks as a camera's."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QWidget

from app.domain.catalog import Product
from ui.demo.customer import Customer
from ui.demo.eyes import look_at
from ui.demo.steps import StepFailed
from ui.display.model import Face
from ui.display.window import DisplayWindow
from ui.pay.state import Phase
from ui.window import Window

_SHOW_PAUSE_S: Final = 0.9
_RAISED_S: Final = 0.25


class Gestures:
    """One window, one customer, and the folder for pictures of both.

    A step may take `patience_s`; `is_shown` leaves time to watch.
    """

    def __init__(
        self, window: Window, customer: Customer, *, out: Path, is_shown: bool, patience_s: float
    ) -> None:
        self._window = window
        self._customer = customer
        self._out = out
        self._is_shown = is_shown
        self._patience_s = patience_s
        self._pictures = 0

    async def _tap_tile(self, product: Product) -> None:
        tiles = self._window.sell.tiles
        before = self._window.counter.cart.content.quantity_of(product.id)
        place = tiles.rect_of(product.id)
        if not tiles.viewport().rect().contains(place.center()):
            tiles.show_product(product.id)
            await self._breathe()
            place = tiles.rect_of(product.id)
        QTest.mouseClick(tiles.viewport(), Qt.MouseButton.LeftButton, pos=place.center())
        await self._until(
            lambda: self._window.counter.cart.content.quantity_of(product.id) == before + 1,
            f"{product.name} is in the cart",
        )
        await self._pause()

    async def _press(self, name: str) -> None:
        button = self._window.findChild(QAbstractButton, name)
        if button is None or not button.isVisible() or not button.isEnabled():
            raise StepFailed(f"there is no button {name} to press")
        await self._pause()
        QTest.mouseClick(button, Qt.MouseButton.LeftButton, pos=_middle(button))
        await self._breathe()

    def _phase(self) -> Phase | None:
        payment = self._window.counter.payment
        return None if payment is None else payment.phase

    def _qr_url(self) -> str:
        code = self._window.pay.qr
        return str(code.property("url")) if code.isVisible() else ""

    async def _until(self, condition: Callable[[], bool], words: str) -> None:
        deadline = time.perf_counter() + self._patience_s
        while not condition():
            if time.perf_counter() > deadline:
                await self._picture("failed")
                raise StepFailed(
                    f"within {self._patience_s:.0f} s it did not come to this: {words}"
                )
            await asyncio.sleep(0.005)

    @property
    def _display(self) -> DisplayWindow:
        window = self._window.display.window
        if window is None:
            raise StepFailed("there is no customer display")
        return window

    def _windows_overlap(self) -> bool:
        return self._display.frameGeometry().intersects(self._window.frameGeometry())

    async def _display_picture(self, face: Face, name: str) -> QImage:
        model = self._window.display.model
        if model is None or model.face is not face:
            raise StepFailed(f"the customer's display does not show {face}, but {model}")
        return await self._picture(name, self._display)

    async def _picture(self, name: str, window: QWidget | None = None) -> QImage:
        seen = window or self._window
        if QGuiApplication.platformName() == "xcb" and self._windows_overlap():
            # There is one monitor, and the pixels of what lies behind are not on it.
            seen.raise_()
            await asyncio.sleep(_RAISED_S)
        await self._breathe()
        self._pictures += 1
        image = look_at(seen)
        image.save(str(self._out / f"{self._pictures:02d}-{name}.png"))
        return image

    async def _customer_picture(self, name: str) -> None:
        self._pictures += 1
        if not await self._customer.picture(self._out / f"{self._pictures:02d}-{name}.png"):
            self._pictures -= 1

    async def _pause(self) -> None:
        if self._is_shown:
            await asyncio.sleep(_SHOW_PAUSE_S)

    async def _breathe(self) -> None:
        """Let the window paint what has changed."""
        await asyncio.sleep(0.03)


def _middle(widget: QWidget) -> QPoint:
    return widget.rect().center()
