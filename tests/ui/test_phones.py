"""The switch "Allow phones on this network" beside the code, and what both screens show of it."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.errors import Message, StoreError
from app.settings import Mode
from app.status import PhonesState
from tests.ui.fake_phones import FakePhones
from tests.ui.fakes import FakeClock, FakeTill
from tests.ui.helpers import Recorder, button
from ui.demo.eyes import look_at, read_qr
from ui.display.display import DisplayOptions
from ui.format import Formats
from ui.kit.switch import Switch
from ui.kit.text import Text
from ui.pay.phones import phones_words
from ui.pay.state import Action, Phase
from ui.theme import Type
from ui.window import Window

Run = Callable[[Coroutine[Any, Any, None]], None]
Make = Callable[..., Window]
HOME = "http://127.0.0.1:4242/c/pay/cs_test_a1b2#fid123"
AWAY = "http://192.168.1.20:4242/c/pay/cs_test_a1b2#fid123"
SIZES = [(1024, 600), (1280, 800), (1920, 1080)]
GONE = Message("This computer is on no network that a phone in the shop could share.")


def phones_of(till: FakeTill) -> FakePhones:
    phones = till.phones
    assert phones is not None
    return phones


def move(till: FakeTill, order_id: str, url: str) -> None:
    """Have the books take up where the session's page is now, as the till does."""
    attempt = till.orders.attempts_of(order_id)[-1]
    till.orders.attempts[attempt.id] = type(attempt)(
        **{name: getattr(attempt, name) for name in attempt.__slots__} | {"url": url}
    )
    till.tell_of("attempt.moved", order_id, attempt.id, address=url.partition("/c/")[0])


async def charged(window: Window, till: FakeTill) -> str:
    till.checkout.url = HOME
    product = till.catalog.product("coffee")
    assert product is not None
    window.counter.add(product)
    assert window.counter.charge()
    await window.counter.tasks.settled()
    return next(reversed(till.orders.orders))


def switch(window: Window) -> Switch:
    found = button(window, "allow_phones")
    assert isinstance(found, Switch)
    return found


