"""What every way to pay has in common that the operator confirms: one suite for all of them.

They show nothing and nobody can be asked about them, so that the suite of the providers has no
sense for them. Which of the two suites a kind has to pass is said by its capabilities.
"""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.clock import SystemClock
from app.domain.capabilities import Demand, Shows, objection
from app.domain.catalog import BillingInterval
from app.domain.money import Money
from app.domain.observation import Observation, SessionState, Source
from app.domain.refund import RefundState
from app.errors import Rejected, WebhookRejected
from app.providers.kind import AccountSetup, Kind
from app.providers.kinds import KINDS
from app.providers.strategy import (
    PaymentStrategy,
    RefundRequest,
    TakesByHand,
    WebhookRequest,
)
from tests.contract.rigs import a_request, opened

BY_HAND = sorted(name for name, kind in KINDS.items() if kind.is_by_hand)
MACHINE_SLIP = "SLIP 0815"


def built(kind: Kind, name: str = "counter") -> Any:
    return kind.build(AccountSetup(name, {}, SystemClock()))


@pytest.fixture(params=BY_HAND)
def strategy(request: pytest.FixtureRequest) -> PaymentStrategy:
    built_one: PaymentStrategy = built(KINDS[request.param])
    return built_one


def paid(strategy: PaymentStrategy, session_id: str, minor: int = 1234) -> Observation:
    """The customer pays: the operator says so."""
    assert isinstance(strategy, TakesByHand)
    at = datetime.now(UTC)
    return strategy.confirmed(session_id, Money(minor, "EUR"), reference=MACHINE_SLIP, at=at)


def test_both_ways_by_hand_are_in_this_suite() -> None:
    assert BY_HAND == ["cash", "terminal"]


def test_it_is_of_this_suite_by_what_it_can_do(strategy: PaymentStrategy) -> None:
    takes = strategy.capabilities
    assert takes.shows is Shows.NOTHING and takes.page_hosts == frozenset()
    assert isinstance(strategy, TakesByHand)
    kind = KINDS[strategy.provider]
    assert kind.fields == () and not kind.base_variable
    for currency in ("EUR", "JPY", "KWD"):
        assert objection(takes, Demand(Money(1, currency))) == ""
    monthly = frozenset({BillingInterval.MONTHLY})
    assert objection(takes, Demand(Money(100, "EUR"), intervals=monthly))


def test_its_account_is_known_without_asking_and_has_the_tills_own_mode() -> None:
    for name in BY_HAND:
        for is_live in (False, True):
            setup = AccountSetup("counter", {}, SystemClock(), is_live=is_live)
            strategy = KINDS[name].build(setup)
            known = asyncio.run(strategy.identify())
            assert (known.id, known.live) == (strategy.provider_account, is_live)
            assert strategy.requests_made == 0 and strategy.clock_off() is None


def test_it_opens_at_once_and_the_same_again_with_our_reference_as_its_id(
    strategy: PaymentStrategy,
) -> None:
    request = a_request()
    sessions = [asyncio.run(opened(strategy, request)) for _ in range(2)]
    for session in sessions:
        assert session.session_id == str(request.reference)
        assert (session.url, session.amount) == ("", request.amount)


def test_it_is_open_until_the_operator_says_that_it_is_paid(strategy: PaymentStrategy) -> None:
    session = asyncio.run(opened(strategy))
    seen = asyncio.run(strategy.fetch(session.session_id, source=Source.POLL))
    assert (seen.state, seen.payments, seen.is_final) == (SessionState.OPEN, (), False)
    seen = paid(strategy, session.session_id)
    assert (seen.state, seen.source, seen.is_final) == (SessionState.PAID, Source.OPERATOR, True)
    assert seen.reference == seen.session_id == session.session_id
    assert [payment.amount for payment in seen.payments] == [Money(1234, "EUR")]
    assert (seen.provider, seen.provider_account) == (strategy.provider, strategy.provider_account)


