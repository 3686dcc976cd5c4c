"""Taking money by hand at the counter: keypad, change, the slip of a machine, one payment."""

from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.domain.cash import CashSteps
from app.domain.catalog import Product
from app.domain.confirmation import Confirmation
from app.domain.money import MAX_MINOR, Money
from app.domain.order import OrderState
from app.domain.receipt import Tender
from app.domain.refund import Refund, RefundState
from app.errors import CheckoutRefused
from app.orders import OrderDetail
from tests.parts.clock import START
from tests.parts.values import order, snapshot
from tests.ui.fakes import FakeTill
from tests.ui.helpers import add, button, display_of, payment_of, stage_of
from ui.counter import Stage
from ui.decide.words import outcome_of_refund, refund_of_order
from ui.display.model import Face
from ui.format import Formats
from ui.pay.state import Action, Phase
from ui.pay.taking import Figures, Taking, difference_words, rounding_words
from ui.window import Window

Run = Callable[[Coroutine[Any, Any, None]], None]
DUE = Money(1235, "CHF")
CASH = Taking(True, Money(1233, "CHF"), DUE)


async def charged(window: Window, till: FakeTill, account: str = "cash") -> None:
    """Charge a coffee for 3.40, in cash 3.50."""
    till.account_names = (account,)
    till.checkout.coins = CashSteps({"EUR": "0.50"}) if account == "cash" else CashSteps()
    add(window.counter, till, "coffee")
    assert window.counter.charge()
    await window.counter.tasks.settled()
    assert payment_of(window.counter).phase is Phase.TAKING


def confirm(window: Window) -> Any:
    return window.pay.buttons[Action.CONFIRM]


def test_figures_are_typed_from_the_right_and_taken_back() -> None:
    figures = Figures()
    assert figures.amount("CHF") is None
    for figure in ("0", "00", "2", "00", "0"):
        figures = figures.typed(figure)
    assert figures.amount("CHF") == Money(2000, "CHF")
    assert figures.without_last().amount("CHF") == Money(200, "CHF")
    assert Figures().without_last() == Figures()
    assert Figures.of(DUE).amount("CHF") == DUE


def test_more_figures_than_an_amount_may_have_change_nothing() -> None:
    figures = Figures(str(MAX_MINOR))
    assert figures.typed("9") == figures


def test_change_and_what_is_missing_have_their_words() -> None:
    assert difference_words(CASH, None) == ("Change", None)
    assert difference_words(CASH, Money(1230, "CHF")) == ("Still missing", Money(5, "CHF"))
    assert difference_words(CASH, DUE) == ("Change", Money(0, "CHF"))
    assert difference_words(CASH, Money(2000, "CHF")) == ("Change", Money(765, "CHF"))


def test_rounding_is_said_before_anybody_pays() -> None:
    formats = Formats("en")
    assert rounding_words(CASH, formats) == "CHF\xa012.33 + CHF\xa00.02 rounding"
    down = Taking(True, Money(1232, "CHF"), Money(1230, "CHF"))
    assert "\N{MINUS SIGN} CHF\xa00.02" in rounding_words(down, formats)
    assert rounding_words(Taking(True, DUE, DUE), formats) == ""


def test_cash_is_tapped_and_the_change_stands_on_both_screens(
    run: Run, displayed: Window, till: FakeTill
) -> None:
    window = displayed

    async def sale() -> None:
        await charged(window, till)
        pay = window.pay
        assert not confirm(window).isEnabled() and pay.qr.isHidden() and pay.hand.isVisible()
        assert "0.10" in pay.handed.rounding
        model = window.display.model
        assert model is not None
        assert (model.face, model.amount) == (Face.CASH, Money(350, "EUR"))
        for figure in ("1", "00"):
            pay.hand.keypad.keys[figure].click()
        assert pay.handed.said == "Still missing €2.50" and not confirm(window).isEnabled()
        pay.hand.keypad.notes[2].click()
        assert pay.hand.received == Money(1000, "EUR")
        assert pay.handed.said == "Change €6.50"
        confirm(window).click()
        await window.counter.tasks.settled()
        assert till.checkout.confirmed == [(Money(1000, "EUR"), "")]
        assert stage_of(window.counter) is Stage.PAID
        assert "Change €6.50" in window.paid.accessibleName()
        shown = display_of(window).paid
        assert (shown.amount.text, shown.change.text) == ("€3.50", "Change €6.50")

    run(sale())


