"""What every provider's subscriptions do, whatever the provider: one suite for all of them.

Every kind is in it: one that takes none says so, and one that takes them has a rig that plays the
customer, the bank, the passing of time and the owner at the dashboard.
"""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.domain.capabilities import Demand, objection
from app.domain.catalog import BillingInterval
from app.domain.money import Money
from app.domain.observation import Observation, SessionState, Source
from app.domain.subscription import SubscriptionState
from app.errors import Rejected, Unavailable
from app.providers.kinds import KINDS
from app.providers.strategy import PaymentStrategy
from app.providers.subscribing import KeepsPlans, Subscribes
from tests.contract.looks import looked
from tests.contract.rigs import RIGS, tried
from tests.contract.subscription_rigs import SUBSCRIPTION_RIGS
from tests.contract.subscription_steps import (
    CLUB,
    begun,
    ended,
    look,
    offered,
    renewed,
    subscribes,
    terms_of,
)
from tests.contract.subscription_ways import SubscriptionRig

LENGTHS = {
    BillingInterval.WEEKLY: (6, 8),
    BillingInterval.MONTHLY: (27, 32),
    BillingInterval.YEARLY: (364, 367),
}
"""The least and the most days between a payment and the next."""

S = SubscriptionState


@pytest.fixture(params=sorted(SUBSCRIPTION_RIGS))
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SubscriptionRig]:
    rig = SUBSCRIPTION_RIGS[request.param](tmp_path)
    yield rig
    rig.close()


@pytest.mark.parametrize("name", sorted(set(KINDS) & set(RIGS)))
def test_a_kind_takes_subscriptions_exactly_where_it_has_what_the_till_asks_of_them(
    name: str, tmp_path: Path
) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        takes = strategy.capabilities
        assert (name in SUBSCRIPTION_RIGS) is takes.takes_recurring
        assert isinstance(strategy, Subscribes) or not takes.takes_recurring
        for interval in LENGTHS:
            money = Money(CLUB, whole.currency)
            demand = Demand(money, intervals=frozenset({interval}), has_onetime=False)
            assert bool(objection(takes, demand)) is (interval not in takes.intervals)
        assert not takes.takes_recurring or takes.cancels_now or takes.cancels_at_period_end

    whole = RIGS[name](tmp_path)
    try:
        tried(whole, story)
    finally:
        whole.close()


@pytest.mark.parametrize("interval", LENGTHS)
def test_the_first_payment_begins_a_subscription_of_what_was_agreed(
    rig: SubscriptionRig, interval: BillingInterval
) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        known = await strategy.identify()
        assert interval in strategy.capabilities.intervals
        request, paid = await begun(rig, strategy, interval)
        assert [payment.amount for payment in paid.payments] == [request.amount]
        seen = await look(strategy, paid.subscription_id)
        assert (seen.subscription_id, seen.source) == (paid.subscription_id, Source.POLL)
        assert (seen.provider, seen.provider_account) == (strategy.provider, known.id)
        assert (seen.live, seen.state, seen.decline) == (False, S.ACTIVE, "")
        assert seen.payments == paid.payments
        assert seen.first_payment_id == paid.payments[0].payment_id
        assert (seen.amount, seen.interval) == (Money(CLUB, rig.currency), interval)
        assert seen.reference == (str(request.reference) * rig.subscription_ways.gives_reference)
        assert seen.ends_at is seen.ended_at is None
        assert seen.current_until is not None
        least, most = LENGTHS[interval]
        now = rig.now()
        assert now + timedelta(days=least) < seen.current_until < now + timedelta(days=most)

    tried(rig, story)