def test_the_operators_word_given_twice_is_one_payment(strategy: PaymentStrategy) -> None:
    session = asyncio.run(opened(strategy))
    first, second = paid(strategy, session.session_id), paid(strategy, session.session_id)
    assert first.payments == second.payments
    other = asyncio.run(opened(strategy))
    if isinstance(strategy, TakesByHand) and not strategy.needs_reference:
        assert paid(strategy, other.session_id).payments != first.payments


def test_a_machines_payments_are_told_apart_by_machine_and_reference() -> None:
    kind = KINDS["terminal"]
    session = asyncio.run(opened(built(kind)))
    ids = {paid(built(kind, name), session.session_id).payments[0].payment_id for name in "ab"}
    assert ids == {f"a:{MACHINE_SLIP}", f"b:{MACHINE_SLIP}"}


def test_a_closed_session_is_final_and_closing_it_again_says_the_same(
    strategy: PaymentStrategy,
) -> None:
    session = asyncio.run(opened(strategy))
    for number in (1, 2):
        key = f"contract-close-{number}"
        seen = asyncio.run(strategy.close_session(session.session_id, key=key))
        assert (seen.state, seen.is_final) == (SessionState.EXPIRED, True)
        assert seen.source is Source.CLOSE


def test_a_session_that_no_till_of_ours_named_is_a_refusal(strategy: PaymentStrategy) -> None:
    async def story() -> None:
        for call in (
            strategy.fetch("cs_test_nowhere", source=Source.POLL),
            strategy.close_session("cs_test_nowhere", key="contract-close-1"),
        ):
            with pytest.raises(Rejected) as refused:
                await call
            assert refused.value.status == 404

    asyncio.run(story())


def test_money_goes_back_as_soon_as_it_is_asked_for_once_under_its_key(
    strategy: PaymentStrategy,
) -> None:
    request = a_request()
    session = asyncio.run(opened(strategy, request))
    payment = paid(strategy, session.session_id).payments[0]
    key = request.reference.key("refund-1")
    back = RefundRequest(payment.payment_id, Money(200, "EUR"), key, request.reference)
    parameters = strategy.prepare_refund(back)
    assert parameters == strategy.prepare_refund(back)
    seen = [asyncio.run(strategy.refund(parameters, key=key)) for _ in range(2)]
    assert seen[0] == seen[1] and seen[0].state is RefundState.SUCCEEDED
    assert (seen[0].payment_id, seen[0].amount) == (payment.payment_id, Money(200, "EUR"))
    again = replace(back, key=request.reference.key("refund-2"))
    second = asyncio.run(strategy.refund(strategy.prepare_refund(again), key=again.key))
    assert second.refund_id != seen[0].refund_id


def test_nobody_has_lists_or_disputes_or_fees_or_events_of_it(strategy: PaymentStrategy) -> None:
    since = datetime.now(UTC) - timedelta(days=1)

    async def lists() -> list[Any]:
        return [
            *[each async for each in strategy.list_since(since, source=Source.SWEEP)],
            *[each async for each in strategy.events_since(since)],
            *[each async for each in strategy.refunds_since(since)],
            *[each async for each in strategy.list_refunds("p")],
            *[each async for each in strategy.list_disputes(since, source=Source.SWEEP)],
        ]

    assert asyncio.run(lists()) == []
    assert asyncio.run(strategy.fetch_fees("p")) is None
    assert not strategy.capabilities.reports_fees
    with pytest.raises(Rejected):
        asyncio.run(strategy.fetch_refund("r"))
    with pytest.raises(Rejected):
        asyncio.run(strategy.fetch_dispute("d", source=Source.POLL))
    asyncio.run(strategy.aclose())


def test_no_delivery_that_claims_to_come_from_it_is_genuine(strategy: PaymentStrategy) -> None:
    with pytest.raises(WebhookRejected):
        strategy.read_webhook(WebhookRequest({}, b'{"paid": true}', datetime.now(UTC)))
