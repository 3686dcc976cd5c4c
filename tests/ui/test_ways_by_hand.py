"""Changing between a code and what is taken by hand, for one order."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.domain.cash import CashSteps
from app.domain.money import Money
from app.errors import CheckoutRefused, Message
from tests.ui.fakes import FakeTill
from tests.ui.gallery.choosing import MANY, WAYS
from tests.ui.helpers import button, charged, payment_of, stage_of, until
from ui.counter import Stage
from ui.pay.state import Action, Phase
from ui.window import Window

Run = Callable[[Coroutine[Any, Any, None]], None]
Make = Callable[..., Window]
CASH_KEY = Qt.Key.Key_3


@pytest.fixture
def till(till: FakeTill) -> FakeTill:
    till.ways.route = WAYS
    till.checkout.coins = CashSteps({"EUR": "0.50"})
    return till


async def choose(window: Window, key: Qt.Key) -> None:
    """Take the way with this key."""
    QTest.keyClick(window, Qt.Key.Key_F9)
    await until(window.pay._ways.isVisible)
    QTest.keyClick(window, key)
    await until(window.pay._ways.isHidden)
    await window.counter.tasks.settled()


async def in_cash(window: Window, till: FakeTill) -> None:
    """Charge, then take cash instead of the code."""
    await charged(window.counter, till)
    await choose(window, CASH_KEY)
    assert payment_of(window.counter).phase is Phase.TAKING


def test_cash_is_taken_in_place_of_the_code_and_the_sale_is_paid(
    run: Run, make_window: Make, till: FakeTill
) -> None:
    async def sale() -> None:
        window = make_window(till)
        await in_cash(window, till)
        assert till.checkout.charged == [None, "cash"]
        assert window.pay.hand.isVisible() and window.pay.qr.isHidden()
        QTest.keyClicks(window, "10000")
        QTest.keyClick(window, Qt.Key.Key_Return)
        await window.counter.tasks.settled()
        assert till.checkout.confirmed == [(Money(10000, "EUR"), "")]
        assert stage_of(window.counter) is Stage.PAID

    run(sale())


def test_from_cash_one_goes_back_to_a_code(run: Run, make_window: Make, till: FakeTill) -> None:
    async def sale() -> None:
        window = make_window(till)
        await in_cash(window, till)
        await choose(window, Qt.Key.Key_1)
        assert till.checkout.charged == [None, "cash", "stripe_checkout"]
        assert window.pay.qr.get_url() and window.pay.hand.isHidden()
        assert payment_of(window.counter).taking is None

    run(sale())


def test_while_one_looks_at_the_ways_nothing_is_typed_or_confirmed(
    run: Run, make_window: Make, till: FakeTill
) -> None:
    async def sale() -> None:
        window = make_window(till)
        await in_cash(window, till)
        QTest.keyClicks(window, "10000")
        QTest.keyClick(window, Qt.Key.Key_F9)
        await until(window.pay._ways.isVisible)
        QTest.keyClicks(window, "00")
        QTest.keyClick(window, Qt.Key.Key_Return)
        await window.counter.tasks.settled()
        assert window.pay.hand.received == Money(10000, "EUR")
        # Cash is taken already: nothing is closed, and what was typed stays.
        QTest.keyClick(window, CASH_KEY)
        await until(window.pay._ways.isHidden)
        await window.counter.tasks.settled()
        assert not till.checkout.confirmed
        assert till.checkout.calls.count("withdraw") == 1
        assert window.pay.hand.received == Money(10000, "EUR")

    run(sale())


def test_while_the_operators_word_is_written_down_the_way_stays(
    run: Run, make_window: Make, till: FakeTill
) -> None:
    async def sale() -> None:
        window = make_window(till)
        await in_cash(window, till)
        gate = till.checkout.gates["confirm_paid"] = asyncio.Event()
        QTest.keyClicks(window, "10000")
        QTest.keyClick(window, Qt.Key.Key_Return)
        await till.checkout.called("confirm_paid")
        assert not button(window.pay, "other_ways").isVisible()
        window.counter.take_way("paypal")
        gate.set()
        await window.counter.tasks.settled()
        assert stage_of(window.counter) is Stage.PAID
        assert till.checkout.charged == [None, "cash"]

    run(sale())


def test_what_one_way_took_is_not_asked_for_another_whose_sum_is_not_known(
    run: Run, make_window: Make, till: FakeTill
) -> None:
    async def sale() -> None:
        till.ways.route = MANY
        window = make_window(till)
        await in_cash(window, till)
        till.checkout.errors["due"] = CheckoutRefused(Message("That payment is not in the books"))
        await choose(window, Qt.Key.Key_7)
        assert till.checkout.charged[-1] == "terminal"
        model = payment_of(window.counter)
        assert (model.phase, model.taking) == (Phase.OPENING, None)
        assert model.error is not None
        assert not window.pay.buttons[Action.CONFIRM].isVisible()

    run(sale())
