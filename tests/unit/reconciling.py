"""Runs reconciliations of a till in virtual time, and makes what they are to find."""

import asyncio
from typing import Any

import pytest

from app.domain.attempt import Reference
from app.domain.money import Money
from app.domain.reconciliation import Report
from app.store.cursors import find_cursor
from app.webhooks.inbox_worker import InboxWorker
from tests.parts.provider import FakeSession
from tests.parts.till import Counter

DAY_S = 86_400


def worker_of(till: Counter) -> InboxWorker:
    return InboxWorker(
        till.store,
        {till.strategy.account: till.strategy},
        clock=till.clock,
        recheck=lambda attempt_id: None,
    )


async def settle_inbox(till: Counter) -> None:
    worker = worker_of(till)
    while await worker.settle_round():
        pass


async def reconciled(till: Counter, trigger: str = "by hand", **options: Any) -> Report:
    """Run one, with a worker that settles the inbox meanwhile."""
    worker = worker_of(till)
    till.reconciliation.wake = worker.wake
    settling = asyncio.create_task(worker.run())
    try:
        return await till.reconciliation.run(trigger, **options)
    finally:
        settling.cancel()
        await asyncio.gather(settling, return_exceptions=True)


def cursor(till: Counter, kind: str) -> Any:
    name, whose = till.strategy.account, till.provider.account
    return till.store.read_now(lambda db: find_cursor(db, name, whose, kind))


def strange_session(till: Counter, till_id: str, minor: int = 700) -> str:
    """Give the provider a session that the books do not know."""
    reference = str(Reference(till_id, "0rder0000009", 1))
    session = FakeSession(f"fs_x_{till_id}", reference, Money(minor, "EUR"), till.provider.now())
    till.provider.sessions[session.id] = session
    return session.id


def spans(till: Counter, monkeypatch: pytest.MonkeyPatch, verb: str) -> list[Any]:
    """Note from when to when a list is read."""
    noted: list[Any] = []
    real = getattr(till.strategy, verb)

    def read(since: Any, **options: Any) -> Any:
        noted.append((since, options.get("until")))
        return real(since, **options)

    monkeypatch.setattr(till.strategy, verb, read)
    return noted
