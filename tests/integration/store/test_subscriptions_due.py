"""Which subscriptions are due: found by an index among many, and kept over restarts and updates."""

import asyncio
import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from app.domain.observation import Source
from app.domain.renewal import next_look
from app.errors import Unavailable
from app.store import Store, schema
from app.store.epochs import begin_epoch
from app.store.subscriptions import find_subscription
from app.store.subscriptions_due import (
    BEYOND,
    DUE,
    SEEN_AHEAD,
    TO_BE_MARKED,
    UNSEEN,
    count_unseen,
    due_subscriptions,
)
from app.store.transaction import stamp
from tests.parts.books import begun, open_store, placed
from tests.parts.subscribed import SUB, SubscriptionCounter
from tests.parts.values import BEANS, snapshot

MANY = 10_000
DAY = timedelta(days=1)
OLD = datetime.fromisoformat("2026-01-02T03:04:05+00:00")


@pytest.fixture
def till(tmp_path: Path) -> Iterator[SubscriptionCounter]:
    till = SubscriptionCounter(tmp_path)
    asyncio.run(till.subscribe())
    yield till
    till.close()


def multiply(till: SubscriptionCounter, many: int) -> None:
    """Copy the subscription, each copy due a second later than the one before."""
    columns = [row[1] for row in till.rows("PRAGMA table_info(subscriptions)")]
    kept = [each for each in columns if each not in ("id", "subscription_id", "due_at")]
    names = ", ".join(kept)
    begins = till.clock.now() + timedelta(hours=1)

    def write(tx):  # type: ignore[no-untyped-def]
        for number in range(many):
            tx.execute(
                f"INSERT INTO subscriptions (subscription_id, due_at, {names}) "
                f"SELECT ?, ?, {names} FROM subscriptions WHERE id = 1",
                (f"copy_{number}", stamp(begins + timedelta(seconds=number))),
            )

    till.store.write_now(write)


def steps_of(db: sqlite3.Connection, now: datetime) -> tuple[int, list[int]]:
    """Count, by thousands, what SQLite's machine does to find what is due."""
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 1

    db.set_progress_handler(count, 1000)
    try:
        found = due_subscriptions(db, now=now, most=25)
    finally:
        db.set_progress_handler(None, 0)
    return steps, [each.id for each in found]


def test_of_ten_thousand_only_those_that_are_due_are_read(till: SubscriptionCounter) -> None:
    multiply(till, MANY)
    now = till.clock.now() + timedelta(hours=1, seconds=4.5)
    steps, found = till.store.read_now(lambda db: steps_of(db, now))
    assert found == [2, 3, 4, 5, 6]
    # Reading every row once is ten steps for each and more.
    assert steps <= 2
    _, found = till.store.read_now(lambda db: steps_of(db, now + timedelta(hours=3)))
    assert found == list(range(2, 27))


def test_each_account_has_its_part_and_one_that_rests_is_left_out(
    till: SubscriptionCounter,
) -> None:
    multiply(till, 40)
    till.store.write_now(
        lambda tx: tx.execute("UPDATE subscriptions SET account = 'other' WHERE id > 30")
    )
    now = till.clock.now() + DAY
    found = till.store.read_now(
        lambda db: due_subscriptions(db, now=now, most=25, leave_out=frozenset({"fake"}))
    )
    assert [each.id for each in found] == list(range(31, 42))
    assert {each.account for each in found} == {"other"}


def test_no_account_waits_for_another_that_has_more_and_older_ones(
    till: SubscriptionCounter,
) -> None:
    multiply(till, 40)
    till.store.write_now(
        lambda tx: tx.execute("UPDATE subscriptions SET account = 'other' WHERE id > 30")
    )
    now = till.clock.now() + DAY
    found = till.store.read_now(lambda db: due_subscriptions(db, now=now, most=4))
    assert [each.account for each in found] == ["fake", "other"] * 2
    assert [each.id for each in found][1::2] == [31, 32]


