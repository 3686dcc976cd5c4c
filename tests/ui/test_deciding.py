"""Deciding about what needs a person: accept, refund, assign, write off."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.domain.exceptions import ExceptionKind
from app.domain.money import Money
from app.domain.order import OrderState
from app.domain.refund import RefundState
from app.domain.resolution import Action
from app.errors import CheckoutRefused, Message, MoneyMoved
from tests.ui.deciding import come, fill, late, open_form, titles
from tests.ui.fakes import FakeTill
from tests.ui.helpers import button, until
from tests.ui.test_orders import place
from ui.window import Window

Run = Callable[[Coroutine[Any, Any, None]], None]


# --- deciding -------------------------------------------------------------------------------


def test_each_way_out_says_what_it_will_do_or_why_it_is_closed(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def look() -> None:
        till.money.hold(ExceptionKind.SURPLUS, place(till, OrderState.PAID))
        panel = await come(window)
        assert {a: b.isEnabled() for a, b in panel.ways.buttons.items()} == {
            Action.ACCEPT: False,
            Action.REFUND: True,
            Action.ASSIGN: True,
            Action.WRITE_OFF: True,
        }
        assert panel.ways.words_of(Action.ACCEPT) == "The order is paid without it."
        assert panel.ways.words_of(Action.REFUND) == "€6.80 goes back to the customer."
        button(window, "way_accept").click()
        assert panel.form.ask is None

    run(look())


def test_late_money_is_accepted_with_who_and_why(run: Run, window: Window, till: FakeTill) -> None:
    async def look() -> None:
        order, entry = late(till)
        form = await open_form(window, Action.ACCEPT)
        assert not form.confirm.isEnabled()
        assert form.missing == "Say who decides it, and why."
        fill(form, reason="")
        button(window, "suggestion_0").click()
        assert form.confirm.label == "Accept €6.80"
        form.confirm.click()
        await window.counter.tasks.settled()
        assert till.money.entry(entry.id).resolved_by == "Eva"
        assert till.money.asked[-1][1:] == ("Eva", "The customer has the goods")
        assert window.needs_person.panel.result.title == "€6.80 was accepted"
        assert till.orders.orders[order.id].state is OrderState.PAID
        assert form.ask is None

    run(look())


def test_whoever_decided_last_is_remembered(run: Run, window: Window, till: FakeTill) -> None:
    async def look() -> None:
        late(till)
        late(till)
        form = await open_form(window, Action.ACCEPT)
        fill(form)
        form.confirm.click()
        await window.counter.tasks.settled()
        window.needs_person.list.choose(1)
        await window.counter.tasks.settled()
        button(window, "way_refund").click()
        assert form.who.text == "Eva"
        assert form.reason.text == ""

    run(look())


def test_the_whole_amount_stands_there_and_a_part_can_be_typed(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def look() -> None:
        _order, entry = late(till)
        form = await open_form(window, Action.REFUND)
        fill(form)
        assert form.amount.text == "6.80"
        assert form.confirm.label == "Give back €6.80"
        form.amount.set_text("3,40")
        assert form.confirm.label == "Give back €3.40"
        form.confirm.click()
        await window.counter.tasks.settled()
        panel = window.needs_person.panel
        assert panel.result.title == "€3.40 was given back"
        assert till.money.entry(entry.id).amount == Money(340, "EUR")
        assert ("Left", "€3.40") in panel.figures.rows
        assert titles(window) == ["Paid late"]

    run(look())


@pytest.mark.parametrize(
    "typed, note",
    [
        ("6.81", "Only €6.80 is left."),
        ("1,234", "Type an amount such as 6.80."),
        ("0", "Type an amount such as 6.80."),
        ("", "Type an amount such as 6.80."),
    ],
)
def test_an_amount_that_cannot_go_back_is_said_under_the_field(
    run: Run, window: Window, till: FakeTill, typed: str, note: str
) -> None:
    async def look() -> None:
        late(till)
        form = await open_form(window, Action.REFUND)
        fill(form)
        form.amount.set_text(typed)
        assert form.amount.note == note
        assert not form.confirm.isEnabled()
        QTest.keyClick(form.reason.field.edit, Qt.Key.Key_Return)
        form.confirm.click()
        await window.counter.tasks.settled()
        assert till.money.calls["refund"] == 0

    run(look())


def test_a_double_tap_gives_one_refund(run: Run, window: Window, till: FakeTill) -> None:
    async def look() -> None:
        late(till)
        gate = till.money.gates["refund"] = asyncio.Event()
        form = await open_form(window, Action.REFUND)
        fill(form)
        for _tap in range(2):
            QTest.mouseClick(form.confirm, Qt.MouseButton.LeftButton)
        QTest.mouseDClick(form.confirm, Qt.MouseButton.LeftButton)
        QTest.keyClick(form, Qt.Key.Key_Return)
        QTest.keyClick(form, Qt.Key.Key_Escape)
        await until(lambda: till.money.calls["refund"] == 1)
        assert form.is_busy and form.isVisible()
        assert form.confirm.label == "One moment …"
        # Nothing is said to be done before the books have it.
        assert window.needs_person.panel.result.title == ""
        gate.set()
        await window.counter.tasks.settled()
        assert till.money.calls["refund"] == 1
        assert [one.amount for one in till.money.refunds] == [Money(680, "EUR")]

    run(look())


def test_each_opening_of_the_form_is_a_press_of_its_own(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def look() -> None:
        late(till)
        form = await open_form(window, Action.REFUND)
        first = form.press
        assert first
        form.cancel.click()
        assert form.press == ""
        button(window, "way_refund").click()
        assert form.press not in {"", first}

    run(look())


@pytest.mark.parametrize(
    "state, title, word",
    [
        (RefundState.PENDING, "€6.80 is on its way", "Being given back"),
        (RefundState.REQUESTED, "The provider has not answered yet", "Being given back"),
        (RefundState.FAILED, "The refund of €6.80 was refused", "Open"),
        (RefundState.SUCCEEDED, "€6.80 was given back", "Cleared up"),
    ],
)
def test_what_came_of_a_refund_is_said_as_the_books_have_it(
    run: Run, window: Window, till: FakeTill, state: RefundState, title: str, word: str
) -> None:
    async def look() -> None:
        _order, entry = late(till)
        till.money.refunds_as = state
        till.money.refused_with = "The card is gone."
        form = await open_form(window, Action.REFUND)
        fill(form)
        form.confirm.click()
        await window.counter.tasks.settled()
        panel = window.needs_person.panel
        assert panel.result.title == title
        assert panel._chip.accessibleName() == word
        is_done = state is RefundState.SUCCEEDED
        assert titles(window) == ([] if is_done else ["Paid late"])
        assert (till.money.entry(entry.id).resolved_at is not None) is is_done
        if state is RefundState.FAILED:
            assert "The card is gone. No money has moved." in panel.result.detail
            # It was said here already.
            assert not window.notice.isVisible()
        panel.grab()

    run(look())


def test_a_refusal_is_said_in_the_form_which_stays_as_it_was(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def look() -> None:
        late(till)
        till.money.errors["refund"] = CheckoutRefused(
            Message("The provider does not answer"),
            Message("Nothing was given back."),
            money=MoneyMoved.NO,
            action=Message("Check the network."),
        )
        form = await open_form(window, Action.REFUND)
        fill(form)
        press = form.press
        form.confirm.click()
        await window.counter.tasks.settled()
        assert form.fault.title == "The provider does not answer"
        assert form.fault.detail == "Nothing was given back. No money has moved. Check the network."
        assert (form.who.text, form.reason.text, form.press) == ("Eva", "Goods came back", press)
        assert form.confirm.isEnabled()
        till.money.errors.clear()
        form.confirm.click()
        await window.counter.tasks.settled()
        assert window.needs_person.panel.result.title == "€6.80 was given back"

    run(look())


def test_whoever_went_elsewhere_meanwhile_is_told_by_the_notice(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def look() -> None:
        late(till)
        gate = till.money.gates["refund"] = asyncio.Event()
        form = await open_form(window, Action.REFUND)
        fill(form)
        form.confirm.click()
        await until(lambda: till.money.calls["refund"] == 1)
        window.rail.sell.click()
        gate.set()
        await window.counter.tasks.settled()
        assert window.notice.title == "€6.80 was given back"

    run(look())


def test_another_entry_closes_the_form(run: Run, window: Window, till: FakeTill) -> None:
    async def look() -> None:
        late(till)
        late(till)
        form = await open_form(window, Action.REFUND)
        window.needs_person.list.choose(1)
        await window.counter.tasks.settled()
        assert form.ask is None
        assert window.needs_person.panel.ways.isVisible()

    run(look())


def test_a_form_goes_where_somebody_else_was_quicker(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def look() -> None:
        _order, entry = late(till)
        form = await open_form(window, Action.REFUND)
        till.money._close(till.money.entry(entry.id), Action.ACCEPT, "Bea", "As agreed", None)
        await window.counter.tasks.settled()
        assert form.ask is None
        assert "Bea accepted it" in window.needs_person.panel.statement.text

    run(look())


# --- assigning ------------------------------------------------------------------------------


def test_the_order_is_checked_while_its_number_is_typed(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def look() -> None:
        _own, entry = late(till)
        place(till, OrderState.PAID)
        target = place(till)
        form = await open_form(window, Action.ASSIGN)
        fill(form)
        assert form.missing == "Type the number of an order that the money fits."
        for number, note in (
            ("x", "Type the number of the order."),
            ("77", "There is no order 77."),
            ("1", "It is the money's own order; accept it instead."),
            ("2", "Order 2 is paid."),
        ):
            form.number.set_text(number)
            await window.counter.tasks.settled()
            assert form.number.note == note
            assert not form.confirm.isEnabled()
        form.number.set_text("3")
        # Until the books have answered, there is no order to assign to.
        assert not form.confirm.isEnabled()
        await window.counter.tasks.settled()
        assert form.number.note == "Order 3 · Open · €6.80 to pay"
        assert form.confirm.label == "Assign €6.80 to order 3"
        form.confirm.click()
        await window.counter.tasks.settled()
        assert till.money.entry(entry.id).action == "assign"
        assert till.orders.orders[target.id].state is OrderState.PAID
        assert window.needs_person.panel.result.title == "€6.80 was assigned to order 3"

    run(look())


def test_an_older_answer_does_not_outdo_a_newer_number(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def look() -> None:
        late(till)
        place(till)
        form = await open_form(window, Action.ASSIGN)
        read = till.orders.page

        async def slow_at_first(**asked: Any) -> Any:
            rows = await read(**asked)
            await asyncio.sleep(0.05 if asked["search"] == "2" else 0)
            return rows

        till.orders.page = slow_at_first  # type: ignore[method-assign]
        form.number.set_text("2")
        form.number.set_text("25")
        await window.counter.tasks.settled()
        assert form.number.note == "There is no order 25."

    run(look())
