"""What every provider tells of its subscriptions, and what their payments are afterwards."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.domain.money import Money
from app.domain.observation import Observation
from app.domain.subscription import SubscriptionState
from app.errors import Rejected
from app.providers.strategy import PaymentStrategy, Recheck, RefundRequest, Seen
from app.providers.subscribing import SubscriptionNews
from tests.contract.looks import looked
from tests.contract.rigs import tried
from tests.contract.subscription_rigs import SUBSCRIPTION_RIGS
from tests.contract.subscription_steps import begun, look, news_of, offered, renewed, tells_of
from tests.contract.subscription_ways import SubscriptionRig

S = SubscriptionState


@pytest.fixture(params=sorted(SUBSCRIPTION_RIGS))
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SubscriptionRig]:
    rig = SUBSCRIPTION_RIGS[request.param](tmp_path)
    yield rig
    rig.close()


def test_news_of_the_first_payment_lead_to_the_session(rig: SubscriptionRig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        request, session = await offered(rig, strategy)

        def leads_there(seen: list[Seen]) -> bool:
            return any(
                isinstance(news, Observation | Recheck)
                and (
                    news.reference == str(request.reference)
                    or news.session_id == session.session_id
                )
                for news in seen
            )

        loop = asyncio.get_running_loop()

        def pay() -> None:
            rig.pay(session.session_id)
            # Where the customer's word moves no money, this takes it.
            look = looked(strategy, session.session_id)
            asyncio.run_coroutine_threadsafe(look, loop).result()

        for news in await news_of(rig, strategy, pay, leads_there):
            # What an event says of money is either right or left to the next look.
            if isinstance(news, Observation):
                assert news.reference in ("", str(request.reference))
                assert [payment.amount for payment in news.payments] in ([], [request.amount])

    tried(rig, story)


@pytest.mark.parametrize("succeeds", [True, False])
def test_news_of_a_renewal_lead_to_the_subscription_and_to_no_session(
    rig: SubscriptionRig, succeeds: bool
) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        _, paid = await begun(rig, strategy)

        def happens() -> None:
            rig.let_interval_pass(paid.subscription_id, succeeds=succeeds)

        def suffices(seen: list[Seen]) -> bool:
            named = any(isinstance(news, SubscriptionNews) and news.payment_id for news in seen)
            is_named = named or not (succeeds and rig.subscription_ways.names_payments)
            return tells_of(paid.subscription_id)(seen) and is_named

        told = await news_of(rig, strategy, happens, suffices)
        payments = {
            each.payment_id for each in (await look(strategy, paid.subscription_id)).payments
        }
        for news in told:
            assert not (isinstance(news, Observation) and news.payments)
            if isinstance(news, SubscriptionNews):
                assert news.subscription_id == paid.subscription_id
                assert not (succeeds and news.payment_id) or news.payment_id in payments

    tried(rig, story)


def test_news_of_its_end_lead_to_the_subscription(rig: SubscriptionRig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        _, paid = await begun(rig, strategy)

        def happens() -> None:
            rig.end_at_dashboard(paid.subscription_id)

        await news_of(rig, strategy, happens, tells_of(paid.subscription_id))
        assert (await look(strategy, paid.subscription_id)).state is S.ENDED

    tried(rig, story)


def test_its_own_list_of_events_tells_of_renewals_too(rig: SubscriptionRig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        since = rig.now() - timedelta(minutes=1)
        _, paid = await begun(rig, strategy)

        def happens() -> None:
            rig.let_interval_pass(paid.subscription_id)

        await news_of(rig, strategy, happens, tells_of(paid.subscription_id))
        listed = [
            strategy.observe(delivery, at=rig.now())
            async for delivery in strategy.events_since(since)
        ]
        news = [each for each in listed if each is not None]
        assert tells_of(paid.subscription_id)(news) is bool(strategy.event_memory)

    tried(rig, story)


def test_the_first_payment_and_a_renewal_are_given_back_like_any_other(
    rig: SubscriptionRig,
) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        request, paid = await begun(rig, strategy)
        before = await renewed(rig, strategy, paid.subscription_id)
        for number, payment in enumerate(before.payments, start=1):
            key = request.reference.key(f"refund-{number}")
            back = RefundRequest(
                payment.payment_id, Money(200, rig.currency), key, request.reference
            )
            parameters = strategy.prepare_refund(back)
            if not rig.subscription_ways.refunds:
                with pytest.raises(Rejected):
                    await strategy.refund(parameters, key=key)
                continue
            given = [await strategy.refund(parameters, key=key) for _ in range(2)]
            assert given[0] == given[1] and given[0].amount == back.amount
            assert given[0].payment_id == payment.payment_id
            await asyncio.to_thread(rig.let_pass, strategy.capabilities.lists_after)
            assert [seen async for seen in strategy.list_refunds(payment.payment_id)] == given[:1]
        # What was given back was taken before.
        assert (await look(strategy, paid.subscription_id)).payments == before.payments

    tried(rig, story)


def test_fees_of_renewals_are_told_like_those_of_any_payment(rig: SubscriptionRig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        _, paid = await begun(rig, strategy)
        for payment in (await renewed(rig, strategy, paid.subscription_id)).payments:
            fees = await strategy.fetch_fees(payment.payment_id)
            assert bool(fees) is rig.subscription_ways.tells_fees
            assert all(fee.payment_id == payment.payment_id for fee in fees or ())

    tried(rig, story)
