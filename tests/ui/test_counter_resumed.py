"""The counter after a restart, with nothing to pay, and when it is closed."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from app.domain.attempt import AttemptState
from app.domain.cart import Discount
from app.domain.money import Money
from app.domain.order import OrderState
from app.errors import (
    InvariantError,
)
from tests.conftest import ExpectedLogs
from tests.ui.fakes import URL, FakeClock, FakeTill
from tests.ui.helpers import Recorder, add, charged, payment_of, stage_of
from ui.counter import Counter, Stage
from ui.pay.state import Action

Run = Callable[[Coroutine[Any, Any, None]], None]


def test_after_a_restart_the_code_is_shown_again_once_the_books_know_it(
    run: Run, till: FakeTill, clock: FakeClock, counter: Counter
) -> None:
    async def sale() -> None:
        order_id = await charged(counter, till, "coffee", "bread")
        again = Counter(till, clock)
        till.checkout.calls.clear()
        await again.resume()
        assert stage_of(again) is Stage.PAYING
        assert payment_of(again).url is None
        await again.tasks.settled()
        assert till.checkout.calls == ["mark_shown"]
        assert payment_of(again).url == URL
        again.act(Action.CANCEL)
        await again.tasks.settled()
        assert stage_of(again) is Stage.SELLING
        assert again.cart.content.quantity_of("bread") == 1
        assert order_id
        again._timer.stop()

    run(sale())


def test_a_resumed_order_with_a_discount_is_not_rung_up_again_at_full_price(
    run: Run, till: FakeTill, clock: FakeClock, counter: Counter
) -> None:
    async def sale() -> None:
        add(counter, till, "coffee")
        counter.cart.discount_cart(Discount(amount_minor=100))
        counter.charge()
        await counter.tasks.settled()
        again = Counter(till, clock)
        await again.resume()
        await again.tasks.settled()
        again.act(Action.CANCEL)
        await again.tasks.settled()
        assert again.cart.is_empty
        again._timer.stop()

    run(sale())


def test_after_a_restart_a_debit_that_was_set_aside_is_told_and_not_opened(
    run: Run, till: FakeTill, clock: FakeClock, counter: Counter
) -> None:
    async def start() -> None:
        order_id = await charged(counter, till, "coffee")
        (attempt,) = till.orders.attempts_of(order_id)
        till.orders.change(attempt.id, state=AttemptState.PROCESSING)
        again = Counter(till, clock)
        told = Recorder(again.told)
        await again.resume()
        assert stage_of(again) is Stage.SELLING
        ((title, detail),) = told.calls
        assert title == "1 order is still waiting for its money"
        assert "under Orders" in detail

    run(start())


def test_nothing_to_resume_leaves_the_counter_selling(run: Run, counter: Counter) -> None:
    async def start() -> None:
        await counter.resume()
        assert stage_of(counter) is Stage.SELLING

    run(start())


def test_an_open_order_is_continued_and_the_cart_at_hand_waits(
    run: Run, counter: Counter, till: FakeTill
) -> None:
    async def sale() -> None:
        till.checkout.cancels_as = OrderState.OPEN
        order_id = await charged(counter, till, "bread")
        counter.act(Action.CANCEL)
        await counter.tasks.settled()
        counter.act(Action.SET_ASIDE)
        add(counter, till, "tea")
        counter.continue_payment(order_id)
        await counter.tasks.settled()
        assert stage_of(counter) is Stage.PAYING
        till.pay(order_id)
        counter.next_sale()
        assert counter.cart.content.quantity_of("tea") == 1
        assert not counter.cart.is_locked

    run(sale())


def test_a_total_of_nothing_is_paid_without_a_session(
    run: Run, counter: Counter, till: FakeTill
) -> None:
    async def sale() -> None:
        place = till.orders.place

        def place_paid(content: Any) -> Any:
            return till.orders.end(place(content).id, OrderState.PAID)

        till.orders.place = place_paid  # type: ignore[method-assign]
        add(counter, till, "coffee")
        counter.charge()
        await counter.tasks.settled()
        assert stage_of(counter) is Stage.PAID
        assert till.checkout.calls == ["place_order"]

    run(sale())


def test_the_customers_page_is_asked_for_only_while_there_is_one(
    run: Run, counter: Counter, till: FakeTill
) -> None:
    async def sale() -> None:
        pages = Recorder(counter.page_wanted)
        counter.act(Action.PAY_AS_CUSTOMER)
        await charged(counter, till)
        counter.act(Action.PAY_AS_CUSTOMER)
        assert pages.calls == [(URL,)]

    run(sale())


def test_ringing_up_can_be_undone(counter: Counter, till: FakeTill) -> None:
    add(counter, till, "coffee", "coffee", "bread")
    line = counter.cart.content.lines[0]
    counter.set_quantity(line.id, 5)
    counter.set_quantity(line.id, 0)
    assert counter.cart.content.quantity_of("coffee") == 0
    counter.undo()
    assert counter.cart.content.quantity_of("coffee") == 5
    counter.void()
    assert counter.cart.is_empty
    counter.undo()
    assert counter.cart_model.total == Money(5 * 340 + 450, "EUR")
    assert counter.add_scanned("2012345")
    assert not counter.add_scanned("nothing")


def test_closing_ends_what_is_under_way(run: Run, counter: Counter, till: FakeTill) -> None:
    async def sale() -> None:
        till.checkout.gates["open_session"] = asyncio.Event()
        add(counter, till, "coffee")
        counter.charge()
        await asyncio.sleep(0.01)
        await counter.close()
        assert till._listeners == []

    run(sale())


def test_a_task_that_fails_is_never_lost(
    run: Run, counter: Counter, expected_logs: ExpectedLogs
) -> None:
    async def work() -> None:
        raise ZeroDivisionError("oops")

    async def start() -> None:
        failures = Recorder(counter.failed)
        counter.tasks.start(work())
        await counter.tasks.settled()
        await asyncio.sleep(0)
        assert isinstance(failures.calls[0][0], InvariantError)

    run(start())
    expected_logs.take("an unexpected error")
