"""A subscription in its order's detail: how it stands, how it is ended, what its story says."""

from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from PySide6.QtWidgets import QAbstractButton

from app.domain.catalog import BillingInterval
from app.domain.exceptions import ExceptionKind
from app.domain.money import Money
from app.domain.order import OrderState
from app.domain.renewal import EndWanted
from app.domain.subscription import SubscriptionState
from app.errors import CheckoutRefused
from app.events import Fact
from app.orders import Subscribed
from tests.ui.fakes import START, FakeTill
from tests.ui.gallery.painted import seen_letters
from tests.ui.helpers import button
from tests.ui.test_orders import place
from tests.ui.test_orders_refund import show
from ui.decide.form import DecisionForm
from ui.format import Formats
from ui.orders.records import subscription_record
from ui.orders.subscription_words import SUBSCRIPTION_TELLERS
from ui.orders.words import story_entry
from ui.pay.recurring import price_words
from ui.theme import Tone
from ui.window import Window

Run = Callable[[Coroutine[Any, Any, None]], None]
EN = Formats("en")


def fill(form: DecisionForm) -> None:
    form.who.set_text("Eva")
    form.reason.set_text("The customer asked for it")


def ends(form: DecisionForm) -> list[QAbstractButton]:
    return form.ends.buttons


def test_an_order_without_one_says_nothing_of_it(run: Run, window: Window, till: FakeTill) -> None:
    async def look() -> None:
        await show(window, place(till, OrderState.PAID))
        assert window.orders.panel.subscriptions.isHidden()
        assert not button(window, "end_subscription").isVisible()

    run(look())


