"""A thousand whole sales through the real window, and what each of them leaves behind.

The window, the till, its books, the simulator and the webhooks are those that a shop runs in
training; the customer posts the page's form. Each sale begins as soon as the last one is paid.
"""

import argparse
import asyncio
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import httpx
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton

from app.bootstrap import Till
from app.domain.catalog import Product
from app.events import Fact
from app.logs import log_to
from app.settings import Mode, load_settings
from app.store.connection import open_reader, private_directory
from app.store.verify import Outcome, TakenPayment, verify
from tests.soak.gauges import HEAP, Sample, grown, growth, take_sample
from ui.counter import Stage
from ui.demo.eyes import read_qr
from ui.demo.form import FormCustomer
from ui.demo.purse import GOOD_NUMBER, card
from ui.pay.state import Phase
from ui.start import run_in_qt, running_window
from ui.window import Window

SALES: Final = 1_000
WARM_UP: Final = 200
EACH: Final = 50
PROOF_SALES: Final = 250
_CARD: Final = card(GOOD_NUMBER)
_STEP_S: Final = 30.0


class Shift:
    """One operator and one customer after the other."""

    def __init__(self, till: Till, window: Window, chance: random.Random) -> None:
        self._till = till
        self._window = window
        self._chance = chance
        self._customer = FormCustomer()
        self._news = asyncio.Event()
        self.sold = 0
        self.sold_minor = 0
        self.learned_by: Counter[str] = Counter()
        self._products = [p for p in till.catalog.on_sale() if not p.is_recurring]
        till.subscribe(self._on_fact)
        counter = window.counter
        for signal in (counter.cart_changed, counter.stage_changed, counter.payment_changed):
            signal.connect(self._on_news)

    async def sell(self, *, look_at_code: bool) -> None:
        """Ring up, charge, have the customer pay by what the code says, go on."""
        counter = self._window.counter
        for product in self._chance.sample(self._products, self._chance.randint(1, 3)):
            await self._tap(product)
        self.sold_minor += counter.cart_model.total.minor
        self._press("charge")
        await self._until(lambda: self._phase() is Phase.WAITING and bool(self._code()), "a code")
        if look_at_code:
            seen = read_qr(self._window.grab().toImage())
            assert seen == self._code(), f"the pixels say {seen}"
        await self._customer.open(self._code())
        await self._customer.pay(_CARD)
        await self._until(lambda: counter.stage is Stage.PAID, "PAID")
        assert not self._code(), "the code is still there after PAID"
        self._press("next_sale")
        await self._until(lambda: counter.stage is Stage.SELLING, "the next sale")
        self.sold += 1

    async def close(self) -> None:
        """Send the customer home."""
        await self._customer.close()

    async def _tap(self, product: Product) -> None:
        tiles = self._window.sell.tiles
        if not tiles.viewport().rect().contains(tiles.rect_of(product.id).center()):
            tiles.show_product(product.id)
            await asyncio.sleep(0)
        point = tiles.rect_of(product.id).center()
        QTest.mouseClick(tiles.viewport(), Qt.MouseButton.LeftButton, pos=point)
        cart = self._window.counter.cart
        await self._until(lambda: cart.content.quantity_of(product.id) == 1, product.name)

    def _press(self, name: str) -> None:
        button = self._window.findChild(QAbstractButton, name)
        assert button is not None and button.isVisible() and button.isEnabled(), name
        middle = QPoint(button.width() // 2, button.height() // 2)
        QTest.mouseClick(button, Qt.MouseButton.LeftButton, pos=middle)

    def _phase(self) -> Phase | None:
        payment = self._window.counter.payment
        return None if payment is None else payment.phase

    def _code(self) -> str:
        code = self._window.pay.qr
        return str(code.property("url")) if code.isVisible() else ""

    def _on_news(self) -> None:
        self._news.set()

    def _on_fact(self, fact: Fact) -> None:
        if fact.name == "attempt.paid":
            self.learned_by[str(fact.data.get("source"))] += 1

    async def _until(self, condition: Callable[[], bool], words: str) -> None:
        async with asyncio.timeout(_STEP_S):
            while not condition():
                self._news.clear()
                try:
                    await self._news.wait()
                except asyncio.CancelledError:
                    print(f"within {_STEP_S:.0f} s it did not come to this: {words}", flush=True)
                    raise


async def soak(given: argparse.Namespace, root: Path) -> int:
    """Sell, take samples, look into the books; status 1 where something grew or does not agree."""
    settings = load_settings(root, Mode.TRAINING)
    till = await asyncio.to_thread(lambda: Till(settings))
    log_to(settings.directory)
    leaking: list[Sample] = []
    async with running_window(till, settings, display="window") as window:
        shift = Shift(till, window, random.Random(given.seed))
        samples = await _sell(shift, given.sales, given)
        if given.proof_kib:
            leaking = await _sell(shift, given.proof_sales, given, keep_kib=given.proof_kib)
        taken = await provider_books(till.sandbox_url)
        await shift.close()
    settled = [sample for sample in samples if sample.sales >= given.warm_up]
    faults = grown(settled) + _wrong_in(settings.directory / "till.db", taken, shift)
    for gauge, first in settled[0].held.items():
        last, slope = settled[-1].held[gauge], growth(settled, gauge)
        print(f"{gauge:<21} {first:>10,.0f} -> {last:>10,.0f}  {slope:>+8.3f} a sale")
    if leaking:
        seen = [fault for fault in grown(leaking) if fault.startswith(HEAP)]
        print(f"sales that keep {given.proof_kib} KiB each: {seen or 'NOT NOTICED'}")
        faults += [] if seen else ["a leak was not noticed"]
    for fault in faults:
        print(f"NOT AS IT SHOULD BE: {fault}")
    news = ", ".join(f"{count:,} by {source}" for source, count in shift.learned_by.items())
    print(
        f"{shift.sold:,} sales of {shift.sold_minor:,} minor units, learned of {news}; "
        f"{len(taken):,} payments at the provider: {'NOT FLAT' if faults else 'flat, books clean'}"
    )
    return 1 if faults else 0


async def _sell(
    shift: Shift, sales: int, given: argparse.Namespace, *, keep_kib: int = 0
) -> list[Sample]:
    """Sell so often, and for the hours asked for; `keep_kib` of each sale is leaked on purpose."""
    samples: list[Sample] = []
    kept: list[bytes] = []
    began, before = time.monotonic(), shift.sold
    until = began + (0 if keep_kib else 3600 * given.hours)
    while shift.sold < before + sales or time.monotonic() < until:
        await shift.sell(look_at_code=shift.sold % given.each == 0)
        kept.append(random.randbytes(keep_kib * 1024))
        if shift.sold % given.each == 0:
            samples.append(take_sample(shift.sold))
            if shift.sold % (2 * given.each) == 0:
                each_ms = (time.monotonic() - began) / (shift.sold - before) * 1000
                _say(samples[-1], each_ms, is_first=shift.sold == 2 * given.each)
    return samples


def _say(sample: Sample, each_ms: float, *, is_first: bool) -> None:
    if is_first:
        print("  ".join(["sales", *sample.held, "ms a sale"]))
    figures = "  ".join(f"{figure:>{len(name)},.0f}" for name, figure in sample.held.items())
    print(f"{sample.sales:>5}  {figures}  {each_ms:>9,.0f}", flush=True)


async def provider_books(url: str) -> list[TakenPayment]:
    """Ask the simulator what it took."""
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        books: Any = (await client.get(f"{url}/_control/books")).json()
    wanted = ("payment_id", "reference", "currency", "captured_minor", "refunded_minor")
    return [
        TakenPayment(**{name: payment[name] for name in wanted}, provider=account["provider"])
        for account in books["accounts"].values()
        for payment in account["payments"]
    ]


def _wrong_in(path: Path, taken: list[TakenPayment], shift: Shift) -> list[str]:
    """Name what the books say otherwise than the operator, the customers or the simulator."""
    db = open_reader(path)
    try:
        checks = verify(db, taken)
        figures = {name: _figure(db, sql) for name, sql in _FIGURES.items()}
    finally:
        db.close()
    wanted = dict.fromkeys(("orders", "paid orders", "payments", "receipts"), shift.sold)
    wanted |= dict.fromkeys(("sold", "accepted"), shift.sold_minor)
    wanted |= {"unbalanced": 0, "exceptions": 0, "held": 0}
    faults = [str(check) for check in checks if check.outcome is Outcome.VIOLATED]
    faults += [
        f"{name}: {figures[name]}, not {figure}"
        for name, figure in wanted.items()
        if figures[name] != figure
    ]
    captured = sum(payment.captured_minor for payment in taken)
    if (len(taken), captured) != (shift.sold, shift.sold_minor):
        faults.append(f"the simulator has {len(taken)} payments of {captured}")
    return faults


def _figure(db: sqlite3.Connection, sql: str) -> int:
    return int(db.execute(sql).fetchone()[0])


_FIGURES: Final = {
    "orders": "SELECT count(*) FROM orders",
    "paid orders": "SELECT count(*) FROM orders WHERE state = 'paid'",
    "receipts": "SELECT count(DISTINCT receipt_number) FROM orders",
    "payments": "SELECT count(*) FROM payments WHERE held_as IS NULL",
    "held": "SELECT count(*) FROM payments WHERE held_as IS NOT NULL",
    "sold": "SELECT sum(total_minor) FROM orders WHERE state = 'paid'",
    "accepted": "SELECT sum(amount_minor) FROM payments WHERE held_as IS NULL",
    "unbalanced": "SELECT coalesce(sum(abs(amount_minor)), 0) FROM "
    "(SELECT sum(amount_minor) AS amount_minor FROM ledger_entries "
    "GROUP BY transaction_id, currency)",
    "exceptions": "SELECT count(*) FROM exceptions",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Sell for as long as is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak.sales", description=__doc__)
    parser.add_argument("--sales", type=int, default=SALES)
    parser.add_argument("--warm-up", type=int, default=WARM_UP, help="sales before the first look")
    parser.add_argument("--each", type=int, default=EACH, help="sales between two samples")
    parser.add_argument("--hours", type=float, default=0.0, help="go on for at least so long")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--proof-kib", type=int, default=0, help="then keep so much of each sale: it must be seen"
    )
    parser.add_argument("--proof-sales", type=int, default=PROOF_SALES)
    given = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="scantill-soak-") as own:
        root = private_directory(Path(own))
        return run_in_qt(lambda _: soak(given, root))


if __name__ == "__main__":
    sys.exit(main())
