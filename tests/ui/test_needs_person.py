"""The place "needs a person": what waits there, how one gets there, and the keyboard."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from app.domain.exceptions import ExceptionKind
from app.domain.order import OrderState
from app.domain.resolution import Action
from app.errors import Message
from tests.ui.deciding import come, fill, late, open_form, titles, where
from tests.ui.fakes import FakeClock, FakeTill
from tests.ui.helpers import button
from tests.ui.test_orders import place
from ui.kit.rows import ROW
from ui.needs_person.words import trouble_words
from ui.places import Place
from ui.window import Window

Run = Callable[[Coroutine[Any, Any, None]], None]


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
        assert rows.data(rows.index(-1), ROW) is None

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
        window.needs_person.list.row_chosen.emit(entry.id)
        await asyncio.sleep(0.01)
        till.money._close(till.money.entry(entry.id), Action.ACCEPT, "Bea", "As agreed", None)
        await window.counter.tasks.settled()
        assert panel._chip.accessibleName() == "Cleared up"

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
