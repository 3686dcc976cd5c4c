"""The frame around each page, its icons, and the headers it is sent with."""

import base64
import hashlib

from starlette.responses import HTMLResponse

from app.sandbox.pages.markup import Markup, fill
from app.sandbox.pages.style import CSS, SCRIPT

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1,viewport-fit=cover">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>{css}</style>
</head>
<body data-state="{state}">
<p class="sim">Simulator: no real money</p>
{content}
<footer>A practice page. No card is charged, and no card number is kept.</footer>
<script>{script}</script>
</body>
</html>
"""

_ICON = (
    '<svg width="{size}" height="{size}" viewBox="0 0 24 24" fill="none" stroke="currentColor"'
    ' stroke-width="{stroke}" stroke-linecap="round" stroke-linejoin="round"'
    ' aria-hidden="true"><path d="{path}"/></svg>'
)
_PATHS = {
    "tick": "M5 12.5l4.6 4.6L19 7.5",
    "cross": "M7 7l10 10M17 7L7 17",
    "clock": "M12 7v5.2l3.2 2M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18",
    "warning": "M12 8v5M12 16.5v.01M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18",
    "shield": "M12 3l7 2.6v5.6c0 4.6-2.9 8-7 9.8c-4.1-1.8-7-5.2-7-9.8V5.6z"
    "M8.8 12.2l2.3 2.3l4.2-4.5",
    "question": "M9.4 9.2a2.7 2.7 0 1 1 3.7 2.9c-.7.3-1.1.8-1.1 1.6v.4M12 17v.01",
}


def icon(name: str, size: int = 44, stroke: int = 2) -> Markup:
    return fill(_ICON, size=size, stroke=stroke, path=_PATHS[name])


def page(content: Markup, *, title: str, state: str, status: int = 200) -> HTMLResponse:
    """A whole page; `state` is for machines that look at it."""
    html = fill(_PAGE, title=title, css=CSS, script=SCRIPT, state=state, content=content)
    return HTMLResponse(html, status, headers=_HEADERS)


def shop_line(name: str) -> Markup:
    initial = next((letter.upper() for letter in name if letter.isalnum()), "•")
    return fill(
        '<p class="shop"><span class="mark" aria-hidden="true">{initial}</span>{name}</p>',
        initial=initial,
        name=name,
    )


def _sha256(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


# No form-action: Chromium applies it to the redirect to the shop's own success page as well.
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src {_sha256(CSS)}; script-src {_sha256(SCRIPT)};"
        " img-src data:; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
