"""The customer as a real browser: Chromium at the size of a phone."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeVar

from ui.demo.purse import Means
from ui.demo.steps import StepFailed

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
PATIENCE_MS: Final = 15_000


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
        await asyncio.wrap_future(self._thread.submit(self._start))

    async def open(self, url: str) -> str:
        return await self._do(lambda: self._visit(url))

    async def fill(self, means: Means) -> None:
        await self._do(lambda: self._fill_in(means))

    async def pay(self, means: Means) -> str:
        def fill_and_send() -> str:
            self._fill_in(means)
            return self._send()

        return await self._do(fill_and_send)

    async def answer_bank(self, *, is_me: bool) -> str:
        return await self._do(lambda: self._answer("complete" if is_me else "fail"))

    async def go_back(self) -> str:
        def leave() -> str:
            return self._click("a.leave") if self._page.locator("a.leave").count() else ""

        return await self._do(leave)

    async def give_up(self, means: Means) -> None:
        def type_and_close() -> None:
            self._fill_in(means)
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

        await asyncio.wrap_future(self._thread.submit(stop))
        self._thread.shutdown(wait=False)

    # --- on the browser's own thread ------------------------------------------------------

    def _start(self) -> None:
        from playwright.sync_api import sync_playwright

        self._playwright = sync_playwright().start()
        browser = self._playwright.chromium.launch(executable_path=self._path, args=list(_FLAGS))
        context = browser.new_context(
            viewport=_PHONE,
            device_scale_factor=2,
            is_mobile=True,
            has_touch=True,
            # What the steps look for on a page is in English.
            locale="en-US",
        )
        context.set_default_timeout(PATIENCE_MS)
        self._page = context.new_page()

    def _visit(self, url: str) -> str:
        self._page.goto(url, wait_until="load")
        return str(self._page.title())

    def _fill_in(self, means: Means) -> None:
        for name, value in means.chosen.items():
            self._page.click(f"label:has([name={name}][value={value}])")
        for name, text in means.typed.items():
            self._page.fill(f"[name={name}]", text)

    def _send(self) -> str:
        return self._click("button.pay")

    def _answer(self, verdict: str) -> str:
        return self._click(f"form:has([value={verdict}]) button")

    def _click(self, what: str) -> str:
        with self._page.expect_navigation(wait_until="load"):
            self._page.click(what)
        return str(self._page.title())

    async def _do(self, work: Callable[[], T]) -> T:
        from playwright.sync_api import Error

        try:
            return await asyncio.wrap_future(self._thread.submit(work))
        except Error as error:
            raise StepFailed(f"the customer cannot go on: {error.message}") from error
