"""What is said of several ways of payment elsewhere: in the story, the strip and the bar."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from PySide6.QtCore import Qt

from app.breaker import Standing
from app.domain.decision import Decision, Said
from app.errors import Message
from app.events import Fact
from app.settings import Mode
from app.status import AccountHealth, TillStatus
from tests.ui.fakes import START, FakeTill
from tests.ui.gallery.choosing import DEARER
from ui.accounts import label_among
from ui.format import Formats
from ui.look import Look
from ui.modebar import ModeBar
from ui.orders.words import story_of
from ui.strip import StatusStrip
from ui.theme import Tone
from ui.window import Window

Run = Callable[[Coroutine[Any, Any, None]], None]
Make = Callable[..., Window]
FORMATS = Formats("en")


def test_the_story_tells_why_an_account_was_taken_and_what_was_left_out() -> None:
    decision = Decision(
        "paypal",
        DEARER,
        tried=(Said("stripe_checkout", Message("It did not answer.")),),
        left_out=(Said("square", Message("It takes no {currency}.", currency="EUR")),),
    )
    created = Fact(1, START, "attempt.created", "o", 7, {"account": "paypal"})
    opened = Fact(2, START, "attempt.open", "o", 7, {})
    told, other = story_of((created, opened), FORMATS, {7: decision})
    assert told.title == "Payment started with PayPal"
    assert told.detail == (
        "It keeps about €0.84 of this. · Tried before: Stripe: It did not answer."
        " · Left out: Square: It takes no EUR."
    )
    assert other.detail == ""
    by_hand = story_of((created,), FORMATS, {7: Decision("paypal", DEARER, is_operators=True)})
    assert by_hand[0].detail == "You chose it."
    assert story_of((created,), FORMATS)[0].detail == ""


def test_a_code_that_a_upi_app_pays_is_not_called_a_page() -> None:
    opened = Fact(1, START, "attempt.open", "o", 7, {})
    again = Fact(2, START, "attempt.open", "o", 8, {})
    told = story_of((opened, again), FORMATS, without_page={8})
    assert [entry.title for entry in told] == ["Payment page is open", "UPI code is open"]


def test_accounts_of_one_brand_are_told_apart_and_others_keep_its_name() -> None:
    names = ("stripe_checkout", "stripe_links", "paypal", "shop")
    assert [label_among(name, names) for name in names] == [
        *("Stripe Checkout", "Stripe Links"),
        *("PayPal", "Shop"),
    ]
    assert label_among("stripe_checkout", ("stripe_checkout", "cash")) == "Stripe"
    assert label_among("stripe_links", ("stripe_links", "cash")) == "Stripe Links"
    assert label_among("stripe_b", ("stripe_a", "stripe_b")) == "Stripe b"
    assert label_among("razorpay", ("razorpay", "razorpay_upi")) == "Razorpay"
    assert label_among("paypal", ("paypal", "paypal_old")) == "PayPal"


@pytest.mark.parametrize(
    "standing, words",
    [
        (Standing.WELL, "Stripe answers"),
        (Standing.SHAKY, "Stripe did not answer the last time"),
        (Standing.TRIAL, "Stripe did not answer; the next customer tries it"),
        (Standing.DOWN, "Stripe does not answer; it is passed over"),
        (Standing.REFUSED, "Stripe refuses the till's keys; it is passed over"),
    ],
)
def test_the_strip_says_in_words_how_each_of_several_accounts_stands(
    look: Look, standing: Standing, words: str
) -> None:
    strip = StatusStrip(look, Mode.TEST, "Shop")
    accounts = (
        AccountHealth("stripe_checkout", is_reachable=True, standing=standing),
        AccountHealth("paypal"),
    )
    strip.show_status(TillStatus(accounts=accounts), START)
    assert strip._provider.toolTip() == f"{words}\nPayPal: not asked yet"
    strip.show_status(TillStatus(accounts=accounts[:1]), START)
    assert strip._provider.toolTip() == ""


def test_live_has_a_bar_of_its_own_that_the_customer_does_not_see(look: Look) -> None:
    bars = {mode: ModeBar(look, mode) for mode in Mode}
    assert bars[Mode.LIVE].text == "LIVE: real money"
    assert len({bar._token for bar in bars.values()}) == 3
    assert bars[Mode.LIVE]._icon != bars[Mode.TRAINING]._icon
    for mode, bar in bars.items():
        assert not _was_hidden(bar)
        assert _was_hidden(ModeBar(look, mode, is_customers=True)) is (mode is Mode.LIVE)


def _was_hidden(bar: ModeBar) -> bool:
    """Say whether it is hidden on its own account, not for want of a window."""
    return bar.testAttribute(Qt.WidgetAttribute.WA_WState_ExplicitShowHide) and bar.isHidden()


def test_keys_that_others_can_read_are_told_at_the_start(
    run: Run, make_window: Make, till: FakeTill
) -> None:
    async def start() -> None:
        till.answers = exposed(".env")
        window = make_window(till)
        window.start()
        await window.counter.tasks.settled()
        assert window.notice.isVisible()
        await window.finish()

    run(start())


def exposed(file: str) -> TillStatus:
    return TillStatus(exposed_keys=Message("Others can read {file}.", file=file))


def test_keys_that_nobody_else_can_read_any_more_are_not_told_any_longer(
    run: Run, make_window: Make, till: FakeTill
) -> None:
    async def mended() -> None:
        till.answers = exposed("a.env, b.env")
        window = make_window(till)
        window.start()
        await window.counter.tasks.settled()
        till.answers = exposed("b.env")
        window._on_status()
        assert window.notice.detail == "Others can read b.env."
        till.answers = TillStatus()
        window._on_status()
        assert not window.notice.isVisible()
        await window.finish()

    run(mended())


def test_other_news_in_its_place_stays_and_what_was_closed_is_not_told_again(
    run: Run, make_window: Make, till: FakeTill
) -> None:
    async def other() -> None:
        till.answers = exposed(".env")
        window = make_window(till)
        window.start()
        await window.counter.tasks.settled()
        window.notice.hide()
        window._on_status()
        assert not window.notice.isVisible()
        window.notice.tell("Order 7 is paid", "", Tone.GOOD)
        till.answers = TillStatus()
        window._on_status()
        assert window.notice.isVisible() and window.notice.title == "Order 7 is paid"
        await window.finish()

    run(other())
