"""A whole shop in one process: till, window and display as a user starts them, and a phone.

The phone is Chromium, driven from a thread of its own, and knows nothing of the till.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton

from app.bootstrap import Till
from app.settings import Mode, load_settings
from app.store.connection import private_directory
from tests.ui.helpers import button
from ui.counter import Stage
from ui.demo.browser import _FLAGS
from ui.demo.customer import find_browser
from ui.demo.eyes import look_at, read_qr
from ui.display.window import DisplayWindow
from ui.start import running_window
from ui.window import Window

T = TypeVar("T")

CARD: Final = "4242424242424242"
_PATIENCE_S: Final = 30.0
_USER_AGENT: Final = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)


@dataclass
class Shop:
    """The shop while it is open."""

    till: Till
    window: Window

    @property
    def display(self) -> DisplayWindow:
        """Give the customer's display."""
        assert self.window.display.window is not None
        return self.window.display.window

    def tap_tile(self, product_id: str) -> QRect:
        """Tap a product and give its place in the window."""
        viewport = self.window.sell.tiles.viewport()
        place = self.window.sell.tiles.rect_of(product_id)
        assert viewport.rect().contains(place), product_id
        QTest.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=place.center())
        return QRect(viewport.mapTo(self.window, place.topLeft()), place.size())

    def tap(self, name: str) -> QRect:
        """Tap a button by its object name and give its place in the window."""
        pressed = self.button(name)
        place = QRect(pressed.mapTo(self.window, QPoint(0, 0)), pressed.size())
        QTest.mouseClick(pressed, Qt.MouseButton.LeftButton, pos=pressed.rect().center())
        return place

    def button(self, name: str) -> QAbstractButton:
        """Give a button that can be seen and pressed."""
        found = button(self.window, name)
        assert found.isVisible() and found.isEnabled(), name
        return found

    async def charged(self, product_id: str = "espresso") -> str:
        """Ring up, charge, and read the code off the window's pixels as a camera would."""
        self.tap_tile(product_id)
        self.tap("charge")
        return await self.scanned()

    async def scanned(self) -> str:
        """Wait for the code and give what the pixels of both screens say."""
        await until(lambda: bool(self.window.pay.qr.get_url()), "the code is shown")
        await asyncio.sleep(0.1)
        read = await asyncio.to_thread(read_qr, look_at(self.window))
        assert read is not None
        assert await asyncio.to_thread(read_qr, look_at(self.display)) == read
        return read

    async def paid(self) -> None:
        """Wait for PAID on both screens; the code is on neither."""
        await until(lambda: self.window.counter.stage is Stage.PAID, "the till says PAID")
        await until(self.display.paid.isVisible, "the display says PAID")
        assert self.window.paid.isVisible()
        assert self.window.pay.qr.get_url() == "" == self.display.code.qr.get_url()

    async def captured(self) -> list[int]:
        """Give the amounts that the simulator's own books say it has taken."""
        async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
            reply = await client.get(f"{self.till.sandbox_url}/_control/books")
        accounts = reply.raise_for_status().json()["accounts"].values()
        payments = [payment for account in accounts for payment in account["payments"]]
        return [payment["captured_minor"] for payment in payments if payment["captured_minor"]]


@asynccontextmanager
async def open_shop(folder: Path) -> AsyncIterator[Shop]:
    """Open a shop in training, with books of its own."""
    settings = load_settings(private_directory(folder / "data"), Mode.TRAINING)
    till = await asyncio.to_thread(lambda: Till(settings))
    async with running_window(till, settings, display="window") as window:
        await until(window.isVisible, "the window is open")
        window.pictures.wait()
        await asyncio.sleep(0.1)
        yield Shop(till, window)


async def until(condition: Callable[[], bool], words: str) -> None:
    """Wait for something to become so."""
    deadline = time.monotonic() + _PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"it did not come to this: {words}"
        await asyncio.sleep(0.01)


class Phone:
    """A browser as somebody holds it: by default a phone of 390 x 844 points, with touch."""

    def __init__(
        self,
        *,
        size: tuple[int, int] = (390, 844),
        scheme: str = "light",
        is_phone: bool = True,
        locale: str = "en-US",
        has_scripts: bool = True,
    ) -> None:
        self._size = size
        self._scheme = scheme
        self._is_phone = is_phone
        self._more: dict[str, Any] = {"locale": locale, "java_script_enabled": has_scripts}
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="phone")
        self._playwright: Any = None
        self.page: Any = None

    async def __aenter__(self) -> "Phone":
        await self.do(self._start)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.do(lambda: self._playwright.stop())
        self._thread.shutdown(wait=False)

    async def do(self, work: Callable[[], T]) -> T:
        """Do something with `page`, which belongs to the phone's own thread."""
        return await asyncio.wrap_future(self._thread.submit(work))

    async def open(self, url: str) -> str:
        """Open a page and give its title."""

        def visit() -> str:
            self.page.goto(url, wait_until="load")
            return str(self.page.title())

        return await self.do(visit)

    async def tap(self, what: str) -> None:
        """Tap something on the page; what is out of sight is scrolled to, as a person would."""
        await self.do(lambda: self.page.tap(what) if self._is_phone else self.page.click(what))

    async def tap_and_go(self, what: str) -> str:
        """Tap something that leads to another page, and give the title of that."""

        def follow() -> str:
            with self.page.expect_navigation(wait_until="load"):
                self.page.tap(what) if self._is_phone else self.page.click(what)
            return str(self.page.title())

        return await self.do(follow)

    async def type_card(self, number: str = CARD) -> None:
        """Tap each field and type into it, key by key."""

        def fill() -> None:
            for name, text in (("card_number", number), ("exp", "1234"), ("cvc", "123")):
                self.page.tap(f"[name={name}]")
                self.page.keyboard.type(text)

        await self.do(fill)

    async def asked(self, script: str) -> Any:
        """Evaluate a script on the page."""
        return await self.do(lambda: self.page.evaluate(script))

    async def slow_down(self, *, latency_ms: int, bytes_per_s: int) -> None:
        """Give the phone a bad network from now on."""

        def emulate() -> None:
            session = self.page.context.new_cdp_session(self.page)
            session.send("Network.enable")
            session.send(
                "Network.emulateNetworkConditions",
                {
                    "offline": False,
                    "latency": latency_ms,
                    "downloadThroughput": bytes_per_s,
                    "uploadThroughput": bytes_per_s,
                },
            )

        await self.do(emulate)

    async def picture(self) -> bytes:
        """Give what is on the screen as a PNG."""
        return bytes(await self.do(lambda: self.page.screenshot()))

    def _start(self) -> None:
        from playwright.sync_api import sync_playwright

        self._playwright = sync_playwright().start()
        browser = self._playwright.chromium.launch(executable_path=find_browser(), args=[*_FLAGS])
        width, height = self._size
        more = self._more
        if self._is_phone:
            more |= {
                "device_scale_factor": 3,
                "is_mobile": True,
                "has_touch": True,
                "user_agent": _USER_AGENT,
            }
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=self._scheme, **more
        )
        self.page = context.new_page()
