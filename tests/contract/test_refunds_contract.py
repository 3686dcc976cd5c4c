"""What every provider's refunds do: once under a key, looked at, listed with the key kept."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.money import Money
from app.domain.refund import RefundState, SeenRefund
from app.errors import ProviderError, Rejected, Unavailable
from app.providers.strategy import PaymentStrategy, RefundRequest
from tests.contract.looks import looked
from tests.contract.rigs import Rig, a_request, opened, tried


async def paid(rig: Rig, strategy: PaymentStrategy, number: int = 1) -> RefundRequest:
    """Have 12.34 paid, and give what asks for 2.00 of them."""
    request = a_request(1234, currency=rig.currency)
    session = await opened(strategy, request)
    await asyncio.to_thread(rig.pay, session.session_id)
    seen = await looked(strategy, session.session_id)
    return RefundRequest(
        seen.payments[0].payment_id,
        Money(200, rig.currency),
        request.reference.key(f"refund-{number}"),
        request.reference,
    )


async def given_back(strategy: PaymentStrategy, request: RefundRequest) -> SeenRefund:
    return await strategy.refund(strategy.prepare_refund(request), key=request.key)


async def listed(strategy: PaymentStrategy, payment_id: str) -> list[SeenRefund]:
    return [seen async for seen in strategy.list_refunds(payment_id)]


def test_money_is_given_back_once_under_its_key_and_never_too_much(rig: Rig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        back = await paid(rig, strategy)
        refunds = [await given_back(strategy, back) for _ in range(2)]
        assert refunds[0] == refunds[1]
        assert (refunds[0].amount, refunds[0].state) == (
            Money(200, rig.currency),
            RefundState.SUCCEEDED,
        )
        assert refunds[0].key == back.key
        too_much = replace(
            back, amount=Money(1035, rig.currency), key=back.reference.key("refund-2")
        )
        with pytest.raises(Rejected):
            await given_back(strategy, too_much)

    tried(rig, story)


def test_a_refund_is_found_again_by_its_id_and_by_its_key(rig: Rig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        back = await paid(rig, strategy)
        second = replace(back, amount=Money(134, rig.currency), key=back.reference.key("refund-2"))
        made = [await given_back(strategy, each) for each in (back, second)]
        assert await listed(strategy, back.payment_id) == made[::-1]
        for refund in made:
            assert await strategy.fetch_refund(refund.refund_id) == refund
        with pytest.raises(ProviderError):
            await strategy.fetch_refund("no_such_refund")

    tried(rig, story)


def test_a_payment_of_which_nothing_was_given_back_has_no_refunds(rig: Rig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        back = await paid(rig, strategy)
        assert await listed(strategy, back.payment_id) == []

    tried(rig, story)


def test_refunds_made_since_a_moment_and_before_another_are_listed(rig: Rig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        since = rig.now() - timedelta(minutes=1)
        payments = [await paid(rig, strategy) for _ in range(2)]
        made = [await given_back(strategy, each) for each in payments]
        await asyncio.to_thread(rig.let_pass, strategy.capabilities.lists_after)
        listed = [seen async for seen in strategy.refunds_since(since)]
        assert {seen.refund_id: seen for seen in listed} == {each.refund_id: each for each in made}
        inside = strategy.refunds_since(since, until=rig.now() + timedelta(hours=1))
        assert {seen.refund_id async for seen in inside} == {each.refund_id for each in made}
        before = strategy.refunds_since(since - timedelta(days=1), until=since)
        later = strategy.refunds_since(rig.now() + timedelta(hours=1))
        assert [seen async for seen in before] == [seen async for seen in later] == []

    tried(rig, story)


def test_a_refund_whose_answer_was_lost_is_the_same_under_its_key(rig: Rig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        back = await paid(rig, strategy)
        rig.lose_the_next_answer()
        with pytest.raises(Unavailable):
            await given_back(strategy, back)
        again = await given_back(strategy, back)
        assert await listed(strategy, back.payment_id) == [again]

    tried(rig, story)


def test_the_parameters_of_a_refund_are_complete_and_always_the_same(rig: Rig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        back = await paid(rig, strategy)
        parameters = strategy.prepare_refund(back)
        assert parameters == strategy.prepare_refund(back)
        text = str(parameters)
        assert back.key in text and back.payment_id in text and ("200" in text or "2.00" in text)

    tried(rig, story)
