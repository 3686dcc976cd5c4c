"""What becomes of a delivery after it was acknowledged."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from app.domain.attempt import Attempt
from app.domain.delivery import Delivery
from app.domain.exceptions import ExceptionKind
from app.domain.money import Money
from app.domain.observation import Source
from app.domain.order import Order
from app.domain.refund import RefundObservation, RefundState, SeenRefund
from app.errors import InvariantError, Protocol, StoreError
from app.providers.strategy import Recheck
from app.store.inbox import receive
from app.store.verify import verify
from app.webhooks.inbox_worker import InboxWorker
from tests.conftest import ExpectedLogs
from tests.parts.clock import START
from tests.parts.till import Counter, until, until_state


class Door:
    """The worker with what it pokes."""

    def __init__(self, till: Counter) -> None:
        self.till = till
        self.poked: list[int] = []
        self.worker = InboxWorker(
            till.store,
            {till.strategy.account: till.strategy},
            clock=till.clock,
            recheck=self.poked.append,
        )

    def take_in(self, *deliveries: Delivery) -> None:
        for delivery in deliveries:
            self.till.store.write_now(lambda tx, d=delivery: receive(tx, d))  # type: ignore[misc]

    def settle(self) -> int:
        return asyncio.run(self.worker.settle_round())

    def standings(self) -> list[tuple[Any, ...]]:
        return self.till.rows("SELECT event_id, standing FROM inbox ORDER BY id")


def paid_sale(till: Counter) -> tuple[Order, Attempt, Delivery]:
    order, attempt = asyncio.run(till.show())
    till.provider.pay(attempt.session_id or "")
    return order, attempt, till.provider.events[-1]


def test_a_delivery_is_settled_once_and_its_standing_written(till: Counter) -> None:
    order, _, event = paid_sale(till)
    door = Door(till)
    door.take_in(event, event)
    assert door.settle() == 1
    assert door.settle() == 0
    assert door.standings() == [(event.event_id, "settled")]
    assert asyncio.run(till.state(order)) == "paid"


def test_what_a_poll_has_settled_already_is_nothing_new(till: Counter) -> None:
    _, attempt, event = paid_sale(till)
    asyncio.run(till.look(attempt))
    door = Door(till)
    door.take_in(event)
    door.settle()
    assert door.standings() == [(event.event_id, "nothing_new")]
    assert till.count("payments") == 1


def test_a_foreign_event_is_kept_and_counted_and_nobody_is_troubled(till: Counter) -> None:
    _, _, event = paid_sale(till)
    door = Door(till)
    foreign = json.loads(event.body) | {"reference": "web-shop-4711"}
    door.take_in(event, replace(event, event_id="fe_x", body=json.dumps(foreign).encode()))
    door.settle()
    assert door.standings()[1] == ("fe_x", "foreign")
    assert till.count("exceptions") == 0


def test_an_event_that_says_nothing_and_one_of_an_unknown_account_are_kept(till: Counter) -> None:
    _, _, event = paid_sale(till)
    door = Door(till)
    door.take_in(
        replace(event, event_id="a", event_type="nothing"),
        replace(event, event_id="b", account="gone"),
        event,
    )
    door.settle()
    assert door.standings() == [("a", "kept"), ("b", "kept"), (event.event_id, "settled")]


def test_an_event_that_says_too_little_has_its_attempt_looked_at(till: Counter) -> None:
    _, attempt, event = paid_sale(till)
    unknown = json.loads(event.body) | {"reference": "zzzzzz-0123456789ab-1"}
    door = Door(till)
    door.take_in(
        replace(event, event_id="a", event_type="recheck"),
        replace(event, event_id="b", event_type="recheck", body=json.dumps(unknown).encode()),
        event,
    )
    door.settle()
    assert door.poked == [attempt.id]
    assert [standing for _, standing in door.standings()] == ["rechecked", "kept", "settled"]


def test_a_session_of_ours_that_is_not_in_the_books_needs_a_person(
    till: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, attempt, event = paid_sale(till)
    stray = str(attempt.reference._replace(order_id="0123456789ab"))
    seen = iter([Recheck(stray, Money(500, "EUR")), Recheck(stray), Recheck("web-1", None)])
    observe = till.strategy.observe
    monkeypatch.setattr(till.strategy, "observe", lambda delivery, at: next(seen))
    door = Door(till)
    door.take_in(*[replace(event, event_id=name) for name in "abc"])
    door.settle()
    assert [standing for _, standing in door.standings()] == ["needs_person", "kept", "kept"]
    assert till.rows("SELECT kind, amount_minor FROM exceptions") == [("mismatch", 500)]
    assert door.poked == []
    monkeypatch.setattr(till.strategy, "observe", observe)
    door.take_in(event)
    door.settle()


def test_before_the_account_is_known_deliveries_wait_and_then_count_as_its_own(
    till: Counter,
) -> None:
    order, _, event = paid_sale(till)
    till.strategy.adopt("")
    door = Door(till)
    door.take_in(replace(event, provider_account=""))
    assert door.settle() == 0
    assert door.standings() == [(event.event_id, None)]
    till.strategy.adopt("acct_fake")
    assert door.settle() == 1
    assert asyncio.run(till.state(order)) == "paid"


def refund_of(payment_id: str) -> RefundObservation:
    return RefundObservation(
        source=Source.WEBHOOK,
        provider="fakepay",
        provider_account="acct_fake",
        live=False,
        refund=SeenRefund("re_1", payment_id, Money(100, "EUR"), RefundState.FAILED),
        observed_at=START,
    )


def test_news_of_a_refund_is_written_down(till: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    order, _, event = paid_sale(till)
    door = Door(till)
    door.take_in(event)
    door.settle()
    payment_id = till.rows("SELECT payment_id FROM payments")[0][0]
    refund = refund_of(payment_id)
    monkeypatch.setattr(till.strategy, "observe", lambda delivery, at: refund)
    door.take_in(replace(event, event_id="r"))
    door.settle()
    assert door.standings()[-1] == ("r", "settled")
    assert till.count("refunds") == 1
    assert asyncio.run(till.state(order)) == "paid"


def test_a_dispute_that_came_before_its_payment_waits_for_it(till: Counter) -> None:
    order, attempt, event = paid_sale(till)
    session = till.provider.sessions[attempt.session_id or ""]
    till.provider.disputes.open(session.payments[0].payment_id)
    door = Door(till)
    door.take_in(till.provider.events[-1])
    door.settle()
    assert [standing for _, standing in door.standings()] == ["waiting"]
    door.take_in(event)
    door.settle()
    door.settle()
    assert [standing for _, standing in door.standings()] == ["settled", "settled"]
    assert till.rows("SELECT state, withdrawn_minor FROM disputes") == [("needs_response", 500)]
    assert asyncio.run(till.waiting(order)) == [ExceptionKind.DISPUTED]
    assert asyncio.run(till.state(order)) == "paid"
    assert till.violations() == []


def test_a_dispute_of_a_payment_that_turns_out_a_strangers_is_counted_as_one(
    till: Counter,
) -> None:
    _, attempt, event = paid_sale(till)
    session = till.provider.sessions[attempt.session_id or ""]
    till.provider.disputes.open(session.payments[0].payment_id)
    foreign = json.loads(event.body) | {"reference": "web-shop-4711"}
    door = Door(till)
    door.take_in(till.provider.events[-1])
    door.settle()
    door.take_in(replace(event, event_id="fe_x", body=json.dumps(foreign).encode()))
    door.settle()
    assert [standing for _, standing in door.standings()] == ["foreign", "foreign"]
    assert till.count("exceptions") == till.count("disputes") == 0
    # It was the till's own after all.
    door.take_in(event)
    door.settle()
    door.settle()
    assert [standing for _, standing in door.standings()] == ["settled", "foreign", "settled"]


@pytest.mark.parametrize(
    "fault",
    [Protocol("odd"), KeyError("x"), TypeError("x"), ValueError("x"), AttributeError("x")],
    ids=lambda fault: type(fault).__name__,
)
def test_a_poisoned_event_is_marked_and_does_not_hold_up_the_others(
    till: Counter, fault: Exception, monkeypatch: pytest.MonkeyPatch, expected_logs: ExpectedLogs
) -> None:
    order, _, event = paid_sale(till)
    observe = till.strategy.observe

    def poisoned(delivery: Delivery, *, at: Any) -> Any:
        if delivery.event_id == "poison":
            raise fault
        return observe(delivery, at=at)

    monkeypatch.setattr(till.strategy, "observe", poisoned)
    door = Door(till)
    door.take_in(replace(event, event_id="poison"), event)
    door.settle()
    assert door.standings() == [("poison", "failed"), (event.event_id, "settled")]
    assert asyncio.run(till.state(order)) == "paid"
    expected_logs.take("delivery poison cannot be understood")
    assert door.settle() == 0


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
