"""Subscriptions after the books were restored: selling does not wait for them, their ends do."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.observation import Source
from app.errors import CheckoutRefused, Unavailable
from app.store.epochs import begin_epoch, needs_reconciliation
from app.store.subscriptions_due import count_unseen, is_unseen
from tests.parts.giving_back import LOST
from tests.parts.subscribed import SUB, SubscriptionCounter
from tests.unit.reconciling import reconciled

MANY = 60
WHO = {"by": "Ada", "reason": "moved away"}


@pytest.fixture
def till(tmp_path: Path) -> Iterator[SubscriptionCounter]:
    till = SubscriptionCounter(tmp_path)
    asyncio.run(till.subscribe())
    till.reconciliation.afterwards.append(("subscriptions", till.subscription_watch.reconcile))
    yield till
    faults = till.violations()
    till.close()
    assert faults == []


def restore(till: SubscriptionCounter) -> None:
    till.store.write_now(lambda tx: begin_epoch(tx, actor="tester", cause="test"))
    till.strategy.calls.clear()


def looks(till: SubscriptionCounter) -> int:
    return till.strategy.count("fetch_subscription")


def ticked(till: SubscriptionCounter) -> None:
    asyncio.run(till.subscription_watch.tick())


def test_they_are_sold_with_before_any_subscription_was_looked_at_and_the_report_says_so(
    till: SubscriptionCounter,
) -> None:
    for _ in range(MANY - 1):
        asyncio.run(till.subscribe())
    ticked(till)
    till.provider.renew(SUB)
    restore(till)
    report = asyncio.run(reconciled(till))
    assert looks(till) == 0 and not till.store.read_now(needs_reconciliation)
    assert [str(problem) for problem in report.problems] == [
        "60 subscriptions were not looked at yet since the books were restored; "
        "the till goes on looking by itself."
    ]
    # From then on there is no pause between the rounds: each tick looks at some.
    for looked in (25, 50, 60):
        ticked(till)
        assert looks(till) == looked
        till.clock.advance(1)
    assert len(till.renewals()) == 1
    assert till.store.read_now(count_unseen) == 0
    ticked(till)
    assert looks(till) == MANY
    assert asyncio.run(reconciled(till)).problems == []


def test_while_the_orders_are_not_made_sure_of_a_few_are_looked_at_in_a_round(
    till: SubscriptionCounter,
) -> None:
    for _ in range(9):
        asyncio.run(till.subscribe())
    ticked(till)
    restore(till)
    till.clock.advance(30)
    for looked in (5, 5, 10):
        ticked(till)
        assert looks(till) == looked
        till.clock.advance(15)


def test_those_that_wait_to_be_looked_at_still_do_so_after_a_restart(
    till: SubscriptionCounter,
) -> None:
    restore(till)
    till.strategy.answers["fetch_subscription"] = [Unavailable("down")]
    ticked(till)
    assert till.store.read_now(count_unseen) == 1
    till.restart()
    till.clock.advance(30)
    ticked(till)
    # It was asked about a moment ago, by the program that ran before this one.
    assert looks(till) == 1
    till.clock.advance(30)
    ticked(till)
    assert till.store.read_now(count_unseen) == 0


def test_no_end_is_asked_for_again_before_it_was_looked_at(till: SubscriptionCounter) -> None:
    till.strategy.answers["cancel_subscription"] = [LOST] * 100
    asyncio.run(till.subscriptions.cancel(1, at_period_end=True, **WHO))
    till.strategy.answers["cancel_subscription"] = []
    restore(till)
    till.strategy.answers["fetch_subscription"] = [Unavailable("down")]
    with pytest.raises(Unavailable):
        asyncio.run(till.subscriptions.look(1, Source.SWEEP))
    assert till.strategy.count("cancel_subscription") == 0
    asyncio.run(till.subscriptions.look(1, Source.SWEEP))
    order = [call.verb for call in till.strategy.calls]
    assert order.index("cancel_subscription") > order.index("fetch_subscription")
    assert till.subscription().ends_at is not None


def test_an_end_that_came_meanwhile_is_not_asked_for_once_more(till: SubscriptionCounter) -> None:
    till.strategy.answers["cancel_subscription"] = [Unavailable("down")] * 100
    asyncio.run(till.subscriptions.cancel(1, at_period_end=False, **WHO))
    restore(till)
    till.provider.end(SUB)
    assert asyncio.run(till.subscriptions.look(1, Source.SWEEP)).is_over
    assert till.strategy.count("cancel_subscription") == 0
    assert till.count("intents", "outcome IS NULL AND subscription IS NOT NULL") == 0


def test_a_person_who_ends_one_is_told_that_it_could_not_be_looked_at(
    till: SubscriptionCounter,
) -> None:
    restore(till)
    till.strategy.answers["fetch_subscription"] = [Unavailable("down")]
    with pytest.raises(CheckoutRefused, match="not told yet how it stands") as caught:
        asyncio.run(till.subscriptions.cancel(1, at_period_end=False, **WHO))
    assert "Nothing was ended." in caught.value.detail
    assert till.count("intents", "subscription IS NOT NULL") == 0
    assert asyncio.run(till.subscriptions.cancel(1, at_period_end=False, **WHO)).is_over


def test_what_is_begun_after_a_restoration_needs_no_look_because_of_it(
    till: SubscriptionCounter,
) -> None:
    restore(till)
    asyncio.run(reconciled(till))
    asyncio.run(till.subscribe())
    assert till.store.read_now(lambda db: is_unseen(db, 1)) is False
    assert till.store.read_now(lambda db: is_unseen(db, 2)) is False


def test_an_end_that_came_meanwhile_answers_what_was_asked_for_before_a_person_asks_again(
    till: SubscriptionCounter,
) -> None:
    till.strategy.answers["cancel_subscription"] = [Unavailable("down")] * 100
    asyncio.run(till.subscriptions.cancel(1, at_period_end=False, **WHO))
    restore(till)
    till.provider.end(SUB)
    assert asyncio.run(till.subscriptions.cancel(1, at_period_end=False, **WHO)).is_over
    assert till.strategy.count("cancel_subscription") == 0
    assert till.count("intents", "outcome IS NULL AND subscription IS NOT NULL") == 0
