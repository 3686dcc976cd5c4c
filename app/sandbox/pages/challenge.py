"""The page of the customer's bank: prove that it is you who pays (3-D Secure)."""

from dataclasses import dataclass

from starlette.responses import HTMLResponse

from app.sandbox.pages.layout import icon, page, shop_line
from app.sandbox.pages.markup import Markup, fill


@dataclass(frozen=True, kw_only=True)
class Challenge:
    """What the bank asks about; amounts are text for people."""

    shop: str
    total: str
    brand: str
    last4: str
    action: str


def challenge_page(challenge: Challenge) -> HTMLResponse:
    content = fill(
        """<main>{shop}
<section class="sheet bank" aria-labelledby="ask">
<div class="sign">{sign}</div>
<p class="quiet">Your bank</p>
<h1 id="ask">Is it you who pays?</h1>
<dl><div><dt>Shop</dt><dd>{name}</dd></div><div><dt>Amount</dt><dd><b>{total}</b></dd></div>
<div><dt>Card</dt><dd>{brand} •••• {last4}</dd></div></dl>
{complete}{fail}
<p class="quiet">A real bank would ask for its app or a code here.</p>
</section></main>""",
        shop=shop_line(challenge.shop),
        sign=icon("shield"),
        name=challenge.shop,
        total=challenge.total,
        brand=challenge.brand.capitalize(),
        last4=challenge.last4,
        complete=_answer(challenge.action, "complete", "Complete", "pay"),
        fail=_answer(challenge.action, "fail", "Fail", "pay second"),
    )
    return page(content, title="Confirm with your bank", state="challenge")


def _answer(action: str, verdict: str, label: str, look: str) -> Markup:
    return fill(
        '<form method="post" action="{action}">'
        '<input type="hidden" name="verdict" value="{verdict}">'
        '<button class="{look}" data-busy="Asking the bank…">{label}</button>'
        "</form>",
        action=action,
        verdict=verdict,
        label=label,
        look=look,
    )