async def until(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds: a key presses a button for a moment, as a finger does."""
    while not condition():  # noqa: ASYNC110 - the switch tells nobody
        await asyncio.sleep(0.01)


def words(window: Window) -> list[str]:
    return [text.text() for text in window.pay.findChildren(Text) if text.isVisible()]


def test_f8_lets_phones_in_and_keeps_them_out_again(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def press() -> None:
        await charged(window, till)
        shown = switch(window)
        assert shown.isVisible() and not shown.is_on
        assert shown.label == "Allow phones on this network"
        assert shown.state_words == "Off: this computer only"
        QTest.keyClick(window, Qt.Key.Key_F8)
        await until(lambda: shown.is_on)
        assert shown.state_words == "On: http://192.168.1.20:4242"
        assert shown.accessibleDescription() == shown.state_words
        said = " ".join(words(window))
        assert "Phones on the same Wi-Fi can scan it now. Only training; no real money." in said
        assert "firewall" in said
        QTest.keyClick(window, Qt.Key.Key_F8)
        await until(lambda: not shown.is_on)
        assert shown.state_words == "Off: this computer only"
        assert "Wi-Fi" not in " ".join(words(window))

    run(press())


def test_both_screens_show_the_code_of_the_new_address(
    run: Run, make_window: Make, till: FakeTill, clock: FakeClock
) -> None:
    window = make_window(till, display=DisplayOptions(place="window"))

    async def sale() -> None:
        window.start()
        order_id = await charged(window, till)
        display = window.display.window
        assert display is not None
        for url in (HOME, AWAY, HOME):
            move(till, order_id, url)
            await window.counter.tasks.settled()
            QApplication.processEvents()
            assert read_qr(look_at(window)) == url
            assert read_qr(look_at(display)) == url
            payment = window.counter.payment
            assert payment is not None
            assert payment.host in url
        await window.finish()

    run(sale())


@pytest.mark.parametrize("mode", [Mode.TEST, Mode.LIVE])
def test_there_is_no_switch_outside_of_training(run: Run, make_window: Make, mode: Mode) -> None:
    till = FakeTill(mode=mode)
    assert till.phones is None
    window = make_window(till)

    async def sale() -> None:
        await charged(window, till)
        payment = window.counter.payment
        assert payment is not None and payment.phase is Phase.WAITING
        assert not switch(window).isVisible()
        assert not button(window, "pay_as_customer").isVisible()
        QTest.keyClick(window, Qt.Key.Key_F8)
        window.counter.act(Action.ALLOW_PHONES)
        await window.counter.tasks.settled()
        assert not switch(window).is_on
        assert payment == window.counter.payment

    run(sale())


def test_there_is_no_switch_in_training_with_a_simulator_of_somebody_elses(
    run: Run, make_window: Make, till: FakeTill
) -> None:
    till._phones = None
    window = make_window(till)

    async def sale() -> None:
        await charged(window, till)
        assert button(window, "pay_as_customer").isVisible()
        assert not switch(window).isVisible()

    run(sale())


def test_the_switch_goes_with_the_code(run: Run, window: Window, till: FakeTill) -> None:
    async def sale() -> None:
        order_id = await charged(window, till)
        assert switch(window).isVisible()
        window.counter.act(Action.CANCEL)
        assert not switch(window).isVisible()
        await window.counter.tasks.settled()
        assert till.orders.orders[order_id].state.value == "cancelled"

    run(sale())


def test_a_network_that_is_lost_or_changed_is_said(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def sale() -> None:
        await charged(window, till)
        told = Recorder(window.counter.told)
        phones = phones_of(till)
        await phones.allow()
        assert told.calls == []
        phones.set(PhonesState(True, "", GONE))
        assert told.calls[-1][0] == "Phones cannot come any more"
        assert switch(window).is_on
        assert switch(window).state_words == "On, but no phone can come"
        assert GONE in words(window)
        assert window.notice.isVisible()
        await phones.allow()
        assert len(told.calls) == 1
        phones.set(PhonesState(True, "http://10.0.0.7:4242"))
        assert told.calls[-1][0] == "The network has changed"
        assert switch(window).state_words == "On: http://10.0.0.7:4242"
        await phones.forbid()
        assert len(told.calls) == 2

    run(sale())


def test_while_nobody_pays_nothing_is_said_of_the_network(window: Window, till: FakeTill) -> None:
    told = Recorder(window.counter.told)
    phones_of(till).set(PhonesState(True, "http://10.0.0.7:4242"))
    phones_of(till).set(PhonesState(True, "", GONE))
    assert told.calls == []


def test_what_keeps_phones_from_being_allowed_is_shown(
    run: Run, window: Window, till: FakeTill, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails() -> None:
        raise StoreError("The simulator's books cannot be written", "disk full.")

    async def sale() -> None:
        await charged(window, till)
        monkeypatch.setattr(phones_of(till), "allow", fails)
        failed = Recorder(window.counter.failed)
        window.counter.act(Action.ALLOW_PHONES)
        await window.counter.tasks.settled()
        assert "disk full" in failed.calls[0][0].detail
        assert not switch(window).is_on

    run(sale())


def test_after_the_window_nobody_listens_any_more(run: Run, window: Window, till: FakeTill) -> None:
    async def end() -> None:
        phones = phones_of(till)
        assert len(phones._listeners) == 1
        await window.finish()
        assert phones._listeners == []

    run(end())


@pytest.mark.parametrize("locale", ["en", "de"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("phase", [Phase.WAITING, Phase.SLOW, Phase.DECLINED])
def test_the_switch_and_all_beside_it_fit_on_every_screen(
    run: Run,
    make_window: Make,
    till: FakeTill,
    clock: FakeClock,
    language: Callable[[str], None],
    size: tuple[int, int],
    locale: str,
    phase: Phase,
) -> None:
    language(locale)
    phones_of(till).state = PhonesState(True, "http://192.168.178.123:43709")
    window = make_window(till, size, locale=locale)

    async def sale() -> None:
        order_id = await charged(window, till)
        if phase is Phase.SLOW:
            clock.advance(minutes=5)
            window.counter._on_tick()
        elif phase is Phase.DECLINED:
            attempt = till.orders.attempts_of(order_id)[-1]
            till.orders.change(attempt.id, decline="insufficient_funds")
            till.tell_of("attempt.declined", order_id, attempt.id)
            await window.counter.tasks.settled()
        QApplication.processEvents()
        payment = window.counter.payment
        assert payment is not None and payment.phase is phase
        shown, metrics = switch(window), window.look.metrics
        assert min(shown.width(), shown.height()) >= metrics.mm(10)
        assert shown.height() >= shown.sizeHint().height()
        pay = window.pay
        visible = [
            part
            for part in (*pay.buttons.values(), pay.statement, pay._phones_words)
            if part.isVisible()
        ]
        places = [part.rect().translated(part.mapTo(pay, QPoint(0, 0))) for part in visible]
        for number, place in enumerate(places):
            assert pay.rect().contains(place)
            assert not any(place.intersects(other) for other in places[number + 1 :])
        for text in (pay._phones_words, *pay.statement.findChildren(Text)):
            if text.isVisible():
                assert text.height() >= text.heightForWidth(text.width())
        line = QFontMetricsF(window.look.font(Type.CAPTION, tabular=True))
        room = shown.width() - window.look.dp(40 + 3 * 12 + 8) - window.look.dp(40)
        assert line.horizontalAdvance(shown.state_words) <= room
        assert read_qr(look_at(window)) == HOME

    run(sale())


def test_the_switch_is_drawn_on_and_off_in_words_and_shape(window: Window) -> None:
    made = Switch(window.look, "Allow phones", icon="phone", key="F8", parent=window)
    made.resize(made.sizeHint())
    made.show()
    off = made.grab().toImage()
    made.set_state(is_on=True, words="")
    on = made.grab().toImage()
    assert off != on
    made.set_state(is_on=True, words="On: here")
    assert made.grab().toImage() != on
    made.setFocus(Qt.FocusReason.TabFocusReason)
    QApplication.processEvents()
    assert made.hasFocus()
    focused = made.grab().toImage()
    made.resize(made.width() - window.look.dp(40), made.height())
    made.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    assert made.grab().toImage() != focused


def test_a_switch_that_is_being_pressed_asks_for_a_moment() -> None:
    formats = Formats("en")
    assert phones_words(PhonesState(True), formats) == ("One moment …", "", "")
    assert phones_words(PhonesState(True, "", GONE), formats)[1] == GONE
