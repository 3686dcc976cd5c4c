"""A customer pays with a phone: scans the window's pixels, taps, types, and does odd things."""

import asyncio
from pathlib import Path

import pytest

from tests.e2e.conftest import Run
from tests.e2e.shop import Phone, Shop, open_shop, until
from ui.demo.customer import find_browser

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_browser() is None, reason="there is no Chromium"),
    pytest.mark.qt_log_ignore("does not support propagateSizeHints"),
]

# How the button stands once it was pressed, for the page itself is gone when one could ask.
_NOTE_THE_BUTTON = """
document.forms[0].addEventListener('submit', () => {
  const button = document.querySelector('button.pay')
  sessionStorage.setItem('button', button.disabled + ' ' + button.textContent)
})
"""


@pytest.mark.parametrize(
    "size, scheme",
    [
        ((390, 844), "light"),
        pytest.param((390, 844), "dark", marks=pytest.mark.slow),
        ((360, 640), "dark"),
        pytest.param((360, 640), "light", marks=pytest.mark.slow),
    ],
)
def test_a_customer_scans_pays_by_touch_and_both_screens_say_paid(
    run: Run, tmp_path: Path, size: tuple[int, int], scheme: str
) -> None:
    async def sale() -> None:
        async with open_shop(tmp_path) as shop, Phone(size=size, scheme=scheme) as phone:
            total = shop.till.catalog.on_sale()[0].price
            title = await phone.open(await shop.charged(shop.till.catalog.on_sale()[0].id))
            assert title.endswith(shop.till.catalog.shop.name)
            assert await phone.asked("matchMedia('(pointer: coarse)').matches")
            await phone.type_card()
            assert await phone.tap_and_go("button.pay") == "Payment received"
            await shop.paid()
            assert await shop.captured() == [total.minor]

    run(sale())


@pytest.mark.slow
def test_a_bad_network_makes_it_slow_and_no_dearer(run: Run, tmp_path: Path) -> None:
    async def sale() -> None:
        async with open_shop(tmp_path) as shop, Phone() as phone:
            url = await shop.charged()
            await phone.slow_down(latency_ms=800, bytes_per_s=6_000)
            await phone.open(url)
            await phone.type_card()
            await phone.asked(_NOTE_THE_BUTTON)
            await phone.do(lambda: phone.page.tap("button.pay", no_wait_after=True))
            await phone.do(lambda: phone.page.wait_for_selector("[data-state=paid]"))
            assert await phone.asked("sessionStorage.getItem('button')") == "true Paying…"
            await shop.paid()
            assert len(await shop.captured()) == 1

    run(sale())


def test_two_quick_taps_on_pay_are_one_payment(run: Run, tmp_path: Path) -> None:
    async def sale() -> None:
        async with open_shop(tmp_path) as shop, Phone() as phone:
            await phone.open(await shop.charged())
            await phone.type_card()
            await phone.slow_down(latency_ms=400, bytes_per_s=50_000)

            def tap_twice() -> None:
                phone.page.locator("button.pay").scroll_into_view_if_needed()
                box = phone.page.locator("button.pay").bounding_box()
                middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
                phone.page.touchscreen.tap(*middle)
                phone.page.touchscreen.tap(*middle)
                phone.page.wait_for_selector("[data-state=paid]")

            await phone.do(tap_twice)
            await shop.paid()
            assert len(await shop.captured()) == 1
            (row,) = await shop.till.orders.page(limit=5)
            detail = await shop.till.orders.detail(row.id)
            assert detail is not None and len(detail.tenders) == 1

    run(sale())


def test_going_back_after_paying_and_loading_again_pays_nothing_more(
    run: Run, tmp_path: Path
) -> None:
    async def sale() -> None:
        async with open_shop(tmp_path) as shop, Phone() as phone:
            url = await shop.charged()
            await phone.open(url)
            await phone.type_card()
            await phone.tap_and_go("button.pay")
            await shop.paid()

            def reload() -> str:
                phone.page.reload(wait_until="load")
                return str(phone.page.title())

            assert await phone.do(reload) == "Payment received"
            await phone.do(lambda: phone.page.go_back(wait_until="load"))
            assert await phone.do(lambda: phone.page.title()) == "Already paid"
            assert await phone.asked("document.querySelectorAll('form').length") == 0
            assert await phone.do(reload) == "Already paid"
            assert await phone.open(url) == "Already paid"
            await _settled(shop)
            assert len(await shop.captured()) == 1

    run(sale())


def test_a_form_that_was_sent_and_is_sent_again_is_one_payment(run: Run, tmp_path: Path) -> None:
    """Two phones scan the same code; the second presses Pay after the first has paid."""

    async def sale() -> None:
        async with open_shop(tmp_path) as shop, Phone() as first, Phone() as second:
            url = await shop.charged()
            for phone in (first, second):
                await phone.open(url)
                await phone.type_card()
            assert await first.tap_and_go("button.pay") == "Payment received"
            assert await second.tap_and_go("button.pay") == "Already paid"
            await shop.paid()
            await _settled(shop)
            assert len(await shop.captured()) == 1

    run(sale())


async def _settled(shop: Shop) -> None:
    await asyncio.sleep(0.2)
    await until(lambda: not shop.window.counter.tasks._running, "the counter rests")
