"""The place "needs a person": what waits there, how one gets there, and the keyboard."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from app.domain.dispute import DisputeState
from app.domain.exceptions import ExceptionKind
from app.domain.money import Money
from app.domain.order import OrderState
from app.domain.resolution import Action
from app.errors import Message
from tests.ui.deciding import at, come, fill, focused, late, open_form, titles, where
from tests.ui.fakes import FakeClock, FakeTill
from tests.ui.helpers import button, until
from tests.ui.test_orders import place
from ui.format import Formats
from ui.kit.rows import ROW
from ui.needs_person.words import trouble_words
from ui.orders.dispute_words import due_of, due_sentence
from ui.places import Place
from ui.theme import Tone
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


# --- disputes -------------------------------------------------------------------------------


def test_what_is_urgent_stands_first_and_the_rest_by_age(
    run: Run, window: Window, till: FakeTill, clock: FakeClock
) -> None:
    async def look() -> None:
        paid = place(till, OrderState.PAID)
        now = clock.now()
        soon = till.money.dispute(paid, now + timedelta(days=2, hours=23))
        over = till.money.dispute(paid, now - timedelta(days=1))
        till.money.dispute(paid, now + timedelta(days=9))
        till.money.dispute(paid, now + timedelta(days=1), DisputeState.UNDER_REVIEW)
        for _number in range(60):
            till.money.hold(ExceptionKind.SURPLUS, paid)
        await come(window)
        shown = window.needs_person.list.rows
        assert [shown.key_at(shown.index(row)) for row in range(3)] == [over.id, soon.id, 64]
        bar = window.needs_person.list.verticalScrollBar()
        bar.setValue(bar.maximum())
        await window.counter.tasks.settled()
        keys = [shown.key_at(shown.index(row)) for row in range(shown.rowCount())]
        # Each once, whichever page it would be on.
        assert sorted(keys) == list(range(1, 65))

    run(look())


@pytest.mark.parametrize(
    "ahead, left, tone",
    [
        (timedelta(days=12), "12 days left", Tone.WARNING),
        (timedelta(days=3), "3 days left", Tone.WARNING),
        (timedelta(days=2, hours=23), "3 days left", Tone.DANGER),
        (timedelta(days=1), "1 day left", Tone.DANGER),
        (timedelta(hours=1), "Due today", Tone.DANGER),
        (timedelta(0), "Overdue", Tone.DANGER),
        (timedelta(days=-9), "Overdue", Tone.DANGER),
    ],
)
def test_the_last_day_of_a_dispute_is_a_field_of_its_own(
    run: Run, window: Window, till: FakeTill, clock: FakeClock,
    ahead: timedelta, left: str, tone: Tone,
) -> None:  # fmt: skip
    formats = Formats("en", UTC)

    async def look() -> None:
        entry = till.money.dispute(place(till, OrderState.PAID), clock.now() + ahead)
        due = due_of(till.money.disputes[entry.id], clock.now(), formats)
        assert due is not None and (due.left, due.tone) == (left, tone)
        panel = await come(window)
        assert panel.due.isVisible() and left in panel.due.words
        assert panel._chip.accessibleName() == "To be answered"
        assert "The customer says that the goods never came." in panel.statement.text
        assert ("The day is over." in panel.statement.text) is due.is_overdue
        rows = window.needs_person.list.rows
        assert left in rows.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
        assert ("overdue" in due_sentence(due)) is due.is_overdue

    run(look())


@pytest.mark.parametrize(
    "state, wanted",
    [
        (DisputeState.UNDER_REVIEW, "the bank decides. Wait."),
        (DisputeState.LOST, "It is lost."),
        (DisputeState.WON, "the money should come back"),
        (DisputeState.UNKNOWN, "Answer it at the provider before it is due"),
    ],
)
def test_a_dispute_that_wants_no_answer_says_what_it_wants_instead(
    run: Run, window: Window, till: FakeTill, clock: FakeClock, state: DisputeState, wanted: str
) -> None:
    async def look() -> None:
        due_at = clock.now() + timedelta(days=1)
        till.money.dispute(place(till, OrderState.PAID), due_at, state, withdrawn_minor=680)
        panel = await come(window)
        assert not panel.due.words
        assert wanted in panel.statement.text
        assert "The provider has taken €6.80 back." in panel.statement.text

    run(look())


def test_a_dispute_that_was_cleared_up_wants_nothing_more(
    run: Run, window: Window, till: FakeTill, clock: FakeClock
) -> None:
    async def look() -> None:
        entry = till.money.dispute(place(till, OrderState.PAID), clock.now())
        panel = await come(window)
        assert panel.due.words
        till.money._close(till.money.entry(entry.id), Action.WRITE_OFF, "Bea", "Lost", None)
        await window.counter.tasks.settled()
        assert not panel.due.words
        assert panel._chip.accessibleName() == "Cleared up"

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
