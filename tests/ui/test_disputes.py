"""A dispute among what needs a person: by when it wants an answer, and what stands first."""

from collections.abc import Callable, Coroutine
from datetime import UTC, timedelta
from typing import Any

import pytest
from PySide6.QtCore import Qt

from app.domain.dispute import DisputeState
from app.domain.exceptions import ExceptionKind
from app.domain.order import OrderState
from app.domain.resolution import Action
from tests.ui.deciding import come
from tests.ui.fakes import FakeClock, FakeTill
from tests.ui.test_orders import place
from ui.format import Formats
from ui.orders.dispute_words import due_of, due_sentence
from ui.theme import Tone
from ui.window import Window

Run = Callable[[Coroutine[Any, Any, None]], None]


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
        assert set(keys) == set(range(1, 65)) and len(keys) == 64

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
