"""The counter: from the cart to the code and to paid."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from app.domain.attempt import AttemptState
from app.domain.money import Money
from app.domain.order import OrderState
from app.errors import (
    CartRefused,
    CheckoutRefused,
    InvariantError,
    Rejected,
    StoreError,
    Unavailable,
)
from tests.conftest import ExpectedLogs
from tests.ui.fakes import URL, FakeTill
from tests.ui.helpers import Recorder, add, charged, emitted, payment_of, stage_of
from ui.counter import Counter, Stage
from ui.pay.state import Action, PaidModel, Phase

Run = Callable[[Coroutine[Any, Any, None]], None]


def test_a_sale_goes_from_charge_to_paid_and_on(run: Run, counter: Counter, till: FakeTill) -> None:
    async def sale() -> None:
        stages, paid = Recorder(counter.stage_changed), Recorder(counter.paid)
        order_id = await charged(counter, till, "coffee", "bread")
        assert till.checkout.calls == ["place_order", "open_session", "mark_shown"]
        assert payment_of(counter).phase is Phase.WAITING
        assert payment_of(counter).url == URL
        assert counter.cart.is_locked
        till.pay(order_id)
        assert paid.calls == [(PaidModel(Money(790, "EUR"), 1, 101),)]
        assert stage_of(counter) is Stage.PAID
        counter.next_sale()
        add(counter, till, "tea")
        assert counter.cart.content.quantity_of("tea") == 1
        assert counter.cart.content.quantity_of("coffee") == 0
        assert [call[0] for call in stages.calls] == [Stage.PAYING, Stage.PAID, Stage.SELLING]

    run(sale())


def test_paid_is_shown_in_the_turn_in_which_the_fact_arrives(
    run: Run, counter: Counter, till: FakeTill
) -> None:
    async def sale() -> None:
        order_id = await charged(counter, till)
        waiting = asyncio.ensure_future(emitted(counter.paid))
        await asyncio.sleep(0)
        till.pay(order_id)
        assert stage_of(counter) is Stage.PAID
        assert (await waiting).order_number == 1

    run(sale())


def test_the_code_is_not_shown_before_the_books_know_it(
    run: Run, counter: Counter, till: FakeTill
) -> None:
    async def sale() -> None:
        gate = till.checkout.gates["mark_shown"] = asyncio.Event()
        seen = Recorder(counter.payment_changed)
        add(counter, till, "coffee")
        counter.charge()
        await till.checkout.called("mark_shown")
        await asyncio.sleep(0.01)
        assert all(call[0].url is None for call in seen.calls)
        assert payment_of(counter).phase is Phase.OPENING
        gate.set()
        await counter.tasks.settled()
        assert payment_of(counter).url == URL

    run(sale())


def test_charge_cannot_be_pressed_twice(run: Run, counter: Counter, till: FakeTill) -> None:
    async def sale() -> None:
        add(counter, till, "coffee")
        assert counter.charge()
        assert not counter.charge()
        await counter.tasks.settled()
        assert not counter.charge()
        assert till.checkout.calls.count("place_order") == 1
        assert len(till.orders.orders) == 1

    run(sale())


def test_an_empty_cart_is_not_charged(counter: Counter, till: FakeTill) -> None:
    assert not counter.charge()
    assert till.checkout.calls == []


def test_while_a_code_is_out_the_cart_cannot_be_changed(
    run: Run, counter: Counter, till: FakeTill
) -> None:
    async def sale() -> None:
        await charged(counter, till)
        failures = Recorder(counter.failed)
        add(counter, till, "bread")
        assert isinstance(failures.calls[0][0], CartRefused)
        assert counter.cart.content.quantity_of("bread") == 0

    run(sale())


def test_an_order_that_cannot_be_placed_leaves_the_cart_as_it_was(
    run: Run, counter: Counter, till: FakeTill
) -> None:
    async def sale() -> None:
        till.checkout.errors["place_order"] = StoreError("The disk is full")
        failures = Recorder(counter.failed)
        add(counter, till, "coffee")
        counter.charge()
        await counter.tasks.settled()
        assert stage_of(counter) is Stage.SELLING
        assert failures.calls[0][0].title == "The disk is full"
        assert counter.cart.content.quantity_of("coffee") == 1
        assert not counter.cart.is_locked

    run(sale())


def test_a_refused_session_can_be_tried_again_for_the_same_order(
    run: Run, counter: Counter, till: FakeTill
) -> None:
    async def sale() -> None:
        till.checkout.errors["open_session"] = Rejected("Amount too small", code="amount_too_small")
        await charged(counter, till)
        assert payment_of(counter).phase is Phase.REFUSED
        error = payment_of(counter).error
        assert error is not None
        assert error.title == "Amount too small"
        del till.checkout.errors["open_session"]
        counter.act(Action.NEW_CODE)
        counter.act(Action.NEW_CODE)
        assert payment_of(counter).phase is Phase.OPENING
        await counter.tasks.settled()
        assert payment_of(counter).phase is Phase.WAITING
        assert till.checkout.calls.count("open_session") == 2
        assert len(till.orders.orders) == 1

    run(sale())


def test_a_lost_answer_is_unknown_and_shows_no_code(
    run: Run, counter: Counter, till: FakeTill
) -> None:
    async def sale() -> None:
        till.checkout.opens_as = AttemptState.UNKNOWN
        order_id = await charged(counter, till)
        assert payment_of(counter).phase is Phase.UNKNOWN
        assert payment_of(counter).url is None
        assert "mark_shown" not in till.checkout.calls
        # The till keeps asking, and learns that the session exists.
        attempt = till.orders.attempts_of(order_id)[0]
        till.orders.change(attempt.id, state=AttemptState.OPEN, url=URL)
        till.tell_of("attempt.open", order_id, attempt.id)
        await counter.tasks.settled()
        assert till.checkout.calls[-1] == "mark_shown"
        assert payment_of(counter).phase is Phase.WAITING
        assert payment_of(counter).url == URL

    run(sale())


def test_an_error_of_ours_while_opening_is_loud_and_says_unknown(
    run: Run, counter: Counter, till: FakeTill, expected_logs: ExpectedLogs
) -> None:
    async def sale() -> None:
        till.checkout.errors["open_session"] = KeyError("bug")
        await charged(counter, till)
        assert payment_of(counter).phase is Phase.UNKNOWN
        assert isinstance(payment_of(counter).error, InvariantError)

    run(sale())
    expected_logs.take("an unexpected error")


def test_a_code_that_the_books_refuse_is_not_painted(
    run: Run, counter: Counter, till: FakeTill
) -> None:
    async def sale() -> None:
        till.checkout.errors["mark_shown"] = CheckoutRefused("This code must not be shown any more")
        await charged(counter, till)
        assert payment_of(counter).url is None
        assert payment_of(counter).phase is Phase.OPENING
        assert payment_of(counter).error is not None
        del till.checkout.errors["mark_shown"]
        counter.act(Action.CHECK_NOW)
        await counter.tasks.settled()
        assert payment_of(counter).url == URL

    run(sale())


def test_a_decline_is_told_and_the_code_stays(run: Run, counter: Counter, till: FakeTill) -> None:
    async def sale() -> None:
        order_id = await charged(counter, till)
        attempt = till.orders.attempts_of(order_id)[0]
        till.orders.change(attempt.id, decline="card_declined")
        till.tell_of("attempt.declined", order_id, attempt.id, decline="card_declined")
        await counter.tasks.settled()
        assert payment_of(counter).phase is Phase.DECLINED
        assert payment_of(counter).url == URL

    run(sale())


def test_check_now_asks_once_at_a_time_and_shows_its_error(
    run: Run, counter: Counter, till: FakeTill
) -> None:
    async def sale() -> None:
        await charged(counter, till)
        till.checkout.errors["check_now"] = Unavailable("Stripe did not answer")
        counter.act(Action.CHECK_NOW)
        counter.act(Action.CHECK_NOW)
        assert payment_of(counter).is_busy
        await counter.tasks.settled()
        assert till.checkout.calls.count("check_now") == 1
        error = payment_of(counter).error
        assert error is not None
        assert error.title == "Stripe did not answer"
        assert payment_of(counter).phase is Phase.WAITING
        del till.checkout.errors["check_now"]
        counter.act(Action.CHECK_NOW)
        await counter.tasks.settled()
        assert payment_of(counter).error is None

    run(sale())


def test_check_now_finds_a_payment_whose_notice_was_lost(
    run: Run, counter: Counter, till: FakeTill
) -> None:
    async def sale() -> None:
        order_id = await charged(counter, till)
        till.orders.end(order_id, OrderState.PAID)
        paid = Recorder(counter.paid)
        counter.act(Action.CHECK_NOW)
        await counter.tasks.settled()
        assert paid.calls == [(PaidModel(Money(340, "EUR"), 1, 101),)]

    run(sale())
