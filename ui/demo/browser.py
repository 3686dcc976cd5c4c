"""The customer as a real browser: Chromium at the size of a phone."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeVar

from ui.demo.wallet import CARD_NAME, CVC, EXPIRY

T = TypeVar("T")

_FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_PHONE: Final = {"width": 390, "height": 844}


class BrowserCustomer:
    """Chromium at the size of a phone, driven from a thread of its own."""

    name = "Chromium at phone size"

    def __init__(self, path: str) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="customer")
        self._playwright: Any = None
        self._page: Any = None

    async def start(self) -> None:
        """Start the browser. Raises where it or its driver is missing."""
        await self._do(self._start)

    async def open(self, url: str) -> str:
        def visit() -> str:
            self._page.goto(url, wait_until="load")
            return str(self._page.title())

        return await self._do(visit)

    async def pay(self, card: str) -> str:
        def fill_and_send() -> str:
            self._fill_in(card)
            return self._click("button.pay")

        return await self._do(fill_and_send)

    async def pay_by_debit(self, iban: str) -> str:
        await self.choose_debit(iban)
        return await self._do(lambda: self._click("button.pay"))

    async def choose_debit(self, iban: str) -> None:
        def fill() -> None:
            self._page.click("label:has([value=sepa_debit])")
            self._page.fill("[name=iban]", iban)
            self._page.fill("[name=name]", CARD_NAME)

        await self._do(fill)

    async def answer_bank(self, *, is_me: bool) -> str:
        verdict = "complete" if is_me else "fail"
        return await self._do(lambda: self._click(f"form:has([value={verdict}]) button"))

    async def go_back(self) -> str:
        return await self._do(lambda: self._click("a.leave"))

    async def give_up(self, card: str) -> None:
        def type_and_close() -> None:
            self._fill_in(card)
            context = self._page.context
            self._page.close()
            self._page = context.new_page()

        await self._do(type_and_close)

    async def picture(self, path: Path) -> bool:
        await self._do(lambda: self._page.screenshot(path=str(path)))
        return True

    async def close(self) -> None:
        def stop() -> None:
            if self._playwright is not None:
                self._playwright.stop()

        await self._do(stop)
        self._thread.shutdown(wait=False)

    def _start(self) -> None:
        from playwright.sync_api import sync_playwright

        self._playwright = sync_playwright().start()
        browser = self._playwright.chromium.launch(executable_path=self._path, args=list(_FLAGS))
        context = browser.new_context(
            viewport=_PHONE, device_scale_factor=2, is_mobile=True, has_touch=True
        )
        self._page = context.new_page()

    def _fill_in(self, card: str) -> None:
        page = self._page
        page.fill("[name=card_number]", card)
        page.fill("[name=exp]", EXPIRY)
        page.fill("[name=cvc]", CVC)
        page.fill("[name=name]", CARD_NAME)

    def _click(self, what: str) -> str:
        with self._page.expect_navigation(wait_until="load"):
            self._page.click(what)
        return str(self._page.title())

    async def _do(self, work: Callable[[], T]) -> T:
        return await asyncio.wrap_future(self._thread.submit(work))
