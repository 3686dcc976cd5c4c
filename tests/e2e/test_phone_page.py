"""The pay page in a phone's browser: everything fits, can be hit, be read and be typed into."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from tests.e2e.conftest import Run
from tests.e2e.shop import Phone, open_shop
from ui.demo.customer import find_browser

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_browser() is None, reason="there is no Chromium"),
    pytest.mark.qt_log_ignore("does not support propagateSizeHints"),
]

DECLINED: Final = "4000000000000002"
CHALLENGED: Final = "4000002500003155"

# Gives what is wrong on the page as a list of sentences; one check beside the other.
LOOK: Final = """
() => {
  const said = []
  const seen = e => e.getClientRects().length > 0 && getComputedStyle(e).visibility !== 'hidden'
    && getComputedStyle(e).opacity !== '0'
  const name = e => `${e.tagName.toLowerCase()} “${(e.name || e.textContent).trim().slice(0, 40)}”`
  const root = document.documentElement
  // A phone makes its own window wider where a page is: this is what it had to begin with.
  const width = root.clientWidth
  if (root.scrollWidth > width)
    said.push(`the page is ${root.scrollWidth} px wide, the phone ${width}`)
  const visible = [...document.querySelectorAll('body *')].filter(seen)
  for (const e of visible) {
    const box = e.getBoundingClientRect()
    if (e.closest('.methods') && e.matches('input')) continue
    if (box.right > width + 0.5 || box.left < -0.5)
      said.push(`${name(e)} reaches from ${box.left} to ${box.right} of ${width} px`)
    if (e.matches('a, button, summary, input:not([type=hidden]), .methods label')
        && (box.width < 44 || box.height < 44))
      said.push(`${name(e)} is ${box.width} x ${box.height} px, 44 x 44 are the least`)
  }
  for (const e of visible.filter(e => e.matches('input:not([type=hidden]):not([type=radio])'))) {
    const size = parseFloat(getComputedStyle(e).fontSize)
    if (size < 16) said.push(`${name(e)} has type of ${size} px: a phone would zoom in`)
    if (!e.labels.length || !e.labels[0].textContent.trim()) said.push(`${name(e)} has no label`)
    if (!e.getAttribute('autocomplete')) said.push(`${name(e)} does not say what may be filled in`)
    if (!e.inputMode) said.push(`${name(e)} does not say which keyboard it wants`)
  }
  const rgb = text => text.match(/[\\d.]+/g).map(Number)
  const over = (top, below) => {
    const share = top.length > 3 ? top[3] : 1
    return [0, 1, 2].map(n => top[n] * share + below[n] * (1 - share))
  }
  const ground = e => {
    const stack = []
    for (; e; e = e.parentElement) stack.push(rgb(getComputedStyle(e).backgroundColor))
    return stack.reverse().reduce((below, top) => over(top, below), [255, 255, 255])
  }
  const light = colour => {
    const [r, g, b] = colour.map(v => (v /= 255) <= 0.04045 ? v / 12.92
      : ((v + 0.055) / 1.055) ** 2.4)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const contrast = (one, other) => {
    const [dark, bright] = [light(one), light(other)].sort((a, b) => a - b)
    return (bright + 0.05) / (dark + 0.05)
  }
  const read = (e, style, what) => {
    const size = parseFloat(style.fontSize)
    const least = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5
    const below = ground(e)
    const measured = contrast(over(rgb(style.color), below), below)
    if (measured < least)
      said.push(`${what}: ${measured.toFixed(2)}:1, ${least}:1 is the least`)
  }
  for (const e of visible) {
    if ([...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()))
      read(e, getComputedStyle(e), name(e))
    if (e.matches('input') && e.placeholder)
      read(e, getComputedStyle(e, '::placeholder'), `the example in ${name(e)}`)
    if (e.matches('input:not([type=radio])')) {
      const edge = contrast(rgb(getComputedStyle(e).borderTopColor).slice(0, 3), ground(e))
      if (edge < 3) said.push(`the edge of ${name(e)}: ${edge.toFixed(2)}:1, 3:1 is the least`)
    }
  }
  return said
}
"""

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
