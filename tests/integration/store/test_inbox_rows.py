"""The inbox, the accounts and the journal as rows."""

import sqlite3
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from app.store import Store, inbox
from app.store import accounts as accounts_rows
from app.store.accounts import KnownAccount
from app.store.journal import history_of
from tests.parts.books import begun, count, delivery, placed
from tests.parts.clock import START


def names(store: Store, order_id: str) -> list[str]:
    return [fact.name for fact in store.read_now(lambda db: history_of(db, order_id))]


def test_a_delivery_is_kept_once_however_often_it_comes(store: Store) -> None:
    first = [store.write_now(lambda tx: inbox.receive(tx, delivery())) for _ in range(50)]
    assert first == [True] + [False] * 49
    assert store.read_now(lambda db: count(db, "inbox")) == 1


@pytest.mark.parametrize(
    "change",
    [{"event_id": "evt_2"}, {"provider": "paypal"}, {"provider_account": "acct_2"}, {"live": True}],
)
def test_an_event_of_another_account_or_mode_is_another_event(
    store: Store, change: dict[str, Any]
) -> None:
    store.write_now(lambda tx: inbox.receive(tx, delivery()))
    assert store.write_now(lambda tx: inbox.receive(tx, delivery(**change)))


def test_two_accounts_of_one_endpoint_share_an_event(store: Store) -> None:
    store.write_now(lambda tx: inbox.receive(tx, delivery()))
    assert not store.write_now(lambda tx: inbox.receive(tx, delivery(account="second")))


def test_the_inbox_is_worked_off_oldest_first_and_each_entry_once(store: Store) -> None:
    assert store.read_now(inbox.last_received) is None
    body = bytes(range(256))
    for n in range(3):
        store.write_now(partial(inbox.receive, delivery=delivery(f"evt_{n}", body=body)))
    entries = store.read_now(lambda db: inbox.waiting(db, 2))
    assert [entry.delivery.event_id for entry in entries] == ["evt_0", "evt_1"]
    assert entries[0].delivery == delivery("evt_0", body=body)
    assert entries[0].received_at == START == store.read_now(inbox.last_received)
    assert store.write_now(lambda tx: inbox.handled(tx, entries[0].id, "settled", "why"))
    assert not store.write_now(lambda tx: inbox.handled(tx, entries[0].id, "foreign"))
    left = store.read_now(lambda db: inbox.waiting(db, 9))
    assert [entry.delivery.event_id for entry in left] == ["evt_1", "evt_2"]


def test_an_account_is_known_as_long_as_its_credential_is_the_same(store: Store) -> None:
    account = KnownAccount("main", "stripe", "acct_1", live=False, credential="digest-1")
    store.write_now(lambda tx: accounts_rows.remember(tx, account))

    def known(credential: str) -> KnownAccount | None:
        return store.read_now(lambda db: accounts_rows.known_for(db, "main", credential))

    assert known("digest-1") == account
    assert known("digest-2") is None
    other = KnownAccount("main", "stripe", "acct_2", live=True, credential="digest-2")
    store.write_now(lambda tx: accounts_rows.remember(tx, other))
    assert known("digest-2") == other
    assert known("digest-1") is None


def test_the_journal_gives_the_facts_of_one_order_oldest_first(store: Store) -> None:
    orders = [store.write_now(placed) for _ in range(2)]
    store.write_now(lambda tx: begun(tx, orders[0]))
    facts = store.read_now(lambda db: history_of(db, orders[0].id))
    assert [(fact.name, fact.order_id, fact.at) for fact in facts] == [
        ("order.placed", orders[0].id, START),
        ("attempt.created", orders[0].id, START),
    ]
    assert facts[0].data["total_minor"] == 390
    assert facts[1].at - facts[0].at == timedelta(0)


def test_rows_come_with_their_names(store: Store) -> None:
    row = store.read_now(lambda db: db.execute("SELECT id FROM till").fetchone())
    assert isinstance(row, sqlite3.Row)
    assert row["id"] == store.till_id
