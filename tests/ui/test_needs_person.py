"""The place "needs a person": what waits there, and deciding about it by finger and by keyboard."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from app.domain.exceptions import ExceptionKind, OrderException
from app.domain.money import Money
from app.domain.order import Order, OrderState
from app.domain.refund import RefundState
from app.domain.resolution import Action
from app.errors import CheckoutRefused, Message, MoneyMoved
from tests.ui.fakes import FakeClock, FakeTill
from tests.ui.helpers import button, until
from tests.ui.test_orders import place
from ui.decide.form import DecisionForm
from ui.needs_person.list_model import TroubleRole
from ui.needs_person.panel import TroublePanel
from ui.needs_person.words import trouble_words
from ui.places import Place
from ui.window import Window

Run = Callable[[Coroutine[Any, Any, None]], None]


async def come(window: Window) -> TroublePanel:
    window.rail.person.click()
    await window.counter.tasks.settled()
    return window.needs_person.panel


def late(till: FakeTill) -> tuple[Order, OrderException]:
    order = place(till, OrderState.CANCELLED)
    return order, till.money.hold(ExceptionKind.PAID_LATE, order)


async def open_form(window: Window, action: Action) -> DecisionForm:
    panel = await come(window)
    button(window, f"way_{action.value}").click()
    return panel.form


def fill(form: DecisionForm, name: str = "Eva", reason: str = "Goods came back") -> None:
    form.who.set_text(name)
    form.reason.set_text(reason)


def titles(window: Window) -> list[str]:
    rows = window.needs_person.list.rows
    return [rows.index(row).data() for row in range(rows.rowCount())]


def at() -> QWidget:
    """Give what has the keyboard."""
    found = QApplication.focusWidget()
    assert found is not None
    return found


def focused() -> str:
    return at().objectName() or at().accessibleName()


def where(window: Window) -> Place:
    return window.places.place


# --- the list -------------------------------------------------------------------------------


def test_where_nothing_waits_it_says_that_all_is_well(run: Run, window: Window) -> None:
    async def look() -> None:
        await come(window)
        assert window.needs_person.is_empty
        said = [label.text() for label in window.needs_person._empty.findChildren(QLabel)]
        assert "All is well" in said

    run(look())


def test_the_newest_stands_first_and_is_shown(run: Run, window: Window, till: FakeTill) -> None:
    async def look() -> None:
        late(till)
        paid = place(till, OrderState.PAID)
        till.money.hold(ExceptionKind.SURPLUS, paid)
        panel = await come(window)
        assert titles(window) == ["Paid twice", "Paid late"]
        assert panel._title.text() == "Paid twice"
        assert not window.needs_person.is_empty

    run(look())


def test_a_row_is_read_out_whole(run: Run, window: Window, till: FakeTill) -> None:
    async def look() -> None:
        order, _entry = late(till)
        await come(window)
        rows = window.needs_person.list.rows
        spoken = rows.data(rows.index(0), Qt.ItemDataRole.AccessibleTextRole)
        assert spoken == f"Paid late, €6.80, Order {order.number}, Open, March 14, 2026"
        assert rows.data(rows.index(-1), TroubleRole.TROUBLE) is None

    run(look())


@pytest.mark.parametrize("kind", ExceptionKind)
def test_every_kind_says_what_happened_whether_money_moved_and_what_to_do(
    run: Run, window: Window, till: FakeTill, kind: ExceptionKind
) -> None:
    async def look() -> None:
        entry = till.money.hold(kind, place(till, OrderState.PAID))
        words = trouble_words(till.money.case(entry))
        assert words.title and words.happened and words.to_do
        assert "money" in words.money
        panel = await come(window)
        assert words.to_do in panel.statement.text
        assert words.happened in panel.statement.text
        assert words.icon in window.look.icons.names

    run(look())


def test_money_of_an_unknown_order_can_be_looked_at(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def look() -> None:
        detail = Message("No order of this till has the reference {name}.", name="x-1")
        till.money.hold(ExceptionKind.MISMATCH, None, detail=detail)
        panel = await come(window)
        assert "No order of this till has the reference x-1." in panel.statement.text
        assert not panel.order_button.isVisible()
        assert panel.figures.rows == [("Came", "€3.90"), ("Left", "€3.90")]
        assert panel.ways.words_of(Action.ACCEPT) == "No order of this till is known for it."

    run(look())


def test_the_list_grows_page_by_page_as_one_scrolls(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def look() -> None:
        order = place(till, OrderState.PAID)
        for _number in range(120):
            till.money.hold(ExceptionKind.SURPLUS, order)
        await window.counter.tasks.settled()
        await come(window)
        assert len(titles(window)) == 50
        bar = window.needs_person.list.verticalScrollBar()
        for expected in (100, 120, 120):
            bar.setValue(bar.maximum())
            await window.counter.tasks.settled()
            assert len(titles(window)) == expected

    run(look())


def test_the_badge_stands_where_the_cases_are(window: Window, till: FakeTill) -> None:
    till.answers = replace(till.answers, needs_person=1)
    window._on_status()
    assert window.rail.person.accessibleName() == "Needs a person, 1 waits"
    assert window.rail.orders.accessibleName() == "Orders"


def test_the_list_follows_the_books(run: Run, window: Window, till: FakeTill) -> None:
    async def look() -> None:
        order, entry = late(till)
        panel = await come(window)
        till.money.hold(ExceptionKind.SURPLUS, order)
        await window.counter.tasks.settled()
        assert titles(window) == ["Paid twice", "Paid late"]
        # What one looks at stays in sight.
        assert panel.trouble is not None and panel.trouble.case.exception.id == entry.id
        till.money._close(till.money.entry(entry.id), Action.ACCEPT, "Bea", "As agreed", None)
        await window.counter.tasks.settled()
        assert titles(window) == ["Paid twice"]
        assert "Bea accepted it: As agreed" in panel.statement.text
        assert not panel.ways.isVisible()

    run(look())


def test_an_older_look_that_answers_later_takes_nothing_back(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def look() -> None:
        _order, entry = late(till)
        panel = await come(window)
        read, is_first = till.orders.troubles, True

        async def slow_at_first(**asked: Any) -> Any:
            nonlocal is_first
            rows = await read(**asked)
            slow, is_first = is_first and asked.get("with_resolved", False), False
            await asyncio.sleep(0.05 if slow else 0)
            return rows

        till.orders.troubles = slow_at_first  # type: ignore[method-assign]
        window.needs_person.trouble_chosen.emit(entry.id)
        await asyncio.sleep(0.01)
        till.money._close(till.money.entry(entry.id), Action.ACCEPT, "Bea", "As agreed", None)
        await window.counter.tasks.settled()
        assert panel._chip.accessibleName() == "Cleared up"

    run(look())


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


# --- the keyboard ---------------------------------------------------------------------------


def test_the_keyboard_alone_gives_money_back(run: Run, window: Window, till: FakeTill) -> None:
    async def look() -> None:
        late(till)
        QTest.keyClick(window, Qt.Key.Key_F3)
        await until(lambda: window.places.place is Place.PERSON)
        await window.counter.tasks.settled()
        QTest.keyClick(at(), Qt.Key.Key_Down)
        assert focused() == "trouble_list"
        seen = []
        for _step in range(8):
            QTest.keyClick(at(), Qt.Key.Key_Tab)
            seen.append(focused())
            if focused() == "way_refund":
                break
        assert seen[-3:] == ["show_order", "way_accept", "way_refund"]
        QTest.keyClick(at(), Qt.Key.Key_Return)
        assert focused() == "Amount"
        QTest.keyClicks(at(), "2.50")
        QTest.keyClick(at(), Qt.Key.Key_Return)
        # Something is missing: Enter goes there and confirms nothing.
        assert focused() == "Who decides"
        QTest.keyClicks(at(), "Eva")
        QTest.keyClick(at(), Qt.Key.Key_Tab)
        assert focused() == "Why"
        QTest.keyClick(at(), Qt.Key.Key_Tab)
        assert focused() == "suggestion_0"
        QTest.keyClick(at(), Qt.Key.Key_Return)
        assert focused() == "Why"
        assert till.money.calls["refund"] == 0
        QTest.keyClick(at(), Qt.Key.Key_Return)
        await window.counter.tasks.settled()
        assert till.money.asked == [(Money(250, "EUR"), "Eva", "Goods came back")]

    run(look())


def test_the_fields_are_gone_through_as_they_stand(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def look() -> None:
        late(till)
        form = await open_form(window, Action.REFUND)
        fill(form)
        form.amount.field.edit.setFocus()
        seen = [focused()]
        for _step in range(7):
            QTest.keyClick(at(), Qt.Key.Key_Tab)
            seen.append(focused())
        assert seen == [
            "Amount",
            "Who decides",
            "Why",
            "suggestion_0",
            "suggestion_1",
            "suggestion_2",
            "form_cancel",
            "form_confirm",
        ]

    run(look())


def test_escape_closes_the_form_and_nothing_was_done(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def look() -> None:
        late(till)
        form = await open_form(window, Action.REFUND)
        fill(form)
        QTest.keyClick(form.reason.field.edit, Qt.Key.Key_Escape)
        assert form.ask is None
        assert focused() == "way_refund"
        await window.counter.tasks.settled()
        assert not till.money.calls

    run(look())


def test_the_arrows_leave_a_form_behind_and_stay_in_the_list(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def look() -> None:
        late(till)
        late(till)
        form = await open_form(window, Action.REFUND)
        window.needs_person.list.focus_current()
        QTest.keyClick(at(), Qt.Key.Key_Down)
        await window.counter.tasks.settled()
        assert form.ask is None
        assert focused() == "trouble_list"

    run(look())


def test_letters_typed_here_do_not_go_to_the_search_of_the_sale(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def look() -> None:
        late(till)
        await come(window)
        QTest.keyClicks(at(), "bread")
        assert window.sell.search.text == ""

    run(look())


# --- from place to place --------------------------------------------------------------------


def test_an_entry_leads_to_its_order_and_back(run: Run, window: Window, till: FakeTill) -> None:
    async def look() -> None:
        order, entry = late(till)
        place(till)
        await come(window)
        button(window, "show_order").click()
        await window.counter.tasks.settled()
        assert where(window) is Place.ORDERS
        assert window.orders.panel.order_id == order.id
        assert window.rail.orders.isChecked()
        button(window, f"clear_up_{entry.id}").click()
        await window.counter.tasks.settled()
        assert where(window) is Place.PERSON
        shown = window.needs_person.panel.trouble
        assert shown is not None and shown.case.exception.id == entry.id

    run(look())


def test_what_was_cleared_up_is_left_behind_when_one_comes_back(
    run: Run, window: Window, till: FakeTill, clock: FakeClock
) -> None:
    async def look() -> None:
        late(till)
        form = await open_form(window, Action.ACCEPT)
        fill(form)
        form.confirm.click()
        await window.counter.tasks.settled()
        assert not window.needs_person.is_empty
        window.rail.sell.click()
        await come(window)
        assert window.needs_person.is_empty

    run(look())
