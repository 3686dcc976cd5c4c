"""What a subscription was agreed to be, where it can move, and when it is looked at."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given

from app.domain.attempt import Reference
from app.domain.cart import CartContent
from app.domain.catalog import BillingInterval, Shop
from app.domain.ledger import renewal_entries
from app.domain.money import Money
from app.domain.order import snapshot_of
from app.domain.renewal import (
    SUBSCRIPTION_MOVES,
    EndWanted,
    Subscription,
    agreed_of,
    next_look,
    objection_to_renewal,
)
from app.domain.subscription import SubscriptionState
from tests.parts.clock import START
from tests.parts.strategies import contents
from tests.parts.values import BEANS, COFFEE, ORDER_ID, TILL, snapshot

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def subscription(**changes: Any) -> Subscription:
    values: dict[str, Any] = {
        "id": 1,
        "account": "stripe_checkout",
        "provider": "stripe",
        "provider_account": "acct_1",
        "live": False,
        "subscription_id": "sub_1",
        "reference": Reference(TILL, ORDER_ID, 1),
        "order_id": ORDER_ID,
        "attempt_id": 1,
        "state": SubscriptionState.ACTIVE,
        "version": 2,
        "amount": Money(1500, "EUR"),
        "interval": BillingInterval.MONTHLY,
        "started_at": START,
        "looked_at": START,
    }
    return Subscription(**values | changes)


def test_what_recurs_is_what_was_agreed() -> None:
    agreed = agreed_of(snapshot(COFFEE, (BEANS, 2)))
    assert agreed is not None
    assert (agreed.amount, agreed.interval) == (Money(3000, "EUR"), BillingInterval.MONTHLY)
    assert agreed_of(snapshot(COFFEE)) is None


@given(content=contents())
def test_a_renewal_is_posted_to_the_unit_whatever_was_sold(content: CartContent) -> None:
    for is_included in (True, False):
        frozen = snapshot_of(content, Shop(name="Amsel", prices_include_tax=is_included))
        agreed = agreed_of(frozen)
        if agreed is None:
            continue
        entries = renewal_entries("clearing:stripe", agreed)
        assert sum(entries.values()) == 0
        assert entries["clearing:stripe"] == agreed.amount.minor
        recurring = [line for line in frozen.lines if line.is_recurring]
        taxes = -sum(minor for name, minor in entries.items() if name.startswith("tax:"))
        assert taxes == sum(line.tax_minor for line in recurring)


def test_nothing_leads_back_from_an_end_or_to_a_beginning() -> None:
    assert SUBSCRIPTION_MOVES[SubscriptionState.ENDED] == frozenset()
    for state, to in SUBSCRIPTION_MOVES.items():
        assert state not in to and SubscriptionState.PENDING not in to


def test_why_a_renewal_is_no_sale() -> None:
    agreed = Money(1500, "EUR")
    assert objection_to_renewal(subscription(), agreed, number=7, has_sale=True) is None
    ended = subscription(state=SubscriptionState.ENDED)
    for of, amount, has_sale, words in (
        (subscription(), Money(1501, "EUR"), True, "took 15.01 EUR, agreed was 15.00 EUR"),
        (subscription(), Money(1500, "USD"), True, "took 15.00 USD"),
        (ended, agreed, True, "came after its end"),
        (subscription(), agreed, False, "order 7 is not paid by it"),
    ):
        assert words in str(objection_to_renewal(of, amount, number=7, has_sale=has_sale))


@pytest.mark.parametrize(
    "changes, is_ending",
    [
        ({}, False),
        ({"end_wanted": EndWanted.NOW}, True),
        ({"end_wanted": EndWanted.NOW, "ends_at": START}, True),
        ({"end_wanted": EndWanted.NOW, "state": SubscriptionState.ENDED}, False),
        ({"end_wanted": EndWanted.PERIOD_END}, True),
        ({"end_wanted": EndWanted.PERIOD_END, "ends_at": START}, False),
    ],
)
def test_an_end_is_awaited_until_the_provider_tells_of_it(
    changes: dict[str, Any], is_ending: bool
) -> None:
    assert subscription(**changes).is_ending is is_ending


@pytest.mark.parametrize(
    "changes, after",
    [
        ({}, DAY),
        ({"state": SubscriptionState.PENDING}, 5 * MINUTE),
        ({"end_wanted": EndWanted.NOW}, 5 * MINUTE),
        ({"state": SubscriptionState.PAST_DUE, "current_until": START}, 6 * HOUR),
        ({"current_until": START + 3 * HOUR}, 3 * HOUR + 5 * MINUTE),
        ({"current_until": START}, 5 * MINUTE),
        ({"current_until": START - 6 * MINUTE}, 5 * MINUTE),
        ({"current_until": START - 2 * HOUR}, HOUR),
        ({"current_until": START - 5 * DAY}, 6 * HOUR),
        ({"current_until": START + 30 * DAY, "ends_at": START + HOUR}, HOUR + 5 * MINUTE),
    ],
)
def test_when_it_is_looked_at_next(changes: dict[str, Any], after: timedelta) -> None:
    assert next_look(subscription(**changes)) == START + after


def test_one_that_nobody_has_looked_at_is_due_and_an_ended_one_for_late_money_alone() -> None:
    assert next_look(subscription(looked_at=None)) == START
    ended = replace(subscription(), state=SubscriptionState.ENDED)
    assert next_look(ended) == START + DAY
    assert next_look(replace(ended, ended_at=START - 13 * DAY)) == START + DAY
    assert next_look(replace(ended, ended_at=START - 14 * DAY)) is None


def test_the_last_day_of_all_is_reckoned_with() -> None:
    last = datetime.max.replace(tzinfo=UTC)
    assert next_look(subscription(current_until=last, ends_at=last)) == START + DAY
