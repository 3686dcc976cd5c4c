"""The watch over subscriptions: by their dates, by news, and by ends that nobody has answered."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.domain.judgement import Standing
from app.domain.observation import Source
from app.errors import StoreError, Unavailable
from app.events import Fact
from app.failpoints import only_at, switched_on
from app.store.subscriptions import hear_of, news_is_known, news_of_subscriptions
from app.subscriptions import Subscriptions
from tests.conftest import ExpectedLogs
from tests.parts.inbox import Door
from tests.parts.subscribed import SUB, SubscriptionCounter
from tests.parts.subscribing import MONTH
from tests.parts.till import until

DAY_S = 86_400.0


@pytest.fixture
def till(tmp_path: Path) -> Iterator[SubscriptionCounter]:
    till = SubscriptionCounter(tmp_path)
    asyncio.run(till.subscribe())
    till.strategy.calls.clear()
    yield till
    faults = till.violations()
    till.close()
    assert faults == []


def caught_up(till: SubscriptionCounter) -> int:
    return asyncio.run(till.subscription_watch.catch_up())


def ticked(till: SubscriptionCounter) -> int:
    """Go one round, and say how many looks that made in all."""
    asyncio.run(till.subscription_watch.tick())
    return till.strategy.count("fetch_subscription")


def test_it_is_looked_at_once_a_day_and_soon_after_a_payment_is_due(
    till: SubscriptionCounter,
) -> None:
    assert caught_up(till) == 0
    till.clock.advance(DAY_S)
    assert [caught_up(till), caught_up(till)] == [1, 0]
    due = till.subscription().current_until
    assert due is not None
    till.clock.advance((due - till.clock.now()).total_seconds() - DAY_S / 2)
    caught_up(till)
    till.clock.advance(DAY_S / 2)
    assert caught_up(till) == 0
    till.provider.renew(SUB)
    till.clock.advance(300)
    assert caught_up(till) == 1
    assert len(till.renewals()) == 1


def test_no_more_are_looked_at_than_is_allowed_and_ended_ones_for_late_money_alone(
    till: SubscriptionCounter,
) -> None:
    asyncio.run(till.subscribe())
    till.provider.end(SUB)
    till.clock.advance(DAY_S)
    assert asyncio.run(till.subscription_watch.catch_up(1)) == 1
    assert caught_up(till) == 1
    till.clock.advance(DAY_S)
    assert caught_up(till) == 2
    assert till.subscription().is_over
    for _ in range(15):
        till.clock.advance(DAY_S)
        caught_up(till)
    till.clock.advance(DAY_S)
    assert caught_up(till) == 1


def test_without_an_answer_it_is_left_alone_for_longer_and_longer(
    till: SubscriptionCounter,
) -> None:
    till.clock.advance(DAY_S)
    till.strategy.answers["fetch_subscription"] = [Unavailable("down")] * 3
    assert [caught_up(till), caught_up(till)] == [1, 0]
    till.clock.advance(60)
    assert [caught_up(till), caught_up(till)] == [1, 0]
    till.clock.advance(60)
    assert caught_up(till) == 0
    till.clock.advance(60)
    assert caught_up(till) == 1


def test_a_clock_that_was_set_back_keeps_none_from_being_seen(till: SubscriptionCounter) -> None:
    till.clock.set_wrong_by(-7200)
    till.clock.advance(60)
    assert [caught_up(till), caught_up(till)] == [1, 0]


def test_news_is_looked_at_at_once_and_let_go_of(till: SubscriptionCounter) -> None:
    door = Door(till)
    asyncio.run(till.subscription_watch.tick())
    till.provider.renew(SUB)
    door.take_in(till.provider.news(SUB, "fe_n"), till.provider.news(SUB, "fe_m"))
    door.settle()
    assert door.standings()[-1] == ("fe_m", "rechecked") and door.heard == 2
    assert till.store.read_now(news_of_subscriptions)[0].heard == 2
    assert ticked(till) == 0
    till.subscription_watch.wake()
    assert ticked(till) == 1
    assert len(till.renewals()) == 1 and till.count("subscription_news") == 0


def test_news_survives_a_crash_and_a_provider_that_is_down(till: SubscriptionCounter) -> None:
    class PowerCut(BaseException):
        pass

    def die() -> None:
        raise PowerCut

    door = Door(till)
    till.provider.renew(SUB)
    door.take_in(till.provider.news(SUB, "fe_n"))
    door.settle()
    with pytest.raises(PowerCut), switched_on(only_at("subscription.called", die)):
        ticked(till)
    till.restart()
    till.strategy.answers["fetch_subscription"] = [Unavailable("down")]
    ticked(till)
    assert till.count("subscription_news") == 1 and till.renewals() == []
    till.subscription_watch.wake()
    assert ticked(till) == 2
    till.clock.advance(60)
    ticked(till)
    assert till.count("subscription_news") == 0 and len(till.renewals()) == 1


def test_what_is_heard_during_a_look_is_looked_at_again(till: SubscriptionCounter) -> None:
    till.store.write_now(lambda tx: hear_of(tx, "fake", SUB))
    (news,) = till.store.read_now(news_of_subscriptions)
    till.store.write_now(lambda tx: hear_of(tx, "fake", SUB))
    till.store.write_now(lambda tx: news_is_known(tx, news))
    assert till.count("subscription_news") == 1
    ticked(till)
    assert till.count("subscription_news") == 0


def test_an_end_without_an_answer_is_asked_for_again_and_told_after_a_day(
    till: SubscriptionCounter,
) -> None:
    till.strategy.answers["cancel_subscription"] = [Unavailable("down")] * 1000
    asyncio.run(till.subscriptions.cancel(1, at_period_end=False, by="Ada", reason="moved"))
    till.clock.advance(60)
    ticked(till)
    assert till.count("exceptions") == 0
    till.clock.advance(DAY_S)
    ticked(till)
    ticked(till)
    (told,) = till.rows("SELECT kind, detail FROM exceptions")
    assert told[0] == "unknown" and "has not answered for a day" in told[1]
    till.strategy.answers["cancel_subscription"] = []
    till.clock.advance(DAY_S)
    ticked(till)
    assert till.subscription().is_over
    assert till.count("exceptions", "resolved_at IS NULL") == 0
    assert asyncio.run(till.subscription_watch.sweep()) == 0


def test_a_reconciliation_looks_at_what_is_due(till: SubscriptionCounter) -> None:
    till.reconciliation.afterwards.append(("subscriptions", till.subscription_watch.reconcile))
    asyncio.run(till.reconciliation.run("start"))
    assert till.strategy.count("fetch_subscription") == 0
    till.provider.renew(SUB)
    till.clock.advance(DAY_S)
    assert asyncio.run(till.reconciliation.run("start")).problems == []
    assert len(till.renewals()) == 1


def test_it_goes_on_for_ever_and_wakes_with_each_subscription_that_is_begun(
    till: SubscriptionCounter, monkeypatch: pytest.MonkeyPatch, expected_logs: ExpectedLogs
) -> None:
    faults: list[Exception] = [StoreError("the disk is full"), ValueError("a bug")]
    hear = till.subscription_watch.hear
    rounds = 0

    async def faulty() -> int:
        nonlocal rounds
        rounds += 1
        till.subscription_watch.wake()
        if faults:
            raise faults.pop(0)
        return await hear()

    monkeypatch.setattr(till.subscription_watch, "hear", faulty)

    async def watch() -> None:
        task = asyncio.create_task(till.subscription_watch.run())
        await until(lambda: rounds >= 5)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(watch())
    expected_logs.take("wait for the books")
    expected_logs.take("could not be looked at")
    watch_ = till.subscription_watch
    watch_._has_news = False
    watch_._on_fact(Fact(1, till.clock.now(), "order.paid", "", None, {}))
    assert not watch_._has_news
    watch_._on_fact(Fact(2, till.clock.now(), "subscription.started", "", None, {}))
    assert watch_._has_news


@pytest.mark.parametrize("in_the_middle", [False, True])
def test_books_that_cannot_be_written_end_a_round(
    till: SubscriptionCounter, monkeypatch: pytest.MonkeyPatch, in_the_middle: bool
) -> None:
    async def full(self: Subscriptions, row_id: int, source: Source) -> Standing:
        raise StoreError("the disk is full")

    monkeypatch.setattr(Subscriptions, "look", full)
    till.clock.advance(DAY_S if in_the_middle else MONTH / timedelta(seconds=1))
    with pytest.raises(StoreError):
        caught_up(till)
    monkeypatch.undo()
