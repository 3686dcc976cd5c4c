"""The customer with the phone: opens what the QR says and pays on the page that comes.

With Chromium installed it is a real browser at a phone's size; without, an HTTP client that reads
the page's own form and posts it. Neither knows anything of the till.
"""

import shutil
from pathlib import Path
from typing import Final, Protocol

_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


class Customer(Protocol):
    """Someone who can open a page, pay on it and take a picture of it."""

    name: str

    async def open(self, url: str) -> str:
        """Open the page and give its title."""
        ...

    async def pay(self, card: str) -> str:
        """Fill in the form, send it, and give the title of what comes back."""
        ...

    async def pay_by_debit(self, iban: str) -> str:
        """Choose the bank debit, fill in the form, send it, and give the title of what comes."""
        ...

    async def choose_debit(self, iban: str) -> None:
        """Fill in the form of the bank debit without sending it."""
        ...

    async def answer_bank(self, *, is_me: bool) -> str:
        """Answer the bank's challenge and give the title of what comes back."""
        ...

    async def go_back(self) -> str:
        """Take the page's way back to the shop and give the title of what comes."""
        ...

    async def give_up(self, card: str) -> None:
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


async def make_customer() -> Customer:
    """Give a browser where one can be driven, else the plain client."""
    from ui.demo.browser import BrowserCustomer
    from ui.demo.form import FormCustomer

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
