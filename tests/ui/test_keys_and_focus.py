"""Keys that are held down, and where the keyboard is when what it was on goes."""

from collections.abc import Callable, Coroutine
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication

from app.domain.attempt import AttemptState
from tests.ui.catalogs import edited
from tests.ui.fakes import FakeTill, product
from tests.ui.helpers import charged, payment_of
from ui.kit.chip import Chip
from ui.pay.state import Action, Phase
from ui.window import Window

Run = Callable[[Coroutine[Any, Any, None]], None]


def test_a_key_that_is_held_down_presses_once(window: Window) -> None:
    """Held, F9 would void in half a second, F8 take back every change, Ctrl+D make it flicker."""
    keyed = {one.parent() for one in window.findChildren(QShortcut)}
    for name in ("undo", "void", "charge", "rail_sell", "rail_orders", "customer_display"):
        button = window.findChild(QAbstractButton, name)
        assert button in keyed, name
    assert not any(one.autoRepeat() for one in window.findChildren(QShortcut))
    repeating = [
        one for one in window.findChildren(QAbstractButton) if not one.shortcut().isEmpty()
    ]
    assert repeating == []


def test_space_pressed_twice_on_check_now_does_not_cancel(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def sale() -> None:
        await charged(window.counter, till)
        window.pay.buttons[Action.CHECK_NOW].setFocus(Qt.FocusReason.TabFocusReason)
        for _press in range(2):
            focused = QApplication.focusWidget()
            assert focused is not None
            QTest.keyClick(focused, Qt.Key.Key_Space)
        assert payment_of(window.counter).phase is Phase.WAITING
        await window.counter.tasks.settled()
        assert till.checkout.calls.count("check_now") == 1
        assert "cancel" not in till.checkout.calls

    run(sale())


def test_space_pressed_twice_on_new_code_does_not_cancel(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def sale() -> None:
        till.checkout.opens_as = AttemptState.FAILED
        await charged(window.counter, till)
        window.pay.buttons[Action.NEW_CODE].setFocus(Qt.FocusReason.TabFocusReason)
        till.checkout.opens_as = AttemptState.OPEN
        for _press in range(2):
            QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Space)
        await window.counter.tasks.settled()
        assert payment_of(window.counter).phase is Phase.WAITING
        assert "cancel" not in till.checkout.calls
        # From here Tab goes to the screen's own buttons.
        QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Tab)
        assert QApplication.focusWidget() in window.pay.buttons.values()

    run(sale())


def test_the_keyboard_stays_on_a_category_when_others_come(window: Window, till: FakeTill) -> None:
    bakery = next(c for c in window.findChildren(Chip) if c.property("category") == "Bakery")
    bakery.setFocus(Qt.FocusReason.TabFocusReason)
    till.catalog_watch.save(edited(till, product("pear", "Pear", 90, category="Fruit")))
    focused = QApplication.focusWidget()
    assert isinstance(focused, Chip) and focused is not bakery
    assert focused.property("category") == "Bakery"


def test_a_notice_that_is_closed_by_key_leaves_the_keyboard_to_the_window(
    window: Window, till: FakeTill
) -> None:
    window.counter.told.emit("News", "Of something")
    close = window.notice.findChild(QAbstractButton, "notice_close")
    assert isinstance(close, QAbstractButton)
    close.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(close, Qt.Key.Key_Space)
    assert not window.notice.isVisible()
    QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Space)
    assert window.counter.cart.is_empty
    QTest.keyClicks(QApplication.focusWidget() or window, "tea")
    assert window.sell.search.text.strip() == "tea"
