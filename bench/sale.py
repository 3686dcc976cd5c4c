"""One till's window, sold through from the first tap to PAID; every time ends in a painted frame.

Run by `python -m bench` in a process of its own, once with webhooks and once without. Gestures
are mouse events in the real window, against the built-in simulator. The last line of its output
is JSON: lists of milliseconds by name, the facts by which PAID was learned, and processor time.
"""

import argparse
import asyncio
import json
import random
import re
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractScrollArea, QWidget

from app.bootstrap import Till
from app.events import Fact
from app.settings import Mode, Settings, load_settings
from app.store.connection import private_directory
from bench.stalls import Stalls
from ui.counter import Stage
from ui.start import run_in_qt, running_window
from ui.window import Window

_STEP_S: Final = 30.0
_ITEMS: Final = 3
_GOOD_CARD: Final = "4242424242424242"
_POLLED_EACH_S: Final = 2.0


class Frames(QObject):
    """Says when a widget has been painted, and the frame handed to the screen."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._is_wanted: Callable[[], bool] | None = None
        self._painted: asyncio.Future[float] | None = None
        # Qt flushes what was painted before it comes back to its loop.
        self._flushed = QTimer(self)
        self._flushed.setSingleShot(True)
        self._flushed.timeout.connect(self._on_flushed)
        widget.installEventFilter(self)

    def when(self, is_wanted: Callable[[], bool]) -> "asyncio.Future[float]":
        """Promise the moment after the first frame that is painted while something is so."""
        self._is_wanted = is_wanted
        self._painted = asyncio.get_running_loop().create_future()
        return self._painted

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Paint and self._is_wanted is not None and self._is_wanted():
            self._is_wanted = None
            self._flushed.start()
        return super().eventFilter(watched, event)

    def _on_flushed(self) -> None:
        if self._painted is not None and not self._painted.done():
            self._painted.set_result(time.perf_counter())


class Seller:
    """Rings up, charges, has the customer pay, and goes on, noting how long each took."""

    def __init__(self, till: Till, window: Window, chance: random.Random) -> None:
        self._till = till
        self._window = window
        self._chance = chance
        self._products = [one for one in till.catalog.on_sale() if not one.is_recurring]
        self._facts: list[Fact] = []
        till.subscribe(self._facts.append)
        lines = window.sell.cart.findChild(QWidget, "cart_lines")
        self._lines = Frames(_viewport(lines))
        self._qr = Frames(window.pay.qr)
        self._paid = Frames(window.paid)
        self.times_ms: dict[str, list[float]] = {"tap": [], "qr": [], "paid": []}

    @property
    def sources(self) -> dict[str, int]:
        """Count by what way PAID was learned."""
        news = [fact for fact in self._facts if fact.name == "attempt.paid"]
        return Counter(str(fact.data.get("source")) for fact in news)

    def forget(self) -> None:
        """Begin to count anew."""
        self._facts.clear()
        for values in self.times_ms.values():
            values.clear()

    async def sell(self, *, pays_within_s: float) -> None:
        """Sell some items from the first tap to the next sale."""
        for product in self._chance.sample(self._products, _ITEMS):
            await self._tap(product.id)
        await self.charge()
        await asyncio.sleep(self._chance.uniform(0.05, pays_within_s))
        await self._pay()
        self._press("next_sale")
        await _until(lambda: self._window.counter.stage is Stage.SELLING)

    async def charge(self) -> None:
        """Press Charge and wait for the code."""
        painted = self._qr.when(lambda: bool(self._window.pay.qr.get_url()))
        began = self._press("charge")
        await self._note("qr", began, painted)

    async def ring_up(self) -> None:
        """Put one item into the cart."""
        await self._tap(self._products[0].id)

    async def _tap(self, product_id: str) -> None:
        tiles = self._window.sell.tiles
        tiles.show_product(product_id)
        await asyncio.sleep(0.02)
        content = self._window.counter.cart.content
        before = content.quantity_of(product_id)
        painted = self._lines.when(
            lambda: self._window.counter.cart.content.quantity_of(product_id) > before
        )
        began = _click(tiles.viewport(), tiles.rect_of(product_id).center())
        await self._note("tap", began, painted)

    async def _pay(self) -> None:
        session = re.search(r"cs_\w+", self._window.pay.qr.get_url())
        if session is None:
            raise RuntimeError("the code names no session")
        painted = self._paid.when(lambda: self._window.counter.stage is Stage.PAID)
        url = f"{self._till.sandbox_url}/_control/sessions/{session[0]}/pay"
        began, _ = await asyncio.gather(asyncio.to_thread(_pay, url), painted)
        self.times_ms["paid"].append((painted.result() - began) * 1000)

    async def _note(self, name: str, began: float, painted: Awaitable[float]) -> None:
        ended = await asyncio.wait_for(painted, _STEP_S)
        self.times_ms[name].append((ended - began) * 1000)

    def _press(self, name: str) -> float:
        button = self._window.findChild(QAbstractButton, name)
        if not isinstance(button, QAbstractButton) or not button.isVisible():
            raise RuntimeError(f"there is no button {name} to press")
        return _click(button, button.rect().center())


def main() -> int:
    """Sell, and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sales", type=int, default=50)
    parser.add_argument("--no-webhooks", action="store_true", help="learn of it by polling alone")
    parser.add_argument("--idle", type=float, default=0.0, help="seconds with the code up, at last")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="scantill-bench-") as directory:
        settings = load_settings(private_directory(Path(directory) / "till"), Mode.TRAINING)
        return run_in_qt(lambda _: _measure(settings, arguments))


async def _measure(settings: Settings, arguments: argparse.Namespace) -> int:
    by_webhook = not arguments.no_webhooks
    till = await asyncio.to_thread(lambda: Till(settings, register_webhooks=by_webhook))
    async with running_window(till, settings, display="off") as window:
        seller = Seller(till, window, random.Random(1))
        stalls = Stalls()
        # Its times do not count, for it loads what no sale has needed yet; its stalls do.
        await seller.sell(pays_within_s=0.1)
        seller.forget()
        for _ in range(arguments.sales):
            await seller.sell(pays_within_s=0.1 if by_webhook else _POLLED_EACH_S)
        stalls.stop()
        report = {**seller.times_ms, "stall": stalls.values_ms, "sources": seller.sources}
        if arguments.idle:
            await seller.ring_up()
            await seller.charge()
            report["idle_per_cent"] = [await _idle_per_cent(arguments.idle)]
    print(json.dumps(report), flush=True)
    return 0


async def _idle_per_cent(seconds: float) -> float:
    await asyncio.sleep(2.0)
    began, used = time.perf_counter(), time.process_time()
    await asyncio.sleep(seconds)
    return 100 * (time.process_time() - used) / (time.perf_counter() - began)


def _pay(url: str) -> float:
    """Pay as a customer, and give the moment just before."""
    body = json.dumps({"card": _GOOD_CARD}).encode()
    order = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310
    began = time.perf_counter()
    with urllib.request.urlopen(order, timeout=_STEP_S) as reply:  # noqa: S310 - loopback
        reply.read()
    return began


def _click(widget: QWidget, place: QPoint) -> float:
    """Click, and give the moment just before."""
    began = time.perf_counter()
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=place)
    return began


def _viewport(view: QObject | None) -> QWidget:
    if not isinstance(view, QAbstractScrollArea):
        raise TypeError("the cart has no list of lines")
    return view.viewport()


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(_STEP_S):
        while not condition():  # noqa: ASYNC110 - the condition is a widget's state
            await asyncio.sleep(0.005)


if __name__ == "__main__":
    sys.exit(main())
