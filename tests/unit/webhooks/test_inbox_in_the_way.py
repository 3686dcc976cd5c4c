"""The inbox when something is in the way: bugs, full disks, restarts, strangers."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from app.domain.delivery import Delivery
from app.errors import InvariantError, StoreError
from app.store.verify import verify
from tests.conftest import ExpectedLogs
from tests.parts.inbox import Door, paid_sale, refund_of
from tests.parts.till import Counter, until, until_state


@pytest.mark.parametrize("fault", [InvariantError("ours"), ZeroDivisionError("ours")])
def test_a_bug_in_settling_one_does_not_hold_up_the_others(
    till: Counter, fault: Exception, monkeypatch: pytest.MonkeyPatch, expected_logs: ExpectedLogs
) -> None:
    from app.settle import settle

    order, _, event = paid_sale(till)
    faults = [fault]

    def broken(*arguments: Any) -> Any:
        if faults:
            raise faults.pop()
        return settle(*arguments)

    monkeypatch.setattr("app.webhooks.inbox_worker.settle", broken)
    door = Door(till)
    door.take_in(replace(event, event_id="first"), event)
    door.settle()
    assert door.standings() == [("first", "failed"), (event.event_id, "settled")]
    assert asyncio.run(till.state(order)) == "paid"
    expected_logs.take("delivery first could not be settled")


def test_books_that_cannot_be_written_make_deliveries_wait_not_vanish(
    till: Counter, monkeypatch: pytest.MonkeyPatch, expected_logs: ExpectedLogs
) -> None:
    order, _, event = paid_sale(till)
    door = Door(till)
    door.take_in(event)
    submit = till.store.submit
    faults = [StoreError("The disk is full")]

    def full(work: Any) -> Any:
        if faults:
            raise faults.pop()
        return submit(work)

    monkeypatch.setattr(till.store, "submit", full)

    async def story() -> None:
        running = asyncio.create_task(door.worker.run())
        async with asyncio.timeout(5):
            await until_state(till, order, "paid")
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(story())
    expected_logs.take("deliveries wait")
    assert till.clock.slept == [1.0]


def test_a_unit_that_the_disk_refuses_waits_too(
    till: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, event = paid_sale(till)
    door = Door(till)
    door.take_in(event)

    def refused(*arguments: Any) -> Any:
        raise StoreError("The disk is full")

    monkeypatch.setattr("app.webhooks.inbox_worker.settle", refused)
    with pytest.raises(StoreError):
        door.settle()
    assert door.standings() == [(event.event_id, None)]
    monkeypatch.undo()
    assert door.settle() == 1


def test_what_was_left_from_before_the_start_comes_first_and_news_wakes_the_worker(
    till: Counter,
) -> None:
    first, _, event = paid_sale(till)
    door = Door(till)
    door.take_in(event)
    till.restart()
    door = Door(till)
    second, attempt = asyncio.run(till.show())

    async def story() -> None:
        running = asyncio.create_task(door.worker.run())
        async with asyncio.timeout(5):
            await until_state(till, first, "paid")
            for _ in range(50):
                await asyncio.sleep(0)
            till.provider.pay(attempt.session_id or "")
            door.take_in(till.provider.events[-1])
            door.worker.wake()
            await until_state(till, second, "paid")
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(story())


def test_many_deliveries_are_settled_round_by_round(till: Counter) -> None:
    order, _, event = paid_sale(till)
    door = Door(till)
    door.take_in(*[replace(event, event_id=f"copy-{n}") for n in range(300)])
    assert [door.settle(), door.settle(), door.settle()] == [256, 44, 0]
    assert till.count("payments") == 1
    assert asyncio.run(till.state(order)) == "paid"


def foreign(event: Delivery, event_id: str) -> Delivery:
    """Make of a payment's event one of the shop's other business at the same account."""
    body = json.loads(event.body) | {
        "reference": "web-shop-4711",
        "payments": [["pay_web", 500, "EUR"]],
    }
    return replace(event, event_id=event_id, body=json.dumps(body).encode())


@pytest.mark.parametrize("refund_first", [True, False])
def test_a_refund_of_a_strangers_payment_does_not_wait_for_ever(
    till: Counter, monkeypatch: pytest.MonkeyPatch, refund_first: bool
) -> None:
    _, _, event = paid_sale(till)
    observe = till.strategy.observe

    def seen(delivery: Delivery, *, at: Any) -> Any:
        is_refund = delivery.event_type == "refund"
        return refund_of("pay_web") if is_refund else observe(delivery, at=at)

    monkeypatch.setattr(till.strategy, "observe", seen)
    door = Door(till)
    strange = [replace(event, event_id="r", event_type="refund"), foreign(event, "p")]
    for delivery in (strange if refund_first else strange[::-1]) + [event]:
        door.take_in(delivery)
        door.settle()
    assert sorted(door.standings()) == [("fe_1", "settled"), ("p", "foreign"), ("r", "foreign")]
    assert till.count("exceptions") == 0 and till.count("refunds") == 0
    (inbox,) = (check for check in till.store.read_now(verify) if check.name == "inbox")
    assert inbox.figure == "3 deliveries, 2 foreign, 0 waiting for their payment"


def test_a_refund_whose_payment_never_comes_is_a_strangers_after_a_week(
    till: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, event = paid_sale(till)
    observe = till.strategy.observe

    def seen(delivery: Delivery, *, at: Any) -> Any:
        return refund_of("pay_web") if delivery.event_id == "r" else observe(delivery, at=at)

    monkeypatch.setattr(till.strategy, "observe", seen)
    door = Door(till)
    door.take_in(event, replace(event, event_id="r"))

    async def wakes_after(days: int) -> str:
        till.clock.advance(days * 86_400)
        running = asyncio.create_task(door.worker.run())
        await until(lambda: door.worker._disown_at > till.clock.monotonic())
        for _ in range(20):
            await asyncio.sleep(0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return str(door.standings()[1][1])

    assert [asyncio.run(wakes_after(days)) for days in (0, 6, 0, 2)] == [
        "waiting",
        "waiting",
        "waiting",
        "foreign",
    ]
