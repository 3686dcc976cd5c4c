"""How the whole window looks: themes, sizes, targets and clipped words."""

from collections.abc import Callable, Coroutine
from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor, QFontMetricsF, QImage
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from app.domain.attempt import AttemptState
from app.domain.order import OrderState
from tests.ui.fakes import FakeClock, FakeTill
from tests.ui.helpers import button, tap
from ui.kit.button import Button
from ui.kit.chip import Chip
from ui.kit.text import Text
from ui.theme import DARK, LIGHT, THEMES, M, S, Tone
from ui.window import Window

Run = Callable[[Coroutine[Any, Any, None]], None]
Make = Callable[..., Window]
SIZES = [(1024, 600), (1280, 800), (1920, 1080)]


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
    assert "STRIPE_SECRET_KEY" in window.notice.detail
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


@pytest.mark.parametrize("size", SIZES)
def test_every_target_is_ten_millimetres_on_every_screen(
    run: Run, make_window: Make, till: FakeTill, size: tuple[int, int]
) -> None:
    window = make_window(till, size)

    def check(screen: QWidget) -> None:
        least = window.look.metrics.mm(10)
        for target in screen.findChildren(QAbstractButton):
            if target.isVisible():
                assert min(target.width(), target.height()) >= least, target.accessibleName()
                assert target.accessibleName()
                if not isinstance(target, Chip):
                    place = target.mapTo(window, QPoint(0, 0))
                    assert window.rect().contains(place), target.accessibleName()
                    end = place + QPoint(target.width() - 1, target.height() - 1)
                    assert window.rect().contains(end), target.accessibleName()

    async def sale() -> None:
        check(window)
        assert button(window, "charge").height() >= window.look.metrics.mm(20)
        order_id = await charge(window)
        check(window)
        till.pay(order_id)
        check(window)
        window.rail.orders.click()
        await window.counter.tasks.settled()
        check(window)

    run(sale())


@pytest.mark.parametrize("locale", ["en", "de"])
@pytest.mark.parametrize("size", SIZES)
def test_no_label_is_cut_off(
    run: Run,
    make_window: Make,
    till: FakeTill,
    size: tuple[int, int],
    clock: FakeClock,
    language: Callable[[str], None],
    locale: str,
) -> None:
    language(locale)
    window = make_window(till, size, locale=locale)

    def check() -> None:
        for label in window.findChildren(Text):
            if label.isVisible() and label.text():
                width = label.width()
                wanted = label.heightForWidth(width) if label.wordWrap() else 0
                wanted = max(wanted, 0) or label.sizeHint().height()
                assert label.height() >= wanted - 1, label.text()
                if not label.wordWrap():
                    assert width >= label.sizeHint().width(), label.text()
        for pressed in window.findChildren(Button):
            if pressed.isVisible() and not pressed._tight:
                words = QFontMetricsF(window.look.font(pressed._step, tabular=True))
                icon = pressed._icon_side() + window.look.dp(S) if pressed._icon else 0
                room = pressed.width() - 2 * window.look.dp(M) - icon
                assert room >= words.horizontalAdvance(pressed.label), pressed.label

    async def sale() -> None:
        check()
        order_id = await charge(window, "coffee", "bread")
        check()
        clock.advance(minutes=4)
        window.counter._on_tick()
        check()
        (attempt,) = till.orders.attempts_of(order_id)
        for state in (AttemptState.PROCESSING, AttemptState.UNKNOWN, AttemptState.FAILED):
            till.orders.change(attempt.id, state=state)
            till.tell_of(f"attempt.{state.value}", order_id, attempt.id)
            await window.counter.tasks.settled()
            check()
        till.orders.change(attempt.id, state=AttemptState.OPEN)
        till.checkout.cancels_as = OrderState.OPEN
        button(window, "cancel_payment").click()
        await window.counter.tasks.settled()
        check()
        till.pay(order_id)
        check()
        window.rail.orders.click()
        await window.counter.tasks.settled()
        check()

    run(sale())


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
