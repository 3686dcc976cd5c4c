"""The first sale, tap by tap: played on the real till, counted, and written down with pictures.

Run as a program with the folder of the documents it renews `first-sale.md` and its pictures:
    python -m tests.e2e.first_sale docs
"""

import argparse
import asyncio
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QObject, QRect, QRectF, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QImage

from tests.e2e.shop import Phone, Shop, open_shop, until
from tests.e2e.small_pictures import ringed, save_small
from ui.demo.eyes import look_at
from ui.start import prepare_screen, run_in_qt

MOST_TAPS: Final = 6
PRODUCT: Final = "espresso"
DESK: Final = (1100, 900)
"""The browser on the till's own computer."""


@dataclass(frozen=True)
class Step:
    """One tap, or with no place what is seen in the end."""

    heading: str
    words: str
    picture: QImage
    at: QRect | None = None


@dataclass
class FirstSale:
    """Plays the sale; every tap goes to something that stands on the screen at that moment."""

    shop: Shop
    browser: Phone
    steps: list[Step] = field(default_factory=list)

    @property
    def taps(self) -> int:
        """Count the taps."""
        return sum(step.at is not None for step in self.steps)

    async def play(self) -> None:
        """Go from the open window to PAID."""
        name = next(p.name for p in self.shop.till.catalog.on_sale() if p.id == PRODUCT)
        await self._tap_window(
            f"Tap {name}",
            "`make run` opens the till in training, with a sample shop. No real money moves.",
            PRODUCT,
        )
        charge = self.shop.button("charge").accessibleName()
        await self._tap_window(
            f"Tap {charge}", "The cart is on the right, and what it comes to.", "charge"
        )
        await self.shop.scanned()
        opener = _Opener()
        QDesktopServices.setUrlHandler("http", opener, "open")  # type: ignore[arg-type]
        try:
            await self._tap_window(
                "Tap Pay as the customer",
                "A customer would scan the code. Without a phone at hand, the page opens here.",
                "pay_as_customer",
            )
            await until(lambda: bool(opener.opened), "the customer's page is opened")
        finally:
            QDesktopServices.unsetUrlHandler("http")
        await self.browser.open(opener.opened[0])
        await self._tap_page("This is the customer's page, made by the simulator.", "summary")
        await self._tap_page(
            "The card that works. The tap fills in number, date and security code.",
            "button[aria-label='Use 4242 4242 4242 4242']",
        )
        await self._tap_page("The card is filled in.", "button.pay")
        await self.browser.do(
            lambda: self.browser.page.wait_for_selector("[data-state=paid]") and None
        )
        await self.shop.paid()
        # The tick draws itself.
        await asyncio.sleep(0.8)
        self.steps.append(
            Step(
                "PAID",
                "The till has heard of it from the provider, written it into its books, and says"
                " so on both screens. Tap Next sale, and it begins anew.",
                look_at(self.shop.window),
            )
        )

    async def _tap_window(self, heading: str, words: str, name: str) -> None:
        before = look_at(self.shop.window)
        at = self.shop.tap_tile(name) if name == PRODUCT else self.shop.tap(name)
        self.steps.append(Step(heading, words, before, at))
        await asyncio.sleep(0.1)

    async def _tap_page(self, words: str, what: str) -> None:
        def tap() -> tuple[str, bytes, dict[str, float]]:
            place: Any = self.browser.page.locator(what).first
            place.scroll_into_view_if_needed()
            label, box = str(place.inner_text()), place.bounding_box()
            before = bytes(self.browser.page.screenshot())
            self.browser.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
            return label, before, box

        label, before, box = await self.browser.do(tap)
        at = QRectF(box["x"], box["y"], box["width"], box["height"]).toRect()
        self.steps.append(Step(f"Tap {label.strip()}", words, QImage.fromData(before), at))
        await asyncio.sleep(0.1)


class _Opener(QObject):
    """Stands where the desktop's browser would be started."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []

    @Slot(QUrl)
    def open(self, url: QUrl) -> None:
        self.opened.append(url.toString(QUrl.ComponentFormattingOption.FullyEncoded))


def written(sale: FirstSale) -> str:
    """Write the sale down."""
    parts = [
        "# The first sale",
        "",
        "<!-- Written by `make pictures`, from a sale that was really made: do not edit. -->",
        "",
        f"From `make run` to PAID in {sale.taps} taps, with nothing but what stands on the screen."
        " The rings show where to tap.",
    ]
    for number, step in enumerate(sale.steps, start=1):
        heading = f"{number}. {step.heading}" if step.at is not None else step.heading
        parts += ["", f"## {heading}", "", step.words, "", f"![{heading}]({picture_name(number)})"]
    return "\n".join(parts) + "\n"


def picture_name(number: int) -> str:
    """Give where a step's picture is, from the document."""
    return f"pictures/first-sale-{number}.png"


def keep(sale: FirstSale, docs: Path) -> None:
    """Write the document and its pictures."""
    for number, step in enumerate(sale.steps, start=1):
        picture = step.picture if step.at is None else ringed(step.picture, step.at)
        save_small(picture, docs / picture_name(number))
    (docs / "first-sale.md").write_text(written(sale), "utf-8")


async def play_in(folder: Path) -> FirstSale:
    """Play the sale in a shop with fresh books."""
    async with open_shop(folder) as shop, Phone(size=DESK, is_phone=False) as browser:
        sale = FirstSale(shop, browser)
        await sale.play()
        return sale


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("docs", type=Path)
    docs: Path = parser.parse_args().docs

    async def play() -> int:
        with tempfile.TemporaryDirectory(prefix="scantill-first-sale-") as folder:
            sale = await play_in(Path(folder))
        keep(sale, docs)
        print(f"{sale.taps} taps from the open window to PAID: {docs / 'first-sale.md'}")  # noqa: T201
        return 0

    prepare_screen()
    return run_in_qt(lambda _: play())


if __name__ == "__main__":
    sys.exit(main())
