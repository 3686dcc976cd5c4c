"""Disputes that are not over are looked at again, so that a lost event is not missed."""

import asyncio
from typing import Any

import pytest

from app.domain.dispute import DisputeState
from app.domain.judgement import Standing
from app.domain.observation import Source
from app.errors import Rejected, Unavailable
from app.settle_disputes import Disputes
from tests.parts.seen import paid
from tests.parts.till import Counter
from tests.unit.settle.telling import sold, told


def asker(till: Counter) -> Disputes:
    return Disputes(till.store, till.gateway, clock=till.clock)


def sale(till: Counter) -> str:
    _, attempt = sold(till)
    told(till, paid(attempt))
    return paid(attempt).payments[0].payment_id


def observed(till: Counter, dispute_id: str) -> Standing:
    return asyncio.run(asker(till).observe_dispute("fake", dispute_id, Source.MANUAL))


def states(till: Counter) -> list[tuple[Any, ...]]:
    return till.rows("SELECT dispute_id, state, withdrawn_minor FROM disputes ORDER BY id")


def test_a_look_at_a_dispute_is_settled_like_an_event_of_it(till: Counter) -> None:
    dispute = till.provider.disputes.open(sale(till))
    till.strategy.adopt("")
    assert observed(till, dispute.id) is Standing.SETTLED
    assert observed(till, dispute.id) is Standing.NOTHING_NEW
    assert states(till) == [("fd_1", "needs_response", 500)]


def test_open_disputes_are_looked_at_again_and_no_event_is_needed_to_know_the_end(
    till: Counter,
) -> None:
    payment_id = sale(till)
    fake = till.provider.disputes
    lost, won = fake.open(payment_id, 100), fake.open(payment_id, 200)
    for dispute in (lost, won):
        observed(till, dispute.id)
    disputes = asker(till)
    till.clock.advance(60)
    fake.move(lost.id, DisputeState.LOST)
    fake.move(won.id, DisputeState.WON)
    assert asyncio.run(disputes.catch_up(10)) == 2
    assert states(till) == [("fd_1", "lost", 100), ("fd_2", "won", 200)]
    # What was won is looked at until the money is back, once an hour; what was lost no more.
    fake.move_money(won.id, -200)
    assert asyncio.run(disputes.catch_up(10)) == 0
    till.clock.advance(3600)
    till.strategy.calls.clear()
    assert asyncio.run(disputes.catch_up(10)) == 1
    assert states(till)[1] == ("fd_2", "won", 0)
    till.clock.advance(3600)
    assert asyncio.run(disputes.catch_up(10)) == 0
    assert till.strategy.count("fetch_dispute") == 1
    assert till.count("exceptions", "resolved_at IS NULL") == 1


def test_no_more_are_looked_at_than_was_allowed_the_longest_unheard_of_first(till: Counter) -> None:
    payment_id = sale(till)
    for _ in range(3):
        observed(till, till.provider.disputes.open(payment_id, 100).id)
        till.clock.advance(60)
    disputes = asker(till)
    till.strategy.calls.clear()
    asyncio.run(disputes.catch_up(2))
    asyncio.run(disputes.catch_up(2))
    asked = [call.subject for call in till.strategy.calls]
    assert asked == ["fd_1", "fd_2", "fd_3"]
    assert asyncio.run(asker(till).catch_up(0)) == 0


def test_a_provider_that_does_not_answer_or_know_is_left_be(
    till: Counter, expected_logs: Any
) -> None:
    payment_id = sale(till)
    for _ in range(2):
        observed(till, till.provider.disputes.open(payment_id, 100).id)
    till.strategy.answers["fetch_dispute"] = [Rejected("gone", status=404)]
    till.provider.disputes.move("fd_2", DisputeState.UNDER_REVIEW)
    assert asyncio.run(asker(till).catch_up(5)) == 1
    expected_logs.take("does not give dispute fd_1")
    till.strategy.answers["fetch_dispute"] = [Unavailable("cut"), Rejected("the key", status=401)]
    till.strategy.calls.clear()
    assert asyncio.run(asker(till).catch_up(5)) == 0
    assert asyncio.run(asker(till).catch_up(5)) == 0
    assert till.strategy.count("fetch_dispute") == 2
    expected_logs.take("keys of fake are refused")
    till.strategy.adopt("")
    till.store.write_now(lambda tx: tx.execute("DELETE FROM accounts"))
    till.strategy.answers["identify"] = [Unavailable("cut")] * 2
    with pytest.raises(Unavailable):
        observed(till, "fd_1")
    assert asyncio.run(asker(till).catch_up(5)) == 0
    assert till.strategy.count("fetch_dispute") == 2
    till.provider.disputes.move("fd_1", DisputeState.UNDER_REVIEW)
    assert asyncio.run(asker(till).catch_up(5)) == 1
