"""The counter: how a payment ends otherwise, is set aside, or is taken up again."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest

from app.domain.attempt import AttemptState, CloseReason
from app.domain.exceptions import ExceptionKind, OrderException
from app.domain.money import Money
from app.domain.order import OrderState
from app.errors import (
    StoreError,
)
from tests.parts.clock import START
from tests.ui.fakes import URL, FakeClock, FakeTill
from tests.ui.helpers import Recorder, add, charged, payment_of, stage_of
from ui.counter import Counter, Stage
from ui.pay.state import Action, Phase

Run = Callable[[Coroutine[Any, Any, None]], None]


def test_cancelling_takes_the_code_away_in_the_same_turn_and_keeps_the_cart(
    run: Run, counter: Counter, till: FakeTill
) -> None:
    async def sale() -> None:
        await charged(counter, till)
        told = Recorder(counter.told)
        counter.act(Action.CANCEL)
        assert payment_of(counter).url is None
        assert payment_of(counter).phase is Phase.CLOSING
        counter.act(Action.CANCEL)
        await counter.tasks.settled()
        assert till.checkout.calls.count("cancel") == 1
        assert stage_of(counter) is Stage.SELLING
        assert counter.cart.content.quantity_of("coffee") == 1
        assert not counter.cart.is_locked
        assert told.calls[0][0] == "Payment cancelled"

    run(sale())


@pytest.mark.parametrize("is_resolved", [False, True])
def test_cancelling_with_a_part_paid_says_that_it_needs_a_person(
    run: Run, counter: Counter, till: FakeTill, is_resolved: bool
) -> None:
    async def sale() -> None:
        await charged(counter, till)
        (order_id,) = till.orders.orders
        till.orders.exceptions.append(
            OrderException(
                id=1,
                kind=ExceptionKind.UNDERPAID,
                amount=Money(300, "EUR"),
                order_id=order_id,
                attempt_id=1,
                payment_id="pi_1",
                detail="",
                opened_at=START,
                resolved_at=START if is_resolved else None,
                provider="stripe",
            )
        )
        told = Recorder(counter.told)
        counter.act(Action.CANCEL)
        await counter.tasks.settled()
        (said,) = told.calls
        assert said[0] == "Payment cancelled"
        assert ("needs a person" in said[1]) is not is_resolved
        assert ("Nothing was paid" in said[1]) is is_resolved

    run(sale())


def test_a_customer_who_is_quicker_than_cancel_has_paid(
    run: Run, counter: Counter, till: FakeTill
) -> None:
    async def sale() -> None:
        till.checkout.cancels_as = OrderState.PAID
        await charged(counter, till)
        counter.act(Action.CANCEL)
        await counter.tasks.settled()
        assert stage_of(counter) is Stage.PAID

    run(sale())


def test_a_close_that_gets_no_answer_goes_on_until_it_is_known(
    run: Run, counter: Counter, till: FakeTill
) -> None:
    async def sale() -> None:
        till.checkout.cancels_as = OrderState.OPEN
        order_id = await charged(counter, till)
        counter.act(Action.CANCEL)
        await counter.tasks.settled()
        assert stage_of(counter) is Stage.PAYING
        assert payment_of(counter).phase is Phase.CLOSING
        till.orders.end(order_id, OrderState.CANCELLED)
        till.tell(till.orders.facts[-1])
        await counter.tasks.settled()
        assert stage_of(counter) is Stage.SELLING

    run(sale())


def test_a_cancellation_that_was_never_written_shows_the_code_again(
    run: Run, counter: Counter, till: FakeTill
) -> None:
    async def sale() -> None:
        order_id = await charged(counter, till)
        till.checkout.errors["cancel"] = StoreError("The disk is full")
        counter.act(Action.CANCEL)
        for attempt in till.orders.attempts_of(order_id):
            till.orders.attempts[attempt.id] = replace(attempt, close_reason=None)
        await asyncio.sleep(0)
        for attempt in till.orders.attempts_of(order_id):
            till.orders.attempts[attempt.id] = replace(attempt, close_reason=None)
        await counter.tasks.settled()
        assert payment_of(counter).phase is Phase.WAITING
        assert payment_of(counter).error is not None

    run(sale())


def test_cancel_during_opening_closes_what_was_opened_and_never_shows_it(
    run: Run, counter: Counter, till: FakeTill
) -> None:
    async def sale() -> None:
        gate = till.checkout.gates["open_session"] = asyncio.Event()
        add(counter, till, "coffee")
        counter.charge()
        await till.checkout.called("open_session")
        counter.act(Action.CANCEL)
        assert "cancel" not in till.checkout.calls
        gate.set()
        await counter.tasks.settled()
        assert till.checkout.calls == ["place_order", "open_session", "cancel"]
        assert stage_of(counter) is Stage.SELLING

    run(sale())


def test_setting_aside_during_opening_still_cancels_what_was_wanted_cancelled(
    run: Run, counter: Counter, till: FakeTill
) -> None:
    async def sale() -> None:
        gate = till.checkout.gates["place_order"] = asyncio.Event()
        add(counter, till, "coffee")
        counter.charge()
        counter.act(Action.CANCEL)
        counter.act(Action.SET_ASIDE)
        assert stage_of(counter) is Stage.SELLING
        gate.set()
        await counter.tasks.settled()
        assert till.checkout.calls == ["place_order", "cancel"]
        assert next(iter(till.orders.orders.values())).state is OrderState.CANCELLED

    run(sale())


def test_an_order_set_aside_is_followed_by_a_fresh_cart_and_told_of_when_paid(
    run: Run, counter: Counter, till: FakeTill
) -> None:
    async def sale() -> None:
        till.checkout.cancels_as = OrderState.OPEN
        order_id = await charged(counter, till)
        counter.act(Action.CANCEL)
        await counter.tasks.settled()
        counter.act(Action.SET_ASIDE)
        assert stage_of(counter) is Stage.SELLING
        assert counter.cart.is_empty
        elsewhere, paid = Recorder(counter.paid_elsewhere), Recorder(counter.paid)
        till.pay(order_id)
        assert elsewhere.calls[0][0].order_number == 1
        assert paid.calls == []

    run(sale())


def test_an_expired_code_leads_back_to_the_cart(
    run: Run, counter: Counter, till: FakeTill, clock: FakeClock
) -> None:
    async def sale() -> None:
        order_id = await charged(counter, till)
        clock.advance(minutes=15)
        counter._on_tick()
        assert payment_of(counter).url is None
        assert payment_of(counter).phase is Phase.CLOSING
        attempt = till.orders.attempts_of(order_id)[0]
        till.orders.change(attempt.id, state=AttemptState.EXPIRED, close_reason=CloseReason.EXPIRED)
        till.orders.end(order_id, OrderState.EXPIRED)
        till.tell(till.orders.facts[-1])
        await counter.tasks.settled()
        assert payment_of(counter).phase is Phase.EXPIRED
        counter.act(Action.BACK_TO_CART)
        assert stage_of(counter) is Stage.SELLING
        assert counter.cart.content.quantity_of("coffee") == 1

    run(sale())


def test_back_to_the_cart_closes_an_order_that_is_still_open(
    run: Run, counter: Counter, till: FakeTill
) -> None:
    async def sale() -> None:
        order_id = await charged(counter, till)
        attempt = till.orders.attempts_of(order_id)[0]
        till.orders.change(attempt.id, state=AttemptState.EXPIRED)
        till.tell_of("attempt.expired", order_id, attempt.id)
        await counter.tasks.settled()
        counter.act(Action.BACK_TO_CART)
        await counter.tasks.settled()
        assert till.orders.orders[order_id].state is OrderState.CANCELLED
        assert stage_of(counter) is Stage.SELLING

    run(sale())


def test_after_four_minutes_the_operator_is_asked_and_may_keep_waiting(
    run: Run, counter: Counter, till: FakeTill, clock: FakeClock
) -> None:
    async def sale() -> None:
        await charged(counter, till)
        clock.advance(minutes=4)
        counter._on_tick()
        assert payment_of(counter).phase is Phase.SLOW
        assert payment_of(counter).url == URL
        counter.act(Action.KEEP_WAITING)
        assert payment_of(counter).phase is Phase.WAITING

    run(sale())


def test_old_news_changes_nothing(run: Run, counter: Counter, till: FakeTill) -> None:
    async def sale() -> None:
        order_id = await charged(counter, till)
        attempt = till.orders.attempts_of(order_id)[0]
        till.orders.change(attempt.id, state=AttemptState.PROCESSING)
        till.tell_of("attempt.processing", order_id, attempt.id)
        await counter.tasks.settled()
        payment = counter._payment
        assert payment is not None
        payment.known.take_attempt(attempt)
        assert payment_of(counter).phase is Phase.PROCESSING
        till.pay(order_id)
        paid = Recorder(counter.paid)
        till.tell(till.orders.facts[-1])
        assert paid.calls == []

    run(sale())
