"""The pages that end a visit: paid, already paid, expired, deactivated, cancelled, not found."""

from starlette.responses import HTMLResponse

from app.sandbox.pages.layout import icon, page, shop_line
from app.sandbox.pages.markup import Markup, fill


def success_page() -> HTMLResponse:
    return _word(
        "Payment received",
        "You can put your phone away.",
        sign="tick",
        state="paid",
        tone="good",
    )


def saved_page(*, shop: str, back_url: str | None) -> HTMLResponse:
    return _word(
        "Card saved",
        "The shop can use it next time. Nothing was charged.",
        sign="tick",
        state="saved",
        tone="good",
        shop=shop,
        link=None if back_url is None else ("Back to the shop", back_url),
    )


def underway_page() -> HTMLResponse:
    return _word(
        "Payment is on its way",
        "Your bank has the order to pay. You can put your phone away.",
        sign="clock",
        state="processing",
        tone="still",
    )


def cancelled_page() -> HTMLResponse:
    return _word(
        "Nothing was paid",
        "You left before paying. Scan the code at the till again if you want to go on.",
        sign="cross",
        state="cancelled",
        tone="still",
    )


def already_paid_page(
    *, shop: str, total: str, back_url: str | None, pending: bool = False
) -> HTMLResponse:
    return _word(
        "Payment is on its way" if pending else "Already paid",
        "This order needs nothing more from you."
        if pending
        else "You were charged once, and nothing more is due.",
        sign="clock" if pending else "tick",
        state="processing" if pending else "paid",
        tone="still" if pending else "good",
        shop=shop,
        total=total,
        link=None if back_url is None else ("Back to the shop", back_url),
    )


def not_debited_page(
    *, shop: str | None = None, total: str | None = None, back_url: str | None = None
) -> HTMLResponse:
    return _word(
        "Your bank did not pay",
        "Nothing was taken from your account. Ask at the till how to pay instead.",
        sign="cross",
        state="failed",
        tone="bad",
        shop=shop,
        total=total,
        link=None if back_url is None else ("Back to the shop", back_url),
    )


def expired_page(*, shop: str, total: str, back_url: str | None) -> HTMLResponse:
    return _word(
        "This code has expired",
        "Nothing was charged. Ask at the till for a new one.",
        sign="clock",
        state="expired",
        tone="still",
        shop=shop,
        total=total,
        link=None if back_url is None else ("Back to the shop", back_url),
        status=410,
    )


def deactivated_page(*, shop: str, text: str | None = None) -> HTMLResponse:
    return _word(
        "This link is no longer active",
        text or "Nothing was charged. Ask at the till for a new code.",
        sign="clock",
        state="deactivated",
        tone="still",
        shop=shop,
    )


def not_found_page() -> HTMLResponse:
    return _word(
        "There is nothing to pay here",
        "The address is not complete, or this simulator does not know it."
        " Scan the code at the till again.",
        sign="question",
        state="unknown",
        tone="still",
        status=404,
    )


def _word(
    heading: str,
    text: str,
    *,
    sign: str,
    state: str,
    tone: str = "",
    shop: str | None = None,
    total: str | None = None,
    link: tuple[str, str] | None = None,
    status: int = 200,
) -> HTMLResponse:
    content = fill(
        '<main>{shop}<section class="sheet word {tone}"><div class="sign">{sign}</div>'
        "<h1>{heading}</h1>{total}<p>{text}</p>{link}</section></main>",
        shop=Markup("") if shop is None else shop_line(shop),
        tone=tone,
        sign=icon(sign),
        heading=heading,
        total=Markup("") if total is None else fill('<p class="sum">{total}</p>', total=total),
        text=text,
        link=Markup("")
        if link is None
        else fill('<a class="button" href="{url}">{text}</a>', url=link[1], text=link[0]),
    )
    return page(content, title=heading, state=state, status=status)
