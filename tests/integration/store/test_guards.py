"""The records only grow: triggers refuse to change or delete what was written."""

from functools import partial

import pytest

from app.errors import InvariantError
from app.store import Store
from app.store.schema import APPEND_ONLY, assert_guards, make_guards, missing_guards
from tests.parts.books import begun, one_of_each_record, placed, statement, taken

KEYS = {"journal": "seq", "audit": "seq", "ledger_transactions": "id", "ledger_entries": "id"}


def rows(store: Store, table: str) -> list[tuple[object, ...]]:
    return store.read_now(lambda db: [tuple(r) for r in db.execute(f"SELECT * FROM {table}")])


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_what_is_append_only_is_neither_changed_nor_deleted(store: Store, table: str) -> None:
    store.write_now(one_of_each_record)
    before = rows(store, table)
    key = KEYS[table]
    for attack in (
        f"UPDATE {table} SET {key} = {key} + 100",
        f"DELETE FROM {table}",
        f"DELETE FROM {table} WHERE {key} = 1",
        f"REPLACE INTO {table} SELECT * FROM {table}",
        f"UPDATE OR REPLACE {table} SET {key} = 1",
        f"INSERT INTO {table} SELECT * FROM {table} WHERE true "
        f"ON CONFLICT ({key}) DO UPDATE SET {key} = 99",
    ):
        with pytest.raises(InvariantError, match="refused a change"):
            store.write_now(statement(attack))
    assert before and rows(store, table) == before


def test_every_append_only_table_has_both_guards(store: Store) -> None:
    names = {f"{table}_refuses_{verb}" for table in APPEND_ONLY for verb in ("update", "delete")}
    triggers = store.read_now(
        lambda db: {r[0] for r in db.execute("SELECT name FROM sqlite_master WHERE type='trigger'")}
    )
    assert triggers == names
    assert store.read_now(missing_guards) == []


def test_a_guard_that_is_gone_or_weakened_is_noticed_and_made_again(store: Store) -> None:
    for weakening in (
        "DROP TRIGGER journal_refuses_delete",
        "DROP TRIGGER audit_refuses_update",
        "CREATE TRIGGER audit_refuses_update BEFORE UPDATE ON audit BEGIN SELECT 1; END",
    ):
        store.write_now(statement(weakening))
    with pytest.raises(InvariantError, match="journal_refuses_delete, audit_refuses_update"):
        store.read_now(assert_guards)
    store.write_now(lambda tx: make_guards(tx.connection))
    store.read_now(assert_guards)


def test_a_payment_is_written_once(store: Store) -> None:
    attempt = store.write_now(lambda tx: begun(tx, placed(tx)))
    store.write_now(lambda tx: taken(tx, attempt, "pi_1"))
    with pytest.raises(InvariantError) as caught:
        store.write_now(lambda tx: taken(tx, attempt, "pi_1"))
    assert "UNIQUE constraint failed: payments.provider, payments.payment_id" in caught.value.detail
    store.write_now(lambda tx: taken(tx, attempt, "pi_1", provider="square"))
    assert len(rows(store, "payments")) == 2


def test_what_belongs_to_nothing_is_refused(store: Store) -> None:
    attempt = store.write_now(lambda tx: begun(tx, placed(tx)))
    for change in ({"order_id": "none"}, {"attempt_id": 99}):
        with pytest.raises(InvariantError) as caught:
            store.write_now(partial(taken, by=attempt, **change))
        assert "FOREIGN KEY" in caught.value.detail


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE orders SET total_minor = -1",
        "UPDATE orders SET total_minor = 3.5",
        "UPDATE orders SET total_minor = 'many'",
        "UPDATE attempts SET amount_minor = 0",
        "UPDATE till SET mode = 'play'",
        "INSERT INTO till VALUES (2, 'x', 1, 'live', '', 0, 0)",
    ],
)
def test_the_tables_refuse_what_no_book_may_hold(store: Store, sql: str) -> None:
    store.write_now(lambda tx: begun(tx, placed(tx)))
    with pytest.raises(InvariantError, match="refused a change"):
        store.write_now(statement(sql))
