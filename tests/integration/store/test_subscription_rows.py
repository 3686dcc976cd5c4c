"""Subscriptions as rows: books from before them, compare-and-set, and what verify finds."""

import asyncio
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from app.domain.money import Money
from app.domain.subscription import SubscriptionState
from app.errors import InvariantError
from app.store import Store, schema
from app.store.connection import open_reader
from app.store.intents import altered_intents
from app.store.reconciliations import finish_stray_intents, has_stray_intents
from app.store.subscriptions import find_subscription, move_subscription, subscriptions_of
from app.store.verify import Outcome, verify
from tests.parts.books import begun, in_memory, open_store, placed, taken
from tests.parts.subscribed import SUB, SubscriptionCounter
from tests.parts.values import BEANS, snapshot

RENEWALS = "renewals are what was agreed"


@pytest.fixture
def till(tmp_path: Path) -> Iterator[SubscriptionCounter]:
    """A till with a subscription that was renewed, once by something odd, and is to end."""
    till = SubscriptionCounter(tmp_path)

    async def live() -> None:
        await till.subscribe()
        till.provider.renew(SUB)
        till.provider.renew(SUB, Money(7, "EUR"))
        await till.subscriptions.cancel(1, at_period_end=True, by="Ada", reason="moved away")

    asyncio.run(live())
    assert till.violations() == []
    yield till
    till.close()


@pytest.fixture
def books(till: SubscriptionCounter) -> Iterator[sqlite3.Connection]:
    copy = in_memory(till.store)
    yield copy
    copy.close()


def found(db: sqlite3.Connection) -> str:
    (check,) = [check for check in verify(db) if check.name.startswith(RENEWALS)]
    return check.figure if check.outcome is Outcome.VIOLATED else ""


def test_what_is_sound_is_told_with_its_figures(till: SubscriptionCounter) -> None:
    checks = till.store.read_now(lambda db: verify(db, till.provider.taken()))
    (check,) = [check for check in checks if check.name.startswith(RENEWALS)]
    assert check.figure == "1 subscriptions, 2 renewals"
    assert all(check.outcome is not Outcome.VIOLATED for check in checks)


@pytest.mark.parametrize(
    "sql, words",
    [
        ("UPDATE subscriptions SET amount_minor = 7", "is not what its order agreed"),
        ("UPDATE subscriptions SET interval = 'yearly'", "is not what its order agreed"),
        (
            "UPDATE orders SET snapshot = replace(snapshot, 'monthly', 'onetime')",
            "is not what its order agreed",
        ),
        ("UPDATE subscriptions SET provider_account = 'acct_2'", "does not fit its attempt"),
        (
            "UPDATE payments SET amount_minor = 1191 WHERE renewal_of = 1 AND held_as IS NULL",
            "does not fit its subscription",
        ),
        (
            "UPDATE payments SET order_id = (SELECT id FROM orders) WHERE renewal_of = 1",
            "is on an order",
        ),
        (
            "UPDATE ledger_entries SET account = 'sales' WHERE account = 'tax:standard'",
            "0 on tax:standard, not -190",
        ),
        (
            "DELETE FROM payments WHERE renewal_of = 1 AND held_as IS NULL",
            "1190 on clearing:fake, not 0",
        ),
        ("UPDATE subscriptions SET version = 9", "9 changes, 2 rows"),
        ("DELETE FROM journal WHERE name = 'subscription.active'", "2 changes, 1 rows"),
        ("UPDATE subscriptions SET end_wanted_by = 'Eve'", "was wanted by nobody"),
        ("UPDATE subscriptions SET due_at = NULL", "is never looked at again"),
    ],
)
def test_what_is_not_as_it_was_agreed_or_told_is_found(
    books: sqlite3.Connection, sql: str, words: str
) -> None:
    assert found(books) == ""
    books.execute("PRAGMA foreign_keys=OFF")
    books.execute(sql)
    assert words in found(books)


def test_a_renewal_that_was_put_on_an_order_breaks_that_orders_sum_too(
    books: sqlite3.Connection,
) -> None:
    books.execute("UPDATE payments SET order_id = (SELECT id FROM orders) WHERE renewal_of = 1")
    violated = [check.name for check in verify(books) if check.outcome is Outcome.VIOLATED]
    assert any(name.startswith("I3 paid exactly") for name in violated)


