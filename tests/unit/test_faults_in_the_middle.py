"""Faults that meet a look, a search or a round in the middle: none of them is taken for news."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from app.domain.attempt import AttemptState
from app.errors import StoreError
from app.providers.strategy import Recheck
from app.reconcile_money import MoneyChores
from tests.conftest import ExpectedLogs
from tests.parts.till import Counter, begun, until


def test_a_listed_session_that_says_too_little_decides_nothing_of_a_lost_one(
    till: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    _order, attempt = begun(till)
    till.clock.advance(timedelta(hours=24).total_seconds())

    async def listed(*_: Any, **__: Any) -> AsyncIterator[Recheck]:
        yield Recheck("somebody-elses")
        yield Recheck(str(attempt.reference))

    monkeypatch.setattr(till.strategy, "list_since", listed)
    assert asyncio.run(till.look(attempt)).state is AttemptState.UNKNOWN


def test_a_bug_in_the_watchs_round_is_heard_and_the_watch_goes_on(
    till: Counter, monkeypatch: pytest.MonkeyPatch, expected_logs: ExpectedLogs
) -> None:
    sweep = till.sessions.sweep
    failed: list[bool] = []

    async def once_broken() -> Any:
        if not failed:
            failed.append(True)
            raise RuntimeError("a bug")
        return await sweep()

    monkeypatch.setattr(till.sessions, "sweep", once_broken)

    async def story() -> None:
        till.watch.start()
        try:
            await until(lambda: till.watch._has_begun)
        finally:
            await till.watch.stop()

    asyncio.run(story())
    expected_logs.take("the watch could not go its round")


def test_books_that_fail_under_a_reconciliation_end_it(
    till: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    chores = MoneyChores(till.store, till.gateway, till.refunds, clock=till.clock)

    async def full(*_: Any) -> None:
        raise StoreError("The disk is full")

    monkeypatch.setattr(chores, "_read_disputes", full)
    chores.add_to(till.reconciliation)
    with pytest.raises(StoreError, match="full"):
        asyncio.run(till.reconciliation.run("by hand"))
