"""PayPal's strategy beside the simulator: what only its subscriptions do, over real sockets."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.domain.catalog import BillingInterval
from app.domain.money import Money
from app.domain.observation import Observation, SessionState, Source
from app.domain.refund import RefundObservation
from app.domain.subscription import SubscriptionState
from app.errors import Unavailable
from app.providers.strategy import PaymentStrategy, RefundRequest, Seen
from app.providers.subscribing import KeepsPlans
from tests.contract.looks import looked
from tests.contract.paypal_subscriptions import PayPalSubscriptions
from tests.contract.rigs import a_request, tried
from tests.contract.subscription_steps import begun, look, news_of, offered, renewed, terms_of

S = SessionState
KEYS_LAST = timedelta(hours=73)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[PayPalSubscriptions]:
    rig = PayPalSubscriptions(tmp_path)
    yield rig
    rig.close()


def agreed(
    rig: PayPalSubscriptions, session_id: str, funding: str = "balance", **order: Any
) -> str:
    """Agree on PayPal's page with money of some kind, and give what came of it."""
    done = rig.control("POST", f"sessions/{session_id}/pay", funding=funding, **order)
    return str(done["outcome"])


def payments(rig: PayPalSubscriptions) -> list[Any]:
    accounts = rig.control("GET", "books")["accounts"].values()
    return [payment for account in accounts for payment in account["payments"]]


def test_a_page_that_was_left_can_be_agreed_on_and_takes_nothing(
    rig: PayPalSubscriptions,
) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        _, session = await offered(rig, strategy)
        closed = await strategy.close_session(session.session_id, key="k-close-1")
        assert (closed.state, closed.is_final) == (S.EXPIRED, False)
        assert agreed(rig, session.session_id) == "approved"
        late = await strategy.fetch(session.session_id, source=Source.SWEEP)
        assert (late.state, late.subscription_id) == (S.APPROVED, "")
        # The simulator takes PayPal's description at its word: it cancels what is active only.
        closed = await strategy.close_session(session.session_id, key="k-close-2")
        assert (closed.state, closed.is_final) == (S.EXPIRED, True)
        rig.let_pass(timedelta(days=62))
        assert payments(rig) == []

    tried(rig, story)


def test_money_that_comes_after_the_closing_is_seen(rig: PayPalSubscriptions) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        _, session = await offered(rig, strategy)
        await strategy.close_session(session.session_id, key="k-close-1")
        assert agreed(rig, session.session_id, capture=True) == "paid"
        late = await strategy.fetch(session.session_id, source=Source.SWEEP)
        assert (late.state, late.is_final, len(late.payments)) == (S.PAID, True, 1)
        assert late.subscription_id == session.session_id

    tried(rig, story)


def test_a_page_that_nobody_agreed_on_is_over_after_a_day(rig: PayPalSubscriptions) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        _, session = await offered(rig, strategy)
        rig.let_pass(timedelta(days=1))
        # Its own clock counts, which the till hears with the answer.
        seen = await looked(strategy, session.session_id)
        assert (seen.state, seen.is_final, seen.payments) == (S.EXPIRED, True, ())

    tried(rig, story)


def test_a_first_payment_that_is_refused_can_be_called_off(rig: PayPalSubscriptions) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        _, session = await offered(rig, strategy)
        assert agreed(rig, session.session_id, "declines") == "approved"
        seen = await looked(strategy, session.session_id)
        assert (seen.state, seen.decline, seen.payments) == (S.OPEN, "payment_denied", ())
        assert (await look(strategy, seen.subscription_id)).state is SubscriptionState.PAST_DUE
        closed = await strategy.close_session(session.session_id, key="k-close-1")
        assert (closed.state, closed.is_final) == (S.EXPIRED, False)
        rig.let_pass(timedelta(days=31))
        over = await looked(strategy, session.session_id)
        assert (over.state, over.is_final) == (S.EXPIRED, True)
        assert payments(rig) == []

    tried(rig, story)


@pytest.mark.parametrize("drop", ["before", "after_effect"])
def test_a_lost_answer_to_its_beginning_is_asked_for_again_and_takes_one_payment(
    rig: PayPalSubscriptions, drop: str
) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        _, session = await offered(rig, strategy)
        assert agreed(rig, session.session_id) == "approved"
        match = {"path": "/paypal/v1/billing/subscriptions/*/activate"}
        rig.control("POST", "faults", match=match, fault={"drop": drop}, times=1)
        with pytest.raises(Unavailable):
            await looked(strategy, session.session_id)
        for _ in range(2):
            seen = await looked(strategy, session.session_id)
            assert (seen.state, len(seen.payments)) == (S.PAID, 1)
        assert len(payments(rig)) == 1

    tried(rig, story)


@pytest.mark.parametrize("succeeded", [True, False])
def test_a_first_payment_that_pends_is_in_progress_until_it_is_decided(
    rig: PayPalSubscriptions, succeeded: bool
) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        _, session = await offered(rig, strategy)
        assert agreed(rig, session.session_id, "echeck") == "approved"
        seen = await looked(strategy, session.session_id)
        assert (seen.state, seen.payments, seen.is_final) == (S.PROCESSING, (), False)
        waits = await look(strategy, seen.subscription_id)
        assert (waits.state, waits.payments) == (SubscriptionState.ACTIVE, ())
        closed = await strategy.close_session(session.session_id, key="k-close-1")
        assert closed.state is S.PROCESSING
        rig.decide(session.session_id, succeeded=succeeded)
        seen = await looked(strategy, session.session_id)
        assert (seen.state, len(seen.payments)) == ((S.PAID, 1) if succeeded else (S.OPEN, 0))

    tried(rig, story)


