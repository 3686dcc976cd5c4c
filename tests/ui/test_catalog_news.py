"""What the window says of a changed catalog: when, and in whose direction."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from PySide6.QtCore import Qt

from tests.ui.catalogs import edited, price, ring_up
from tests.ui.fakes import FakeTill, product
from tests.ui.helpers import button, charged, until
from ui.bidi import reading_direction
from ui.pay.state import Action
from ui.window import Window

Run = Callable[[Coroutine[Any, Any, None]], None]


def test_a_change_during_a_payment_is_told_after_it(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def sale() -> None:
        order_id = await charged(window.counter, till)
        till.catalog_watch.save(edited(till, tea=price(400)))
        assert not window.notice.isVisible()
        till.pay(order_id)
        button(window, "next_sale").click()
        await until(window.notice.isVisible)
        assert window.notice.title == "The catalog was changed"
        assert window.notice.detail == "1 product changed."

    run(sale())


def test_a_change_during_a_cancelled_payment_is_told_after_it(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def sale() -> None:
        await charged(window.counter, till)
        till.catalog_watch.save(edited(till, tea=price(400)))
        window.counter.act(Action.CANCEL)
        await window.counter.tasks.settled()
        # That nothing was paid comes first; the catalog is no news that can wait for ever.
        assert window.notice.title == "Payment cancelled"
        ring_up(window, "bread")
        await until(lambda: window.notice.isVisible())
        assert window.notice.title == "The catalog was changed"

    run(sale())


@pytest.mark.parametrize("change", [price(400), None])
def test_a_name_of_the_other_direction_does_not_turn_what_is_said_of_it(
    window: Window, till: FakeTill, change: Any
) -> None:
    falafel = product("falafel", "פלאפל", 300)
    till.catalog_watch.save(edited(till, falafel))
    ring_up(window, "falafel")
    till.catalog_watch.save(edited(till, falafel=change))
    note = window.sell.notes.cart
    assert "פלאפל" in note.title
    assert reading_direction(note.title) is Qt.LayoutDirection.LeftToRight
