"""The customer with the phone: opens what the QR says and pays on the page that comes.

With Chromium installed it is a real browser at a phone's size; without, an HTTP client that reads
the page's own form and posts it. Neither knows anything of the till.
"""

import asyncio
import shutil
import urllib.parse
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

import httpx

T = TypeVar("T")

CARD_NAME: Final = "Ada Sample"
_CVC: Final = "123"
_EXPIRY: Final = "12/34"
_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_BROWSER_FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_PHONE: Final = {"width": 390, "height": 844}


class Customer(Protocol):
    """Someone who can open a page, pay on it and take a picture of it."""

    name: str

    async def open(self, url: str) -> str:
        """Open the page and give its title."""
        ...

    async def pay(self, card: str) -> str:
        """Fill in the form, send it, and give the title of what comes back."""
        ...

    async def picture(self, path: Path) -> bool:
        """Save how the page looks; False where there is nothing to see."""
        ...

    async def close(self) -> None:
        """Put the phone away."""
        ...


def find_browser() -> str | None:
    """Give the path of an installed Chromium, if there is one."""
    return next(filter(None, map(shutil.which, _BROWSERS)), None)


async def make_customer() -> Customer:
    """Give a browser where one can be driven, else the plain client."""
    path = find_browser()
    if path is not None:
        browser = BrowserCustomer(path)
        try:
            await browser.start()
        except Exception as error:  # noqa: BLE001 - any fault of the browser leaves the plain client
            print(f"Chromium does not start ({type(error).__name__}); posting the form instead.")
            await browser.close()
        else:
            return browser
    return FormCustomer()


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
            page = self._page
            page.fill("[name=card_number]", card)
            page.fill("[name=exp]", _EXPIRY)
            page.fill("[name=cvc]", _CVC)
            page.fill("[name=name]", CARD_NAME)
            with page.expect_navigation(wait_until="load"):
                page.click("button.pay")
            return str(page.title())

        return await self._do(fill_and_send)

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
        browser = self._playwright.chromium.launch(
            executable_path=self._path, args=list(_BROWSER_FLAGS)
        )
        context = browser.new_context(
            viewport=_PHONE, device_scale_factor=2, is_mobile=True, has_touch=True
        )
        self._page = context.new_page()

    async def _do(self, work: Callable[[], T]) -> T:
        return await asyncio.wrap_future(self._thread.submit(work))


class FormCustomer:
    """Reads the page's form and posts it, as the simplest of browsers would."""

    name = "an HTTP client that posts the page's form"

    def __init__(self) -> None:
        self._client = httpx.AsyncClient(follow_redirects=True, trust_env=False, timeout=10)
        self._url = ""
        self._page = _Page()

    async def open(self, url: str) -> str:
        return self._read(await self._client.get(url))

    async def pay(self, card: str) -> str:
        answers = {
            "card_number": card,
            "exp": _EXPIRY,
            "cvc": _CVC,
            "name": CARD_NAME,
        }
        fields = {**self._page.fields, **answers}
        action = urllib.parse.urljoin(self._url, self._page.action)
        return self._read(await self._client.post(action, data=fields))

    async def picture(self, path: Path) -> bool:
        return False

    async def close(self) -> None:
        await self._client.aclose()

    def _read(self, reply: httpx.Response) -> str:
        self._url = str(reply.url)
        self._page = _Page()
        self._page.feed(reply.text)
        return self._page.title


class _Page(HTMLParser):
    """The title of a page, and the action and the fields of its form."""

    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self.action = ""
        self.fields: dict[str, str] = {}
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.action = given.get("action") or ""
        elif tag == "input" and given.get("name"):
            self.fields[given["name"] or ""] = given.get("value") or ""
        self._in_title = tag == "title"

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
