"""When a subscription is known to end, where the provider tells of that and where it does not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.attempt import Reference
from app.domain.catalog import BillingInterval
from app.domain.money import Money
from app.domain.observation import Source
from app.domain.renewal import Subscription, end_known
from app.domain.subscription import SubscriptionObservation, SubscriptionState

S = SubscriptionState
END = datetime(2026, 12, 21, tzinfo=UTC)
WEEK = timedelta(days=7)
KNOWN = Subscription(
    id=1,
    account="main",
    provider="razorpay",
    provider_account="acc_1",
    live=False,
    subscription_id="sub_1",
    reference=Reference("t11111", "0rder0000001", 1),
    order_id="0rder0000001",
    attempt_id=1,
    state=S.ACTIVE,
    version=1,
    amount=Money(500, "INR"),
    interval=BillingInterval.WEEKLY,
    started_at=END - WEEK,
    ends_at=END,
)
SEEN = SubscriptionObservation(
    source=Source.POLL,
    provider="razorpay",
    provider_account="acc_1",
    live=False,
    reference="",
    subscription_id="sub_1",
    state=S.ACTIVE,
    observed_at=END - timedelta(days=1),
    current_until=END,
    tells_end=False,
)


def test_what_is_told_counts() -> None:
    later = END + WEEK
    for tells_end in (True, False):
        seen = replace(SEEN, ends_at=later, tells_end=tells_end)
        assert end_known(KNOWN, seen) == end_known(replace(KNOWN, ends_at=None), seen) == later


def test_where_a_look_tells_an_end_that_is_missing_was_taken_back() -> None:
    assert end_known(KNOWN, replace(SEEN, tells_end=True)) is None


@pytest.mark.parametrize("state", S)
def test_where_no_look_tells_what_was_agreed_to_stays(state: S) -> None:
    for until in (None, END, END + timedelta(hours=20)):
        assert end_known(KNOWN, replace(SEEN, state=state, current_until=until)) == END
    assert end_known(replace(KNOWN, ends_at=None), SEEN) is None


def test_one_that_was_charged_beyond_its_end_goes_on() -> None:
    assert end_known(KNOWN, replace(SEEN, current_until=END + WEEK)) is None
    # The next try of a refused charge is no new period.
    again = replace(SEEN, state=S.PAST_DUE, current_until=END + timedelta(days=3))
    assert end_known(KNOWN, again) == END
