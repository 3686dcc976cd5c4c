"""What every provider's strategy does, whatever the provider: one suite for all of them.

A provider joins by a `Rig`: its strategy beside a provider to practise on, and what a customer can
do there. The in-memory fake of the other tests passes it too, so that they rest on something true.
"""

import asyncio
import json
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

import pytest

from app.domain.attempt import MAX_REFERENCE, Reference
from app.domain.capabilities import Demand, objection
from app.domain.ids import ORDER_ID_LENGTH, TILL_ID_LENGTH
from app.domain.money import Money
from app.domain.observation import Observation, SessionState, Source
from app.errors import ProviderError, Rejected, Unavailable, WebhookRejected
from app.providers.pages import may_be_shown
from app.providers.strategy import PaymentStrategy, SessionRequest, WebhookRequest
from tests.contract.looks import looked, read
from tests.contract.rigs import Rig, a_request, opened, tried


def test_it_says_who_it_is_and_what_it_takes(rig: Rig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        assert strategy.account and strategy.provider and strategy.credential_digest
        takes = strategy.capabilities
        assert all(code == code.upper() and len(code) == 3 for code in takes.currencies)
        assert set(takes.minimum_minor) <= takes.currencies
        assert set(takes.amount_step) <= takes.currencies
        assert takes.maximum_minor > 0 and takes.max_lines >= 1 and takes.max_lines_recurring >= 1
        assert takes.session_lifetime > timedelta(minutes=5)
        assert takes.key_lifetime > takes.session_lifetime
        assert takes.page_hosts and all(h == h.lower().strip() for h in takes.page_hosts)
        assert objection(takes, Demand(Money(1234, rig.currency))) == ""
        assert objection(takes, Demand(Money(takes.maximum_minor + 1, rig.currency)))

    tried(rig, story)


def test_its_account_is_asked_for_once_and_can_be_adopted(rig: Rig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        known = await strategy.identify()
        assert known.id and known.live is strategy.live is False
        assert strategy.provider_account == known.id
        strategy.adopt("acct_from_the_books")
        assert strategy.provider_account == "acct_from_the_books"

    tried(rig, story)


def test_parameters_are_plain_data_and_carry_the_reference(rig: Rig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        request = a_request(currency=rig.currency)
        parameters = await strategy.prepare_session(request)
        assert json.loads(json.dumps(parameters)) == parameters
        assert str(request.reference) in json.dumps(parameters)
        assert rig.sessions_made() == 0

    tried(rig, story)


def test_a_session_is_opened_with_a_page_of_its_own_for_the_very_amount(rig: Rig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        session = await opened(strategy, a_request(1234, currency=rig.currency))
        takes = strategy.capabilities
        assert session.amount == Money(1234, rig.currency)
        assert may_be_shown(session.url, takes)
        assert session.expires_at > rig.now() + timedelta(minutes=5)

    tried(rig, story)


def test_the_same_key_is_the_same_session_however_often(rig: Rig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        request = a_request(currency=rig.currency)
        parameters = await strategy.prepare_session(request)
        kept = json.loads(json.dumps(parameters))
        key = request.reference.key("create")
        sessions = [await strategy.open_session(kept, key=key) for _ in range(3)]
        assert len({session.session_id for session in sessions}) == 1
        assert rig.sessions_made() == 1

    tried(rig, story)


def test_a_lost_answer_is_found_under_its_key(rig: Rig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        request = a_request(currency=rig.currency)
        parameters = await strategy.prepare_session(request)
        key = request.reference.key("create")
        rig.lose_the_next_answer()
        with pytest.raises(Unavailable):
            await strategy.open_session(parameters, key=key)
        assert rig.sessions_made() == 1
        await strategy.open_session(parameters, key=key)
        assert rig.sessions_made() == 1

    tried(rig, story)


def test_another_request_under_a_used_key_makes_nothing_and_is_no_refusal(rig: Rig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        request = a_request(currency=rig.currency)
        key = request.reference.key("create")
        await strategy.open_session(await strategy.prepare_session(request), key=key)
        other = await strategy.prepare_session(a_request(999, currency=rig.currency))
        with pytest.raises(ProviderError) as error:
            await strategy.open_session(other, key=key)
        assert not isinstance(error.value, Rejected)
        assert rig.sessions_made() == 1

    tried(rig, story)


def test_the_longest_reference_and_key_are_taken(rig: Rig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        reference = Reference("z" * TILL_ID_LENGTH, "z" * ORDER_ID_LENGTH, 99_999)
        request = a_request(currency=rig.currency, reference=reference)
        key = reference.key("close-999999")
        assert len(str(reference)) <= MAX_REFERENCE and 10 <= len(key) <= MAX_REFERENCE
        session = await strategy.open_session(await strategy.prepare_session(request), key=key)
        seen = await strategy.fetch(session.session_id, source=Source.POLL)
        assert seen.reference == str(reference)

    tried(rig, story)


def test_an_open_session_is_seen_as_open(rig: Rig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        request = a_request(currency=rig.currency)
        session = await opened(strategy, request)
        seen = await strategy.fetch(session.session_id, source=Source.MANUAL)
        assert (seen.state, seen.is_final, seen.payments) == (SessionState.OPEN, False, ())
        assert (seen.source, seen.session_id) == (Source.MANUAL, session.session_id)
        assert (seen.reference, seen.provider) == (str(request.reference), strategy.provider)
        known = await strategy.identify()
        assert (seen.provider_account, seen.live) == (known.id, known.live)

    tried(rig, story)


def test_a_paid_session_is_seen_with_its_payment(rig: Rig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        session = await opened(strategy, a_request(1234, currency=rig.currency))
        await asyncio.to_thread(rig.pay, session.session_id)
        first, second = [await looked(strategy, session.session_id) for _ in range(2)]
        assert (first.state, first.is_final) == (SessionState.PAID, True)
        (payment,) = first.payments
        assert payment.payment_id and payment.amount == Money(1234, rig.currency)
        assert second.payments == first.payments

    tried(rig, story)


def test_a_refused_try_leaves_the_session_open_with_the_reason(rig: Rig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        session = await opened(strategy)
        await asyncio.to_thread(rig.decline, session.session_id)
        seen = await looked(strategy, session.session_id)
        assert (seen.state, seen.is_final) == (SessionState.OPEN, False)
        assert bool(seen.decline) is rig.ways.tells_declines
        await asyncio.to_thread(rig.pay, session.session_id)
        seen = await looked(strategy, session.session_id)
        assert (seen.state, seen.decline) == (SessionState.PAID, None)

    tried(rig, story)


def test_a_newer_try_that_the_bank_asks_about_takes_the_refusal_back(rig: Rig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        session = await opened(strategy)
        for happens, is_refused in ((rig.decline, True), (rig.challenge, False)):
            await asyncio.to_thread(happens, session.session_id)
            seen = await looked(strategy, session.session_id)
            assert (seen.state, seen.payments) == (SessionState.OPEN, ())
            is_seen = is_refused or not rig.ways.tells_of_challenges
            told = None if seen.decline is None else bool(seen.decline)
            assert told is (is_seen if rig.ways.tells_declines else None)

    tried(rig, story)


@pytest.mark.parametrize("succeeded", [True, False])
def test_complete_is_not_paid_until_it_is_decided(rig: Rig, succeeded: bool) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        session = await opened(strategy)
        await asyncio.to_thread(rig.pay_slowly, session.session_id)
        seen = await looked(strategy, session.session_id)
        under_way = SessionState.PROCESSING if rig.ways.tells_promises else SessionState.OPEN
        assert (seen.state, seen.is_final, seen.payments) == (under_way, False, ())
        await asyncio.to_thread(rig.decide, session.session_id, succeeded=succeeded)
        seen = await looked(strategy, session.session_id)
        fails = SessionState.FAILED if rig.ways.ends_with_its_promise else SessionState.OPEN
        assert seen.state is (SessionState.PAID if succeeded else fails)
        assert seen.is_final is (seen.state is not SessionState.OPEN)
        assert len(seen.payments) == int(succeeded)

    tried(rig, story)


def test_a_closed_session_is_final_and_closing_it_again_says_the_same(rig: Rig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        session = await opened(strategy)
        for number in (1, 2):
            seen = await strategy.close_session(session.session_id, key=f"contract-close-{number}")
            assert (seen.state, seen.is_final) == (SessionState.EXPIRED, True)
            assert seen.source is Source.CLOSE

    tried(rig, story)


def test_a_session_that_ran_out_is_final(rig: Rig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        session = await opened(strategy)
        await asyncio.to_thread(rig.expire, session.session_id)
        if strategy.capabilities.forgets_unpaid:
            with pytest.raises(Rejected) as refused:
                await strategy.fetch(session.session_id, source=Source.POLL)
            assert refused.value.status == 404
            return
        seen = await strategy.fetch(session.session_id, source=Source.POLL)
        assert (seen.state, seen.is_final) == (SessionState.EXPIRED, True)

    tried(rig, story)


@pytest.mark.parametrize("slowly", [False, True])
def test_closing_what_a_customer_has_completed_says_what_it_is(rig: Rig, slowly: bool) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        session = await opened(strategy)
        await asyncio.to_thread(rig.pay_slowly if slowly else rig.pay, session.session_id)
        await looked(strategy, session.session_id)
        seen = await strategy.close_session(session.session_id, key="contract-close-1")
        promised = SessionState.PROCESSING if rig.ways.tells_promises else SessionState.EXPIRED
        assert seen.state is (promised if slowly else SessionState.PAID)

    tried(rig, story)


def test_a_session_that_is_not_there_is_a_refusal(rig: Rig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        with pytest.raises(Rejected) as refused:
            await strategy.fetch("cs_test_nowhere", source=Source.POLL)
        assert refused.value.status == 404

    tried(rig, story)


def test_no_answer_is_unavailable_whatever_is_asked(rig: Rig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        request = a_request(currency=rig.currency)
        parameters = await strategy.prepare_session(request)
        session = await opened(strategy)
        rig.cut_the_line()
        calls: list[Awaitable[Any]] = [
            strategy.identify(),
            strategy.open_session(parameters, key=request.reference.key("create")),
            strategy.fetch(session.session_id, source=Source.POLL),
            strategy.close_session(session.session_id, key="contract-close-1"),
            anext(aiter(strategy.list_since(rig.now(), source=Source.SWEEP))),
        ]
        if strategy.event_memory:
            calls.append(anext(aiter(strategy.events_since(rig.now()))))
        for call in calls:
            with pytest.raises(Unavailable):
                await call

    tried(rig, story)


def test_its_own_list_of_events_says_the_same_as_a_delivery(rig: Rig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        since = rig.now() - timedelta(minutes=1)
        request, raw = await delivered(rig, strategy)
        told = await read(strategy, raw)
        listed = [d async for d in strategy.events_since(since)]
        if not strategy.event_memory:
            assert listed == []
            return
        (same,) = (d for d in listed if d.event_id == told.event_id)
        assert (same.account, same.provider, same.provider_account, same.live) == (
            told.account,
            told.provider,
            told.provider_account,
            told.live,
        )
        assert same.event_type == told.event_type
        at = rig.now()
        assert strategy.observe(same, at=at) == strategy.observe(told, at=at)
        assert str(request.reference) in same.body.decode()
        before = strategy.events_since(since - timedelta(days=1), until=since)
        assert [d async for d in before] == []
        assert strategy.event_memory >= timedelta(days=7)

    tried(rig, story)


def test_its_clock_and_its_requests_are_known_once_it_has_answered(rig: Rig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        assert strategy.clock_off() is None and strategy.requests_made == 0
        await strategy.identify()
        off = strategy.clock_off()
        assert off is not None and abs(off) < timedelta(seconds=10)
        assert strategy.requests_made == 1

    tried(rig, story)


async def delivered(rig: Rig, strategy: PaymentStrategy) -> tuple[SessionRequest, WebhookRequest]:
    await strategy.identify()
    request = a_request(1234, currency=rig.currency)
    session = await opened(strategy, request)
    return request, await rig.delivery(strategy, session.session_id)


def test_a_genuine_delivery_is_read_as_the_same_news_that_a_look_would_bring(rig: Rig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        request, raw = await delivered(rig, strategy)
        delivery = await read(strategy, raw)
        assert delivery.body == raw.body
        assert (delivery.account, delivery.provider) == (strategy.account, strategy.provider)
        assert delivery.provider_account == strategy.provider_account
        assert delivery.live is False and delivery.event_id and delivery.event_type
        seen = strategy.observe(delivery, at=rig.now())
        assert isinstance(seen, Observation)
        assert (seen.state, seen.source) == (SessionState.PAID, Source.WEBHOOK)
        assert seen.reference == str(request.reference)
        assert [payment.amount for payment in seen.payments] == [Money(1234, rig.currency)]
        assert strategy.read_webhook(raw) == delivery

    tried(rig, story)


def test_a_delivery_that_was_touched_is_refused(rig: Rig) -> None:
    async def story(strategy: PaymentStrategy) -> None:
        _, raw = await delivered(rig, strategy)
        assert (await read(strategy, raw)).body == raw.body
        unsigned = dict.fromkeys(raw.headers, "")
        at = raw.received_at
        forgeries = [
            WebhookRequest({}, raw.body, at),
            WebhookRequest(unsigned, raw.body, at),
            WebhookRequest(raw.headers, raw.body + b" ", at),
            WebhookRequest(raw.headers, raw.body.replace(b"4", b"5"), at),
            WebhookRequest(raw.headers, b"", at),
        ]
        for forgery in forgeries:
            with pytest.raises(WebhookRejected) as refused:
                await read(strategy, forgery)
            assert 400 <= refused.value.status < 500

    tried(rig, story)
