"""An event that came in by another name of its account: it is read all the same, and counts once.

Razorpay's two kinds of account read each their own sessions, and may have the same keys.
"""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from app.domain.delivery import Delivery
from app.providers.strategy import Recheck, Seen
from app.webhooks.inbox_worker import InboxWorker
from tests.parts.inbox import Door
from tests.parts.provider import FakeProvider
from tests.parts.till import Counter

LINKS, CODES, STRANGER = "fake", "codes", "stranger"


class Named(Door):
    """A door behind which the account has two names, the second of which reads the events."""

    def __init__(self, till: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(till)
        self.asked: list[str] = []
        strategies = {LINKS: till.strategy, **till.others}
        for name, strategy in strategies.items():
            read = strategy.observe

            def observe(
                delivery: Delivery, *, name: str = name, read: Any = read, **more: Any
            ) -> Seen | None:
                self.asked.append(name)
                seen: Seen | None = read(delivery, **more)
                return seen if name == CODES else None

            monkeypatch.setattr(strategy, "observe", observe)
        self.worker = InboxWorker(
            till.store, strategies, clock=till.clock, recheck=self.poked.append
        )


@pytest.fixture
def till(tmp_path: Path) -> Any:
    till = Counter(tmp_path, others=(CODES, STRANGER))
    # Its keys are somebody else's, and so is its account at the provider.
    till.others[STRANGER].books = FakeProvider(till.clock, account="acct_other")
    till.others[STRANGER].credential_digest = "other keys"
    yield till
    till.close()


def sold(till: Counter, account: str = CODES) -> tuple[Any, Any, Delivery]:
    for strategy in (till.strategy, *till.others.values()):
        asyncio.run(till.gateway.identified(strategy))
    order = asyncio.run(till.place())
    attempt = asyncio.run(till.checkout.open_session(order.id, account))
    asyncio.run(till.checkout.mark_shown(attempt.id))
    till.provider.pay(attempt.session_id or "")
    return order, attempt, till.provider.events[-1]


def test_what_the_one_kind_does_not_read_the_other_name_of_its_account_does(
    till: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, _, event = sold(till)
    door = Named(till, monkeypatch)
    assert event.account == LINKS, "it came to the other address"
    door.take_in(event)
    door.settle()
    assert door.asked == [LINKS, CODES]
    assert asyncio.run(till.state(order)) == "paid"
    assert till.rows("SELECT account FROM payments") == [(CODES,)]
    assert till.violations() == []


def test_it_has_the_right_attempt_looked_at(till: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    _, attempt, event = sold(till)
    monkeypatch.setattr(
        till.others[CODES], "observe", lambda *_, **__: Recheck(str(attempt.reference))
    )
    door = Named(till, monkeypatch)
    door.take_in(event)
    door.settle()
    assert door.poked == [attempt.id]


def test_before_the_other_name_is_known_the_same_keys_say_that_it_is_the_same_account(
    till: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, _, event = sold(till)
    till.others[CODES].adopt("")
    door = Named(till, monkeypatch)
    door.take_in(event)
    door.settle()
    assert asyncio.run(till.state(order)) == "paid"


def test_what_nobody_of_the_account_reads_is_kept(
    till: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, event = sold(till)
    monkeypatch.setattr(till.others[CODES], "observe", lambda *_, **__: None)
    door = Named(till, monkeypatch)
    door.take_in(event)
    door.settle()
    assert STRANGER not in door.asked
    assert door.standings() == [(event.event_id, "kept")]
