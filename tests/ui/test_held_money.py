"""Money that counts for no paid order goes back from the order's page too."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from app.domain.attempt import AttemptState
from app.domain.exceptions import ExceptionKind
from app.domain.money import Money
from app.domain.order import OrderState
from app.domain.receipt import Tender
from app.domain.resolution import Action
from tests.ui.fakes import FakeTill
from tests.ui.helpers import button
from tests.ui.test_orders import place
from tests.ui.test_orders_refund import fill, show
from ui.places import Place
from ui.window import Window

Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.mark.parametrize(
    "kind, state",
    [
        (ExceptionKind.PAID_LATE, OrderState.CANCELLED),
        (ExceptionKind.UNDERPAID, OrderState.OPEN),
        (ExceptionKind.SURPLUS, OrderState.PAID),
    ],
)
def test_money_that_is_held_goes_back_from_the_orders_page_too(
    run: Run, window: Window, till: FakeTill, kind: ExceptionKind, state: OrderState
) -> None:
    async def look() -> None:
        order = place(till, state)
        entry = till.money.hold(kind, order, Money(200, "EUR"))
        await show(window, order)
        pressed = button(window, f"refund_held_{entry.id}")
        pressed.click()
        pressed.click()
        await window.counter.tasks.settled()
        assert window.places.place is Place.PERSON
        panel = window.needs_person.panel
        assert panel.trouble is not None and panel.trouble.case.exception.id == entry.id
        assert panel.form.isVisible() and panel.form.amount.text == "2.00"
        assert panel.form.amount.field.edit.hasFocus()
        fill(panel.form)
        panel.form.confirm.click()
        await window.counter.tasks.settled()
        assert till.money.asked == [(Money(200, "EUR"), "Eva", "Goods came back")]
        # It was asked for once: nothing opens by itself when one comes back.
        window.rail.orders.click()
        window.rail.person.click()
        await window.counter.tasks.settled()
        assert panel.form.ask is None

    run(look())


def test_the_entry_that_is_wanted_is_shown_although_another_was_just_cleared_up(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def look() -> None:
        order = place(till, OrderState.CANCELLED)
        first = till.money.hold(ExceptionKind.PAID_LATE, order)
        second = till.money.hold(ExceptionKind.SURPLUS, order)
        third = till.money.hold(ExceptionKind.SURPLUS, order)
        window.rail.person.click()
        await window.counter.tasks.settled()
        till.money._close(till.money.entry(third.id), Action.REFUND, "Bea", "As agreed", None)
        await window.counter.tasks.settled()
        await show(window, order)
        button(window, f"clear_up_{first.id}").click()
        await window.counter.tasks.settled()
        shown = window.needs_person.panel.trouble
        assert shown is not None and shown.case.exception.id == first.id != second.id

    run(look())


def test_what_counts_for_an_order_that_is_not_paid_can_go_back(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def look() -> None:
        order = place(till)
        till.orders.tenders[order.id] = (Tender("stripe_checkout", Money(100, "EUR"), "pi_a"),)
        await show(window, order)
        # While its code can be paid, nothing of it goes back.
        assert not button(window, "refund").isVisible()
        till.orders.change(1, state=AttemptState.EXPIRED)
        window.places.orders_reader.read_again()
        await window.counter.tasks.settled()
        button(window, "refund").click()
        form = window.orders.panel.form
        assert form.ask is not None and "do not take the rest" in form.ask.effect
        assert form.amount.text == "1.00"

    run(look())
