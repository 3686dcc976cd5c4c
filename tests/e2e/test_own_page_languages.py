"""The till's own pay page in a browser, in languages of more letters and from the other side."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from app.webhooks import door
from app.webhooks.languages import Languages
from tests.e2e.conftest import Run
from tests.e2e.page_look import LOOK
from tests.e2e.shop import CARD, Phone, Shop, open_shop
from tests.e2e.test_own_page import DECLINED, PageOfOurs, charged, until_says, with_own_page
from tests.parts.pseudo_language import bracketed, from_the_right, write_language
from ui.demo.customer import find_browser

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_browser() is None, reason="there is no Chromium"),
    pytest.mark.qt_log_ignore("does not support propagateSizeHints"),
]

SIZES: Final = [(320, 568), (390, 844), (820, 1180)]
LOCALES: Final = ["en-US", "de-AT", "he-IL"]
ENGLISH: Final = """
[...document.querySelectorAll('main *, .notice')]
  .filter(e => !['BDI', 'NOSCRIPT'].includes(e.tagName) && !e.closest('#field, .mark'))
  .flatMap(e => [...e.childNodes].filter(n => n.nodeType === 3).map(n => n.textContent.trim()))
  .filter(text => /[A-Za-z]/.test(text) && !text.startsWith('⟦') && !text.endsWith('⟧'))
"""
"""Gives every text that is in English and no name."""
STATES: Final = ("loading", "wait", "processing", "paid", "failed", "closed", "broken")


@asynccontextmanager
async def shop_with_languages(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Shop, str]]:
    """Give a shop whose pages speak two languages that nobody does, and a sale's address."""
    catalogs = write_language(folder / "locale", "de", bracketed)
    write_language(catalogs, "he", from_the_right)
    monkeypatch.setattr(door, "Languages", partial(Languages, catalogs))
    async with open_shop(with_own_page(folder)) as shop:
        yield shop, await charged(shop)


async def looked_at(phone: Phone, what: str) -> dict[str, Any]:
    found = await phone.asked(LOOK)
    return {what: found} if found else {}


@pytest.mark.parametrize(
    "size, scheme",
    [
        (SIZES[0], "light"),
        pytest.param(SIZES[0], "dark", marks=pytest.mark.slow),
        pytest.param(SIZES[1], "light", marks=pytest.mark.slow),
        (SIZES[1], "dark"),
        (SIZES[2], "light"),
        pytest.param(SIZES[2], "dark", marks=pytest.mark.slow),
    ],
)
def test_in_every_language_each_state_of_the_page_fits(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    size: tuple[int, int],
    scheme: str,
) -> None:
    async def visit() -> None:
        wrong: dict[str, Any] = {}
        async with shop_with_languages(tmp_path, monkeypatch) as (_, url):
            for locale in LOCALES:
                async with Phone(size=size, scheme=scheme, locale=locale) as phone:
                    page = PageOfOurs(phone)
                    await page.open(url)
                    wrong |= await looked_at(phone, f"{locale}: the form")
                    await page.pay("4242")
                    await page.complaint()
                    wrong |= await looked_at(phone, f"{locale}: the complaint")
                    for state in STATES:
                        await phone.asked(f"document.body.dataset.state = '{state}'")
                        wrong |= await looked_at(phone, f"{locale}: {state}")
                    await phone.open(url[: url.rindex("/") + 1] + "0" * 32)
                    wrong |= await looked_at(phone, f"{locale}: no such payment")
                    assert page.said[:-1] == [], "the browser refused or complained of something"
        assert wrong == {}

    run(visit())


def test_a_customer_who_reads_german_meets_no_english_word_and_pays(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def sale() -> None:
        async with (
            shop_with_languages(tmp_path, monkeypatch) as (shop, url),
            Phone(locale="de-DE") as phone,
        ):
            page = PageOfOurs(phone)
            total = next(p.price for p in shop.till.catalog.on_sale() if p.id == "espresso")
            title = await page.open(url)
            assert title.startswith("⟦Pay ") and shop.till.catalog.shop.name in title
            assert await phone.asked(ENGLISH) == []
            assert await phone.asked("document.documentElement.lang") == "de"
            euros = f"{total.minor // 100},{total.minor % 100:02}\N{NO-BREAK SPACE}€"
            assert await phone.asked("document.querySelector('h1').innerText") == euros
            # The provider's field speaks the same.
            await page.pay("4242")
            assert await page.complaint() == "Die Kartennummer ist unvollständig."
            await page.pay(DECLINED)
            await until_says(page, "Ihre Karte wurde abgelehnt.")
            await page.pay(CARD)
            await page.comes_to("paid")
            said = "document.querySelector('#told').textContent"
            assert (await phone.asked(said)).startswith("⟦Payment received")
            await shop.paid()
            assert await shop.captured() == [total.minor]
            assert [said for said in page.said if "402" not in said] == []

    run(sale())


def test_from_the_right_everything_changes_sides_but_names_and_amounts(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def visit() -> None:
        async with (
            shop_with_languages(tmp_path, monkeypatch) as (_, url),
            Phone(locale="he-IL") as phone,
        ):
            await PageOfOurs(phone).open(url)
            sides = "['.mark', '.lines span', '.lines b'].map(what =>"
            sides += " document.querySelector(what).getBoundingClientRect().left)"
            mark, name, amount = await phone.asked(sides)
            assert mark > 390 / 2 and amount < name
            assert await phone.asked("document.documentElement.dir") == "rtl"
            assert await phone.asked(ENGLISH) == []

    run(visit())


def test_the_keyboard_alone_is_enough_and_what_has_the_focus_is_seen(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def sale() -> None:
        async with (
            shop_with_languages(tmp_path, monkeypatch) as (shop, url),
            Phone(is_phone=False, size=(820, 1180)) as phone,
        ):
            page = PageOfOurs(phone)
            await page.open(url)

            def type_and_send() -> None:
                keys = phone.page.keyboard
                for text in (CARD, "1234", "123"):
                    keys.press("Tab")
                    keys.type(text)
                keys.press("Tab")

            await phone.do(type_and_send)
            focused = "(e => [e.className, getComputedStyle(e).outlineStyle])"
            assert await phone.asked(f"{focused}(document.activeElement)") == ["pay", "solid"]
            await phone.do(lambda: phone.page.keyboard.press("Enter"))
            await page.comes_to("paid")
            await shop.paid()

    run(sale())


def test_without_scripts_the_page_says_how_to_pay_and_not_that_it_is_at_work(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def visit() -> None:
        async with (
            shop_with_languages(tmp_path, monkeypatch) as (_, url),
            Phone(size=SIZES[0], locale="de", has_scripts=False) as phone,
        ):
            await phone.open(url)

            def shown() -> list[str]:
                titles = phone.page.locator("h2")
                return [each.text_content() for each in titles.all() if each.is_visible()]

            assert await phone.do(shown) == [bracketed("Scripts are switched off")]

    run(visit())
