"""How the whole window looks: themes, news, countdown; every screen is in the gallery."""

from collections.abc import Callable, Coroutine
from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QWidget

from tests.ui.fakes import FakeClock, FakeTill
from tests.ui.helpers import button, payment_of, tap
from ui.kit.text import Text
from ui.pay.state import Phase
from ui.theme import DARK, LIGHT, THEMES, Tone
from ui.window import Window

Run = Callable[[Coroutine[Any, Any, None]], None]
Make = Callable[..., Window]


async def charge(window: Window, *product_ids: str) -> str:
    for product_id in product_ids or ("coffee",):
        tap(window.sell.tiles, window.sell.tiles.rect_of(product_id).center())
    button(window, "charge").click()
    await window.counter.tasks.settled()
    till = window._till
    assert isinstance(till, FakeTill)
    return next(reversed(till.orders.orders))


def picture(window: Window) -> QImage:
    return window.grab().toImage()


def test_every_text_takes_the_colours_of_a_theme_chosen_while_the_till_runs(
    window: Window,
) -> None:
    for name in ("dark", "light", "dark"):
        window.set_theme(name)
        QApplication.processEvents()
        colours = {text.palette().windowText().color().name() for text in window.findChildren(Text)}
        theme = THEMES[name]
        known = {getattr(theme, field.name) for field in fields(theme)}
        known = {QColor(value).name() for value in known if isinstance(value, str)}
        other = QColor(THEMES["light" if name == "dark" else "dark"].text).name()
        assert other not in colours
        assert colours <= known


def test_news_stays_above_the_screen_when_another_one_is_chosen(run: Run, window: Window) -> None:
    async def look() -> None:
        window.notice.tell("Order 7 is paid", "€4.20 has arrived.", Tone.GOOD)
        button(window, "rail_orders").click()
        await window.counter.tasks.settled()
        places = window.notice.parentWidget()
        assert places is not None
        seen = places.childAt(window.notice.geometry().center())
        assert seen in [window.notice, *window.notice.findChildren(QWidget)]

    run(look())


def test_a_till_without_a_way_of_payment_says_so_and_keeps_the_cart(
    window: Window, till: FakeTill
) -> None:
    till.account_names = ()
    window.counter.add(till.catalog.on_sale()[0])
    assert window.counter.charge() is False
    assert "Set its keys under Settings" in window.notice.detail
    assert not window.counter.cart.is_locked


def test_the_theme_changes_while_the_till_runs(window: Window) -> None:
    before = picture(window)
    button(window, "theme").click()
    assert window.look.theme is DARK
    assert picture(window) != before
    window.set_theme("light")
    assert window.look.theme is LIGHT
    assert picture(window) == before
    window.set_theme("auto")
    window._on_desktop_theme()


def test_the_countdown_runs_only_while_it_is_seen(
    run: Run, window: Window, till: FakeTill, clock: FakeClock
) -> None:
    async def sale() -> None:
        countdown = window.pay.countdown
        assert not countdown._timer.isActive()
        order_id = await charge(window)
        assert countdown._timer.isActive()
        assert countdown.accessibleName() == "Time left 15:00"
        clock.advance(minutes=13, seconds=30)
        countdown._on_tick()
        assert countdown.accessibleName() == "Time left 1:30"
        assert countdown.left == timedelta(seconds=90)
        picture(window)
        till.pay(order_id)
        assert not countdown._timer.isActive()

    run(sale())


@pytest.mark.parametrize("hours", [-3, 3])
def test_a_clock_that_is_set_changes_nothing_of_the_time_that_is_left(
    run: Run, window: Window, clock: FakeClock, hours: int
) -> None:
    async def sale() -> None:
        await charge(window)
        clock.advance(minutes=2)
        clock.moment += timedelta(hours=hours)
        window.counter._on_tick()
        window.pay.countdown._on_tick()
        shown = payment_of(window.counter)
        assert shown.phase is Phase.WAITING and shown.url
        assert window.pay.countdown.accessibleName() == "Time left 13:00"
        clock.advance(minutes=3)
        window.counter._on_tick()
        assert payment_of(window.counter).phase is Phase.SLOW
        clock.advance(minutes=10)
        window.counter._on_tick()
        assert payment_of(window.counter).url is None

    run(sale())
