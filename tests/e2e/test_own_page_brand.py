"""A shop's own look of the till's pay page, in a browser: page, logo, and the provider's field."""

from pathlib import Path

import pytest

from tests.e2e.conftest import Run
from tests.e2e.page_look import LOOK
from tests.e2e.shop import CARD, Phone, open_shop
from tests.e2e.test_own_page import PageOfOurs, charged, with_own_page
from ui.demo.customer import find_browser

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_browser() is None, reason="there is no Chromium"),
    pytest.mark.qt_log_ignore("does not support propagateSizeHints"),
]

STYLE = """
:root{--accent:#a3122f;--on-accent:#fff;--ground:#fbf3ea;--card:#fffaf4;--ink:#2b1a12}
@media (prefers-color-scheme:dark){
:root{--accent:#ff9aa8;--on-accent:#33060e;--ground:#1c1210;--card:#2a1c18;--ink:#f7ebe4}}
body{font-family:Georgia,"Noto Serif","DejaVu Serif",serif}
@import url("https://elsewhere.example/more.css");
h1{background:url("https://elsewhere.example/spy.png")}
"""
LOGO = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40">
<rect width="40" height="40" rx="10" fill="#a3122f"/><circle cx="20" cy="20" r="9" fill="#fff"/>
</svg>"""


def _look(selector: str, name: str) -> str:
    return f"getComputedStyle(document.querySelector('{selector}')).{name}"


@pytest.mark.parametrize(
    "scheme, accent, card, ink",
    [
        ("light", "rgb(163, 18, 47)", "rgb(255, 250, 244)", "rgb(43, 26, 18)"),
        ("dark", "rgb(255, 154, 168)", "rgb(42, 28, 24)", "rgb(247, 235, 228)"),
    ],
)
def test_a_shops_stylesheet_and_logo_dress_the_page_and_the_field_for_the_card(
    run: Run, tmp_path: Path, scheme: str, accent: str, card: str, ink: str
) -> None:
    data = with_own_page(tmp_path) / "data"
    with (data / "scantill.toml").open("a") as settings:
        settings.write('[pay_page]\nstylesheet = "pay.css"\nlogo = "logo.svg"\n')
    (data / "pay.css").write_text(STYLE)
    (data / "logo.svg").write_text(LOGO)

    async def sale() -> None:
        async with open_shop(tmp_path) as shop, Phone(scheme=scheme) as phone:
            page = PageOfOurs(phone)
            await page.open(await charged(shop))
            assert await phone.asked(_look("button.pay", "backgroundColor")) == accent
            assert "Georgia" in await phone.asked(_look("body", "fontFamily"))
            assert await phone.asked("document.querySelector('img.logo').naturalWidth") > 0

            def field() -> list[str]:
                frame = phone.page.frame_locator("#field iframe")
                look = "e => [getComputedStyle(e).backgroundColor, getComputedStyle(e).color]"
                return frame.locator("[name=card_number]").evaluate(look)

            assert await phone.do(field) == [card, ink]
            assert await phone.asked(LOOK) == []
            refused = [said for said in page.said if "elsewhere.example" in said]
            assert any("spy.png" in said for said in refused), "nothing is loaded from elsewhere"
            await page.pay(CARD)
            await page.comes_to("paid")
            await shop.paid()
            assert [said for said in page.said if said not in refused] == []

    run(sale())


def test_the_field_follows_a_phone_that_turns_dark(run: Run, tmp_path: Path) -> None:
    async def visit() -> None:
        async with open_shop(with_own_page(tmp_path)) as shop, Phone() as phone:
            await PageOfOurs(phone).open(await charged(shop))

            def ground() -> str:
                frame = phone.page.frame_locator("#field iframe")
                read = "e => getComputedStyle(e).backgroundColor"
                return str(frame.locator("[name=card_number]").evaluate(read))

            assert await phone.do(ground) == "rgb(255, 255, 255)"
            await phone.do(lambda: phone.page.emulate_media(color_scheme="dark"))
            await phone.do(lambda: phone.page.wait_for_timeout(300))
            assert await phone.do(ground) == "rgb(23, 30, 27)"

    run(visit())
