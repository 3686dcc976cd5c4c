"""HTML by templates: escaping, and what each page carries."""

import re
from dataclasses import replace

import pytest
from starlette.responses import HTMLResponse

from app.sandbox.pages.challenge import Challenge, challenge_page
from app.sandbox.pages.markup import Markup, fill, joined
from app.sandbox.pages.outcome import (
    already_paid_page,
    cancelled_page,
    expired_page,
    not_debited_page,
    not_found_page,
    success_page,
    underway_page,
)
from app.sandbox.pages.pay import BANK_DEBIT, UPI, Bill, Line, Problem, pay_page
from app.sandbox.pages.style import CSS

_EVIL = "\"'><img src=x onerror=alert(1)>{total}"


def test_text_is_escaped_and_markup_is_not() -> None:
    assert fill("<p>{a}{b}</p>", a="<&\"'", b=Markup("<i>")) == "<p>&lt;&amp;&quot;&#x27;<i></p>"
    assert joined([Markup("<a>"), Markup("<b>")]) == "<a><b>"


def test_braces_in_a_value_stay_as_they_are() -> None:
    assert fill("{a}", a="{b} {0}") == "{b} {0}"


def _bill() -> Bill:
    return Bill(
        shop=_EVIL,
        total=_EVIL,
        lines=[Line(_EVIL, _EVIL, _EVIL)],
        action="/c/pay/cs_test_1",
        button=_EVIL,
        cancel_url=f"https://x/{_EVIL}",
        period=_EVIL,
        entered={"card_number": _EVIL, "exp": _EVIL, "name": _EVIL, "email": _EVIL, "cvc": "999"},
        problem=Problem(_EVIL, _EVIL, _EVIL, "card_number"),
    )


_PAGES = [
    pay_page(_bill()),
    already_paid_page(shop=_EVIL, total=_EVIL, back_url=_EVIL),
    already_paid_page(shop=_EVIL, total=_EVIL, back_url=None, pending=True),
    expired_page(shop=_EVIL, total=_EVIL, back_url=_EVIL),
    success_page(),
    underway_page(),
    not_debited_page(shop=_EVIL, total=_EVIL, back_url=_EVIL),
    challenge_page(Challenge(shop=_EVIL, total=_EVIL, brand=_EVIL, last4=_EVIL, action=_EVIL)),
    pay_page(replace(_bill(), other_way=BANK_DEBIT, by_other=True)),
    pay_page(replace(_bill(), other_way=UPI)),
    cancelled_page(),
    not_found_page(),
]


@pytest.mark.parametrize("page", _PAGES, ids=range(len(_PAGES)))
def test_no_page_lets_anything_through_or_loads_anything(page: HTMLResponse) -> None:
    html = bytes(page.body).decode()
    assert "<img" not in html
    assert "no real money" in html
    assert '<meta name="viewport"' in html and '<html lang="en">' in html
    assert not re.search(r"""(src|href)=["']?(https?:)?//(?!x/)""", html)
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_the_form_has_stable_names_and_offers_no_real_card() -> None:
    html = bytes(pay_page(_bill()).body).decode()
    names = re.findall(r'<input id="\w+" name="(\w+)"', html)
    assert names == ["card_number", "exp", "cvc", "name", "email"]
    assert html.count('autocomplete="off"') == 5
    assert 'action="/c/pay/cs_test_1"' in html and 'method="post"' in html


def test_a_bank_debit_is_a_second_way_to_pay_and_the_last_one_stays_chosen() -> None:
    html = bytes(pay_page(replace(_bill(), other_way=BANK_DEBIT)).body).decode()
    assert re.findall(r'name="method" value="(\w+)"( checked)?', html) == [
        ("card", " checked"),
        ("sepa_debit", ""),
    ]
    html = bytes(pay_page(replace(_bill(), other_way=BANK_DEBIT, by_other=True)).body).decode()
    assert 'value="sepa_debit" checked' in html and 'id="iban"' in html


def test_every_input_has_its_label_and_the_wrong_one_points_to_the_reason() -> None:
    html = bytes(pay_page(_bill()).body).decode()
    assert set(re.findall(r'<label for="(\w+)"', html)) == set(
        re.findall(r'<input id="(\w+)"', html)
    )
    assert 'role="alert" id="problem"' in html
    assert html.count('aria-invalid="true" aria-describedby="problem"') == 1


def _luminance(colour: str) -> float:
    colour = colour.lstrip("#")
    digits = colour if len(colour) == 6 else "".join(c * 2 for c in colour)
    channels = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_stands_out_in_both_themes(theme: int) -> None:
    block = re.findall(r":root\{(.*?)\}", CSS.replace("\n", ""))[theme]
    colours = dict(re.findall(r"--([\w-]+):(#[0-9a-f]+)", block))
    for text, ground, least in [
        ("ink", "ground", 4.5),
        ("ink", "card", 4.5),
        ("soft", "ground", 4.5),
        ("soft", "card", 4.5),
        ("accent", "card", 4.5),
        ("accent", "tint", 4.5),
        ("on-accent", "accent", 4.5),
        ("on-accent", "accent-deep", 4.5),
        ("bad", "bad-tint", 4.5),
        ("sim", "sim-tint", 4.5),
        ("edge", "card", 3.0),
    ]:
        assert _contrast(colours[text], colours[ground]) >= least, (text, ground)
