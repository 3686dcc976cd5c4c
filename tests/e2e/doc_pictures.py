"""The pictures of the documents, taken while the demo plays: python -m tests.e2e.doc_pictures docs

One of the sale's screens each, and one of every end with both screens and the phone.
"""

import argparse
import asyncio
import random
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from app.bootstrap import Till
from app.settings import Mode, load_settings
from app.store.connection import private_directory
from tests.e2e.small_pictures import save_small, side_by_side
from tests.ui.gallery.pixels import colours_of
from ui.demo.customer import make_customer
from ui.demo.ends import CLOSED_DEADLINE, Ends
from ui.demo.eyes import look_at
from ui.demo.purse import PURSES
from ui.start import prepare_screen, run_in_qt, running_window

SALE: Final = {
    "sell-cart": "sell",
    "pay-qr": "pay",
    "display-qr": "display",
    "paid": "paid",
    "customer-page": "customer",
}
"""Which of the demo's pictures become which of the documents'."""

ENDS: Final[Mapping[str, str]] = {
    "challenge": "pay-not-proven",
    "error": "pay-error",
    "late": "pay-processing",
    "late-fail": "pay-failed",
    "expired": "pay-expired",
    "cancel": "sell-cancelled",
    "closed": "pay-expired",
}
"""The moment at which each end is to be seen, as the demo names its pictures."""

_HEIGHT: Final = 400


class Photographed(Ends):
    """A demo in which both screens and the phone are looked at in one chosen moment."""

    moment = ""
    seen: tuple[QImage, ...] = ()

    async def _picture(self, name: str, window: QWidget | None = None) -> QImage:
        image = await super()._picture(name, window)
        if name == self.moment:
            both = (look_at(self._window), look_at(self._display))
            phone = self._out / "phone.png"
            has_phone = await self._customer.picture(phone)
            self.seen = (*both, *_used([QImage(str(phone))] if has_phone else []))
        return image


def _used(phones: list[QImage]) -> list[QImage]:
    """Leave out a phone that was put away: its screen is of one colour."""
    return [phone for phone in phones if len(colours_of(phone, phone.rect())) > 1]


async def play(end: str, out: Path) -> Photographed:
    """Play the demo, or one of its ends, with pictures in `out`."""
    customer = await make_customer()
    root = private_directory(out / "data")
    settings = load_settings(root, Mode.TRAINING)
    deadline = CLOSED_DEADLINE if end == "closed" else None
    try:
        till = await asyncio.to_thread(lambda: Till(settings, deadline=deadline))
        async with running_window(till, settings, display="window") as window:
            more: dict[str, Any] = {"out": out, "chance": random.Random(4), "is_shown": False}
            journey = Photographed(till, window, customer, **more)
            journey.moment = ENDS.get(end, "")
            if end:
                await journey.play(end)
            else:
                await journey.run(PURSES["stripe_checkout"].good)
            return journey
    finally:
        await customer.close()


async def take(pictures: Path) -> None:
    """Renew all of them."""
    for end in ("", *ENDS):
        with tempfile.TemporaryDirectory(prefix="scantill-pictures-") as folder:
            journey = await play(end, Path(folder))
            if end:
                save_small(
                    side_by_side(list(journey.seen), _HEIGHT), pictures / f"end-{end}.png", 1440
                )
                continue
            _keep_sale(Path(folder), pictures)


def _keep_sale(taken: Path, pictures: Path) -> None:
    for source, target in SALE.items():
        (found,) = taken.glob(f"[0-9][0-9]-{source}.png")
        save_small(QImage(str(found)), pictures / f"{target}.png")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("docs", type=Path)
    docs: Path = parser.parse_args().docs

    async def renew() -> int:
        await take(docs / "pictures")
        return 0

    prepare_screen()
    return run_in_qt(lambda _: renew())


if __name__ == "__main__":
    sys.exit(main())