def test_closing_a_subscription_that_was_paid_meanwhile_ends_nothing(
    rig: PayPalSubscriptions,
) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        _, session = await offered(rig, strategy)
        assert agreed(rig, session.session_id, capture=True) == "paid"
        seen = await strategy.close_session(session.session_id, key="k-close-1")
        assert (seen.state, len(seen.payments)) == (S.PAID, 1)
        assert (await look(strategy, session.session_id)).state is SubscriptionState.ACTIVE

    tried(rig, story)


def test_a_plan_is_found_again_when_its_key_is_forgotten(rig: PayPalSubscriptions) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        assert isinstance(strategy, KeepsPlans)
        terms = terms_of(rig, BillingInterval.YEARLY)
        made = await strategy.open_plan(terms, key=f"{terms.digest}-1")
        rig.let_pass(KEYS_LAST)
        assert await strategy.open_plan(terms, key=f"{terms.digest}-1") == made

    tried(rig, story)


@pytest.mark.parametrize("path", ["catalogs/products", "billing/plans"])
def test_a_plan_whose_answer_was_lost_is_the_same_when_it_is_asked_for_again(
    rig: PayPalSubscriptions, path: str
) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        assert isinstance(strategy, KeepsPlans)
        await strategy.identify()
        terms = terms_of(rig, BillingInterval.WEEKLY)
        match = {"path": f"/paypal/v1/{path}"}
        rig.control("POST", "faults", match=match, fault={"drop": "after_effect"}, times=1)
        with pytest.raises(Unavailable):
            await strategy.open_plan(terms, key=f"{terms.digest}-1")
        again = [await strategy.open_plan(terms, key=f"{terms.digest}-1") for _ in range(2)]
        assert again[0] == again[1]

    tried(rig, story)


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_lost_answer_to_the_beginning_is_asked_for_again_and_is_the_same(
    rig: PayPalSubscriptions, method: str
) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        request, first = await offered(rig, strategy)
        assert rig.sessions_made() == 1
        another = a_request(1000, lines=request.lines, plan_id=request.plan_id)
        parameters, key = await strategy.prepare_session(another), another.reference.key("create")
        match = {"path": "/paypal/v1/billing/subscriptions*", "method": method}
        rig.control("POST", "faults", match=match, fault={"drop": "after_effect"}, times=1)
        with pytest.raises(Unavailable):
            await strategy.open_session(parameters, key=key)
        again = [await strategy.open_session(parameters, key=key) for _ in range(2)]
        assert again[0].session_id == again[1].session_id != first.session_id
        assert again[0].url == again[1].url and again[0].amount == another.amount
        assert rig.sessions_made() == 2

    tried(rig, story)


def test_three_refused_renewals_stop_it_and_nothing_is_taken(rig: PayPalSubscriptions) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        _, paid = await begun(rig, strategy)
        for _ in range(3):
            seen = await renewed(rig, strategy, paid.subscription_id, succeeds=False)
            assert seen.state is SubscriptionState.PAST_DUE
        still = await renewed(rig, strategy, paid.subscription_id)
        assert still.payments == paid.payments and len(payments(rig)) == 1

    tried(rig, story)


def test_what_is_owed_is_not_added_to_the_next_payment(rig: PayPalSubscriptions) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        request, paid = await begun(rig, strategy)
        await renewed(rig, strategy, paid.subscription_id, succeeds=False)
        seen = await renewed(rig, strategy, paid.subscription_id)
        assert [payment.amount for payment in seen.payments] == [request.amount] * 2

    tried(rig, story)


def test_a_refund_made_at_paypal_is_told_with_its_payment(rig: PayPalSubscriptions) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        _, paid = await begun(rig, strategy)
        payment_id = paid.payments[0].payment_id

        def happens() -> None:
            rig.control("POST", f"payments/{payment_id}/refund", amount_minor=300)

        def is_told(seen: list[Seen]) -> bool:
            return any(isinstance(news, RefundObservation) for news in seen)

        for news in await news_of(rig, strategy, happens, is_told):
            assert isinstance(news, RefundObservation)
            assert (news.refund.payment_id, news.refund.key) == (payment_id, "")
            assert news.refund.amount == Money(300, "EUR")

    tried(rig, story)


def test_the_report_has_renewals_and_they_are_one_session_and_its_refunds_once(
    rig: PayPalSubscriptions,
) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        since = rig.now() - timedelta(minutes=1)
        request, paid = await begun(rig, strategy)
        for _ in range(2):
            await renewed(rig, strategy, paid.subscription_id)
        renewal = (await look(strategy, paid.subscription_id)).payments[-1]
        key = request.reference.key("refund-1")
        back = RefundRequest(renewal.payment_id, Money(200, "EUR"), key, request.reference)
        given = await strategy.refund(strategy.prepare_refund(back), key=key)
        await asyncio.to_thread(rig.let_pass, strategy.capabilities.lists_after)
        await look(strategy, paid.subscription_id)
        seen = [each async for each in strategy.list_since(since, source=Source.SWEEP)]
        (session,) = seen
        assert isinstance(session, Observation) and session.payments == paid.payments
        assert [each async for each in strategy.refunds_since(since)] == [given]
        assert [each async for each in strategy.list_refunds(renewal.payment_id)] == [given]
        (first, *_) = paid.payments
        assert [each async for each in strategy.list_refunds(first.payment_id)] == []
        fees = await strategy.fetch_fees(renewal.payment_id)
        assert fees is not None and {fee.payment_id for fee in fees} == {renewal.payment_id}
        assert len(fees) == 2

    tried(rig, story)
