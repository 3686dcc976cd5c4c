"""A customer pays on the till's own page: scanned off the screen, typed into Stripe's own field."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from app.store.connection import private_directory
from tests.e2e.conftest import Run
from tests.e2e.shop import CARD, Phone, Shop, open_shop, until
from tests.parts.localstripe import localstripe
from ui.demo.customer import find_browser

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_browser() is None, reason="there is no Chromium"),
    pytest.mark.qt_log_ignore("does not support propagateSizeHints"),
]

DECLINED = "4000000000000002"
CHALLENGED = "4000002500003155"
_PATIENCE_MS = 20_000


class PageOfOurs:
    """The pay page as a person sees it, the provider's frame and all."""

    def __init__(self, phone: Phone) -> None:
        self.phone = phone
        self.said: list[str] = []

    async def open(self, url: str) -> str:
        def listen() -> None:
            self.phone.page.on("console", lambda told: self.said.append(told.text))
            self.phone.page.on("pageerror", lambda fault: self.said.append(str(fault)))

        await self.phone.do(listen)
        title = await self.phone.open(url)
        await self.comes_to("open")
        return title

    async def comes_to(self, state: str) -> None:
        wanted = f"body[data-state={state}]"
        await self.phone.do(lambda: _wait(self.phone.page, wanted))

    async def pay(self, number: str) -> None:
        """Tap each field in the frame and type into it, then press the page's own button."""

        def fill() -> None:
            frame = self.phone.page.frame_locator("#field iframe")
            for name, text in (("card_number", number), ("exp", "1234"), ("cvc", "123")):
                field = frame.locator(f"[name={name}]")
                field.fill("")
                field.tap()
                self.phone.page.keyboard.type(text)
            self.phone.page.tap("button.pay")

        await self.phone.do(fill)

    async def answer_bank(self, what: str) -> None:
        await self.phone.do(
            lambda: self.phone.page.frame_locator("#field iframe").locator(f"#{what}").tap()
        )

    async def complaint(self) -> str:
        def read() -> str:
            _wait(self.phone.page, "#problem:not([hidden])")
            return str(self.phone.page.inner_text("#problem"))

        return await self.phone.do(read)


def _wait(page: Any, selector: str) -> None:
    page.wait_for_selector(selector, timeout=_PATIENCE_MS)


def with_own_page(folder: Path) -> Path:
    """Set up a till whose account has its page at the till's own door."""
    data = private_directory(folder / "data")
    (data / "scantill.toml").write_text("[accounts.stripe_elements]\n", "utf-8")
    return folder


async def charged(shop: Shop) -> str:
    """Give the code's address once the door listens."""
    await until(lambda: bool(shop.till.door.address), "the door listens")
    url = await shop.charged()
    assert url.startswith(f"{shop.till.door.address}/pay/")
    return url


