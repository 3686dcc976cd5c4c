"""Mutation proofs: each guard of the books is taken out, and the test that it answers to fails.

Every proof runs the very test by name, on books without the guard. A proof that fails here says
that a guard could be lost without any test noticing.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.store import Store, connection, writer
from app.store import attempts as attempt_rows
from app.store import intents as intent_rows
from app.store import orders as order_rows
from app.store.schema import APPEND_ONLY
from app.store.transaction import Transaction
from tests.integration.store import (
    test_attempt_rows,
    test_guards,
    test_inbox_rows,
    test_money_rows,
    test_opening,
    test_order_rows,
    test_writing,
)
from tests.parts.books import open_store
from tests.unit.store import test_writer

FAILS = (AssertionError, pytest.fail.Exception)


def assert_fails(test: Callable[..., object], *arguments: Any) -> None:
    """The test must notice. (It passes on guarded books: the suite runs it for itself.)"""
    with pytest.raises(FAILS):
        test(*arguments)


def without_key(store: Store, table: str, key: str) -> None:
    """Rebuild a table without one of its unique keys."""

    def rebuild(tx: Transaction) -> None:
        (sql,) = tx.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        assert key in sql
        tx.execute("PRAGMA defer_foreign_keys = ON")
        tx.execute(f"ALTER TABLE {table} RENAME TO {table}_before")
        tx.execute(sql.replace(key, ""))

    store.write_now(lambda tx: tx.execute("PRAGMA legacy_alter_table = ON"))
    store.write_now(rebuild)


class Forgetful(Transaction):
    """Writes by id alone: the compare of compare-and-set is forgotten."""

    def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
        condition = " AND state = ? AND version = ?"
        if condition in sql:
            sql, parameters = sql.replace(condition, ""), parameters[:-2]
        return super().execute(sql, parameters)


def test_without_the_unique_payment_key_a_payment_is_written_twice(store: Store) -> None:
    without_key(store, "payments", ",\n        UNIQUE (provider, payment_id)")
    assert_fails(test_guards.test_a_payment_is_written_once, store)


def test_without_the_unique_intent_key_an_idempotency_key_is_used_twice(store: Store) -> None:
    without_key(store, "intents", " UNIQUE")
    assert_fails(test_money_rows.test_an_idempotency_key_is_written_once, store)


def test_without_the_inboxs_check_a_delivery_is_kept_as_often_as_it_comes(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_key(store, "inbox", ",\n        UNIQUE (provider, provider_account, live, event_id)")
    real = Transaction.execute

    def any_row(tx: Transaction, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
        conflict = "ON CONFLICT (provider, provider_account, live, event_id) DO NOTHING"
        return real(tx, sql.replace(conflict, ""), parameters)

    monkeypatch.setattr(Transaction, "execute", any_row)
    assert_fails(test_inbox_rows.test_a_delivery_is_kept_once_however_often_it_comes, store)


@pytest.mark.parametrize(
    "test",
    [
        test_order_rows.test_a_stale_order_cannot_be_moved,
        test_order_rows.test_a_version_that_is_behind_is_stale_even_in_the_same_state,
        test_attempt_rows.test_a_stale_attempt_cannot_be_moved,
    ],
)
def test_without_the_compare_of_compare_and_set_a_stale_move_is_written(
    store: Store, monkeypatch: pytest.MonkeyPatch, test: Callable[..., object]
) -> None:
    monkeypatch.setattr(writer, "Transaction", Forgetful)
    assert_fails(test, store)


@pytest.mark.parametrize(
    "test, module, moves",
    [
        (
            test_order_rows.test_an_order_never_takes_a_way_that_does_not_exist,
            order_rows,
            "ORDER_MOVES",
        ),
        (
            test_attempt_rows.test_an_attempt_never_takes_a_way_that_does_not_exist,
            attempt_rows,
            "ATTEMPT_MOVES",
        ),
    ],
)
def test_without_the_table_of_moves_a_paid_one_is_opened_again(
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    test: Callable[..., object],
    module: Any,
    moves: str,
) -> None:
    states = list(getattr(module, moves))
    monkeypatch.setattr(module, moves, {state: frozenset(states) for state in states})
    (paid,) = [state for state in states if state.value == "paid"]
    assert_fails(test, store, paid)


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("verb", ["update", "delete"])
def test_without_a_trigger_a_record_is_changed_or_deleted(
    store: Store, table: str, verb: str
) -> None:
    store.write_now(lambda tx: tx.execute(f"DROP TRIGGER {table}_refuses_{verb}"))
    assert_fails(test_guards.test_what_is_append_only_is_neither_changed_nor_deleted, store, table)
    assert_fails(test_guards.test_every_append_only_table_has_both_guards, store)


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_without_recursive_triggers_a_record_is_replaced(store: Store, table: str) -> None:
    store._writer._connection.execute("PRAGMA recursive_triggers = OFF")
    assert_fails(test_guards.test_what_is_append_only_is_neither_changed_nor_deleted, store, table)


def weaker(monkeypatch: pytest.MonkeyPatch, wanted: str, instead: str) -> None:
    """Have every connection get another setting than it asks for, and ask nobody about it."""

    class Weaker(sqlite3.Connection):
        def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
            return super().execute(instead if sql == wanted else sql, parameters)

    real = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: real(*a, **k, factory=Weaker))
    monkeypatch.setattr(connection, "_assert_pragma", lambda *_: None)


@pytest.mark.parametrize(
    "wanted, instead",
    [
        ("PRAGMA synchronous=FULL", "PRAGMA synchronous=NORMAL"),
        ("PRAGMA synchronous=FULL", "PRAGMA synchronous=OFF"),
        ("PRAGMA journal_mode=WAL", "PRAGMA journal_mode=MEMORY"),
        ("PRAGMA foreign_keys=ON", "PRAGMA foreign_keys=OFF"),
    ],
)
def test_with_a_weaker_setting_the_durability_test_fails(
    directory: Path, monkeypatch: pytest.MonkeyPatch, wanted: str, instead: str
) -> None:
    weaker(monkeypatch, wanted, instead)
    store = open_store(directory, inline=True)
    assert_fails(test_opening.test_a_commit_that_returned_is_on_the_disk_by_sqlites_own_word, store)
    store.close()


def test_without_the_assertion_a_refused_synchronous_goes_unnoticed(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_assert_pragma", lambda *_: None)
    test = test_opening.test_synchronous_is_asserted_and_not_only_asked_for
    assert_fails(test, directory, test_opening.Stubborn, monkeypatch)


def test_without_the_digest_a_touched_intent_is_sent(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intent_rows, "_digest", lambda text: "always the same")
    assert_fails(test_money_rows.test_an_intent_whose_parameters_were_touched_is_never_sent, store)


def test_without_foreign_keys_a_payment_may_belong_to_nothing(store: Store) -> None:
    store._writer._connection.execute("PRAGMA foreign_keys = OFF")
    assert_fails(test_guards.test_what_belongs_to_nothing_is_refused, store)


def released_early(this: writer.Writer, batch: list[Any]) -> None:
    """The mistake: waiters hear of their units before the commit."""
    this._connection.execute("BEGIN IMMEDIATE")
    for unit in batch:
        unit.future.set_running_or_notify_cancel()
        unit.future.set_result(unit.work(Transaction(this._connection, this._clock.now())))
    this._connection.execute("COMMIT")


def test_if_waiters_were_released_before_the_commit_they_would_not_find_it(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer.Writer, "_commit", released_early)
    busy = open_store(directory)
    assert_fails(test_writing.test_whoever_is_released_finds_it_in_the_file, busy)
    busy.close()
    desk = test_writer.Desk(inline=False)
    assert_fails(test_writer.test_no_waiter_is_released_before_the_commit, desk)
    desk.writer.close()


def test_if_every_unit_had_its_own_commit_the_shared_one_would_be_missed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(writer, "_MAX_BATCH", 1)
    desk = test_writer.Desk(inline=False)
    assert_fails(test_writer.test_many_units_at_once_share_one_commit, desk)
    desk.writer.close()


def test_without_savepoints_half_a_unit_would_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    def bare(this: writer.Writer, unit: Any, transaction: Transaction) -> None:
        try:
            unit.result = unit.work(transaction)
        except Exception as error:  # noqa: BLE001 - as the real one does
            unit.error = error
        unit.facts = transaction.facts

    monkeypatch.setattr(writer.Writer, "_run_unit", bare)
    desk = test_writer.Desk(inline=False)
    assert_fails(
        test_writer.test_a_unit_that_fails_leaves_nothing_and_its_neighbours_everything, desk
    )
    desk.writer.close()
