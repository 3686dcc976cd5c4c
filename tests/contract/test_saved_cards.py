"""What every provider that keeps cards does; one that keeps none says so and is asked nothing.

A provider joins by a rig whose customers give cards for later.
"""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest

from app.domain.attempt import MAX_REFERENCE
from app.domain.capabilities import Demand, objection
from app.domain.money import Money
from app.domain.observation import Source
from app.errors import ProviderError, Rejected, Unavailable
from app.providers.kinds import KINDS
from app.providers.pages import may_be_shown
from app.providers.saving import OpenedSetup, SavesCards, SetupNews, SetupRequest, SetupState
from app.providers.strategy import PaymentStrategy
from tests.contract.looks import read
from tests.contract.rigs import RIGS, Rig, StripeRig, opened, tried
from tests.contract.subscription_ways import listening

S = SetupState


class SavingRig(Rig, Protocol):
    """A rig whose customers give cards that are kept: 4242 of Visa, until December 2049."""

    def give(self, setup_id: str) -> None: ...

    def give_refused(self, setup_id: str) -> None: ...

    def setups_made(self) -> int: ...


class StripeSavedCards(StripeRig):
    """Stripe Checkout's set-up mode at the simulator."""

    def give(self, setup_id: str) -> None:
        self._customer(setup_id, "4242424242424242", "saved")

    def give_refused(self, setup_id: str) -> None:
        self._customer(setup_id, "4000000000000002", "declined")

    def setups_made(self) -> int:
        return self.sessions_made()


SAVING_RIGS: dict[str, Callable[[Path], SavingRig]] = {"stripe_checkout": StripeSavedCards}


@pytest.fixture(params=sorted(SAVING_RIGS))
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SavingRig]:
    rig = SAVING_RIGS[request.param](tmp_path)
    yield rig
    rig.close()


def a_setup(rig: SavingRig, **changes: Any) -> SetupRequest:
    request = SetupRequest(
        reference="t11111-setup-0000001",
        currency=rig.currency,
        success_url="https://shop.example/thanks",
        cancel_url="https://shop.example/back",
    )
    return replace(request, **changes)


def saves(strategy: PaymentStrategy) -> SavesCards:
    assert isinstance(strategy, SavesCards)
    return strategy


async def begun(
    rig: SavingRig, strategy: PaymentStrategy, *, key: str = "contract-setup-1", **changes: Any
) -> OpenedSetup:
    parameters = await saves(strategy).prepare_setup(a_setup(rig, **changes))
    return await saves(strategy).open_setup(parameters, key=key)


@pytest.mark.parametrize("name", sorted(set(KINDS) & set(RIGS)))
def test_a_kind_keeps_cards_exactly_where_it_has_what_the_till_asks_of_it(
    name: str, tmp_path: Path
) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        takes = strategy.capabilities
        assert takes.saves_cards is isinstance(strategy, SavesCards) is (name in SAVING_RIGS)
        demand = Demand(Money(1234, whole.currency), saves_card=True)
        assert bool(objection(takes, demand)) is not takes.saves_cards

    whole = RIGS[name](tmp_path)
    try:
        tried(whole, story)
    finally:
        whole.close()


