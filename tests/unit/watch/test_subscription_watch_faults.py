"""The watch over subscriptions where one of them is the trouble, and not the others' fault."""

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from app.domain.observation import Source
from app.domain.subscription import SubscriptionObservation, SubscriptionState
from app.errors import Rejected, StoreError, Unavailable
from app.store.subscriptions import hear_of, news_is_known, news_of_subscriptions
from tests.conftest import ExpectedLogs
from tests.parts.subscribed import SUB, SubscriptionCounter
from tests.parts.subscribing import FakeSubscription

DAY_S = 86_400.0
SECOND = "sub_fs_2"


@pytest.fixture
def till(tmp_path: Path) -> Iterator[SubscriptionCounter]:
    till = SubscriptionCounter(tmp_path)
    asyncio.run(till.subscribe())
    asyncio.run(till.subscribe())
    asyncio.run(till.subscriptions.look(2, Source.POLL))
    till.strategy.calls.clear()
    till.clock.advance(60)
    yield till
    till.close()


def ticked(till: SubscriptionCounter) -> None:
    asyncio.run(till.subscription_watch.tick())


def test_one_that_meets_a_bug_keeps_no_other_from_being_looked_at(
    till: SubscriptionCounter, monkeypatch: pytest.MonkeyPatch, expected_logs: ExpectedLogs
) -> None:
    seen_of = till.strategy.seen_of

    def faulty(each: FakeSubscription, source: Source) -> SubscriptionObservation:
        if each.id == SUB:
            raise KeyError("a field that is not there")
        return seen_of(each, source)

    monkeypatch.setattr(till.strategy, "seen_of", faulty)
    till.provider.renew(SECOND)
    for name in (SUB, SECOND):
        till.store.write_now(partial(hear_of, account="fake", subscription_id=name))
    ticked(till)
    expected_logs.take("a bug")
    assert len(till.renewals()) == 1
    assert [each.subscription_id for each in till.store.read_now(news_of_subscriptions)] == [SUB]


