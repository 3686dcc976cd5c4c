"""Razorpay's subscriptions where it differs from others: no keys, and a session that goes on."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.catalog import BillingInterval
from app.domain.observation import Observation, SessionState, Source
from app.domain.subscription import SubscriptionState
from app.errors import Rejected, Unavailable
from app.providers.kinds.razorpay import RazorpayLinks
from app.providers.strategy import PaymentStrategy, Recheck, Seen
from app.providers.subscribing import SubscriptionNews
from tests.contract.looks import looked
from tests.contract.razorpay_subscriptions import RazorpaySubscriptions
from tests.contract.rigs import a_request, opened, tried
from tests.contract.subscription_steps import begun, look, news_of, offered, terms_of

S = SubscriptionState
MONTHLY = BillingInterval.MONTHLY


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[RazorpaySubscriptions]:
    rig = RazorpaySubscriptions(tmp_path)
    yield rig
    rig.close()


def of_razorpay(strategy: PaymentStrategy) -> RazorpayLinks:
    assert isinstance(strategy, RazorpayLinks)
    return strategy


def lose_the_next_creation(rig: RazorpaySubscriptions, path: str) -> None:
    rig.fault({"method": "POST", "path": f"/razorpay/v1/{path}"}, drop="after_effect")


def test_a_subscription_whose_answer_was_lost_is_made_once(rig: RazorpaySubscriptions) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        plan = await of_razorpay(strategy).open_plan(terms_of(rig, MONTHLY), key="contract-1")
        (line,) = (await offered(rig, strategy))[0].lines
        request = a_request(1000, lines=(line,), plan_id=plan)
        parameters = await strategy.prepare_session(request)
        lose_the_next_creation(rig, "subscriptions")
        key = request.reference.key("create")
        with pytest.raises(Unavailable):
            await strategy.open_session(parameters, key=key)
        made = rig.sessions_made()
        session = await strategy.open_session(parameters, key=key)
        assert (await strategy.open_session(parameters, key=key)) == session
        assert rig.sessions_made() == made == 2
        assert (await looked(strategy, session.session_id)).reference == str(request.reference)

    tried(rig, story)


def test_a_plan_whose_answer_was_lost_is_made_once(rig: RazorpaySubscriptions) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        lose_the_next_creation(rig, "plans")
        links, terms = of_razorpay(strategy), terms_of(rig, MONTHLY)
        with pytest.raises(Unavailable):
            await links.open_plan(terms, key="contract-1")
        plan = await links.open_plan(terms, key="contract-1")
        assert await links.open_plan(terms, key="contract-1") == plan
        assert await links.open_plan(terms, key="contract-2") != plan

    tried(rig, story)


def test_closing_a_session_that_was_paid_meanwhile_does_not_end_the_subscription(
    rig: RazorpaySubscriptions,
) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        _, session = await offered(rig, strategy)
        await asyncio.to_thread(rig.pay, session.session_id)
        seen = await strategy.close_session(session.session_id, key="contract-close-1")
        assert (seen.state, seen.subscription_id) == (SessionState.PAID, session.session_id)
        assert (await look(strategy, session.session_id)).state is S.ACTIVE

    tried(rig, story)


def test_a_first_payment_that_is_promised_is_paid_once_it_is_captured(
    rig: RazorpaySubscriptions,
) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        _, session = await offered(rig, strategy)
        await asyncio.to_thread(rig.pay_slowly, session.session_id)
        seen = await looked(strategy, session.session_id)
        assert (seen.state, seen.payments) == (SessionState.PROCESSING, ())
        assert (await look(strategy, session.session_id)).payments == ()
        await asyncio.to_thread(lambda: rig.decide(session.session_id, succeeded=True))
        assert (await looked(strategy, session.session_id)).state is SessionState.PAID

    tried(rig, story)


def test_a_first_payment_that_was_refused_is_told_and_may_be_tried_again(
    rig: RazorpaySubscriptions,
) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        _, session = await offered(rig, strategy)
        await asyncio.to_thread(rig.decline, session.session_id)
        seen = await looked(strategy, session.session_id)
        assert seen.state is SessionState.OPEN and seen.decline
        await asyncio.to_thread(rig.pay, session.session_id)
        seen = await looked(strategy, session.session_id)
        assert (seen.state, len(seen.payments)) == (SessionState.PAID, 1)

    tried(rig, story)


def test_one_that_nobody_paid_in_time_is_over(rig: RazorpaySubscriptions) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        _, session = await offered(rig, strategy)
        await asyncio.to_thread(rig.let_pass, strategy.capabilities.session_lifetime)
        seen = await looked(strategy, session.session_id)
        assert (seen.state, seen.is_final) == (SessionState.EXPIRED, True)
        assert (await look(strategy, session.session_id)).state is S.ENDED

    tried(rig, story)


def test_a_pause_at_the_dashboard_is_seen_and_told(rig: RazorpaySubscriptions) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        _, paid = await begun(rig, strategy)
        for move, state in (("pause", S.PAUSED), ("resume", S.ACTIVE)):

            def happens(move: str = move) -> None:
                rig.at_dashboard(paid.subscription_id, move)

            def suffices(seen: list[Seen]) -> bool:
                return seen == [SubscriptionNews(paid.subscription_id)]

            await news_of(rig, strategy, happens, suffices)
            assert (await look(strategy, paid.subscription_id)).state is state

    tried(rig, story)


def test_a_bank_that_keeps_refusing_leads_to_a_halt(rig: RazorpaySubscriptions) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        _, paid = await begun(rig, strategy)
        await asyncio.to_thread(lambda: rig.let_interval_pass(paid.subscription_id, succeeds=False))
        for _ in range(3):
            await asyncio.to_thread(rig.try_again)
        seen = await look(strategy, paid.subscription_id)
        assert (seen.state, seen.payments) == (S.PAST_DUE, paid.payments) and seen.decline

    tried(rig, story)


def test_where_subscriptions_are_switched_off_links_are_sold_and_listed(
    rig: RazorpaySubscriptions,
) -> None:
    rig.control("POST", "razorpay/features", subscriptions=False)

    async def story(strategy: PaymentStrategy) -> None:
        with pytest.raises(Rejected, match="switched off"):
            await offered(rig, strategy)
        since = rig.now()
        request = a_request()
        session = await opened(strategy, request)
        assert session.session_id.startswith("plink_")
        listed = [seen async for seen in strategy.list_since(since, source=Source.SWEEP)]
        assert [seen.reference for seen in listed] == [str(request.reference)]

    tried(rig, story)


def test_each_payment_is_told_once(rig: RazorpaySubscriptions) -> None:
    """Razorpay sends `payment.*` beside `subscription.*`: the first leads only to the session."""

    async def story(strategy: PaymentStrategy) -> None:
        request, session = await offered(rig, strategy)

        def all_three(seen: list[Seen]) -> bool:
            return len(seen) == 3

        told = await news_of(rig, strategy, lambda: rig.pay(session.session_id), all_three)
        assert not any(isinstance(news, Observation | SubscriptionNews) for news in told)
        assert {news.reference for news in told if isinstance(news, Recheck)} == {
            str(request.reference)
        }

    tried(rig, story)