def test_its_parameters_are_plain_data_and_carry_the_reference(rig: SavingRig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        parameters = await saves(strategy).prepare_setup(a_setup(rig))
        assert json.loads(json.dumps(parameters)) == parameters
        assert a_setup(rig).reference in json.dumps(parameters)
        assert rig.setups_made() == 0

    tried(rig, story)


def test_it_has_a_page_of_the_providers_own(rig: SavingRig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        setup = await begun(rig, strategy)
        assert may_be_shown(setup.url, strategy.capabilities)
        assert setup.expires_at > rig.now() + timedelta(minutes=5)
        seen = await saves(strategy).fetch_setup(setup.setup_id, source=Source.POLL)
        assert (seen.state, seen.is_final, seen.source) == (S.OPEN, False, Source.POLL)
        assert (seen.customer_id, seen.method_id, seen.decline) == ("", "", "")

    tried(rig, story)


def test_the_same_key_is_the_same_one_even_where_the_answer_was_lost(rig: SavingRig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        parameters = await saves(strategy).prepare_setup(a_setup(rig))
        rig.lose_the_next_answer()
        with pytest.raises(Unavailable):
            await saves(strategy).open_setup(parameters, key="contract-setup-1")
        kept = json.loads(json.dumps(parameters))
        setups = [await saves(strategy).open_setup(kept, key="contract-setup-1") for _ in range(2)]
        assert setups[0].setup_id == setups[1].setup_id and rig.setups_made() == 1
        other = await saves(strategy).prepare_setup(a_setup(rig, reference="t11111-setup-2"))
        with pytest.raises(ProviderError) as error:
            await saves(strategy).open_setup(other, key="contract-setup-1")
        assert not isinstance(error.value, Rejected) and rig.setups_made() == 1

    tried(rig, story)


def test_a_card_that_was_given_is_told_with_its_customer(rig: SavingRig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        known = await strategy.identify()
        setup = await begun(rig, strategy)
        await asyncio.to_thread(rig.give, setup.setup_id)
        first, second = [
            await saves(strategy).fetch_setup(setup.setup_id, source=Source.MANUAL)
            for _ in range(2)
        ]
        assert (first.state, first.is_final, first.decline) == (S.SAVED, True, "")
        assert (first.brand, first.last4) == ("visa", "4242")
        assert (first.expiry_month, first.expiry_year) == (12, 2049)
        assert first.customer_id and first.method_id
        assert (first.reference, first.setup_id) == (a_setup(rig).reference, setup.setup_id)
        assert (first.provider, first.live) == (strategy.provider, False)
        assert first.provider_account == known.id
        assert replace(second, observed_at=first.observed_at) == first

    tried(rig, story)


def test_a_second_card_is_kept_for_a_customer_who_is_known(rig: SavingRig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        first = await begun(rig, strategy)
        await asyncio.to_thread(rig.give, first.setup_id)
        kept = await saves(strategy).fetch_setup(first.setup_id, source=Source.POLL)
        again = await begun(rig, strategy, key="contract-setup-2", customer_id=kept.customer_id)
        await asyncio.to_thread(rig.give, again.setup_id)
        seen = await saves(strategy).fetch_setup(again.setup_id, source=Source.POLL)
        assert seen.customer_id == kept.customer_id and seen.method_id != kept.method_id

    tried(rig, story)


def test_a_refused_card_leaves_it_open_with_the_reason(rig: SavingRig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        setup = await begun(rig, strategy)
        await asyncio.to_thread(rig.give_refused, setup.setup_id)
        seen = await saves(strategy).fetch_setup(setup.setup_id, source=Source.POLL)
        assert (seen.state, seen.method_id) == (S.OPEN, "") and seen.decline
        await asyncio.to_thread(rig.give, setup.setup_id)
        seen = await saves(strategy).fetch_setup(setup.setup_id, source=Source.POLL)
        assert (seen.state, seen.decline) == (S.SAVED, "")

    tried(rig, story)


def test_a_closed_one_keeps_nothing_and_a_card_that_came_first_is_kept(rig: SavingRig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        setup = await begun(rig, strategy)
        for number in (1, 2):
            seen = await saves(strategy).close_setup(setup.setup_id, key=f"contract-close-{number}")
            assert (seen.state, seen.is_final, seen.source) == (S.EXPIRED, True, Source.CLOSE)
        other = await begun(rig, strategy, key="contract-setup-2")
        await asyncio.to_thread(rig.give, other.setup_id)
        seen = await saves(strategy).close_setup(other.setup_id, key="contract-close-3")
        assert seen.state is S.SAVED

    tried(rig, story)


def test_one_that_ran_out_or_is_not_there_says_so(rig: SavingRig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        setup = await begun(rig, strategy)
        await asyncio.to_thread(rig.expire, setup.setup_id)
        seen = await saves(strategy).fetch_setup(setup.setup_id, source=Source.POLL)
        assert (seen.state, seen.is_final) == (S.EXPIRED, True)
        with pytest.raises(Rejected) as refused:
            await saves(strategy).fetch_setup("cs_test_nowhere", source=Source.POLL)
        assert refused.value.status == 404
        rig.cut_the_line()
        with pytest.raises(Unavailable):
            await saves(strategy).fetch_setup(setup.setup_id, source=Source.POLL)

    tried(rig, story)


def test_what_takes_money_is_no_set_up_and_a_set_up_no_money(rig: SavingRig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        since = rig.now() - timedelta(minutes=1)
        sold = await opened(strategy)
        with pytest.raises(ProviderError):
            await saves(strategy).fetch_setup(sold.session_id, source=Source.POLL)
        # It bears a reference such as orders have: that makes it none.
        setup = await begun(rig, strategy, reference="t11111-0rder0000001-1")
        await asyncio.to_thread(rig.give, setup.setup_id)
        with pytest.raises(ProviderError):
            await strategy.fetch(setup.setup_id, source=Source.POLL)
        listed = [seen async for seen in strategy.list_since(since, source=Source.SWEEP)]
        assert [getattr(seen, "session_id", "") for seen in listed] == [sold.session_id]

    tried(rig, story)


def test_news_lead_to_it_and_to_no_money(rig: SavingRig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        setup = await begun(rig, strategy)
        news: list[SetupNews] = []
        await strategy.identify()
        async with listening(strategy) as delivered:
            await asyncio.to_thread(rig.give_refused, setup.setup_id)
            await asyncio.to_thread(rig.give, setup.setup_id)
            for _ in range(500):
                if len(delivered()) >= 3:
                    break
                await asyncio.sleep(0.01)
            for request in delivered():
                delivery = await read(strategy, request)
                assert strategy.observe(delivery, at=rig.now()) is None
                told = saves(strategy).setup_told(delivery)
                news += [] if told is None else [told]
        assert SetupNews(setup.setup_id, a_setup(rig).reference) in news
        assert {told.reference for told in news} == {a_setup(rig).reference} and len(news) >= 3

    tried(rig, story)


def test_the_longest_reference_is_taken(rig: SavingRig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        setup = await begun(rig, strategy, reference="z" * MAX_REFERENCE)
        seen = await saves(strategy).fetch_setup(setup.setup_id, source=Source.POLL)
        assert seen.reference == "z" * MAX_REFERENCE

    tried(rig, story)
