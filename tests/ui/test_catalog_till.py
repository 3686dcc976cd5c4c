"""A real till under the real window: the file is edited, and the window follows."""

import asyncio
import gc
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
import qasync

from app.bootstrap import Till
from app.settings import Mode, load_settings
from tests.conftest import ExpectedLogs
from tests.integration.till.house import SETTINGS, Customer, simulator, until, violations
from tests.ui.catalogs import ring_up, shown
from tests.ui.helpers import button
from ui.counter import Stage
from ui.demo.eyes import read_qr
from ui.start import running_window
from ui.window import Window

Run = Callable[[Coroutine[Any, Any, None]], None]
PATIENCE_S = 30.0
PRODUCT = '[[products]]\nid = "{}"\nname = "{}"\ncategory = "{}"\n[products.price]\namount = {}\n'


def toml(*rows: tuple[str, str, str, int], shop: str = "Amsel") -> str:
    head = f'[shop]\nname = "{shop}"\ncurrency = "EUR"\n'
    return head + "".join(PRODUCT.format(*row) for row in rows)


TEA, CAKE = ("tea", "Tea", "Hot", 390), ("cake", "Cake", "Sweet", 450)


@pytest.fixture
def customer(tmp_path: Path) -> Iterator[Customer]:
    # Windows of tests before this one must not be found as garbage by one of the till's threads.
    gc.collect()
    with simulator(tmp_path / "sandbox.db") as customer:
        yield customer


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "till"
    path.mkdir()
    (path / "scantill.toml").write_text('[window]\nlocale = "en"\ntheme = "light"\n', "utf-8")
    (path / "catalog.toml").write_text(toml(TEA), "utf-8")
    return path


def play(
    qapp: object, root: Path, customer: Customer, story: Callable[[Window, Till], Any]
) -> None:
    """Run a story with a till and its window, on Qt's own loop."""

    async def whole() -> None:
        settings = load_settings(root, Mode.TRAINING, working_directory=root)
        till = await asyncio.to_thread(lambda: Till(settings, sandbox_url=customer.origin))
        async with running_window(till, settings, display="off") as window:
            await story(window, till)

    loop = qasync.QEventLoop(qapp)
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(asyncio.wait_for(whole(), 100))
    finally:
        loop.close()
        asyncio.set_event_loop(None)
    assert violations(root, customer) == []


async def save(root: Path, text: str) -> None:
    await asyncio.to_thread((root / "catalog.toml").write_text, text, "utf-8")


def test_the_window_follows_the_file_and_a_bad_one_is_told_and_mended(
    qapp: object, root: Path, customer: Customer, expected_logs: ExpectedLogs
) -> None:
    async def story(window: Window, till: Till) -> None:
        assert shown(window) == {"tea": 390}
        await save(root, toml(("tea", "Tea", "Hot", 420), CAKE, shop="Bohne"))
        await until(lambda: shown(window) == {"tea": 420, "cake": 450}, within_s=PATIENCE_S)
        assert window.windowTitle() == "Bohne · Scantill"
        assert window.notice.detail == "1 product changed. 1 product is new."
        await save(root, "[[products]")
        notes = window.sell.notes
        await until(notes.file.isVisible, within_s=PATIENCE_S)
        assert "is not readable at line 1" in notes.file.words
        assert shown(window) == {"tea": 420, "cake": 450}
        await save(root, toml(CAKE, shop="Bohne"))
        await until(lambda: shown(window) == {"cake": 450}, within_s=PATIENCE_S)
        assert not notes.file.isVisible()

    play(qapp, root, customer, story)
    expected_logs.take("is not readable at line 1")


def test_a_price_changed_while_the_code_is_up_is_the_next_sales_price(
    qapp: object, root: Path, customer: Customer
) -> None:
    async def story(window: Window, till: Till) -> None:
        ring_up(window, "tea")
        button(window, "charge").click()
        await until(lambda: window.pay.qr.property("url"), within_s=PATIENCE_S)
        url = read_qr(window.grab().toImage())
        await save(root, toml(("tea", "Tea", "Hot", 990), shop="Bohne"))
        await until(lambda: till.catalog.products[0].price.minor == 990, within_s=PATIENCE_S)
        assert read_qr(window.grab().toImage()) == url
        assert await asyncio.to_thread(customer.pay, url) == 303
        await until(lambda: window.counter.stage is Stage.PAID, within_s=PATIENCE_S)
        assert window.paid._amount.text == "€3.90"
        (row,) = await till.orders.page()
        detail = await till.orders.detail(row.id)
        assert detail is not None and detail.order.snapshot.lines[0].unit_minor == 390
        assert detail.order.snapshot.seller.name == "Amsel"
        button(window, "next_sale").click()
        ring_up(window, "tea")
        assert window.counter.cart_model.total.minor == 990

    play(qapp, root, customer, story)
    assert [taken.captured_minor for taken in customer.taken()] == [390]
