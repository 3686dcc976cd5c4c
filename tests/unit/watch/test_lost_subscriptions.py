"""Subscriptions of this till that its books do not have: met on a list, looked at each day."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.domain.money import Money
from app.errors import Protocol, ProviderError, Rejected, Unavailable
from app.providers.strategy import Recheck
from app.reconcile_sessions import look_at_lost
from tests.conftest import ExpectedLogs
from tests.parts.subscribed import SubscriptionCounter
from tests.unit.reconciling import reconciled, strange_session

DAY_S = 86_400
EACH = Money(1190, "EUR")


@pytest.fixture
def till(tmp_path: Path) -> Iterator[SubscriptionCounter]:
    till = SubscriptionCounter(tmp_path)
    yield till
    faults = till.violations()
    till.close()
    assert faults == []


def lost(till: SubscriptionCounter, till_id: str = "") -> str:
    """Have a session of this till's begin a subscription, and nothing in the books or events."""
    session_id = strange_session(till, till_id or till.store.till_id)
    till.provider.recurring[session_id] = EACH
    till.clock.advance(1500)
    till.provider.pay(session_id)
    till.provider.events.clear()
    till.provider.told_at.clear()
    return f"sub_{session_id}"


def met(till: SubscriptionCounter, till_id: str = "") -> str:
    """Have a lost one be found by the list of sessions, and looked at."""
    name = lost(till, till_id)
    asyncio.run(reconciled(till))
    asyncio.run(till.subscription_watch.hear())
    till.strategy.calls.clear()
    return name


def held(till: SubscriptionCounter) -> int:
    rows = till.rows("SELECT id FROM exceptions WHERE resolved_at IS NULL")
    assert till.count("payments", "held_as = 'mismatch'") == len(rows)
    return len(rows)


def caught_up(till: SubscriptionCounter) -> int:
    return asyncio.run(till.subscription_watch.catch_up())


def kept(till: SubscriptionCounter) -> list[tuple[Any, ...]]:
    return till.rows("SELECT account, subscription_id, state, failures FROM lost_subscriptions")


def test_what_it_takes_later_is_held_though_nobody_tells_of_it(till: SubscriptionCounter) -> None:
    name = met(till)
    assert kept(till) == [("fake", name, "active", 0)] and held(till) == 1
    assert caught_up(till) == 0
    for renewals in (1, 2):
        till.provider.renew(name)
        till.clock.advance(DAY_S)
        assert caught_up(till) == 1
        assert held(till) == 1 + renewals
    assert till.count("subscriptions") == 0


def test_a_strangers_is_neither_kept_nor_looked_at(till: SubscriptionCounter) -> None:
    met(till, "x99999")
    assert kept(till) == [] and held(till) == 0


def test_the_list_names_it_again_and_it_is_not_news_any_more(till: SubscriptionCounter) -> None:
    met(till)
    asyncio.run(reconciled(till))
    assert till.count("subscription_news") == 0


def test_one_that_is_in_the_books_is_not_lost(till: SubscriptionCounter) -> None:
    asyncio.run(till.subscribe())
    asyncio.run(reconciled(till))
    assert till.count("subscription_news") == 0 and kept(till) == []


def test_once_it_is_long_over_it_is_let_go_of(till: SubscriptionCounter) -> None:
    name = met(till)
    till.provider.end(name)
    for _ in range(14):
        till.clock.advance(DAY_S)
        assert caught_up(till) == 1
    till.clock.advance(DAY_S)
    assert caught_up(till) == 0
    assert kept(till) == [("fake", name, "ended", 0)]


def test_without_an_answer_it_is_asked_about_again_after_a_restart_too(
    till: SubscriptionCounter,
) -> None:
    name = met(till)
    till.provider.renew(name)
    till.strategy.answers["fetch_subscription"] = [Unavailable("down")] * 2
    till.clock.advance(DAY_S)
    assert [caught_up(till), caught_up(till)] == [1, 0]
    till.restart()
    assert caught_up(till) == 0
    till.clock.advance(60)
    assert [caught_up(till), caught_up(till)] == [1, 0]
    assert kept(till) == [("fake", name, "active", 2)] and held(till) == 1
    till.clock.advance(120)
    assert caught_up(till) == 1
    assert held(till) == 2


def test_one_that_the_provider_has_no_more_is_asked_about_once_a_day(
    till: SubscriptionCounter,
) -> None:
    met(till)
    till.strategy.answers["fetch_subscription"] = [Rejected("gone", status=404)] * 2
    till.clock.advance(DAY_S)
    assert [caught_up(till), caught_up(till)] == [1, 0]
    till.clock.advance(DAY_S)
    assert [caught_up(till), caught_up(till)] == [1, 0]


def test_an_account_whose_keys_are_refused_is_left_to_rest_with_its_lost_ones(
    till: SubscriptionCounter, expected_logs: ExpectedLogs
) -> None:
    met(till)
    till.store.write_now(
        lambda tx: tx.execute(
            "INSERT INTO lost_subscriptions SELECT provider, 'sub_other', account, reference, "
            "state, found_at, looked_at, due_at, failures FROM lost_subscriptions"
        )
    )
    till.clock.advance(DAY_S)
    till.strategy.answers["fetch_subscription"] = [Rejected("No such key", status=401)]
    # The second is as due, and is not asked about.
    assert caught_up(till) == 1
    assert till.strategy.count("fetch_subscription") == 1
    expected_logs.take("the keys of fake are refused")


@pytest.mark.parametrize(
    "error",
    [Rejected("gone", status=404), Rejected("not for you", status=403), Protocol("nonsense")],
)
def test_a_session_that_the_list_names_and_nobody_can_read_is_said_to_be_strange(
    till: SubscriptionCounter, error: ProviderError
) -> None:
    till.strategy.answers["fetch"] = [error]
    reference = f"{till.store.till_id}-0rder0000009-1"
    said = asyncio.run(look_at_lost(till.strategy, Recheck(reference, None, "fs_9"), till.store))
    assert [str(each) for each in said] == [
        f"A session for {reference}, which is not in the books, is not understood."
    ]


def test_a_session_that_the_list_names_is_asked_about_again_once_the_keys_do(
    till: SubscriptionCounter,
) -> None:
    till.strategy.answers["fetch"] = [Rejected("No such key", status=401)]
    lost_one = Recheck(f"{till.store.till_id}-0rder0000009-1", None, "fs_9")
    with pytest.raises(Rejected):
        asyncio.run(look_at_lost(till.strategy, lost_one, till.store))
