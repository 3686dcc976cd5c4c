"""A refund that failed leaves the list once as much went back another way, and only then."""

import asyncio

import pytest

from app.domain.exceptions import ExceptionKind
from app.domain.refund import RefundState
from app.domain.resolution import Action
from app.errors import CheckoutRefused, Unavailable
from tests.parts.till import Counter
from tests.parts.trouble import (
    ask,
    case,
    deliver,
    entry,
    eur,
    kinds_waiting,
    resolved,
    sold,
    waiting,
)

IDS = iter(range(10**6))


def told(till: Counter, refund_id: str) -> str:
    return deliver(till, till.provider.refunds.delivery(refund_id, f"evt_{next(IDS)}"))


def fails(till: Counter, refund_id: str) -> None:
    till.provider.refunds.decide(refund_id, RefundState.FAILED)
    assert told(till, refund_id) == "settled"


async def failed(till: Counter, minor: int = 200, press: str = "first") -> str:
    """Sell, give a part back, and have the bank send that back; give the payment."""
    _, payment_id = await sold(till)
    refund = await ask(till, payment_id, minor, press)
    fails(till, refund.refund_id)
    assert kinds_waiting(till) == [ExceptionKind.REFUND_FAILED]
    return payment_id


def left(till: Counter) -> list[int]:
    return [each.amount.minor for each in reversed(waiting(till))]


@pytest.mark.parametrize("way", ["dashboard", "new refund"])
def test_as_much_by_another_way_closes_the_entry_with_an_audit_line(
    till: Counter, way: str
) -> None:
    async def story() -> None:
        payment_id = await failed(till)
        if way == "dashboard":
            other = till.provider.refunds.give_back(payment_id, eur(200)).id
            assert told(till, other) == "settled"
        else:
            other = (await ask(till, payment_id, 200, "second")).refund_id
        assert waiting(till) == []
        closed = entry(till)
        assert (closed.resolved_by, closed.action) == ("till", "")
        assert closed.resolution == f"as much went back since, by refund {other}"
        assert till.rows(
            "SELECT actor, subject FROM audit WHERE action = 'exception.resolved'"
        ) == [("till", "1")]
        with pytest.raises(CheckoutRefused):
            await resolved(till, Action.REFUND)
        assert till.provider.refunds.of(payment_id) == 200

    asyncio.run(story())


def test_a_part_leaves_the_rest_on_the_list_and_no_more_can_be_given_for_it(till: Counter) -> None:
    async def story() -> None:
        payment_id = await failed(till)
        assert told(till, till.provider.refunds.give_back(payment_id, eur(150)).id) == "settled"
        assert left(till) == [50] and case(till).left == eur(50)
        assert "1.50 EUR went back since: the customer still lacks 0.50 EUR" in entry(till).detail
        (data,) = till.rows(
            "SELECT json_extract(data, '$.amount_minor') FROM audit "
            "WHERE action = 'exception.lessened' AND actor = 'till' AND subject = '1'"
        )
        assert data == (150,)
        with pytest.raises(CheckoutRefused, match=r"Only 0\.50 EUR"):
            await resolved(till, Action.REFUND, amount=eur(51))
        await resolved(till, Action.REFUND)
        assert waiting(till) == [] and till.provider.refunds.of(payment_id) == 200

    asyncio.run(story())


def test_more_than_failed_closes_it_and_lessens_the_next(till: Counter) -> None:
    async def story() -> None:
        payment_id = await failed(till)
        second = await ask(till, payment_id, 100, "second")
        # It was begun after the first had failed: half of that is made good until it fails itself.
        assert left(till) == [100]
        fails(till, second.refund_id)
        assert left(till) == [100, 100]
        assert told(till, till.provider.refunds.give_back(payment_id, eur(150)).id) == "settled"
        assert left(till) == [50]

    asyncio.run(story())


