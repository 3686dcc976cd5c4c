"""Charging where cash and card machines stand beside a provider: chosen, named by a rule, alone."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.attempt import Attempt, AttemptState, CloseReason
from app.domain.order import Order
from app.errors import CheckoutRefused, Unavailable
from app.routing import Rule
from app.ways import Terms
from tests.parts.by_hand import HandCounter
from tests.parts.provider import Call
from tests.parts.several import decided

HANDS = ("cash", "terminal", "machine2")


@pytest.fixture
def till(tmp_path: Path) -> Iterator[HandCounter]:
    till = HandCounter(tmp_path, settings={"rules": (Rule(use=("fake", "cash")),)})
    yield till
    faults = till.violations()
    till.close()
    assert faults == []


def charged(till: HandCounter, account: str | None = None) -> tuple[Order, Attempt]:
    order = asyncio.run(till.place())
    return order, asyncio.run(till.checkout.charge(order.id, account))


def test_the_operator_chooses_cash_and_that_is_kept(till: HandCounter) -> None:
    order, attempt = charged(till, "cash")
    assert attempt.is_confirmable
    (decision,) = decided(till, order)
    assert (decision.account, decision.is_operators) == ("cash", True)
    asyncio.run(till.take_cash(attempt, attempt.amount.minor))
    assert asyncio.run(till.state(order)) == "paid"


def test_cash_that_a_rule_names_follows_a_provider_that_does_not_answer(till: HandCounter) -> None:
    till.strategy.answers["open_session"] = [Unavailable("No answer")] * 100
    order, attempt = charged(till)
    assert (attempt.account, attempt.is_confirmable) == ("cash", True)
    assert [each.account for each in decided(till, order)[1].tried] == ["fake"]
    first = till.attempt(1)
    assert (first.state, first.close_reason) == (AttemptState.UNKNOWN, CloseReason.SUPERSEDED)


def test_an_order_that_is_being_cancelled_is_not_taken_in_cash(till: HandCounter) -> None:
    till.strategy.answers["open_session"] = [Unavailable("No answer")] * 100
    order = asyncio.run(till.place())

    async def charge() -> None:
        async def cancel(call: Call) -> None:
            if call.verb == "open_session" and not tasks:
                tasks.append(asyncio.create_task(till.checkout.cancel(order.id)))
                await asyncio.sleep(0)

        tasks: list[asyncio.Task[Order]] = []
        till.strategy.pause = cancel
        attempt = await till.checkout.charge(order.id)
        assert attempt.account == "fake"
        await tasks[0]

    asyncio.run(charge())
    assert till.rows("SELECT account FROM attempts") == [("fake",)]


def test_the_way_is_changed_from_cash_to_the_provider_and_back(till: HandCounter) -> None:
    order, by_hand = charged(till, "cash")
    asyncio.run(till.checkout.withdraw(order.id))
    assert till.attempt(by_hand.id).state is AttemptState.CANCELLED
    online = asyncio.run(till.checkout.charge(order.id))
    assert (online.account, online.is_payable) == ("fake", True)
    with pytest.raises(CheckoutRefused, match="is over"):
        asyncio.run(till.take_cash(by_hand, by_hand.amount.minor))
    asyncio.run(till.checkout.withdraw(order.id))
    again = asyncio.run(till.checkout.charge(order.id, "cash"))
    asyncio.run(till.take_cash(again, again.amount.minor))
    assert asyncio.run(till.state(order)) == "paid"


def test_without_a_rule_cash_is_never_taken_by_itself(tmp_path: Path) -> None:
    till = HandCounter(tmp_path)
    till.strategy.answers["identify"] = [Unavailable("No network")]
    with pytest.raises(CheckoutRefused, match="No network"):
        charged(till)
    assert till.count("attempts") == 0
    till.close()


def test_a_till_that_takes_all_by_hand_begins_with_the_first(tmp_path: Path) -> None:
    till = HandCounter(tmp_path, settings={"terms": {"fake": Terms(is_enabled=False)}})
    order, attempt = charged(till)
    assert attempt.account == HANDS[0]
    assert not decided(till, order)[0].is_operators
    till.close()