def test_before_its_first_payment_a_subscription_has_taken_nothing(rig: SubscriptionRig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        _, session = await offered(rig, strategy)
        seen = await looked(strategy, session.session_id)
        assert (seen.state, seen.payments) == (SessionState.OPEN, ())
        # Where the provider makes it before the customer agrees, it is there and waits.
        if seen.subscription_id:
            waits = await look(strategy, seen.subscription_id)
            assert waits.state is S.PENDING
            assert (waits.payments, waits.first_payment_id) == ((), "")

    tried(rig, story)


def test_a_closed_session_begins_no_subscription(rig: SubscriptionRig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        _, session = await offered(rig, strategy)
        seen = await strategy.close_session(session.session_id, key="contract-close-1")
        is_final = rig.subscription_ways.closes
        assert (seen.state, seen.is_final, seen.payments) == (SessionState.EXPIRED, is_final, ())
        if seen.subscription_id:
            assert (await look(strategy, seen.subscription_id)).state is S.ENDED

    tried(rig, story)


def test_each_interval_that_is_paid_adds_a_payment(rig: SubscriptionRig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        _, paid = await begun(rig, strategy)
        first = await look(strategy, paid.subscription_id)
        second = await renewed(rig, strategy, paid.subscription_id)
        third = await renewed(rig, strategy, paid.subscription_id)
        for seen, before in ((second, first), (third, second)):
            assert (seen.state, seen.decline) == (S.ACTIVE, "")
            assert seen.payments[:-1] == before.payments
            assert seen.payments[-1].amount == Money(CLUB, rig.currency)
            assert seen.first_payment_id == paid.payments[0].payment_id
            assert seen.current_until is not None and before.current_until is not None
            assert seen.current_until > before.current_until + timedelta(days=20)
        assert len({payment.payment_id for payment in third.payments}) == 3

    tried(rig, story)


def test_what_a_renewal_took_is_no_money_of_the_session(rig: SubscriptionRig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        since = rig.now() - timedelta(minutes=1)
        _, paid = await begun(rig, strategy)
        renewal = (await renewed(rig, strategy, paid.subscription_id)).payments[-1]
        again = await looked(strategy, paid.session_id)
        assert (again.state, again.payments) == (SessionState.PAID, paid.payments)
        assert again.subscription_id == paid.subscription_id
        await asyncio.to_thread(rig.let_pass, strategy.capabilities.lists_after)
        listed = [
            seen
            async for seen in strategy.list_since(since, source=Source.SWEEP)
            if isinstance(seen, Observation)
        ]
        assert all(renewal not in seen.payments for seen in listed)
        ours = [seen for seen in listed if seen.payments == paid.payments]
        assert all(seen.subscription_id == paid.subscription_id for seen in ours)
        assert len(ours) == int(rig.subscription_ways.lists_sessions)

    tried(rig, story)


def test_a_refused_renewal_takes_nothing_and_says_so(rig: SubscriptionRig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        _, paid = await begun(rig, strategy)
        seen = await renewed(rig, strategy, paid.subscription_id, succeeds=False)
        assert seen.state is rig.subscription_ways.refused
        assert seen.payments == paid.payments
        assert bool(seen.decline) is rig.subscription_ways.tells_declines
        if rig.subscription_ways.makes_good:
            await asyncio.to_thread(rig.make_good, paid.subscription_id)
            seen = await look(strategy, paid.subscription_id)
            assert (seen.state, seen.decline) == (S.ACTIVE, "")
            assert len(seen.payments) == 2 and seen.payments[:1] == paid.payments

    tried(rig, story)


def test_one_that_was_ended_at_the_dashboard_has_ended(rig: SubscriptionRig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        _, paid = await begun(rig, strategy)
        await asyncio.to_thread(rig.end_at_dashboard, paid.subscription_id)
        seen = await look(strategy, paid.subscription_id)
        assert (seen.state, seen.payments) == (S.ENDED, paid.payments)
        assert seen.ended_at is not None
        again = await ended(strategy, paid.subscription_id, at_period_end=False)
        assert (again.state, again.payments) == (S.ENDED, paid.payments)

    tried(rig, story)


def test_ending_one_at_once_takes_nothing_more(rig: SubscriptionRig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        _, paid = await begun(rig, strategy)
        if not strategy.capabilities.cancels_now:
            with pytest.raises(Rejected):
                await subscribes(strategy).cancel_subscription(
                    paid.subscription_id, at_period_end=False, key="contract-end-1"
                )
            seen = await look(strategy, paid.subscription_id)
            assert (seen.state, seen.ends_at) == (S.ACTIVE, None)
            return
        for number in (1, 2):
            seen = await ended(strategy, paid.subscription_id, at_period_end=False, number=number)
            assert (seen.state, seen.payments) == (S.ENDED, paid.payments)
            assert seen.ended_at is not None
        assert (await look(strategy, paid.subscription_id)).state is S.ENDED

    tried(rig, story)


def test_ending_one_with_what_was_paid_for_lets_it_run_until_then(rig: SubscriptionRig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        _, paid = await begun(rig, strategy)
        if not strategy.capabilities.cancels_at_period_end:
            with pytest.raises(Rejected):
                await subscribes(strategy).cancel_subscription(
                    paid.subscription_id, at_period_end=True, key="contract-end-1"
                )
            seen = await look(strategy, paid.subscription_id)
            assert (seen.state, seen.ends_at) == (S.ACTIVE, None)
            return
        until = (await look(strategy, paid.subscription_id)).current_until
        assert until is not None
        for number in (1, 2):
            seen = await ended(strategy, paid.subscription_id, at_period_end=True, number=number)
            assert (seen.state, seen.ended_at) == (S.ACTIVE, None)
            assert seen.ends_at is not None and abs(seen.ends_at - until) <= timedelta(days=1)
        seen = await renewed(rig, strategy, paid.subscription_id)
        assert (seen.state, seen.payments) == (S.ENDED, paid.payments)
        assert seen.ended_at is not None

    tried(rig, story)


def test_an_end_whose_answer_was_lost_is_the_same_end_when_it_is_asked_for_again(
    rig: SubscriptionRig,
) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        _, paid = await begun(rig, strategy)
        rig.lose_the_next_answer()
        with pytest.raises(Unavailable):
            await ended(strategy, paid.subscription_id, at_period_end=False)
        seen = await ended(strategy, paid.subscription_id, at_period_end=False)
        assert seen.state is S.ENDED or seen.ends_at is not None

    tried(rig, story)


def test_one_that_is_not_there_is_a_refusal(rig: SubscriptionRig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        with pytest.raises(Rejected) as refused:
            await look(strategy, "sub_nowhere")
        assert refused.value.status == 404
        with pytest.raises(Rejected):
            await ended(strategy, "sub_nowhere", at_period_end=False)

    tried(rig, story)


def test_no_answer_is_unavailable_whatever_is_asked(rig: SubscriptionRig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        _, paid = await begun(rig, strategy)
        rig.cut_the_line()
        with pytest.raises(Unavailable):
            await look(strategy, paid.subscription_id)
        with pytest.raises(Unavailable):
            await ended(strategy, paid.subscription_id, at_period_end=False)
        if isinstance(strategy, KeepsPlans):
            with pytest.raises(Unavailable):
                await strategy.open_plan(terms_of(rig, BillingInterval.WEEKLY), key="contract-9")

    tried(rig, story)


def test_a_plan_is_made_once_under_its_key(rig: SubscriptionRig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        if not isinstance(strategy, KeepsPlans):
            return
        monthly, weekly = (
            terms_of(rig, each) for each in (BillingInterval.MONTHLY, BillingInterval.WEEKLY)
        )
        plans = [await strategy.open_plan(monthly, key=f"{monthly.digest}-1") for _ in range(2)]
        other = await strategy.open_plan(weekly, key=f"{weekly.digest}-1")
        assert plans[0] == plans[1] != other and plans[0] and other

    tried(rig, story)
