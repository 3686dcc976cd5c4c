"""The list of orders stays where the operator looks while news come in."""

from collections.abc import Callable, Coroutine
from typing import Any

from tests.ui.fakes import FakeTill
from tests.ui.test_orders import open_orders, place
from ui.window import Window

Run = Callable[[Coroutine[Any, Any, None]], None]


def test_older_orders_stay_in_sight_when_another_order_has_news(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def look() -> None:
        for _order in range(150):
            place(till)
        await open_orders(window)
        orders, bar = window.orders.list, window.orders.list.verticalScrollBar()
        bar.setValue(bar.maximum())
        await window.counter.tasks.settled()
        orders.scrollToBottom()
        assert orders.rows.rowCount() == 150
        seen = bar.value()
        till.tell_of("attempt.shown", "order0000150", 150)
        await window.counter.tasks.settled()
        assert orders.rows.rowCount() == 150
        assert bar.value() == seen
        newest = place(till)
        till.tell_of("order.placed", newest.id)
        await window.counter.tasks.settled()
        assert orders.rows.rowCount() >= 150
        assert bar.value() == seen

    run(look())


def test_another_search_begins_at_the_top(run: Run, window: Window, till: FakeTill) -> None:
    async def look() -> None:
        for _order in range(60):
            place(till)
        await open_orders(window)
        bar = window.orders.list.verticalScrollBar()
        bar.setValue(bar.maximum())
        window.orders.search.edit.setText("7")
        await window.counter.tasks.settled()
        assert window.orders.list.rows.rowCount() == 1
        window.orders.search.edit.clear()
        await window.counter.tasks.settled()
        assert window.orders.list.rows.rowCount() == 60

    run(look())
