"""Looking at subscriptions and ending them: what is asked, under which key, and what is known."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.domain.observation import Source
from app.domain.subscription import SubscriptionState
from app.errors import CheckoutRefused, Protocol, Rejected, Unavailable
from app.store.subscriptions import hear_of
from tests.conftest import ExpectedLogs
from tests.parts.provider import FakeProvider, FakeStrategy
from tests.parts.subscribed import SUB, SubscriptionCounter
from tests.parts.till import Counter


@pytest.fixture
def till(tmp_path: Path) -> Iterator[SubscriptionCounter]:
    till = SubscriptionCounter(tmp_path)
    asyncio.run(till.subscribe())
    yield till
    faults = till.violations()
    till.close()
    assert faults == []


def waiting(till: SubscriptionCounter) -> list[str]:
    return [
        row[0]
        for row in till.rows("SELECT detail FROM exceptions WHERE resolved_at IS NULL ORDER BY id")
    ]


# --- listing -------------------------------------------------------------------------------------


def test_what_is_listed_has_its_order_and_all_its_money(till: SubscriptionCounter) -> None:
    till.provider.renew(SUB)
    asyncio.run(till.subscriptions.look(1, Source.MANUAL))
    (listed,) = asyncio.run(till.subscriptions.page())
    detail = asyncio.run(till.subscriptions.detail(1))
    assert listed == detail.subscription
    assert detail.order.number == 1
    assert len(detail.payments) == len(detail.renewals) == 1
    assert asyncio.run(till.subscriptions.page(before=1)) == []
    for ask in (till.subscriptions.detail(2), till.subscriptions.look(2, Source.POLL)):
        with pytest.raises(CheckoutRefused, match="not in the books"):
            asyncio.run(ask)


# --- looking -------------------------------------------------------------------------------------


def test_a_look_without_an_answer_changes_nothing(till: SubscriptionCounter) -> None:
    before = till.subscription()
    till.provider.end(SUB)
    till.strategy.answers["fetch_subscription"] = [Unavailable("down")]
    with pytest.raises(Unavailable):
        asyncio.run(till.subscriptions.look(1, Source.POLL))
    assert till.subscription() == before


def test_what_began_it_is_settled_with_its_order_before_any_renewal(tmp_path: Path) -> None:
    """The session has told of the subscription, and not of the money yet."""
    till = SubscriptionCounter(tmp_path)
    order, attempt = asyncio.run(till.sell())
    till.provider.pay(attempt.session_id or "")
    till.told(replace(till.seen(), payments=(), first_payment_id=""))
    till.provider.renew(SUB)
    till.strategy.answers["fetch"] = [Unavailable("down")]
    with pytest.raises(Unavailable):
        asyncio.run(till.subscriptions.look(1, Source.POLL))
    assert till.count("payments") == 0
    asyncio.run(till.subscriptions.look(1, Source.POLL))
    assert asyncio.run(till.state(order)) == "paid"
    assert [row[2] for row in till.renewals()] == [None]
    assert till.violations() == []
    till.close()


def test_where_its_session_cannot_be_understood_its_renewals_are_held(tmp_path: Path) -> None:
    till = SubscriptionCounter(tmp_path)
    _, attempt = asyncio.run(till.sell())
    till.provider.pay(attempt.session_id or "")
    till.told(replace(till.seen(), payments=(), first_payment_id=""))
    till.provider.renew(SUB)
    till.strategy.answers["fetch"] = [Protocol("odd")]
    asyncio.run(till.subscriptions.look(1, Source.POLL))
    assert [row[2] for row in till.renewals()] == ["mismatch"]
    assert len(waiting(till)) == 1
    till.close()


def test_a_look_is_newer_than_the_last_whatever_the_clock_says(till: SubscriptionCounter) -> None:
    till.clock.set_wrong_by(-7200)
    till.provider.refuse(SUB)
    now = asyncio.run(till.subscriptions.look(1, Source.POLL))
    assert now.state is SubscriptionState.PAST_DUE


def test_an_answer_about_another_is_told_and_raised(till: SubscriptionCounter) -> None:
    till.provider.subscriptions[SUB].reference = "web-shop-7"
    with pytest.raises(Protocol, match="does not belong"):
        asyncio.run(till.subscriptions.look(1, Source.POLL))
    assert len(waiting(till)) == 1


# --- what is heard of ----------------------------------------------------------------------------


def heard(till: SubscriptionCounter, subscription_id: str = SUB, account: str = "fake") -> None:
    asyncio.run(till.subscriptions.look_at(account, subscription_id, Source.WEBHOOK))


def test_one_that_is_heard_of_is_looked_at_in_the_books_or_not(till: SubscriptionCounter) -> None:
    till.provider.renew(SUB)
    heard(till)
    assert len(till.renewals()) == 1
    stranger = till.provider.subscriptions["sub_web"] = replace(
        till.provider.subscriptions[SUB], id="sub_web", reference="web-shop-7"
    )
    assert stranger.payments
    heard(till, "sub_web")
    assert till.count("subscriptions") == 1 and waiting(till) == []
    del till.provider.subscriptions["sub_web"]


def test_what_the_provider_does_not_have_or_is_another_is_over_with_that(
    till: SubscriptionCounter, expected_logs: ExpectedLogs
) -> None:
    heard(till, "sub_none")
    till.provider.subscriptions[SUB].reference = "web-shop-7"
    heard(till)
    assert len(waiting(till)) == 1
    till.strategy.answers["fetch_subscription"] = [Rejected("keys", status=401)]
    with pytest.raises(Rejected):
        heard(till, "sub_none")
    expected_logs.take("the keys of fake are refused")
    with pytest.raises(CheckoutRefused, match="not set up"):
        heard(till, account="other")


def test_one_begun_by_a_session_of_ours_that_nobody_has_looked_at_is_begun_with_it(
    tmp_path: Path,
) -> None:
    till = SubscriptionCounter(tmp_path)
    order, attempt = asyncio.run(till.sell())
    till.provider.pay(attempt.session_id or "")
    till.provider.renew(SUB)
    till.strategy.adopt("")
    heard(till)
    assert asyncio.run(till.state(order)) == "paid"
    assert [row[2] for row in till.renewals()] == [None]
    assert till.subscription().state is SubscriptionState.ACTIVE
    till.close()


def test_one_of_ours_that_is_in_no_books_needs_a_person(till: SubscriptionCounter) -> None:
    lost = replace(
        till.provider.subscriptions[SUB],
        id="sub_lost",
        reference=f"{till.store.till_id}-0rder0000009-1",
        payments=[],
    )
    till.provider.subscriptions["sub_lost"] = lost
    till.provider.renew("sub_lost")
    heard(till, "sub_lost")
    assert len(waiting(till)) == 1


def test_news_by_a_way_without_subscriptions_does_not_stand_for_ever(tmp_path: Path) -> None:
    till = Counter(tmp_path, provider=None, strategy=FakeStrategy)
    assert isinstance(till.provider, FakeProvider)
    till.store.write_now(lambda tx: hear_of(tx, "fake", SUB))
    assert asyncio.run(till.subscription_watch.hear()) == 1
    assert till.count("subscription_news") == 0 and till.strategy.calls[1:] == []
    till.close()


def test_news_by_another_way_of_the_same_account_is_looked_at(till: SubscriptionCounter) -> None:
    known = till.provider.subscriptions[SUB]
    lost = replace(
        known,
        id="sub_lost",
        payments=list(known.payments),
        reference=f"{till.store.till_id}-0rder0000009-1",
    )
    till.provider.subscriptions["sub_lost"] = lost
    plain = FakeStrategy(till.provider, account="plain")
    plain.adopt(till.strategy.provider_account)
    till.gateway._strategies = {**till.gateway._strategies, "plain": plain}
    till.provider.renew("sub_lost")
    heard(till, "sub_lost", account="plain")
    assert len(waiting(till)) == 1


def test_an_end_by_an_account_without_subscriptions_says_so(till: SubscriptionCounter) -> None:
    plain = FakeStrategy(till.provider)
    plain.adopt(till.strategy.provider_account)
    till.gateway._strategies = {"fake": plain}
    with pytest.raises(CheckoutRefused, match="fake has no subscriptions"):
        asyncio.run(till.subscriptions.look(1, Source.POLL))
