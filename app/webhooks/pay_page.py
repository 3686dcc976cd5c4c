"""The pay page as HTML: the shop, what is bought, and the provider's own field for a card.

It speaks the customer's language. Everything that comes from the catalog, the books or a
translation is escaped; scripts and styles are those of this package and of the provider, held by
the Content-Security-Policy.
"""

import base64
import hashlib
from html import escape
from typing import Final
from unicodedata import bidirectional

from starlette.responses import HTMLResponse

from app.domain.attempt import Attempt
from app.domain.money import Money
from app.domain.order import Order
from app.domain.presentation import present
from app.errors import Message
from app.providers.strategy import PageSetup
from app.webhooks import pay_words as words
from app.webhooks.languages import Language
from app.webhooks.pay_brand import Brand
from app.webhooks.pay_script import SCRIPT
from app.webhooks.pay_style import CSS

_MOST_LINES: Final = 100
_ISOLATE: Final = "\N{FIRST STRONG ISOLATE}"
_END: Final = "\N{POP DIRECTIONAL ISOLATE}"
_READ_FROM_THE_LEFT: Final = frozenset("L EN ES ET AN CS NSM WS ON".split())

_DOCUMENT: Final = """<!doctype html>
<html lang="{language}" dir="{direction}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1,viewport-fit=cover">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>{css}</style>{own_style}
</head>
<body data-state="{state}">
{body}
</body>
</html>
"""
_BODY: Final = """{notice}
<main>
<p class="shop">{mark}<bdi>{shop}</bdi></p>
<section class="due"><p>{total}</p><h1><bdi>{amount}</bdi></h1></section>
<ul class="lines">{lines}</ul>
<form id="pay" class="sheet on-open" novalidate {complaints}>
<p id="problem" class="alert" role="alert" dir="auto" hidden></p>
<div id="field"></div>
<button class="pay" type="submit" disabled>{pay}</button>
</form>
{states}
<noscript>{no_script}</noscript>
</main>
<p id="told" class="unseen" role="status"></p>
<script>{script}</script>"""
_LINE: Final = "<li><span><bdi>{name}</bdi></span><b><bdi>{amount}</bdi></b></li>"
_SHEET: Final = '<section class="sheet word {name}"><h2>{title}</h2><p>{text}</p></section>'


def page(
    attempt: Attempt, order: Order, setup: PageSetup, language: Language, brand: Brand
) -> HTMLResponse:
    """Give the page of one attempt; how it stands its script asks for."""
    shop = order.snapshot.seller.name
    lines = present(order, attempt.amount, max_lines=_MOST_LINES)
    amount = escape(language.money(attempt.amount))
    body = _BODY.format(
        notice="" if attempt.live else f'<p class="notice">{_said(words.TRAINING, language)}</p>',
        mark=_mark(shop, brand),
        shop=escape(shop),
        total=_said(words.TOTAL, language),
        amount=amount,
        lines="".join(
            _LINE.format(
                name=escape(language.say(line.name)),
                amount=escape(language.money(Money(line.amount_minor, attempt.amount.currency))),
            )
            for line in lines
        ),
        complaints=" ".join(
            f'data-{name}="{_said(text, language)}"' for name, text in words.COMPLAINTS.items()
        ),
        pay=_said(words.PAY, language).format(amount=f"<bdi>{amount}</bdi>"),
        states="\n".join(
            _sheet(texts, language, " ".join(f"on-{state}" for state in states.split()))
            for states, texts in words.STATES.items()
        ),
        no_script=_sheet(words.NO_SCRIPT, language),
        script=SCRIPT,
    )
    title = _said(words.TITLE, language).format(shop=_isolated(escape(shop), language))
    return _document(language, title, "loading", body, setup, own=brand.css)


def unknown_page(language: Language) -> HTMLResponse:
    """Answer an address that is none of ours; it tells nothing."""
    return word_page(words.UNKNOWN, language, 404)


def word_page(
    texts: tuple[Message, Message], language: Language, status: int = 200
) -> HTMLResponse:
    """Give a page that says one thing: its title and a sentence."""
    body = f"<main>{_sheet(texts, language)}</main>"
    return _document(language, _said(texts[0], language), "word", body, None, status)


def _document(
    language: Language,
    title: str,
    state: str,
    body: str,
    setup: PageSetup | None,
    status: int = 200,
    own: str = "",
) -> HTMLResponse:
    html = _DOCUMENT.format(
        language=escape(language.tag),
        direction=language.direction,
        title=title,
        css=CSS,
        own_style=f"\n<style>{own}</style>" if own else "",
        state=state,
        body=body,
    )
    headers = {**_headers(setup, own), "Content-Language": language.tag}
    return HTMLResponse(html, status, headers=headers)


def _mark(shop: str, brand: Brand) -> str:
    """Give the shop's logo or, without one, the first letter of its name."""
    if brand.logo:
        return f'<img class="logo" src="{escape(brand.logo)}" alt="">'
    initial = next((letter.upper() for letter in shop if letter.isalnum()), "•")
    return f'<span class="mark" aria-hidden="true">{escape(initial)}</span>'


def _sheet(texts: tuple[Message, Message], language: Language, name: str = "") -> str:
    title, text = (_said(each, language) for each in texts)
    return _SHEET.format(name=name, title=title, text=text)


def _said(text: Message, language: Language) -> str:
    return escape(language.say(text))


def _isolated(text: str, language: Language) -> str:
    """Shield a name in a title, which has no markup, where it or the page is read otherwise."""
    is_plain = language.direction == "ltr" and {*map(bidirectional, text)} <= _READ_FROM_THE_LEFT
    return text if is_plain else f"{_ISOLATE}{text}{_END}"


def _headers(setup: PageSetup | None, own: str) -> dict[str, str]:
    """Let the page load from the provider's own origins and nowhere else; nobody may frame it."""
    styles = " ".join(_sha256(each) for each in (CSS, own) if each)
    policy = ["default-src 'none'", f"style-src {styles}", "img-src data:"]
    if setup is not None:
        policy += [
            f"script-src {_sha256(SCRIPT)} {' '.join(setup.script_origins)}",
            f"frame-src {' '.join(setup.frame_origins)}",
            f"connect-src 'self' {' '.join(setup.connect_origins)}",
        ]
    policy += ["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"]
    return {
        "Cache-Control": "no-store",
        "Content-Security-Policy": "; ".join(policy),
        # The address is what lets somebody pay: it goes to nobody.
        "Referrer-Policy": "strict-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }


def _sha256(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"
