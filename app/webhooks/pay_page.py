"""The pay page as HTML: the shop, what is bought, and the provider's own field for a card.

Everything that comes from the catalog or the books is escaped; scripts and styles are those of this
file and of the provider, held by the Content-Security-Policy.
"""

import base64
import hashlib
from html import escape
from typing import Final

from starlette.responses import HTMLResponse

from app.domain.attempt import Attempt
from app.domain.money import Money
from app.domain.order import Order
from app.domain.presentation import present
from app.providers.strategy import PageSetup
from app.webhooks.pay_script import CSS, SCRIPT

_MOST_LINES: Final = 100
_BREAKS_NOT: Final = "\N{NO-BREAK SPACE}"

_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1,viewport-fit=cover">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>Pay {shop}</title>
<link rel="icon" href="data:,">
<style>{css}</style>
</head>
<body data-state="loading">
{notice}
<main>
<p class="shop"><span class="mark" aria-hidden="true">{initial}</span>{shop}</p>
<section class="due"><p>Total</p><h1>{total}</h1></section>
<ul class="lines">{lines}</ul>
<form id="pay" class="sheet on-open" novalidate>
<p id="problem" class="alert" role="alert" hidden></p>
<div id="field"></div>
<button class="pay" type="submit" disabled>Pay {total}</button>
</form>
<section class="sheet word on-loading"><h2>One moment…</h2><p>The payment is being prepared.</p>
</section>
<section class="sheet word on-wait on-processing" aria-live="polite"><h2>Making sure…</h2>
<p>The payment is on its way. Please show this page at the counter.</p></section>
<section class="sheet word on-paid" aria-live="polite"><h2>Payment received</h2>
<p>Thank you. You can close this page; the shop has been told.</p></section>
<section class="sheet word on-failed"><h2>Not paid</h2>
<p>The payment did not come about, and nothing was charged. Please ask at the counter.</p></section>
<section class="sheet word on-closed"><h2>This is over</h2>
<p>This cannot be paid any more. Nothing is charged by it from now on.</p></section>
<section class="sheet word on-broken"><h2>The payment form could not be loaded</h2>
<p>Nothing was charged. Load this page again, or ask at the counter.</p></section>
<noscript><section class="sheet word"><h2>Scripts are switched off</h2>
<p>Switch them on to pay here, or pay at the counter.</p></section></noscript>
</main>
<script>{script}</script>
</body>
</html>
"""
_UNKNOWN: Final = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>No such payment</title>
<style>{css}</style><body data-state="unknown"><main><section class="sheet word">
<h2>There is no such payment</h2><p>Nothing was charged. Scan the code at the counter again.</p>
</section></main>
"""
_TRAINING: Final = '<p class="notice">Test mode: no real money</p>'


def page(attempt: Attempt, order: Order, setup: PageSetup) -> HTMLResponse:
    """Give the page of one attempt; how it stands its script asks for."""
    shop = order.snapshot.seller.name
    lines = present(order, attempt.amount, max_lines=_MOST_LINES)
    html = _PAGE.format(
        css=CSS,
        script=SCRIPT,
        notice="" if attempt.live else _TRAINING,
        shop=escape(shop),
        initial=escape(next((letter.upper() for letter in shop if letter.isalnum()), "•")),
        total=_shown(attempt.amount),
        lines="".join(
            f"<li><span>{escape(line.name)}</span>"
            f"<b>{_shown(Money(line.amount_minor, attempt.amount.currency))}</b></li>"
            for line in lines
        ),
    )
    return HTMLResponse(html, headers=_headers(setup))


def unknown_page() -> HTMLResponse:
    """Answer an address that is none of ours; it tells nothing."""
    return HTMLResponse(_UNKNOWN.format(css=CSS), 404, headers=_headers(None))


def _shown(amount: Money) -> str:
    return escape(str(amount)).replace(" ", _BREAKS_NOT)


def _headers(setup: PageSetup | None) -> dict[str, str]:
    """Let the page load from the provider's own origins and nowhere else; nobody may frame it."""
    policy = ["default-src 'none'", f"style-src {_sha256(CSS)}", "img-src data:"]
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
