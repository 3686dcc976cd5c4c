"""The page of a wallet: what is due and for what, what to pay it with, and one button."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import HTMLResponse

from app.sandbox.pages.layout import page
from app.sandbox.pages.markup import Markup, fill, joined
from app.sandbox.pages.pay import Line, Problem, alert, due


@dataclass(frozen=True)
class Source:
    """One thing to pay with; `effect` says what it does here."""

    value: str
    name: str
    effect: str


@dataclass(frozen=True, kw_only=True)
class Approval:
    """Everything that the page shows; amounts are text for people."""

    shop: str
    wallet: str
    total: str
    lines: Sequence[Line]
    sources: Sequence[Source]
    chosen: str
    action: str
    button: str
    cancel_url: str | None
    period: str = ""
    problem: Problem | None = None


def approval_page(approval: Approval, *, status: int = 200) -> HTMLResponse:
    content = fill(
        """<main class="two">
{due}
<section class="sheet" aria-labelledby="how"><h2 id="how">Pay with {wallet}</h2>
{alert}
<form method="post" action="{action}">
<fieldset class="methods" aria-labelledby="how">{sources}</fieldset>
<button class="pay" data-busy="Asking {wallet}…">{button}</button>
</form>
{leave}
<p class="quiet">A real {wallet} would ask you to log in first.</p>
</section>
</main>""",
        due=due(approval.shop, approval.total, approval.lines, approval.period),
        wallet=approval.wallet,
        alert=alert(approval.problem),
        action=approval.action,
        sources=joined(_source(each, approval.chosen) for each in approval.sources),
        button=approval.button,
        leave=Markup("")
        if approval.cancel_url is None
        else fill('<a class="leave" href="{url}">Cancel and go back</a>', url=approval.cancel_url),
    )
    state = "open" if approval.problem is None else "declined"
    title = f"Pay {approval.total} to {approval.shop}"
    return page(content, title=title, state=state, status=status)


def _source(source: Source, chosen: str) -> Markup:
    return fill(
        '<label><input type="radio" name="funding" value="{value}"{checked}>'
        "<span>{name}<br>{effect}</span></label>",
        value=source.value,
        name=source.name,
        effect=source.effect,
        checked=Markup(" checked") if source.value == chosen else Markup(""),
    )
