"""Looks at subscriptions that do not belong here, or to nobody, and books that lost something."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.domain.judgement import Standing
from app.domain.money import Money
from app.domain.observation import SeenPayment, Source
from app.domain.subscription import SubscriptionObservation
from app.errors import InvariantError
from app.settle import settle
from tests.parts.subscribed import SUB, SubscriptionCounter

EUR = "EUR"


@pytest.fixture
def going_on(tmp_path: Path) -> Iterator[SubscriptionCounter]:
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


STRANGERS: list[tuple[dict[str, Any], str]] = [
    ({"provider_account": "acct_2"}, "Account acct_2, expected acct_fake."),
    ({"reference": "t22222-0rder0000001-1"}, "says t22222-0rder0000001-1, expected"),
]


@pytest.mark.parametrize("changes, words", STRANGERS)
def test_a_look_that_does_not_belong_here_is_told_once_and_its_money_held(
    going_on: SubscriptionCounter, changes: dict[str, Any], words: str
) -> None:
    renewal = going_on.provider.renew(SUB)
    strange = replace(going_on.seen(), **changes)
    assert going_on.told(strange) is Standing.QUARANTINED
    assert going_on.told(strange) is Standing.QUARANTINED
    assert [row[:3] for row in going_on.renewals()] == [(renewal, 1190, "mismatch")]
    assert len(waiting(going_on)) == 2 and all(words in each for each in waiting(going_on))


@pytest.mark.parametrize("live, words", [(True, "Live money"), (False, "Test money")])
def test_money_of_the_other_mode_never_enters_the_books(
    going_on: SubscriptionCounter, live: bool, words: str
) -> None:
    seen = replace(going_on.seen(), live=live)
    seen = replace(seen, payments=(*seen.payments, SeenPayment("fp_x", Money(1190, EUR))))
    if not live:
        going_on.store.write_now(lambda tx: tx.execute("UPDATE subscriptions SET live = 1"))
    assert going_on.told(seen) is Standing.QUARANTINED
    assert going_on.renewals() == []
    assert words in waiting(going_on)[0]
    going_on.store.write_now(lambda tx: tx.execute("UPDATE subscriptions SET live = 0"))


def of_nobody(till: SubscriptionCounter, reference: str) -> SubscriptionObservation:
    payments = (SeenPayment("fp_a", Money(1190, EUR)), SeenPayment("fp_b", Money(1190, EUR)))
    return replace(till.seen(), subscription_id="sub_lost", reference=reference, payments=payments)


@pytest.mark.parametrize("reference", ["", "web-shop-7", "t22222-0rder0000001-1"])
def test_a_strangers_subscription_is_left_alone(
    going_on: SubscriptionCounter, reference: str
) -> None:
    assert going_on.told(of_nobody(going_on, reference)) is Standing.FOREIGN
    assert going_on.count("subscriptions") == 1 and waiting(going_on) == []


def test_one_of_ours_that_is_not_in_the_books_needs_a_person(tmp_path: Path) -> None:
    till = SubscriptionCounter(tmp_path)
    asyncio.run(till.subscribe())
    reference = f"{till.store.till_id}-0rder0000009-1"
    lost = of_nobody(till, reference)
    assert till.told(replace(lost, payments=())) is Standing.NOTHING_NEW
    assert till.told(replace(lost, live=True)) is Standing.QUARANTINED
    assert till.told(replace(lost, live=True)) is Standing.QUARANTINED
    assert till.count("payments") == 1 and till.count("exceptions") == 2
    assert till.told(lost) is Standing.NEEDS_PERSON
    assert till.told(lost) is Standing.NOTHING_NEW
    assert till.count("payments", "held_as = 'mismatch' AND reference <> ''") == 2
    assert till.count("exceptions") == 4
    # Another provider's reference of ours is not taken for this one's.
    other = replace(till.seen(), provider="other", subscription_id="sub_other")
    assert till.told(other) is Standing.NOTHING_NEW
    assert till.count("subscriptions") == 1
    till.close()


def test_books_that_lost_an_order_or_its_subscription_are_our_fault(
    going_on: SubscriptionCounter,
) -> None:
    seen = going_on.seen()
    for what, words in (("snapshot", "does not have"), ("id", "is gone")):
        with taken_away(going_on, what), pytest.raises(InvariantError, match=words):
            going_on.told(seen)


@contextmanager
def taken_away(till: SubscriptionCounter, what: str) -> Iterator[None]:
    """Take an order's subscription or the order itself away, and put it back."""
    (before,) = till.rows(f"SELECT {what} FROM orders")[0]
    changed = before.replace("monthly", "onetime") if what == "snapshot" else "none"
    connection = till.store._writer._connection
    connection.execute("PRAGMA foreign_keys=OFF")
    connection.execute(f"UPDATE orders SET {what} = ?", (changed,))
    yield
    connection.execute(f"UPDATE orders SET {what} = ?", (before,))
    connection.execute("PRAGMA foreign_keys=ON")


@pytest.mark.parametrize("is_named", [True, False])
def test_what_is_taken_for_the_first_and_was_not_its_sessions_is_held(
    going_on: SubscriptionCounter, is_named: bool
) -> None:
    renewal = going_on.provider.renew(SUB)
    seen = going_on.seen()
    only = replace(seen, payments=seen.payments[1:], first_payment_id=renewal if is_named else "")
    assert going_on.told(only) is Standing.SETTLED
    assert [row[:3] for row in going_on.renewals()] == [(renewal, 1190, "mismatch")]
    assert going_on.told(seen) is Standing.NOTHING_NEW


def test_what_a_lost_order_began_is_named_with_its_money(going_on: SubscriptionCounter) -> None:
    """Of books that were restored nobody else would know that the customer goes on paying."""
    till = going_on
    seen = asyncio.run(till.strategy.fetch("fs_1", source=Source.SWEEP))
    paid = (SeenPayment("fp_lost", Money(1190, EUR)),)
    reference = f"{till.store.till_id}-0rder0000009-1"
    lost = replace(seen, reference=reference, subscription_id="sub_lost", payments=paid)
    till.store.write_now(lambda tx: settle(tx, till.store.till_id, lost))
    (detail,) = waiting(till)
    assert "began subscription sub_lost: end that at the provider" in detail
    till.provider.subscriptions["sub_lost"] = replace(
        till.provider.subscriptions[SUB], id="sub_lost", reference=reference, payments=list(paid)
    )