def test_a_report_that_is_none_is_found(books: sqlite3.Connection) -> None:
    books.execute(
        "INSERT INTO reconciliations (trigger, began_at, ended_at, report) VALUES ('', '', '', 't')"
    )
    (check,) = [check for check in verify(books) if check.name.startswith("reports of")]
    assert check.figure == "1 of 1 reports: report 1 cannot be read"


def test_a_move_is_made_once_and_only_forward(till: SubscriptionCounter) -> None:
    before = till.subscription()
    till.store.write_now(lambda tx: move_subscription(tx, before, SubscriptionState.PAUSED))
    with pytest.raises(InvariantError, match="changed by someone else"):
        till.store.write_now(lambda tx: move_subscription(tx, before, SubscriptionState.ENDED))
    now = till.subscription()
    with pytest.raises(InvariantError, match="does not go from paused to pending"):
        till.store.write_now(lambda tx: move_subscription(tx, now, SubscriptionState.PENDING))
    gone = replace(now, id=9)
    with pytest.raises(InvariantError):
        till.store.write_now(lambda tx: move_subscription(tx, gone, SubscriptionState.ENDED))


def test_a_record_without_a_reference_is_our_fault(till: SubscriptionCounter) -> None:
    till.store.write_now(lambda tx: tx.execute("UPDATE subscriptions SET reference = ''"))
    with pytest.raises(InvariantError, match="no readable reference"):
        till.subscription()


def test_the_call_for_an_end_is_no_stray_though_its_session_is_long_over(
    till: SubscriptionCounter,
) -> None:
    reopened = "UPDATE intents SET outcome = NULL WHERE operation = 'unsubscribe'"
    till.store.write_now(lambda tx: tx.execute(reopened))
    assert not till.store.read_now(has_stray_intents)
    assert till.store.write_now(finish_stray_intents) == 0
    assert till.store.read_now(altered_intents) == []


@pytest.mark.parametrize(
    "sql, index",
    [
        ("SELECT * FROM payments WHERE renewal_of = 1", "payments_of_subscription"),
        ("SELECT * FROM subscriptions WHERE order_id = 'x'", "subscriptions_of_order"),
        ("SELECT * FROM subscriptions WHERE state <> 'ended' ORDER BY id", "subscriptions_going"),
        ("SELECT * FROM intents WHERE subscription = 1", "intents_of_subscription"),
    ],
)
def test_what_is_looked_for_is_found_by_an_index(
    till: SubscriptionCounter, sql: str, index: str
) -> None:
    rows = till.rows(f"EXPLAIN QUERY PLAN {sql}")
    assert any(index in row[3] for row in rows), rows


def old_books(directory: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Make books as they were before m0008, with a subscription sold; open them as ours."""
    with monkeypatch.context() as patches:
        patches.setattr(schema.migrations, "_migrations", schema.migrations._migrations[:7])
        store = open_store(directory)

        def sell(tx):  # type: ignore[no-untyped-def]
            attempt = begun(tx, placed(tx, snapshot=snapshot(BEANS)))
            taken(tx, attempt, "pi_1")

        store.write_now(sell)
        store.close()
    return open_store(directory)


def test_books_from_before_get_the_tables_and_keep_what_they_had(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = old_books(directory, monkeypatch)
    rows = store.read_now(
        lambda db: db.execute("SELECT payment_id, renewal_of FROM payments").fetchall()
    )
    assert [tuple(row) for row in rows] == [("pi_1", None)]
    (order_id,) = store.read_now(lambda db: db.execute("SELECT id FROM orders").fetchone())
    assert store.read_now(lambda db: subscriptions_of(db, order_id)) == ()
    assert store.read_now(lambda db: find_subscription(db, 1)) is None
    assert store.read_now(schema.missing_guards) == []
    store.close()
    copy = open_reader(directory / "till.before-m0008_subscriptions.db")
    tables = {row[0] for row in copy.execute("SELECT name FROM sqlite_master")}
    assert "subscriptions" not in tables and "orders" in tables
    copy.close()


def test_a_subscription_is_there_again_after_a_restart(till: SubscriptionCounter) -> None:
    before = till.subscription()
    till.restart()
    assert till.subscription() == before
    assert till.store.read_now(lambda db: subscriptions_of(db, before.order_id)) == (before,)
    assert before.current_until is not None
    assert before.current_until - before.started_at == timedelta(days=90)
