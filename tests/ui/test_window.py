"""The whole window over a till that does what the test says: selling, paying, news."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication, QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.domain.order import OrderState
from app.errors import StoreError
from app.settings import Mode
from app.status import AccountHealth
from tests.ui.fakes import START, URL, FakeClock, FakeTill
from tests.ui.helpers import button, stage_of, tap
from ui.counter import Stage
from ui.demo.eyes import read_qr
from ui.modebar import ModeBar
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


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_the_code_on_the_screen_is_the_one_that_the_customer_needs(
    run: Run, make_window: Make, till: FakeTill, theme: str, size: tuple[int, int]
) -> None:
    window = make_window(till, size, theme=theme)

    async def sale() -> None:
        await charge(window)
        assert read_qr(picture(window)) == URL
        assert window.pay.qr.property("url") == URL
        assert window.pay.qr.side <= 0.8 * min(size)
        assert window.pay.qr.side >= 0.55 * min(size)

    run(sale())


def test_paid_replaces_the_code_in_the_same_turn(run: Run, window: Window, till: FakeTill) -> None:
    async def sale() -> None:
        order_id = await charge(window, "coffee", "bread")
        assert window.pay.qr.isVisible()
        till.pay(order_id)
        assert not window.pay.qr.isVisible()
        assert window.pay.qr.property("url") == ""
        assert window.paid.isVisible()
        assert window.paid._amount.text == "€7.90"
        assert window.paid._numbers.text == "Receipt 101 · Order 1"
        assert read_qr(picture(window)) is None
        button(window, "next_sale").click()
        assert window.sell.isVisible()
        assert window.counter.cart.is_empty
        assert not button(window, "charge").isEnabled()

    run(sale())


def test_paid_is_seen_even_where_the_operator_looks_at_orders(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def sale() -> None:
        order_id = await charge(window)
        window.rail.orders.click()
        await window.counter.tasks.settled()
        assert window.orders.isVisible()
        till.pay(order_id)
        assert window.paid.isVisible()
        assert window.rail.sell.isChecked()

    run(sale())


def test_a_tap_that_was_meant_for_another_button_does_not_wipe_paid_away(
    run: Run, window: Window, till: FakeTill, clock: FakeClock
) -> None:
    async def sale() -> None:
        order_id = await charge(window)
        till.pay(order_id)
        left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        QTest.mouseClick(window.paid, left, none, QPoint(20, 20))
        assert stage_of(window.counter) is Stage.PAID
        clock.advance(seconds=1)
        QTest.mouseClick(window.paid, left, none, QPoint(20, 20))
        assert stage_of(window.counter) is Stage.SELLING

    run(sale())


def test_the_next_scan_ends_paid_and_loses_no_character(
    run: Run, window: Window, till: FakeTill, clock: FakeClock
) -> None:
    async def sale() -> None:
        order_id = await charge(window)
        till.pay(order_id)
        clock.advance(seconds=1)
        QTest.keyClicks(window, "2")
        assert stage_of(window.counter) is Stage.SELLING
        QTest.keyClicks(window.sell.search.edit, "012345")
        assert window.focusWidget() is window.sell.search.edit
        QTest.keyClick(window.sell.search.edit, Qt.Key.Key_Return)
        assert window.counter.cart.content.quantity_of("bread") == 1

    run(sale())


def test_enter_ends_paid(run: Run, window: Window, till: FakeTill, clock: FakeClock) -> None:
    async def sale() -> None:
        order_id = await charge(window)
        till.pay(order_id)
        QTest.keyClick(window, Qt.Key.Key_Return)
        assert stage_of(window.counter) is Stage.PAID
        clock.advance(seconds=1)
        QTest.keyClick(window, Qt.Key.Key_Return)
        assert stage_of(window.counter) is Stage.SELLING

    run(sale())


def test_the_tick_draws_itself_and_then_rests(
    qtbot: QtBot, run: Run, window: Window, till: FakeTill
) -> None:
    def rests() -> bool:
        return window.paid.tick.is_at_rest

    async def sale() -> None:
        order_id = await charge(window)
        till.pay(order_id)
        assert not rests()
        picture(window)
        for _ in range(100):
            await asyncio.sleep(0.02)
            if rests():
                break
        assert rests()
        picture(window)

    run(sale())


def test_two_presses_of_charge_make_one_order(run: Run, window: Window, till: FakeTill) -> None:
    async def sale() -> None:
        tap(window.sell.tiles, window.sell.tiles.rect_of("coffee").center())
        pressed = button(window, "charge")
        pressed.click()
        pressed.click()
        QTest.keyClick(window, Qt.Key.Key_F12)
        await asyncio.sleep(0.2)
        await window.counter.tasks.settled()
        assert till.checkout.calls.count("place_order") == 1

    run(sale())


def test_buttons_of_the_pay_screen_do_what_they_say(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def sale() -> None:
        await charge(window)
        button(window, "check_now").click()
        await window.counter.tasks.settled()
        assert till.checkout.calls[-1] == "check_now"
        button(window, "cancel_payment").click()
        assert not window.pay.qr.property("url")
        assert window.pay.statement.title == "Making sure that nothing was paid"
        await window.counter.tasks.settled()
        assert window.sell.isVisible()
        assert window.notice.title == "Payment cancelled"

    run(sale())


def test_typing_anywhere_goes_to_the_search(window: Window) -> None:
    window.setFocus()
    QTest.keyClicks(window, "bre")
    assert window.sell.search.text == "bre"
    assert window.sell.search.edit.hasFocus()
    QTest.keyClick(window.sell.search.edit, Qt.Key.Key_Escape)
    assert window.sell.search.text == ""


def test_typing_in_the_grid_and_in_the_cart_goes_to_the_search_too(window: Window) -> None:
    tap(window.sell.tiles, window.sell.tiles.rect_of("coffee").center())
    window.sell.tiles.setFocus()
    QTest.keyClicks(window.sell.tiles, "t")
    assert window.sell.search.text == "t"
    window.sell.clear_search()
    window.sell.cart.lines.setFocus()
    QTest.keyClicks(window.sell.cart.lines, "b")
    assert window.sell.search.text == "b"
    window.sell.clear_search()
    window.sell.cart.lines.setFocus()
    QTest.keyClick(window.sell.cart.lines, Qt.Key.Key_Plus)
    assert window.counter.cart.content.quantity_of("coffee") == 2
    assert window.sell.search.text == ""


def test_the_keyboard_alone_rings_up(window: Window) -> None:
    QTest.keyClicks(window, "b")
    QTest.keyClick(window.sell.search.edit, Qt.Key.Key_Down)
    assert window.sell.tiles.hasFocus()
    QTest.keyClick(window.sell.tiles, Qt.Key.Key_Right)
    QTest.keyClick(window.sell.tiles, Qt.Key.Key_Return)
    assert window.counter.cart.content.quantity_of("beans") == 1


def test_keys_that_command_are_not_typed(window: Window) -> None:
    QTest.keyClick(window, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(window, Qt.Key.Key_Left)
    assert window.sell.search.text == ""


def test_an_unknown_code_is_told_without_a_dialog(window: Window) -> None:
    QTest.keyClicks(window, "999")
    QTest.keyClick(window.sell.search.edit, Qt.Key.Key_Return)
    assert window.notice.title == "No item matches “999”"
    assert window.isActiveWindow()
    window.sell.search.clear()
    assert not window.notice.isVisible()


def test_errors_say_all_of_themselves(run: Run, window: Window, till: FakeTill) -> None:
    async def sale() -> None:
        till.checkout.errors["place_order"] = StoreError(
            "The books cannot be written", "The disk is full.", action="Make room."
        )
        tap(window.sell.tiles, window.sell.tiles.rect_of("coffee").center())
        button(window, "charge").click()
        await window.counter.tasks.settled()
        assert window.notice.title == "The books cannot be written"
        assert window.notice.detail == "The disk is full. No money has moved. Make room."
        assert window.counter.cart.content.quantity_of("coffee") == 1
        assert window.sell.isVisible()

    run(sale())


def test_training_stands_on_every_screen(run: Run, window: Window, till: FakeTill) -> None:
    async def sale() -> None:
        bar = window.findChild(ModeBar)
        assert isinstance(bar, ModeBar)
        assert bar.text == "TRAINING: no real money"
        order_id = await charge(window)
        assert bar.isVisible()
        till.pay(order_id)
        assert bar.isVisible()
        window.rail.orders.click()
        assert bar.isVisible()
        await window.counter.tasks.settled()

    run(sale())


@pytest.mark.parametrize("mode", [Mode.TEST, Mode.LIVE])
def test_only_training_offers_to_pay_as_the_customer(
    run: Run, make_window: Make, mode: Mode
) -> None:
    window = make_window(FakeTill(mode=mode))

    async def sale() -> None:
        await charge(window)
        assert not button(window, "pay_as_customer").isVisible()
        bar = window.findChild(ModeBar)
        assert isinstance(bar, ModeBar)
        assert bar.isVisible()
        assert ("LIVE" in bar.text) == (mode is Mode.LIVE)

    run(sale())


def test_the_strip_tells_how_the_till_stands(window: Window, till: FakeTill) -> None:
    strip = window.strip
    assert strip._provider.text == "Stripe answers"
    assert strip._door.text == "Webhooks: last one 12 seconds ago"
    health = AccountHealth("stripe_checkout", is_reachable=False, since=START, detail="timeout")
    till.answers = replace(till.answers, accounts=(health,), last_event_at=None, needs_person=2)
    window._on_status()
    assert strip._provider.text.startswith("Stripe has not answered since")
    assert strip._door.text == "Webhooks: none so far"
    assert strip._person.text == "2 need a person"
    assert window.rail.person.accessibleName() == "Needs a person, 2 wait"
    till.answers = replace(till.answers, accounts=(replace(health, is_refused=True),))
    window._on_status()
    assert strip._provider.text == "Stripe refuses the till's keys"
    unasked = AccountHealth("stripe_checkout")
    till.answers = replace(till.answers, accounts=(unasked,), webhook_address="", needs_person=0)
    window._on_status()
    assert strip._provider.text == "Stripe: not asked yet"
    assert strip._door.text == "No webhooks; asking instead"
    till.answers = replace(till.answers, accounts=())
    window._on_status()
    assert strip._provider.text == "No payment account"
    window.grab()


@pytest.mark.parametrize("is_opened", [True, False])
def test_the_customers_page_is_never_opened_without_a_word(
    window: Window, monkeypatch: pytest.MonkeyPatch, is_opened: bool
) -> None:
    asked: list[str] = []

    def open_url(url: QUrl) -> bool:
        asked.append(url.toString())
        return is_opened

    monkeypatch.setattr(QDesktopServices, "openUrl", open_url)
    window.counter.page_wanted.emit("http://127.0.0.1:5000/pay#x")
    assert asked == ["http://127.0.0.1:5000/pay#x"]
    assert QGuiApplication.clipboard().text() == asked[0]
    assert window.notice.isVisible()
    assert "clipboard" in window.notice.detail
    assert ("No browser" in window.notice.title) is not is_opened


def test_an_order_paid_elsewhere_is_told(run: Run, window: Window, till: FakeTill) -> None:
    async def sale() -> None:
        till.checkout.cancels_as = OrderState.OPEN
        order_id = await charge(window)
        button(window, "cancel_payment").click()
        await window.counter.tasks.settled()
        button(window, "set_aside").click()
        till.pay(order_id)
        assert window.notice.title == "Order 1 is paid"
        assert window.notice.detail == "€3.40 has arrived."

    run(sale())


def test_a_window_takes_up_an_unfinished_payment_at_its_start(
    run: Run, make_window: Make, till: FakeTill, window: Window
) -> None:
    async def sale() -> None:
        await charge(window)
        again = make_window(till)
        again.start()
        await again.counter.tasks.settled()
        assert again.pay.qr.property("url") == URL
        assert again.pay._amount.text() == "€3.40"
        await again.finish()

    run(sale())


def test_a_window_without_anything_unfinished_just_sells(run: Run, window: Window) -> None:
    async def begin() -> None:
        window.start()
        await window.counter.tasks.settled()
        assert window.sell.isVisible()
        await window.finish()

    run(begin())