@pytest.mark.parametrize(
    "sql, index",
    [
        (DUE, "subscriptions_due (account=? AND due_at<?)"),
        (BEYOND, "subscriptions_due (account=? AND due_at>?)"),
        (SEEN_AHEAD, "subscriptions_seen"),
        (UNSEEN, "subscriptions_epochs (looked_in<?)"),
        (TO_BE_MARKED, "subscriptions_epochs (looked_in>? AND looked_in<?)"),
        (
            "SELECT * FROM subscriptions WHERE state <> 'ended' AND end_wanted IS NOT NULL "
            "AND (end_wanted = 'now' OR ends_at IS NULL) ORDER BY id",
            "subscriptions_ending",
        ),
    ],
)
def test_what_is_looked_for_is_found_by_an_index(
    till: SubscriptionCounter, sql: str, index: str
) -> None:
    values = {"account": "fake", "now": "", "beyond": "", "most": 1, "epoch": 1}
    named = {name: value for name, value in values.items() if f":{name}" in sql}
    plan = till.store.read_now(
        lambda db: [str(row[3]) for row in db.execute(f"EXPLAIN QUERY PLAN {sql}", named)]
    )
    assert any(index in step for step in plan), plan
    assert not any(step == "SCAN subscriptions" for step in plan), plan


def test_when_each_is_due_stands_with_it_after_every_change(till: SubscriptionCounter) -> None:
    def agrees() -> bool:
        (due_at,) = till.rows("SELECT due_at FROM subscriptions")[0]
        expected = next_look(till.subscription())
        return bool(due_at == (None if expected is None else stamp(expected)))

    assert agrees()
    till.provider.refuse(SUB)
    asyncio.run(till.subscriptions.look(1, Source.POLL))
    assert agrees()
    till.provider.end(SUB)
    asyncio.run(till.subscriptions.look(1, Source.POLL))
    assert agrees()
    till.clock.advance(15 * 86_400)
    asyncio.run(till.subscriptions.look(1, Source.POLL))
    assert agrees() and till.rows("SELECT due_at FROM subscriptions") == [(None,)]


def test_how_long_one_is_left_alone_outlives_the_program(till: SubscriptionCounter) -> None:
    till.strategy.answers["fetch_subscription"] = [Unavailable("down")] * 2
    till.clock.advance(86_400)
    for wait_s in (60, 120):
        assert asyncio.run(till.subscription_watch.catch_up()) == 1
        till.restart()
        assert asyncio.run(till.subscription_watch.catch_up()) == 0
        till.clock.advance(wait_s)
    assert asyncio.run(till.subscription_watch.catch_up()) == 1
    assert till.rows("SELECT failures FROM subscriptions") == [(0,)]


def old_books(directory: Path, monkeypatch: pytest.MonkeyPatch, *, restored: bool) -> Store:
    """Make books as they were before m0010, with subscriptions; open them as ours."""
    with monkeypatch.context() as patches:
        patches.setattr(schema.migrations, "_migrations", schema.migrations._migrations[:9])
        store = open_store(directory)

        def sell(tx):  # type: ignore[no-untyped-def]
            attempt = begun(tx, placed(tx, snapshot=snapshot(BEANS)))
            for name, state, looked_at, ended_at in (
                ("sub_new", "pending", None, None),
                ("sub_on", "active", OLD, None),
                ("sub_late", "ended", OLD, OLD - 13 * DAY),
                ("sub_over", "ended", OLD, OLD - 14 * DAY),
            ):
                tx.insert(
                    "subscriptions",
                    account=attempt.account,
                    provider=attempt.provider,
                    provider_account=attempt.provider_account,
                    live=0,
                    subscription_id=name,
                    reference=str(attempt.reference),
                    order_id=attempt.order_id,
                    attempt_id=attempt.id,
                    state=state,
                    version=1,
                    amount_minor=100,
                    currency="EUR",
                    interval="monthly",
                    started_at=stamp(OLD - 30 * DAY),
                    looked_at=None if looked_at is None else stamp(looked_at),
                    ended_at=None if ended_at is None else stamp(ended_at),
                )
            if restored:
                begin_epoch(tx, actor="tester", cause="test")

        store.write_now(sell)
        store.close()
    return open_store(directory)


@pytest.mark.parametrize("restored", [False, True])
def test_in_books_from_before_all_are_due_but_those_that_are_long_over(
    directory: Path, monkeypatch: pytest.MonkeyPatch, restored: bool
) -> None:
    store = old_books(directory, monkeypatch, restored=restored)
    due = store.read_now(lambda db: due_subscriptions(db, now=OLD + DAY, most=25))
    assert [each.id for each in due] == [1, 2, 3]
    assert store.read_now(count_unseen) == (3 if restored else 0)
    found = store.read_now(lambda db: find_subscription(db, 2))
    assert found is not None and found.read_to == ""
    assert store.read_now(schema.missing_guards) == []
    store.close()