@pytest.mark.parametrize(
    "size, scheme",
    [((390, 844), "light"), pytest.param((320, 568), "dark", marks=pytest.mark.slow)],
)
def test_a_customer_pays_on_our_page_and_both_screens_say_paid(
    run: Run, tmp_path: Path, size: tuple[int, int], scheme: str
) -> None:
    async def sale() -> None:
        async with (
            open_shop(with_own_page(tmp_path)) as shop,
            Phone(size=size, scheme=scheme) as phone,
        ):
            page = PageOfOurs(phone)
            total = next(p.price for p in shop.till.catalog.on_sale() if p.id == "espresso")
            title = await page.open(await charged(shop))
            assert title == f"Pay {shop.till.catalog.shop.name}"
            assert str(total.minor // 100) in await phone.asked("document.body.innerText")
            width = await phone.asked("document.documentElement.scrollWidth")
            assert width <= size[0], "it can be scrolled sideways"
            await page.pay(CARD)
            await page.comes_to("paid")
            await shop.paid()
            assert await shop.captured() == [total.minor]
            assert page.said == [], "the browser refused or complained of something"

    run(sale())


def test_a_declined_card_is_told_on_the_page_and_a_good_one_then_pays(
    run: Run, tmp_path: Path
) -> None:
    async def sale() -> None:
        async with open_shop(with_own_page(tmp_path)) as shop, Phone() as phone:
            page = PageOfOurs(phone)
            await page.open(await charged(shop))
            await page.pay("4242")
            assert await page.complaint() == "Your card number is incomplete."
            await page.pay(DECLINED)
            await until_says(page, "Your card was declined.")
            assert await shop.captured() == []
            await page.pay(CHALLENGED)
            await page.answer_bank("fail")
            await until_says(page, "authenticate")
            await page.pay(CHALLENGED)
            await page.answer_bank("complete")
            await page.comes_to("paid")
            await shop.paid()
            assert len(await shop.captured()) == 1

    run(sale())


def test_a_sale_that_was_cancelled_cannot_be_paid_on_the_page_that_is_still_open(
    run: Run, tmp_path: Path
) -> None:
    async def story() -> None:
        async with open_shop(with_own_page(tmp_path)) as shop, Phone() as phone:
            page = PageOfOurs(phone)
            url = await charged(shop)
            await page.open(url)
            sale = await shop.till.orders.unfinished()
            assert sale is not None
            await shop.till.checkout.cancel(sale.order.id)
            await page.comes_to("closed")
            await phone.open(url)
            await page.comes_to("closed")
            assert await shop.captured() == []

    run(story())


def test_with_an_offline_double_the_page_takes_a_payment_by_a_card_field(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def sale(double: str) -> None:
        async with open_shop(with_own_page(tmp_path)) as shop, Phone() as phone:
            assert shop.till.sandbox_url == double
            page = PageOfOurs(phone)
            await page.open(await charged(shop))

            def fill() -> None:
                entries = {"number": CARD, "exp_month": "12", "exp_year": "34", "cvc": "123"}
                for name, text in entries.items():
                    phone.page.fill(f"#field [placeholder={name}]", text)
                phone.page.tap("button.pay")

            await phone.do(fill)
            await page.comes_to("paid")
            await shop.paid()
            refused = [said for said in page.said if "localstripe" not in said]
            assert refused == []

    with localstripe() as double:
        monkeypatch.setenv("STRIPE_API_BASE", double)
        monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_test_12345")
        monkeypatch.setenv("STRIPE_PUBLISHABLE_KEY", "pk_test_12345")
        run(sale(double))


def test_who_comes_back_from_a_bank_is_told_how_it_really_stands(run: Run, tmp_path: Path) -> None:
    async def sale() -> None:
        async with open_shop(with_own_page(tmp_path)) as shop, Phone() as phone:
            page = PageOfOurs(phone)
            url = await charged(shop)
            back = f"{url}?payment_intent=pi_1&redirect_status=succeeded"
            await page.open(back)
            assert "did not come about" in await page.complaint()
            detail = await shop.till.orders.unfinished()
            assert detail is not None
            pay = f"{shop.till.sandbox_url}/_control/sessions/{detail.attempts[0].session_id}/pay"
            async with httpx.AsyncClient(trust_env=False) as client:
                (await client.post(pay, json={"card": CARD})).raise_for_status()
            await phone.open(back)
            await page.comes_to("paid")
            await shop.paid()

    run(sale())


def test_who_comes_back_from_a_bank_is_not_told_what_nobody_knows(run: Run, tmp_path: Path) -> None:
    async def sale() -> None:
        async with open_shop(with_own_page(tmp_path)) as shop, Phone() as phone:
            page = PageOfOurs(phone)
            back = f"{await charged(shop)}?payment_intent=pi_1&redirect_status=succeeded"

            def cut(pattern: str) -> None:
                phone.page.unroute_all()
                phone.page.route(pattern, lambda route: route.abort())

            # The provider does not say how it stands: no word of it.
            await phone.do(lambda: cut("**/v1/payment_intents/**"))
            await page.open(back)
            assert await phone.asked("document.querySelector('#problem').hidden") is True
            # Not even its script comes.
            await phone.do(lambda: cut(f"{shop.till.sandbox_url}/**"))
            await phone.open(back)
            await page.comes_to("wait")

    run(sale())


async def until_says(page: PageOfOurs, words: str) -> None:
    def wait() -> None:
        page.phone.page.wait_for_function(
            "words => document.querySelector('#problem').textContent.includes(words)",
            arg=words,
            timeout=_PATIENCE_MS,
        )

    await page.phone.do(wait)
