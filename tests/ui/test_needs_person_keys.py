"""The keyboard where something needs a person: every way by keys, and nothing done twice."""

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
from tests.ui.deciding import at, come, fill, focused, late, open_form, where
from tests.ui.fakes import FakeTill
from tests.ui.helpers import button, until
from tests.ui.test_orders import place
from ui.kit.button import Kind
from ui.places import Place
from ui.window import Window

Run = Callable[[Coroutine[Any, Any, None]], None]


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


def test_what_is_open_stands_first_and_what_is_nearly_always_right_is_louder(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def look() -> None:
        till.money.hold(ExceptionKind.SURPLUS, place(till, OrderState.PAID))
        panel = await come(window)
        stood = sorted(Action, key=lambda one: panel.ways.buttons[one].y())
        assert stood == [Action.REFUND, Action.ASSIGN, Action.WRITE_OFF, Action.ACCEPT]
        louder = [one for one in Action if panel.ways.buttons[one].kind is Kind.PRIMARY]
        assert louder == [Action.REFUND]
        button(window, "show_order").setFocus()
        seen = []
        for _step in range(3):
            QTest.keyClick(at(), Qt.Key.Key_Tab)
            seen.append(focused())
        assert seen == ["way_refund", "way_assign", "way_write_off"]
        late(till)
        await window.counter.tasks.settled()
        window.needs_person.list.choose(2)
        await window.counter.tasks.settled()
        assert not [one for one in Action if panel.ways.buttons[one].kind is Kind.PRIMARY]

    run(look())


def test_while_money_is_on_its_way_back_there_is_nothing_to_be_pressed(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def look() -> None:
        late(till)
        till.money.refunds_as = RefundState.PENDING
        form = await open_form(window, Action.REFUND)
        fill(form)
        form.confirm.click()
        await window.counter.tasks.settled()
        panel = window.needs_person.panel
        assert not panel.ways.isVisible() and not panel._ways_title.isVisible()
        assert "Wait for that" in panel.statement.text

    run(look())


@pytest.mark.parametrize(
    "key, way", [(Qt.Key.Key_F5, Action.ACCEPT), (Qt.Key.Key_F6, Action.REFUND)]
)
def test_each_way_has_its_key_and_a_second_press_opens_no_second_form(
    run: Run, window: Window, till: FakeTill, key: Qt.Key, way: Action
) -> None:
    async def look() -> None:
        late(till)
        panel = await come(window)
        QTest.keyClick(window, key)
        await until(lambda: panel.form.ask is not None)
        press = panel.form.press
        for other in (key, Qt.Key.Key_F5, Qt.Key.Key_F7):
            QTest.keyClick(at(), other)
        await asyncio.sleep(0.2)
        assert panel.form.press == press
        assert panel.form.ask is not None and panel.form.ask.action is way

    run(look())


def test_escape_leads_out_step_by_step(run: Run, window: Window, till: FakeTill) -> None:
    async def look() -> None:
        order, _entry = late(till)
        form = await open_form(window, Action.REFUND)
        window.needs_person.list.focus_current()
        # The keyboard is elsewhere: what was begun is left first, and then the place.
        QTest.keyClick(at(), Qt.Key.Key_Escape)
        assert form.ask is None and where(window) is Place.PERSON
        QTest.keyClick(at(), Qt.Key.Key_Escape)
        assert where(window) is Place.SELL and window.rail.sell.isChecked()
        window.rail.orders.click()
        QTest.keyClicks(window.orders.search.edit, str(order.number))
        QTest.keyClick(window.orders.search.edit, Qt.Key.Key_Escape)
        assert window.orders.search.text == "" and where(window) is Place.ORDERS
        QTest.keyClick(window.orders.search.edit, Qt.Key.Key_Escape)
        assert where(window) is Place.SELL
        await window.counter.tasks.settled()

    run(look())


def test_escape_takes_no_form_away_that_is_busy(run: Run, window: Window, till: FakeTill) -> None:
    async def look() -> None:
        late(till)
        form = await open_form(window, Action.REFUND)
        fill(form)
        gate = till.money.gates["refund"] = asyncio.Event()
        form.confirm.click()
        window.needs_person.list.focus_current()
        for _press in range(2):
            QTest.keyClick(at(), Qt.Key.Key_Escape)
        assert form.is_busy and where(window) is Place.PERSON
        gate.set()
        await window.counter.tasks.settled()
        assert till.money.calls["refund"] == 1

    run(look())


def test_enter_held_or_pressed_twice_gives_back_once(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def look() -> None:
        late(till)
        form = await open_form(window, Action.REFUND)
        fill(form)
        form.reason.field.edit.setFocus()
        for _press in range(3):
            QTest.keyClick(at(), Qt.Key.Key_Return)
        await window.counter.tasks.settled()
        QTest.keyClick(at(), Qt.Key.Key_Return)
        await window.counter.tasks.settled()
        assert till.money.calls["refund"] == 1 and len(till.money.refunds) == 1

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
