"""Stripe Elements against a real localstripe, which knows payment intents and little else."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from app.clock import SystemClock
from app.domain.money import Money
from app.domain.observation import SessionState, Source
from app.domain.refund import RefundState
from app.errors import Rejected
from app.providers.kinds.stripe_elements import StripeElements
from app.providers.strategy import OpenedSession, RefundRequest
from tests.contract.rigs import a_request, opened
from tests.parts.localstripe import localstripe

Story = Callable[[StripeElements], Awaitable[Any]]


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    with localstripe() as origin:
        yield origin


def told(origin: str, story: Story, **options: Any) -> Any:
    async def run() -> Any:
        strategy = StripeElements(
            "double",
            "sk_test_12345",
            "pk_test_12345",
            clock=SystemClock(),
            api_base=origin,
            **options,
        )
        strategy.serve_pages("https://till.example")
        try:
            return await story(strategy)
        finally:
            await strategy.aclose()

    return asyncio.run(run())


async def paid(strategy: StripeElements, minor: int = 1234) -> OpenedSession:
    session = await opened(strategy, a_request(minor))
    await strategy.confirm(session.session_id, "pm_card_visa")
    return session


def test_a_payment_is_taken_with_nothing_set_but_the_apis_address(origin: str) -> None:
    async def story(strategy: StripeElements) -> None:
        request = a_request(1234)
        session = await opened(strategy, request)
        assert (session.amount, session.session_id[:3]) == (Money(1234, "EUR"), "pi_")
        before = await strategy.fetch(session.session_id, source=Source.POLL)
        assert (before.state, before.is_final) == (SessionState.OPEN, False)
        assert (await strategy.client_secret(session.session_id)).startswith(session.session_id)
        await strategy.confirm(session.session_id, "pm_card_visa")
        after = await strategy.fetch(session.session_id, source=Source.POLL)
        assert (after.state, after.is_final) == (SessionState.PAID, True)
        assert after.reference == str(request.reference)
        (payment,) = after.payments
        assert payment.amount == Money(1234, "EUR")
        assert await strategy.client_secret(session.session_id) == ""

    told(origin, story)


def test_the_page_is_told_of_the_doubles_own_script_and_of_nothing_secret(origin: str) -> None:
    async def story(strategy: StripeElements) -> None:
        setup = await strategy.page_setup()
        assert setup.is_minimal and setup.script_url == f"{origin}/js.stripe.com/v3/"
        async with httpx.AsyncClient(trust_env=False) as client:
            assert "createToken" in (await client.get(setup.script_url)).text
        assert "sk_" not in repr(setup)

    told(origin, story)


def test_a_script_that_is_named_is_the_pages_own_and_nothing_is_asked_for_it(origin: str) -> None:
    async def story(strategy: StripeElements) -> None:
        setup = await strategy.page_setup()
        assert (setup.is_minimal, setup.script_url) == (True, "http://127.0.0.1:1/s.js")
        assert setup.script_origins == ("http://127.0.0.1:1",)
        assert setup.connect_origins == (origin, "http://127.0.0.1:1")
        assert strategy.requests_made == 0

    told(origin, story, script_url="http://127.0.0.1:1/s.js")


def test_a_double_that_forgets_keys_makes_no_second_intent(origin: str) -> None:
    async def story(strategy: StripeElements) -> None:
        request = a_request()
        parameters = await strategy.prepare_session(request)
        key = request.reference.key("create")
        made = [await strategy.open_session(parameters, key=key) for _ in range(3)]
        assert len({each.session_id for each in made}) == len({each.url for each in made}) == 1
        since = datetime.now(UTC) - timedelta(minutes=5)
        seen = [s.reference async for s in strategy.list_since(since, source=Source.SWEEP)]
        assert seen.count(str(request.reference)) == 1
        later = strategy.list_since(datetime.now(UTC) + timedelta(hours=1), source=Source.SWEEP)
        assert [s async for s in later] == []

    told(origin, story)


def test_a_double_that_forgets_keys_gives_nothing_back_twice(origin: str) -> None:
    async def story(strategy: StripeElements) -> None:
        request = a_request(1234)
        session = await opened(strategy, request)
        await strategy.confirm(session.session_id, "pm_card_visa")
        back = RefundRequest(
            session.session_id,
            Money(200, "EUR"),
            request.reference.key("refund-1"),
            request.reference,
        )
        parameters = strategy.prepare_refund(back)
        first, again = [await strategy.refund(parameters, key=back.key) for _ in range(2)]
        assert first == again
        assert (first.amount, first.state, first.key) == (
            Money(200, "EUR"),
            RefundState.SUCCEEDED,
            back.key,
        )
        assert [r async for r in strategy.list_refunds(session.session_id)] == [first]
        assert await strategy.fetch_refund(first.refund_id) == first
        since = datetime.now(UTC) - timedelta(minutes=5)
        assert first in [r async for r in strategy.refunds_since(since)]
        other = replace(back, key=request.reference.key("refund-2"))
        second = await strategy.refund(strategy.prepare_refund(other), key=other.key)
        assert second.refund_id != first.refund_id

    told(origin, story)


def test_a_canceled_intent_cannot_be_paid_and_a_paid_one_cannot_be_canceled(origin: str) -> None:
    async def story(strategy: StripeElements) -> None:
        session = await opened(strategy)
        for number in (1, 2):
            seen = await strategy.close_session(session.session_id, key=f"double-close-{number}")
            assert (seen.state, seen.is_final) == (SessionState.EXPIRED, True)
        await strategy.confirm(session.session_id, "pm_card_visa")
        seen = await strategy.fetch(session.session_id, source=Source.POLL)
        assert (seen.state, seen.payments) == (SessionState.EXPIRED, ())
        sold = await paid(strategy)
        seen = await strategy.close_session(sold.session_id, key="double-close-3")
        assert (seen.state, len(seen.payments)) == (SessionState.PAID, 1)

    told(origin, story)


def test_confirming_twice_takes_the_money_once(origin: str) -> None:
    async def story(strategy: StripeElements) -> None:
        session = await paid(strategy)
        await strategy.confirm(session.session_id, "pm_card_visa")
        seen = await strategy.fetch(session.session_id, source=Source.POLL)
        assert [each.amount for each in seen.payments] == [Money(1234, "EUR")]

    told(origin, story)


def test_a_declined_card_is_a_refusal_with_the_banks_word(origin: str) -> None:
    async def story(strategy: StripeElements) -> None:
        session = await opened(strategy)
        with pytest.raises(Rejected) as refused:
            await strategy.confirm(session.session_id, "pm_card_chargeCustomerFail")
        assert (refused.value.status, refused.value.code) == (402, "card_declined")
        seen = await strategy.fetch(session.session_id, source=Source.POLL)
        assert (seen.state, seen.decline) == (SessionState.OPEN, "card_declined")

    told(origin, story)


def test_what_a_double_does_not_have_is_nothing_and_no_fault(origin: str) -> None:
    async def story(strategy: StripeElements) -> None:
        await strategy.register_webhook("http://127.0.0.1:1/webhooks/double", owner="t")
        since = datetime.now(UTC) - timedelta(days=1)
        assert [e async for e in strategy.events_since(since)] == []
        assert [d async for d in strategy.list_disputes(since, source=Source.SWEEP)] == []
        session = await paid(strategy)
        fees = await strategy.fetch_fees(session.session_id)
        assert fees is not None and [fee.amount.minor for fee in fees] == [0]

    told(origin, story)


def test_an_intent_that_is_not_there_is_an_error_and_never_paid(origin: str) -> None:
    async def story(strategy: StripeElements) -> None:
        for ask in (strategy.client_secret, lambda id: strategy.confirm(id, "pm_card_visa")):
            with pytest.raises(Rejected) as refused:
                await ask("pi_nowhere")
            assert refused.value.status == 404
        with pytest.raises(Rejected) as refused:
            await strategy.fetch("pi_nowhere", source=Source.POLL)
        assert refused.value.status == 404

    told(origin, story)
