"""The pay page in a phone's browser: everything fits, can be hit, be read and be typed into."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from tests.e2e.conftest import Run
from tests.e2e.page_look import LOOK
from tests.e2e.shop import Phone, open_shop
from ui.demo.customer import find_browser

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_browser() is None, reason="there is no Chromium"),
    pytest.mark.qt_log_ignore("does not support propagateSizeHints"),
]

DECLINED: Final = "4000000000000002"
CHALLENGED: Final = "4000002500003155"

SPOIL: Final = """
(() => {
  // Property by property: the page's own policy forbids styles in markup.
  const add = (tag, text, style) => {
    const made = document.createElement(tag)
    made.textContent = text
    Object.assign(made.style, style)
    return document.querySelector('main').appendChild(made)
  }
  add('input', '', {fontSize: '12px', border: '1px solid #eee', background: '#fff'}).name = 'zip'
  add('a', 'small', {color: '#bbb', background: '#fff', display: 'inline-block'})
  add('p', 'wide', {width: '700px'})
})()
"""


@asynccontextmanager
async def page_on(
    folder: Path, size: tuple[int, int], scheme: str
) -> AsyncIterator[tuple[Phone, str]]:
    """Give a phone and the address of a page to pay on."""
    async with open_shop(folder) as shop, Phone(size=size, scheme=scheme) as phone:
        yield phone, await shop.charged()


@pytest.mark.parametrize(
    "size, scheme",
    [
        ((390, 844), "light"),
        pytest.param((390, 844), "dark", marks=pytest.mark.slow),
        pytest.param((360, 640), "light", marks=pytest.mark.slow),
        ((360, 640), "dark"),
    ],
)
def test_every_page_that_a_customer_sees_fits_the_phone(
    run: Run, tmp_path: Path, size: tuple[int, int], scheme: str
) -> None:
    async def visit() -> None:
        async with page_on(tmp_path, size, scheme) as (phone, url):
            wrong: dict[str, Any] = {}

            async def look(what: str) -> None:
                if found := await phone.asked(LOOK):
                    wrong[what] = found

            await phone.open(url)
            await look("the form")
            await phone.asked("for (const d of document.querySelectorAll('details')) d.open = true")
            await look("the form with all that folds")
            await phone.tap("label:has([value=sepa_debit])")
            await look("the form of a bank debit")
            await phone.tap("label:has([value=card])")
            await phone.type_card(DECLINED)
            await phone.tap_and_go("button.pay")
            await look("the form after a refusal")
            await phone.type_card("")
            await phone.do(lambda: phone.page.fill("[name=card_number]", CHALLENGED))
            await phone.tap_and_go("button.pay")
            await look("the bank's question")
            await phone.tap_and_go("form:has([value=complete]) button")
            assert await phone.asked("document.body.dataset.state") == "paid"
            await look("the success page")
            await phone.open(url)
            await look("the page once it is paid")
            await phone.open(url[: url.index("/c/pay/")] + "/c/pay/cs_test_none")
            await look("the page of nothing")
            assert wrong == {}

    run(visit())


def test_what_does_not_fit_is_found(run: Run, tmp_path: Path) -> None:
    async def visit() -> None:
        async with page_on(tmp_path, (390, 844), "light") as (phone, url):
            await phone.open(url)
            await phone.asked(SPOIL)
            found = "\n".join(await phone.asked(LOOK))
            for words in (
                "px wide, the phone 390",
                "p “wide” reaches from",
                "a “small” is",
                "a “small”: 1.92:1, 4.5:1 is the least",
                "input “zip” has type of 12 px",
                "input “zip” has no label",
                "input “zip” does not say what may be filled in",
                "input “zip” does not say which keyboard it wants",
                "the edge of input “zip”: 1.16:1, 3:1 is the least",
            ):
                assert words in found, found

    run(visit())


def test_the_keyboards_and_what_is_filled_in_fit_the_fields(run: Run, tmp_path: Path) -> None:
    async def visit() -> None:
        async with page_on(tmp_path, (390, 844), "light") as (phone, url):
            await phone.open(url)
            fields = await phone.asked(
                "Object.fromEntries([...document.querySelectorAll('input')].map("
                "e => [e.name, [e.inputMode, e.autocomplete]]))"
            )
            for name in ("card_number", "exp", "cvc"):
                # No phone shall offer its owner's real card to a simulator.
                assert fields[name] == ["numeric", "off"], name
            assert fields["email"] == ["email", "off"]
            await phone.type_card()
            values = "[...document.querySelectorAll('[inputmode=numeric]')].map(e => e.value)"
            assert await phone.asked(values) == ["4242 4242 4242 4242", "12/34", "123"]

    run(visit())
