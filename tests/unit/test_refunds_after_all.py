"""Money that went back after all: booked once, though the till had given the refund up."""

import asyncio

import pytest

from app.domain.exceptions import ExceptionKind
from app.domain.refund import RefundState
from app.domain.resolution import Action
from app.errors import Unavailable
from tests.parts.provider import LOST
from tests.parts.till import Counter
from tests.parts.trouble import (
    BY,
    ask,
    deliver,
    entry,
    eur,
    kinds_waiting,
    paid_otherwise,
    refunds,
    resolved,
    sold,
    waiting,
)

DAY_S = 24 * 3600


@pytest.mark.parametrize("is_held", [False, True])
def test_a_refund_that_was_given_up_and_came_to_be_all_the_same_is_booked(
    till: Counter, is_held: bool
) -> None:
    """The provider's list did not have it yet, or the call was under way for a day."""

    async def story() -> None:
        if is_held:
            order, attempt = await paid_otherwise(till, 200)
            payment_id = f"fp_{attempt.session_id}_1"
        else:
            order, payment_id = await sold(till)
        till.strategy.answers["refund"] = [Unavailable("no")] * 100
        await ask(till, payment_id)
        till.clock.advance(DAY_S)
        await till.refunds.sweep()
        assert refunds(till, order) == [("failed", 200)]
        assert len(waiting(till)) == 1
        (key,) = set(till.strategy.keys_of("refund"))
        late = till.provider.refunds.give_back(payment_id, eur(200), key=key)
        told = till.provider.refunds.delivery(late.id, "evt_late")
        assert deliver(till, told) == "settled"
        assert deliver(till, told) == "nothing_new"
        assert refunds(till, order) == [("failed", 200), ("succeeded", 200)]
        assert waiting(till) == []

    asyncio.run(story())


def test_one_that_is_on_its_way_after_all_is_off_the_list_until_it_fails(till: Counter) -> None:
    async def story() -> None:
        _, payment_id = await sold(till)
        till.strategy.answers["refund"] = [Unavailable("no")] * 100
        await ask(till, payment_id)
        till.clock.advance(DAY_S)
        await till.refunds.sweep()
        (key,) = set(till.strategy.keys_of("refund"))
        till.provider.refunds.first_state = RefundState.PENDING
        late = till.provider.refunds.give_back(payment_id, eur(200), key=key)
        assert deliver(till, till.provider.refunds.delivery(late.id, "evt_late")) == "settled"
        assert waiting(till) == []
        till.provider.refunds.decide(late.id, RefundState.FAILED)
        assert deliver(till, till.provider.refunds.delivery(late.id, "evt_last")) == "settled"
        assert kinds_waiting(till) == [ExceptionKind.REFUND_FAILED]

    asyncio.run(story())


def test_an_entry_that_a_person_has_closed_stays_as_it_is(till: Counter) -> None:
    async def story() -> None:
        _, payment_id = await sold(till)
        till.strategy.answers["refund"] = [Unavailable("no")] * 100
        await ask(till, payment_id)
        till.clock.advance(DAY_S)
        await till.refunds.sweep()
        await resolved(till, Action.WRITE_OFF)
        (key,) = set(till.strategy.keys_of("refund"))
        late = till.provider.refunds.give_back(payment_id, eur(200), key=key)
        assert deliver(till, till.provider.refunds.delivery(late.id, "evt_late")) == "settled"
        assert (entry(till).action, entry(till).resolved_by) == ("write_off", BY)

    asyncio.run(story())


def test_a_clock_that_was_set_back_does_not_make_a_forgotten_key_young(till: Counter) -> None:
    """As after a power cut with the computer's own battery empty."""

    async def story() -> None:
        order, payment_id = await sold(till)
        till.strategy.answers["refund"] = [LOST] * 100
        await ask(till, payment_id)
        till.clock.advance(2 * DAY_S)
        till.clock.set_wrong_by(-3 * DAY_S)
        till.provider.refunds.keys.clear()
        till.strategy.answers["refund"] = []
        till.restart()
        await till.refunds.sweep()
        assert till.provider.refunds.of(payment_id) == 200
        assert refunds(till, order) == [("succeeded", 200)]

    asyncio.run(story())
