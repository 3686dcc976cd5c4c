"""A webhook that is quicker than the answer to the call that made its session."""

import asyncio
from typing import Any

import pytest

from app.domain.attempt import AttemptState
from app.providers.strategy import OpenedSession
from app.store.inbox import receive
from app.webhooks.inbox_worker import InboxWorker
from tests.parts.till import Counter, begun


async def deliver_all(till: Counter) -> None:
    worker = InboxWorker(
        till.store,
        {till.strategy.account: till.strategy},
        clock=till.clock,
        recheck=lambda attempt_id: None,
    )
    for event in till.provider.events:
        till.store.write_now(lambda tx, event=event: receive(tx, event))  # type: ignore[misc]
    while await worker.settle_round():
        pass


def test_paid_and_told_before_the_create_call_returned_counts_once(
    till: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = till.strategy.open_session

    async def overtaken(parameters: Any, *, key: str) -> OpenedSession:
        opened = await real(parameters, key=key)
        till.provider.pay(opened.session_id)
        await deliver_all(till)
        return opened

    monkeypatch.setattr(till.strategy, "open_session", overtaken)

    async def story() -> None:
        order = await till.place()
        attempt = await till.open(order)
        assert attempt.state is AttemptState.PAID and attempt.session_id == "fs_1"
        assert await till.state(order) == "paid"

    asyncio.run(story())
    assert till.count("intents", "outcome IS NULL") == 0
    assert till.count("journal", "name = 'order.paid'") == 1
    assert len(till.provider.sessions) == 1


def test_paid_and_told_while_the_answer_is_lost_is_matched_by_its_reference(till: Counter) -> None:
    order, attempt = begun(till)
    till.provider.pay("fs_1")
    asyncio.run(deliver_all(till))
    assert asyncio.run(till.state(order)) == "paid"
    found = till.attempt(attempt.id)
    assert (found.state, found.session_id) == (AttemptState.PAID, "fs_1")
    report = asyncio.run(till.reconciliation.run("by hand"))
    assert report.is_clean and report.intents == 1
    assert till.count("intents", "outcome IS NULL") == 0
