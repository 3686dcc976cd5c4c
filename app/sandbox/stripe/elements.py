"""Stripe.js and the frame that its Payment Element lives in, served as js.stripe.com does.

The script knows what a pay page needs: `Stripe(key)`, `elements({clientSecret})`,
`create("payment").mount()`, `confirmPayment`, `retrievePaymentIntent`. Card numbers are typed into
a frame of the simulator's own origin, so that the shop's page never sees them.
"""

import base64
import hashlib

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.sandbox.stripe.elements_script import FRAME_CSS, FRAME_HTML, FRAME_SCRIPT, STRIPE_JS

SCRIPT_PATH = "/v3/"
FRAME_PATH = "/v3/frame"


def elements_routes() -> list[Route]:
    """The script and the frame; they hold no data."""
    return [Route(SCRIPT_PATH, _script), Route(FRAME_PATH, _frame)]


async def _script(_: Request) -> Response:
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(STRIPE_JS, media_type="text/javascript", headers=headers)


async def _frame(_: Request) -> Response:
    html = FRAME_HTML.replace("{css}", FRAME_CSS).replace("{script}", FRAME_SCRIPT)
    return Response(html, media_type="text/html", headers=_HEADERS)


def _sha256(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


# Any page may frame it, as any shop may frame Stripe's.
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src {_sha256(FRAME_CSS)}; script-src {_sha256(FRAME_SCRIPT)};"
        " connect-src 'self'; base-uri 'none'; form-action 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