def test_it_is_ended_with_what_was_paid_for_unless_another_end_is_chosen(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def look() -> None:
        order = place(till, OrderState.PAID)
        subscription = till.subscriptions.begin(order)
        await show(window, order)
        button(window, "end_subscription").click()
        form = window.orders.panel.form
        assert len(ends(form)) == 2 and ends(form)[0].isChecked()
        assert form.amount.isHidden() and form.number.isHidden()
        fill(form)
        form.confirm.click()
        await window.counter.tasks.settled()
        who = ("Eva", "The customer asked for it")
        assert till.subscriptions.asked == [(subscription.id, True, *who)]
        assert window.orders.panel.result.title == "The subscription ends"
        window.places.orders_reader.read_again()
        await window.counter.tasks.settled()
        (record,) = window.orders.panel.subscriptions.records
        assert record.state == ("Ends", Tone.NEUTRAL)

    run(look())


def test_at_once_is_asked_for_where_it_was_chosen(run: Run, window: Window, till: FakeTill) -> None:
    async def look() -> None:
        order = place(till, OrderState.PAID)
        till.subscriptions.begin(order)
        await show(window, order)
        button(window, "end_subscription").click()
        form = window.orders.panel.form
        ends(form)[1].click()
        fill(form)
        form.confirm.click()
        await window.counter.tasks.settled()
        assert [asked[1] for asked in till.subscriptions.asked] == [False]
        assert window.orders.panel.result.title == "The subscription has ended"
        window.places.orders_reader.read_again()
        await window.counter.tasks.settled()
        assert not button(window, "end_subscription").isVisible()

    run(look())


def test_only_what_the_provider_can_do_is_offered(run: Run, window: Window, till: FakeTill) -> None:
    async def look() -> None:
        till.subscriptions.ends = (EndWanted.NOW,)
        order = place(till, OrderState.PAID)
        till.subscriptions.begin(order)
        await show(window, order)
        button(window, "end_subscription").click()
        (only,) = ends(window.orders.panel.form)
        assert only.objectName() == "end_now"

    run(look())


def test_without_an_answer_it_is_not_called_ended(run: Run, window: Window, till: FakeTill) -> None:
    async def look() -> None:
        till.subscriptions.is_silent = True
        order = place(till, OrderState.PAID)
        till.subscriptions.begin(order)
        await show(window, order)
        button(window, "end_subscription").click()
        fill(window.orders.panel.form)
        window.orders.panel.form.confirm.click()
        await window.counter.tasks.settled()
        assert window.orders.panel.result.title == "The provider has not answered yet"
        window.places.orders_reader.read_again()
        await window.counter.tasks.settled()
        (record,) = window.orders.panel.subscriptions.records
        assert record.state == ("Being ended", Tone.WARNING)
        assert not button(window, "end_subscription").isVisible()

    run(look())


def test_a_refusal_leaves_the_form_as_it_was(run: Run, window: Window, till: FakeTill) -> None:
    async def look() -> None:
        till.subscriptions.error = CheckoutRefused("Stripe does not answer", "Nothing was ended.")
        order = place(till, OrderState.PAID)
        till.subscriptions.begin(order)
        await show(window, order)
        button(window, "end_subscription").click()
        form = window.orders.panel.form
        ends(form)[1].click()
        fill(form)
        form.confirm.click()
        await window.counter.tasks.settled()
        assert form.fault.title == "Stripe does not answer"
        assert ends(form)[1].isChecked() and form.who.text == "Eva"

    run(look())


def test_a_renewal_is_given_back_like_any_payment(run: Run, window: Window, till: FakeTill) -> None:
    async def look() -> None:
        order = place(till, OrderState.PAID)
        subscription = till.subscriptions.begin(order)
        renewal = till.subscriptions.renew(subscription)
        till.subscriptions.renew(subscription, held_as=ExceptionKind.MISMATCH)
        await show(window, order)
        button(window, "refund").click()
        form = window.orders.panel.form
        # The one that is held is not offered: it waits for a person.
        assert len(form.how_much.chips.findChildren(QAbstractButton)) == 2
        assert form.ask is not None
        offered = [one.payment_id for one in form.ask.sources]
        assert offered == [f"pi_{order.number}", renewal.payment_id]

    run(look())


@pytest.mark.parametrize(
    "changes, words, state",
    [
        ({}, "Next payment on April 13, 2026", "Running"),
        ({"current_until": None}, "sub_1000001", "Running"),
        (
            {"state": SubscriptionState.PAST_DUE, "decline": "insufficient_funds"},
            "The card does not have enough money.",
            "Payment refused",
        ),
        ({"ends_at": START + timedelta(days=3)}, "Ends on March 17, 2026", "Ends"),
        (
            {"state": SubscriptionState.ENDED, "ended_at": START + timedelta(days=1)},
            "Ended on March 15, 2026",
            "Ended",
        ),
        ({"state": SubscriptionState.PENDING}, "sub_1000001", "Beginning"),
        ({"state": SubscriptionState.PAUSED}, "sub_1000001", "Paused"),
        ({"end_wanted": EndWanted.NOW}, "The provider has not confirmed the end", "Being ended"),
    ],
)
def test_how_it_stands_is_said_in_words(
    till: FakeTill, changes: dict[str, Any], words: str, state: str
) -> None:
    subscription = till.subscriptions.begin(place(till, OrderState.PAID), **changes)
    record = subscription_record(Subscribed(subscription), EN)
    assert words in record.words and record.state[0] == state


def test_renewals_are_counted_and_summed(till: FakeTill) -> None:
    subscription = till.subscriptions.begin(place(till, OrderState.PAID))
    for _ in range(2):
        till.subscriptions.renew(subscription)
    (subscribed,) = till.subscriptions.of(subscription.order_id)
    assert "2 renewals, €13.60" in subscription_record(subscribed, EN).words
    # The provider's id has a line of its own, so that none ends with the dot before it.
    *_, last = subscription_record(subscribed, EN).words.splitlines()
    assert seen_letters(last) == "sub_1000001"


def test_each_interval_has_its_words() -> None:
    said = {price_words(Money(1200, "EUR"), each, EN) for each in BillingInterval}
    assert said == {"€12.00", "€12.00 a week", "€12.00 a month", "€12.00 a year"}


@pytest.mark.parametrize("name", sorted(SUBSCRIPTION_TELLERS))
def test_every_fact_of_one_is_told_in_words_even_by_a_till_that_wrote_less(name: str) -> None:
    data = {
        "amount_minor": 1200,
        "currency": "EUR",
        "interval": "monthly",
        "who": "Eva",
        "reason": "The customer asked for it",
        "at_period_end": True,
        "ends_at": "2026-04-13T10:00:00+00:00",
        "decline": "insufficient_funds",
        "detail": "No.",
    }
    fact = Fact(1, START, name, data=data)
    full, bare = story_entry(fact, EN), story_entry(replace(fact, data={}), EN)
    assert full.title == bare.title and "." not in full.title
