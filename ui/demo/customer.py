"""The customer with the phone: opens what the QR says and pays on the page that comes.

With Chromium installed it is a real browser at a phone's size; without, an HTTP client that reads
the page's own form and posts it. Neither knows anything of the till. What leads to no page is read
by an app.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from ui.demo.purse import Means, Page

_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


class Customer(Protocol):
    """Someone who can open a page, pay on it and take a picture of it.

    What is given back is what can be read on the page that comes: its title, or a sentence of it.
    Raises StepFailed where the page has not what is looked for.
    """

    name: str

    async def open(self, url: str) -> str:
        """Open what the code says."""
        ...

    async def fill(self, means: Means) -> None:
        """Fill in the form without sending it."""
        ...

    async def pay(self, means: Means) -> str:
        """Fill in the form and send it."""
        ...

    async def answer_bank(self, *, is_me: bool) -> str:
        """Answer the bank's challenge."""
        ...

    async def go_back(self) -> str:
        """Take the page's way back to the shop; nothing where it has none."""
        ...

    async def give_up(self, means: Means) -> None:
        """Begin to fill in the form, then close the page."""
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


async def make_customer(
    page: Page = Page.FORM, sandbox: str = "", *, is_plain: bool = False
) -> Customer:
    """Give a browser where one can be driven, else the plain client, which may be asked for.

    `sandbox` is the simulator's origin, where a payment app finds its bank.
    """
    from ui.demo.form import FormCustomer
    from ui.demo.own_page import BrowserOnOwnPage, FormOnOwnPage
    from ui.demo.upi import UpiCustomer

    if page is Page.APP:
        return UpiCustomer(sandbox)
    path = None if is_plain else find_browser()
    if path is not None:
        from ui.demo.browser import BrowserCustomer

        kind: Callable[[str], BrowserCustomer]
        kind = BrowserOnOwnPage if page is Page.OWN else BrowserCustomer
        browser = kind(path)
        try:
            await browser.start()
        except Exception as error:  # noqa: BLE001 - any fault of the browser leaves the plain client
            print(f"Chromium does not start ({type(error).__name__}); posting the form instead.")
            await browser.close()
        else:
            return browser
    return FormOnOwnPage() if page is Page.OWN else FormCustomer()