def test_books_that_cannot_be_read_end_the_round(
    till: SubscriptionCounter, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unreadable(row_id: int, source: Source) -> None:
        raise StoreError("The disk is full")

    monkeypatch.setattr(till.subscriptions, "look", unreadable)
    till.clock.advance(40 * DAY_S)
    with pytest.raises(StoreError):
        asyncio.run(till.subscription_watch.catch_up())


def test_an_end_that_could_not_be_asked_about_is_left_alone_for_a_while(
    till: SubscriptionCounter, monkeypatch: pytest.MonkeyPatch
) -> None:
    till.strategy.answers["cancel_subscription"] = [Unavailable("down")] * 100
    asyncio.run(till.subscriptions.cancel(1, at_period_end=False, by="Ada", reason="moved"))
    asked: list[int] = []

    async def unanswered(row_id: int, source: Source) -> None:
        asked.append(row_id)
        raise Unavailable("down")

    monkeypatch.setattr(till.subscriptions, "look", unanswered)
    assert asyncio.run(till.subscription_watch.sweep()) == 0
    till.clock.advance(60)
    for _ in range(2):
        asyncio.run(till.subscription_watch.sweep())
    assert asked == [1]


def test_an_end_whose_call_was_altered_keeps_no_other_from_being_looked_at(
    till: SubscriptionCounter, expected_logs: ExpectedLogs
) -> None:
    till.strategy.answers["cancel_subscription"] = [Unavailable("down")] * 100
    asyncio.run(till.subscriptions.cancel(1, at_period_end=False, by="Ada", reason="moved"))
    till.store.write_now(
        lambda tx: tx.execute("UPDATE intents SET digest = 'x' WHERE subscription = 1")
    )
    till.provider.renew(SECOND)
    till.clock.advance(DAY_S)
    ticked(till)
    assert len(till.renewals()) == 1
    assert till.count("exceptions", "resolved_at IS NULL") == 1


def test_after_the_clock_was_set_back_each_has_its_turn(till: SubscriptionCounter) -> None:
    till.clock.set_wrong_by(-7200)
    till.clock.advance(60)
    watch = till.subscription_watch
    looks = []
    for _ in range(4):
        asyncio.run(watch.catch_up(1))
        looks.append(till.strategy.calls[-1].subject)
        till.clock.advance(60)
    assert set(looks) == {SUB, SECOND}


def test_news_that_comes_between_two_looks_is_kept(
    till: SubscriptionCounter,
) -> None:
    till.store.write_now(lambda tx: hear_of(tx, "fake", SUB))
    (news,) = till.store.read_now(news_of_subscriptions)
    till.store.write_now(lambda tx: news_is_known(tx, news))
    till.clock.advance(1)
    till.store.write_now(lambda tx: hear_of(tx, "fake", SUB))
    # A second look that began with the first.
    till.store.write_now(lambda tx: news_is_known(tx, news))
    assert till.count("subscription_news") == 1


def test_an_end_that_was_agreed_to_and_does_not_come_is_told_after_a_day(
    till: SubscriptionCounter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(till.provider, "end", lambda *given, **named: None)
    wanted = asyncio.run(
        till.subscriptions.cancel(1, at_period_end=False, by="Ada", reason="moved")
    )
    assert wanted.is_ending
    till.clock.advance(DAY_S)
    ticked(till)
    ticked(till)
    ((detail,),) = till.rows("SELECT detail FROM exceptions WHERE resolved_at IS NULL")
    assert "agreed to end it a day ago and has not" in detail
    monkeypatch.undo()
    till.provider.end(SUB)
    ticked(till)
    till.clock.advance(300)
    ticked(till)
    assert till.count("exceptions", "resolved_at IS NULL") == 0


def test_money_that_was_on_its_way_at_the_end_is_found(till: SubscriptionCounter) -> None:
    asyncio.run(till.subscriptions.cancel(1, at_period_end=False, by="Ada", reason="moved"))
    assert till.subscription().state is SubscriptionState.ENDED
    till.provider.renew(SUB)
    till.clock.advance(DAY_S)
    ticked(till)
    assert [held for _, _, held, _ in till.renewals()] == ["mismatch"]
    assert till.violations() == []


def test_an_account_that_is_silent_does_not_make_all_its_news_be_tried_at_once(
    till: SubscriptionCounter,
) -> None:
    silence = [Unavailable("down")] * 10
    till.strategy.answers["fetch_subscription"] = list(silence)
    for number in range(10):
        till.store.write_now(partial(hear_of, account="fake", subscription_id=f"sub_{number}"))
    assert asyncio.run(till.subscription_watch.hear()) == 0
    assert till.strategy.count("fetch_subscription") == 3
    assert asyncio.run(till.subscription_watch.hear()) == 0
    assert till.strategy.count("fetch_subscription") == 3
    till.clock.advance(120)
    till.strategy.answers["fetch_subscription"] = []
    assert asyncio.run(till.subscription_watch.hear()) == 10


def test_an_account_that_is_silent_does_not_have_all_that_is_due_tried_at_once(
    till: SubscriptionCounter,
) -> None:
    for _ in range(3):
        asyncio.run(till.subscribe())
    till.strategy.calls.clear()
    till.strategy.answers["fetch_subscription"] = [Unavailable("down")] * 10
    till.clock.advance(DAY_S)
    assert asyncio.run(till.subscription_watch.catch_up()) == 3
    assert asyncio.run(till.subscription_watch.catch_up()) == 0
    till.clock.advance(60)
    # One look shows whether it is back.
    assert asyncio.run(till.subscription_watch.catch_up()) == 1
    till.strategy.answers["fetch_subscription"] = []
    till.clock.advance(300)
    assert asyncio.run(till.subscription_watch.catch_up()) == 5


def test_after_the_clock_was_set_back_none_is_asked_about_every_minute(
    till: SubscriptionCounter,
) -> None:
    till.clock.set_wrong_by(-365 * DAY_S)
    looks = 0
    for _ in range(12 * 60):
        till.clock.advance(60)
        looks += asyncio.run(till.subscription_watch.catch_up())
    assert looks == 4


def test_one_that_was_begun_before_the_clock_was_set_back_is_looked_at(
    till: SubscriptionCounter,
) -> None:
    _, attempt = asyncio.run(till.sell())
    till.provider.pay(attempt.session_id or "")
    asyncio.run(till.look(attempt))
    till.clock.set_wrong_by(-7200)
    asyncio.run(till.subscription_watch.catch_up())
    assert till.subscription(3).state is SubscriptionState.ACTIVE


def test_where_nobody_can_be_asked_any_more_a_person_is_told_once_for_the_account(
    till: SubscriptionCounter,
) -> None:
    till.strategy.adopt("acct_of_another")
    till.provider.renew(SUB)
    till.clock.advance(DAY_S)
    for _ in range(3):
        ticked(till)
        till.clock.advance(300)
    ((detail,),) = till.rows("SELECT detail FROM exceptions WHERE resolved_at IS NULL")
    assert "renewals are not in the books" in detail and "another account now" in detail
    till.strategy.adopt("acct_fake")
    till.clock.advance(DAY_S)
    ticked(till)
    assert till.count("exceptions", "resolved_at IS NULL") == 0
    assert len(till.renewals()) == 1


def test_keys_that_are_refused_are_tried_again_until_somebody_has_mended_them(
    till: SubscriptionCounter, expected_logs: ExpectedLogs
) -> None:
    till.clock.advance(DAY_S)
    till.strategy.answers["fetch_subscription"] = [Rejected("keys", status=401)] * 10_000
    till.provider.renew(SUB)
    for _ in range(3 * 24 * 60):
        asyncio.run(till.subscription_watch.catch_up())
        till.clock.advance(60)
    expected_logs.take("the keys of fake are refused")
    # One look in five minutes, after a first and a second that came sooner.
    assert 3 * 24 * 10 < till.strategy.count("fetch_subscription") <= 3 * 24 * 12 + 2
    till.strategy.answers["fetch_subscription"] = []
    till.clock.advance(300)
    assert asyncio.run(till.subscription_watch.catch_up()) == 2
    assert len(till.renewals()) == 1


def test_an_end_that_nobody_answers_is_asked_for_less_and_less_often_also_after_a_restart(
    till: SubscriptionCounter,
) -> None:
    till.strategy.answers["cancel_subscription"] = [Unavailable("down")] * 1000
    asyncio.run(till.subscriptions.cancel(1, at_period_end=False, by="Ada", reason="moved"))
    asked = till.strategy.count("cancel_subscription")
    times = []
    for minute in range(24 * 60):
        till.clock.advance(60)
        asyncio.run(till.subscription_watch.sweep())
        if till.strategy.count("cancel_subscription") > asked:
            asked += 1
            times.append(minute + 1)
            till.restart()
    assert times == [1, 3, 7, 15, 31, 63, 127, 255, 511, 871, 1231]
    assert len(set(till.strategy.keys_of("cancel_subscription"))) == 1


@pytest.mark.parametrize("verb", ["look", "end"])
def test_one_that_the_keys_may_not_look_at_keeps_no_other_of_the_account_from_it(
    till: SubscriptionCounter,
    monkeypatch: pytest.MonkeyPatch,
    expected_logs: ExpectedLogs,
    verb: str,
) -> None:
    seen_of = till.strategy.seen_of

    def forbidden(each: FakeSubscription, source: Source) -> SubscriptionObservation:
        if each.id == SUB:
            raise Rejected("not this one", status=403)
        return seen_of(each, source)

    if verb == "end":
        till.strategy.answers["cancel_subscription"] = [Unavailable("down")] * 100
        asyncio.run(till.subscriptions.cancel(1, at_period_end=False, by="Ada", reason="moved"))
        till.strategy.answers["cancel_subscription"] = []
    monkeypatch.setattr(till.strategy, "seen_of", forbidden)
    till.clock.advance(DAY_S)
    till.provider.renew(SECOND)
    for _ in range(60):
        ticked(till)
        till.clock.advance(30)
    assert len(till.renewals()) == 1
    assert expected_logs.take_all("the keys of fake are refused")
