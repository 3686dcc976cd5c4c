"""Several ways of payment: the one that is taken, the list of the others, and changing over."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from app.domain.attempt import AttemptState
from app.domain.capabilities import Method
from app.domain.decision import Decision, Said
from app.domain.order import OrderState
from app.errors import CheckoutRefused, Message, MoneyMoved, StoreError
from tests.ui.fakes import FakeTill
from tests.ui.gallery.choosing import DEARER, FEE, NONE, TAKES, WAYS
from tests.ui.helpers import add, button, charged, payment_of, until
from ui.counter import Counter, Stage
from ui.format import Formats
from ui.pay.choosing import way_words
from ui.pay.state import Action, Phase
from ui.window import Window

Run = Callable[[Coroutine[Any, Any, None]], None]
Make = Callable[..., Window]
FORMATS = Formats("en")


@pytest.fixture
def till(till: FakeTill) -> FakeTill:
    till.ways.route = WAYS
    return till


def shown(window: Window) -> str:
    return window.pay._way.text


def listed(window: Window) -> list[str]:
    """Give the names of what the list of ways has, from top to bottom."""
    rows = window.pay._ways._list
    items = filter(None, map(rows.itemAt, range(rows.count())))
    return [one.objectName() for item in items if (one := item.widget()) is not None]


def test_with_one_way_nothing_is_said_of_ways(run: Run, make_window: Make, till: FakeTill) -> None:
    async def sale() -> None:
        till.ways.route = type(WAYS)(WAYS.choices[:1])
        window = make_window(till)
        await charged(window.counter, till)
        assert not window.pay._way.isVisible()
        assert not button(window.pay, "other_ways").isVisible()
        assert payment_of(window.counter).ways is None
        assert till.ways.asked == 0

    run(sale())


def test_the_pick_is_seen_at_once_with_its_reason(
    run: Run, make_window: Make, till: FakeTill
) -> None:
    async def sale() -> None:
        window = make_window(till)
        add(window.counter, till, "coffee")
        assert window.counter.charge()
        # Before the provider was asked for anything.
        assert payment_of(window.counter).phase is Phase.OPENING
        assert shown(window) == "Stripe. It keeps about €0.59 of this."
        assert not button(window.pay, "other_ways").isVisible()
        await window.counter.tasks.settled()
        assert till.checkout.charged == [None], "the router chooses"
        assert button(window.pay, "other_ways").isVisible()

    run(sale())


def test_the_list_has_every_way_with_its_key_and_those_left_out_with_why(
    run: Run, make_window: Make, till: FakeTill
) -> None:
    async def sale() -> None:
        window = make_window(till)
        await charged(window.counter, till)
        QTest.keyClick(window, Qt.Key.Key_F9)
        await until(window.pay._ways.isVisible)
        assert listed(window) == [
            "way_stripe_checkout",
            "way_paypal",
            "way_cash",
            "left_out_razorpay_upi",
            "left_out_square",
        ]
        assert window.pay.qr.get_url(), "the code stays while one is looking"
        left = window.pay._ways.findChild(QWidget, "left_out_razorpay_upi")
        assert left is not None and left.accessibleName() == "Razorpay UPI. It takes no EUR."
        QTest.keyClick(window, Qt.Key.Key_F9)
        await until(lambda: not window.pay._ways.isVisible())

    run(sale())


def test_another_way_is_opened_once_the_code_before_is_closed(
    run: Run, make_window: Make, till: FakeTill
) -> None:
    async def sale() -> None:
        window = make_window(till)
        order_id = await charged(window.counter, till)
        button(window.pay, "other_ways").click()
        gate = till.checkout.gates["withdraw"] = asyncio.Event()
        QTest.keyClick(window, Qt.Key.Key_2)
        await till.checkout.called("withdraw")
        assert not window.pay.qr.get_url(), "the code before is gone"
        assert shown(window).startswith("PayPal.")
        gate.set()
        await window.counter.tasks.settled()
        assert till.checkout.calls == [
            *("place_order", "open_session", "mark_shown"),
            *("withdraw", "open_session", "mark_shown"),
        ]
        assert till.checkout.charged == [None, "paypal"]
        first, second = till.orders.attempts_of(order_id)
        assert (first.state, second.account) == (AttemptState.CANCELLED, "paypal")
        assert window.pay.qr.get_url() == second.url

    run(sale())


def test_the_way_that_is_taken_stays_when_it_is_chosen_again(
    run: Run, make_window: Make, till: FakeTill
) -> None:
    async def sale() -> None:
        window = make_window(till)
        await charged(window.counter, till)
        button(window.pay, "other_ways").click()
        button(window.pay, "way_stripe_checkout").click()
        await window.counter.tasks.settled()
        assert "withdraw" not in till.checkout.calls
        assert window.pay.qr.get_url() and not window.pay._ways.isVisible()

    run(sale())


def test_while_it_is_not_known_whether_the_code_before_was_paid_no_other_is_opened(
    run: Run, counter: Counter, till: FakeTill
) -> None:
    async def sale() -> None:
        till.checkout.withdraws_as = AttemptState.UNKNOWN
        order_id = await charged(counter, till)
        counter.take_way("paypal")
        await counter.tasks.settled()
        assert payment_of(counter).phase is Phase.CLOSING
        assert till.checkout.charged == [None]
        # The provider answers: nobody can pay by it any more.
        till.orders.change(1, state=AttemptState.CANCELLED)
        till.tell_of("attempt.cancelled", order_id, 1)
        await counter.tasks.settled()
        assert till.checkout.charged == [None, "paypal"]
        assert payment_of(counter).phase is Phase.WAITING

    run(sale())


@pytest.mark.parametrize("state", [AttemptState.PROCESSING, AttemptState.PAID])
def test_a_customer_who_was_quicker_needs_no_other_way(
    run: Run, counter: Counter, till: FakeTill, state: AttemptState
) -> None:
    async def sale() -> None:
        till.checkout.withdraws_as = state
        order_id = await charged(counter, till)
        counter.take_way("paypal")
        await counter.tasks.settled()
        till.orders.change(1, state=AttemptState.FAILED)
        till.tell_of("attempt.failed", order_id, 1)
        await counter.tasks.settled()
        assert till.checkout.charged == [None], "what was wanted is wanted no more"

    run(sale())


def test_an_order_that_turns_out_paid_is_paid(run: Run, counter: Counter, till: FakeTill) -> None:
    async def sale() -> None:
        order_id = await charged(counter, till)
        till.checkout.withdraws_as = AttemptState.PAID
        till.orders.end(order_id, OrderState.PAID)
        counter.take_way("paypal")
        await counter.tasks.settled()
        assert counter.stage is Stage.PAID
        assert till.checkout.charged == [None]

    run(sale())


def test_a_cancellation_takes_back_what_was_wanted(
    run: Run, counter: Counter, till: FakeTill
) -> None:
    async def sale() -> None:
        till.checkout.withdraws_as = AttemptState.UNKNOWN
        await charged(counter, till)
        counter.take_way("paypal")
        await counter.tasks.settled()
        counter.act(Action.CANCEL)
        await counter.tasks.settled()
        assert till.checkout.charged == [None]
        assert counter.stage is Stage.SELLING

    run(sale())


def test_a_cancellation_while_the_code_is_being_closed_cancels_after_that(
    run: Run, counter: Counter, till: FakeTill
) -> None:
    async def sale() -> None:
        await charged(counter, till)
        gate = till.checkout.gates["withdraw"] = asyncio.Event()
        counter.take_way("paypal")
        await till.checkout.called("withdraw")
        counter.act(Action.CANCEL)
        gate.set()
        await counter.tasks.settled()
        assert till.checkout.calls[-1] == "cancel"
        assert till.checkout.charged == [None]

    run(sale())


def test_a_withdrawal_that_goes_wrong_is_said_and_opens_nothing(
    run: Run, counter: Counter, till: FakeTill
) -> None:
    async def sale() -> None:
        await charged(counter, till)
        till.checkout.errors["withdraw"] = StoreError("The disk is full")
        counter.take_way("paypal")
        await counter.tasks.settled()
        assert till.checkout.charged == [None]
        error = payment_of(counter).error
        assert error is not None and error.title == "The disk is full"

    run(sale())


def test_after_a_refusal_another_way_is_opened_without_closing_anything(
    run: Run, counter: Counter, till: FakeTill
) -> None:
    async def sale() -> None:
        till.checkout.errors["open_session"] = CheckoutRefused("No", money=MoneyMoved.NO)
        await charged(counter, till)
        assert payment_of(counter).phase is Phase.REFUSED
        del till.checkout.errors["open_session"]
        counter.take_way("paypal")
        await counter.tasks.settled()
        assert "withdraw" not in till.checkout.calls
        assert payment_of(counter).phase is Phase.WAITING
        assert till.checkout.charged == [None, "paypal"]

    run(sale())


def test_an_account_without_an_answer_that_nobody_saw_may_be_followed_at_once(
    run: Run, counter: Counter, till: FakeTill
) -> None:
    async def sale() -> None:
        till.checkout.opens_as = AttemptState.UNKNOWN
        await charged(counter, till)
        assert payment_of(counter).may_change_way
        till.checkout.opens_as = AttemptState.OPEN
        counter.take_way("paypal")
        await counter.tasks.settled()
        assert "withdraw" not in till.checkout.calls
        assert till.checkout.charged == [None, "paypal"]

    run(sale())


@pytest.mark.parametrize("state", [AttemptState.PROCESSING, AttemptState.PAID])
def test_where_money_moves_no_way_can_be_chosen(
    run: Run, make_window: Make, till: FakeTill, state: AttemptState
) -> None:
    async def sale() -> None:
        window = make_window(till)
        order_id = await charged(window.counter, till)
        button(window.pay, "other_ways").click()
        till.orders.change(1, state=state)
        till.tell_of(f"attempt.{state.value}", order_id, 1)
        await window.counter.tasks.settled()
        assert not window.pay._ways.isVisible(), "the list is closed by itself"
        assert not button(window.pay, "other_ways").isVisible()
        window.counter.take_way("paypal")
        await window.counter.tasks.settled()
        assert till.checkout.charged == [None]

    run(sale())


def test_when_all_are_down_that_is_said_and_cash_can_be_chosen(
    run: Run, make_window: Make, till: FakeTill
) -> None:
    async def sale() -> None:
        till.ways.route = NONE
        till.checkout.errors["open_session"] = CheckoutRefused(
            Message("No provider that could take this answers just now")
        )
        window = make_window(till)
        await charged(window.counter, till)
        assert window.pay.statement.error_text.startswith("No provider that could take this")
        assert shown(window).startswith("No way of payment.")
        button(window.pay, "other_ways").click()
        assert listed(window) == ["way_cash", "left_out_stripe_checkout", "left_out_paypal"]

    run(sale())


def test_what_the_books_say_of_a_way_is_said_in_its_place(
    run: Run, counter: Counter, till: FakeTill
) -> None:
    async def sale() -> None:
        till.checkout.opens_at = "paypal"
        tried = (Said("stripe_checkout", Message("It did not answer.")),)
        till.orders.decisions[1] = Decision("paypal", DEARER, tried=tried)
        order_id = await charged(counter, till)
        till.tell_of("attempt.open", order_id, 1)
        await counter.tasks.settled()
        ways = payment_of(counter).ways
        assert ways is not None
        assert way_words(ways, FORMATS) == ("PayPal", "Stripe: It did not answer.")
        till.orders.decisions = {1: Decision("paypal", DEARER, is_operators=True)}
        till.tell_of("attempt.open", order_id, 1)
        await counter.tasks.settled()
        ways = payment_of(counter).ways
        assert ways is not None and way_words(ways, FORMATS)[1] == "You chose it."
        till.orders.decisions = {1: Decision("paypal", FEE)}
        till.tell_of("attempt.open", order_id, 1)
        await counter.tasks.settled()
        ways = payment_of(counter).ways
        assert ways is not None and way_words(ways, FORMATS)[1].startswith("It keeps about")

    run(sale())


def test_a_wish_narrows_the_list_with_reasons_and_goes_along_when_a_way_is_chosen(
    run: Run, make_window: Make, till: FakeTill
) -> None:
    async def sale() -> None:
        till.ways.takes = TAKES
        window = make_window(till)
        order_id = await charged(window.counter, till)
        button(window.pay, "other_ways").click()
        assert button(window.pay, "wish_any").isChecked()
        button(window.pay, "wish_paypal").click()
        assert listed(window)[:3] == ["way_paypal", "left_out_stripe_checkout", "left_out_cash"]
        left = window.pay._ways.findChild(QWidget, "left_out_cash")
        assert left is not None and left.accessibleName() == "Cash. It takes no PayPal."
        assert window.pay.qr.get_url(), "the code stays until a way is chosen"
        assert shown(window).startswith("Stripe.")
        await until(lambda: button(window.pay, "way_paypal").isVisible())
        QTest.keyClick(window, Qt.Key.Key_1)
        await until(lambda: len(till.orders.attempts_of(order_id)) == 2)
        assert (till.checkout.charged, till.checkout.wished) == (
            [None, "paypal"],
            [None, Method.PAYPAL],
        )

    run(sale())


def test_a_wish_that_is_taken_back_brings_every_way_back(
    run: Run, make_window: Make, till: FakeTill
) -> None:
    async def sale() -> None:
        till.ways.takes = TAKES
        window = make_window(till)
        await charged(window.counter, till)
        before = listed(window)
        window.counter.wish(Method.CASH)
        assert listed(window)[0] == "way_cash"
        window.counter.wish(None)
        assert listed(window) == before
        window.counter.wish(Method.CARD)
        window.counter.act(Action.CANCEL)
        await window.counter.tasks.settled()
        await charged(window.counter, till)
        assert button(window.pay, "wish_any").isChecked(), "the next customer wishes anew"
        assert till.checkout.wished[-1] is None

    run(sale())


def test_where_all_accounts_take_one_method_there_is_no_wish(
    run: Run, make_window: Make, till: FakeTill
) -> None:
    async def sale() -> None:
        till.ways.takes = {Method.CARD: ("stripe_checkout",)}
        window = make_window(till)
        await charged(window.counter, till)
        button(window.pay, "other_ways").click()
        assert window.pay._ways._wishes.isHidden()

    run(sale())