def test_cash_is_taken_with_the_keyboard_alone_wherever_the_focus_is(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def sale() -> None:
        await charged(window, till)
        QTest.keyClicks(window, "50000")
        QTest.keyClick(window, Qt.Key.Key_Backspace)
        assert window.pay.handed.said == "Change €46.50"
        QTest.keyClick(window, Qt.Key.Key_Return)
        QTest.keyClick(window, Qt.Key.Key_Return)
        await window.counter.tasks.settled()
        assert till.checkout.confirmed == [(Money(5000, "EUR"), "")]

    run(sale())


def test_enter_on_cancel_cancels_and_does_not_confirm(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def sale() -> None:
        await charged(window, till)
        QTest.keyClicks(window, "5000")
        window.pay.buttons[Action.CANCEL].setFocus(Qt.FocusReason.TabFocusReason)
        QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Return)
        await window.counter.tasks.settled()
        assert till.checkout.confirmed == []
        assert stage_of(window.counter) is Stage.SELLING

    run(sale())


def test_confirming_twice_asks_once(run: Run, window: Window, till: FakeTill) -> None:
    async def sale() -> None:
        await charged(window, till)
        window.pay.hand.keypad.notes[0].click()
        confirm(window).click()
        confirm(window).click()
        window.counter.confirm(Money(350, "EUR"), "")
        await window.counter.tasks.settled()
        assert len(till.checkout.confirmed) == 1
        # Nothing goes back: thanks are enough.
        assert "Change" not in window.paid.accessibleName()

    run(sale())


def test_a_refused_word_is_said_and_what_was_typed_stays(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def sale() -> None:
        await charged(window, till)
        window.pay.hand.keypad.notes[1].click()
        till.checkout.errors["confirm_paid"] = CheckoutRefused("Order 1 is cancelled")
        confirm(window).click()
        await window.counter.tasks.settled()
        assert window.pay.statement.title == "Not confirmed"
        assert "Order 1 is cancelled" in window.pay.statement.error_text
        assert window.pay.hand.received == Money(500, "EUR") and confirm(window).isEnabled()
        del till.checkout.errors["confirm_paid"]
        confirm(window).click()
        await window.counter.tasks.settled()
        assert stage_of(window.counter) is Stage.PAID

    run(sale())


def test_a_machines_slip_is_typed_and_enter_confirms_it(
    run: Run, displayed: Window, till: FakeTill
) -> None:
    window = displayed

    async def sale() -> None:
        await charged(window, till, "terminal")
        model = window.display.model
        assert model is not None and model.face is Face.MACHINE
        assert not confirm(window).isEnabled()
        QTest.keyClicks(window, "A")
        edit = window.pay.hand.entry.field.edit
        assert window.focusWidget() is edit
        QTest.keyClicks(edit, "B 12")
        assert window.pay.hand.reference == "AB 12"
        QTest.keyClick(edit, Qt.Key.Key_Return)
        await window.counter.tasks.settled()
        assert till.checkout.confirmed == [(None, "AB 12")]
        assert stage_of(window.counter) is Stage.PAID

    run(sale())


@pytest.mark.parametrize("account", ["cash", "terminal"])
def test_the_next_payment_begins_with_nothing_typed(
    run: Run, window: Window, till: FakeTill, account: str
) -> None:
    async def sale() -> None:
        await charged(window, till, account)
        if account == "cash":
            window.pay.hand.keypad.notes[0].click()
        else:
            window.pay.hand.entry.set_text("AB 12")
        assert confirm(window).isEnabled()
        button(window, "cancel_payment").click()
        await window.counter.tasks.settled()
        assert stage_of(window.counter) is Stage.SELLING
        assert window.counter.charge()
        await window.counter.tasks.settled()
        assert window.pay.hand.reference == "" and not confirm(window).isEnabled()

    run(sale())


def test_a_payment_by_hand_is_taken_up_again_after_a_restart(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def sale() -> None:
        await charged(window, till)
        window.counter._payment = None
        window.counter._enter(Stage.SELLING)
        await window.counter.resume()
        await window.counter.tasks.settled()
        assert payment_of(window.counter).phase is Phase.TAKING
        assert window.pay.hand.isVisible()

    run(sale())


def test_while_a_code_is_shown_typing_goes_nowhere(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def sale() -> None:
        add(window.counter, till, "coffee")
        assert window.counter.charge()
        await window.counter.tasks.settled()
        QTest.keyClicks(window, "5000")
        QTest.keyClick(window, Qt.Key.Key_Return)
        await window.counter.tasks.settled()
        assert till.checkout.confirmed == []
        assert window.pay.hand.isHidden() and window.pay.qr.isVisible()

    run(sale())


def test_giving_back_by_hand_says_what_is_to_be_handed_out() -> None:
    taken = attempt_order(DUE)
    ask = refund_of_order(taken, Formats("en"))
    assert ask is not None and "all of it is CHF\xa012.35" in ask.effect
    back = Refund(1, "cash", "r", "p", CASH.amount, RefundState.SUCCEEDED, START)
    assert "Hand it to the customer" in outcome_of_refund(back, Formats("en")).detail
    machine = replace(back, provider="terminal")
    assert "on the card machine" in outcome_of_refund(machine, Formats("en")).detail
    by_machine = replace(taken.confirmations[0], reference="AB 12")
    ask = refund_of_order(replace(taken, confirmations=(by_machine,)), Formats("en"))
    assert ask is not None and "on the card machine" in ask.effect


def attempt_order(due: Money) -> OrderDetail:
    """Give a paid order of 12.33 for which so much cash was taken."""
    goods = Product(id="x", name="X", price=CASH.amount)
    paid = order(snapshot(goods), state=OrderState.PAID)
    word = Confirmation("p", "Mia", START, CASH.amount, due, due)
    tender = Tender("cash", CASH.amount, "p")
    return OrderDetail(paid, (), (), (tender,), (), confirmations=(word,))