def test_one_of_the_very_amount_is_meant_before_an_older_one(till: Counter) -> None:
    async def story() -> None:
        _, payment_id = await sold(till)
        first = await ask(till, payment_id, 200, "first")
        second = await ask(till, payment_id, 100, "second")
        fails(till, first.refund_id)
        fails(till, second.refund_id)
        assert left(till) == [200, 100]
        assert told(till, till.provider.refunds.give_back(payment_id, eur(100)).id) == "settled"
        assert [each.id for each in waiting(till)] == [1] and left(till) == [200]

    asyncio.run(story())


def test_one_that_was_asked_for_before_the_other_failed_was_for_something_else(
    till: Counter,
) -> None:
    async def story() -> None:
        _, payment_id = await sold(till)
        till.provider.refunds.first_state = RefundState.PENDING
        first = await ask(till, payment_id, 200, "first")
        till.provider.refunds.first_state = RefundState.PENDING
        second = await ask(till, payment_id, 200, "second")
        fails(till, first.refund_id)
        till.provider.refunds.decide(second.refund_id, RefundState.SUCCEEDED)
        assert told(till, second.refund_id) == "settled"
        assert left(till) == [200]

    asyncio.run(story())


def test_one_without_an_answer_when_the_other_failed_was_for_something_else(till: Counter) -> None:
    async def story() -> None:
        _, payment_id = await sold(till)
        first = await ask(till, payment_id, 200, "first")

        till.strategy.answers["refund"] = [Unavailable("no")] * 100
        await ask(till, payment_id, 200, "second")
        fails(till, first.refund_id)
        till.strategy.answers["refund"] = []
        await till.refunds.sweep()
        assert till.provider.refunds.of(payment_id) == 200 and left(till) == [200]

    asyncio.run(story())


def test_what_made_it_good_and_failed_in_its_turn_is_told_anew(till: Counter) -> None:
    async def story() -> None:
        payment_id = await failed(till)
        other = till.provider.refunds.give_back(payment_id, eur(200))
        assert told(till, other.id) == "settled" and waiting(till) == []
        fails(till, other.id)
        assert left(till) == [200] and kinds_waiting(till) == [ExceptionKind.REFUND_FAILED]

    asyncio.run(story())


def test_on_its_way_counts_once(till: Counter) -> None:
    async def story() -> None:
        payment_id = await failed(till, 200)
        till.provider.refunds.first_state = RefundState.PENDING
        other = till.provider.refunds.give_back(payment_id, eur(150))
        assert told(till, other.id) == "settled" and left(till) == [50]
        till.provider.refunds.decide(other.id, RefundState.SUCCEEDED)
        assert told(till, other.id) == "settled" and left(till) == [50]

    asyncio.run(story())


@pytest.mark.parametrize("ends_as", [RefundState.SUCCEEDED, RefundState.FAILED])
def test_with_a_refund_of_its_own_under_way_it_is_lessened_and_stays_until_that_ends(
    till: Counter, ends_as: RefundState
) -> None:
    async def story() -> None:
        payment_id = await failed(till)
        till.provider.refunds.first_state = RefundState.PENDING
        await resolved(till, Action.REFUND)
        own = list(till.provider.refunds.rows.values())[-1]
        till.provider.refunds.first_state = RefundState.SUCCEEDED
        assert told(till, till.provider.refunds.give_back(payment_id, eur(200)).id) == "settled"
        assert left(till) == [0] and entry(till).action == "refund"
        till.provider.refunds.decide(own.id, ends_as)
        assert told(till, own.id) == "settled"
        assert waiting(till) == []
        closed = entry(till)
        is_given = ends_as is RefundState.SUCCEEDED
        assert closed.resolved_by == ("Ada" if is_given else "till")
        assert is_given or closed.resolution == "as much went back another way"

    asyncio.run(story())


def test_a_refund_of_another_payment_makes_nothing_good(till: Counter) -> None:
    async def story() -> None:
        await failed(till)
        _, other = await sold(till)
        assert told(till, till.provider.refunds.give_back(other, eur(200)).id) == "settled"
        assert left(till) == [200]

    asyncio.run(story())
