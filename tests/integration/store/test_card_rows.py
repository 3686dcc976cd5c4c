"""Cards for later as rows: what the books refuse, what they find, and how older books get them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.domain.card_setup import CardSetup, CardState
from app.errors import InvariantError
from app.store import Store, Transaction, schema
from app.store.card_setups import (
    find_card_setup,
    hear_of_card,
    insert_card_setup,
    known_card_setup,
    mark_card_setup,
    move_card_setup,
    unanswered_of_card,
    watched_card_setups,
)
from app.store.connection import open_reader
from app.store.intents import Operation, Outcome, altered_intents, finish_intent, insert_intent
from tests.parts.books import begun, open_store, placed
from tests.parts.clock import START

KEPT: dict[str, Any] = {"saved_at": "2026-11-21", "customer_id": "cus_1", "method_id": "pm_1"}


@pytest.fixture
def store(directory: Path) -> Iterator[Store]:
    store = open_store(directory)
    yield store
    store.close()


def a_setup(number: int = 1, **changes: Any) -> CardSetup:
    values: dict[str, Any] = {
        "id": 0,
        "reference": f"t11111-card-{number:012}",
        "account": "stripe_checkout",
        "provider": "stripe",
        "provider_account": "acct_1",
        "live": False,
        "label": "Ada L.",
        "asked_by": "Bea",
        "state": CardState.CREATING,
        "version": 1,
        "created_at": START,
        "deadline_at": START,
    }
    return CardSetup(**values | changes)


def wanted(tx: Transaction, number: int = 1) -> CardSetup:
    setup = insert_card_setup(tx, a_setup(number))
    insert_intent(
        tx,
        key=setup.key("create"),
        operation=Operation.SAVE_CARD,
        attempt_id=None,
        card_setup=setup.id,
        parameters={"reference": setup.reference},
    )
    return setup


def test_what_is_written_is_read_back_and_there_after_a_restart(
    store: Store, directory: Path
) -> None:
    setup = store.write_now(wanted)
    moved = store.write_now(lambda tx: move_card_setup(tx, setup, CardState.SAVED, **KEPT))
    assert moved.card is not None and (moved.card.customer_id, moved.version) == ("cus_1", 2)
    store.close()
    again = open_store(directory)
    assert again.read_now(lambda db: known_card_setup(db, setup.id)) == moved
    assert again.read_now(lambda db: find_card_setup(db, 9)) is None
    again.close()


def test_the_same_reference_and_the_same_page_are_there_once(store: Store) -> None:
    first = store.write_now(wanted)
    with pytest.raises(InvariantError, match="UNIQUE"):
        store.write_now(lambda tx: insert_card_setup(tx, a_setup()))
    other = store.write_now(lambda tx: wanted(tx, 2))
    opened = {"setup_id": "cs_1", "url": "https://checkout.stripe.com/c/1"}
    store.write_now(lambda tx: move_card_setup(tx, first, CardState.OPEN, **opened))
    with pytest.raises(InvariantError, match="UNIQUE"):
        store.write_now(lambda tx: move_card_setup(tx, other, CardState.OPEN, **opened))


@pytest.mark.parametrize("lacks", ["saved_at", "customer_id", "method_id"])
def test_none_is_called_saved_without_its_card(store: Store, lacks: str) -> None:
    setup = store.write_now(wanted)
    card = {name: value for name, value in KEPT.items() if name != lacks}
    with pytest.raises(InvariantError, match="CHECK"):
        store.write_now(lambda tx: move_card_setup(tx, setup, CardState.SAVED, **card))
    with pytest.raises(InvariantError, match="CHECK"):
        store.write_now(lambda tx: mark_card_setup(tx, setup, **KEPT))


def test_only_what_is_not_over_or_heard_of_is_watched(store: Store) -> None:
    first, second = (store.write_now(lambda tx, n=n: wanted(tx, n)) for n in (1, 2))  # type: ignore[misc]
    store.write_now(lambda tx: move_card_setup(tx, first, CardState.FAILED))
    assert [each.id for each in store.read_now(watched_card_setups)] == [second.id]
    hear = {"setup_id": "", "reference": first.reference}
    assert store.write_now(lambda tx: hear_of_card(tx, "stripe", **hear))
    assert [each.id for each in store.read_now(watched_card_setups)] == [first.id, second.id]


def test_a_call_is_found_until_it_is_answered(store: Store) -> None:
    setup = store.write_now(wanted)

    def waiting() -> Any:
        return store.read_now(lambda db: unanswered_of_card(db, setup.id, Operation.SAVE_CARD))

    intent = waiting()
    assert (intent.card_setup, intent.attempt_id) == (setup.id, None)
    store.write_now(lambda tx: finish_intent(tx, intent.id, Outcome.DONE))
    assert waiting() is None


def test_an_intent_of_nothing_is_refused(store: Store) -> None:
    def insert(tx: Transaction) -> None:
        insert_intent(
            tx, key="k", operation=Operation.SAVE_CARD, attempt_id=None, parameters={"a": 1}
        )

    with pytest.raises(InvariantError, match="CHECK"):
        store.write_now(insert)


@pytest.mark.parametrize(
    "sql, index",
    [
        (
            "SELECT * FROM card_setups WHERE heard > 0 "
            "OR state IN ('creating', 'open', 'processing', 'unknown') ORDER BY id",
            "card_setups_watched",
        ),
        (
            "SELECT * FROM intents WHERE card_setup = 1 AND operation = 'save_card' "
            "AND outcome IS NULL",
            "intents_of_card_setup",
        ),
        ("SELECT * FROM intents WHERE attempt_id = 1", "intents_of_attempt"),
        ("SELECT * FROM intents WHERE refund = 1", "intents_of_refund"),
        ("SELECT * FROM intents WHERE subscription = 1", "intents_of_subscription"),
    ],
)
def test_what_is_looked_for_is_found_by_an_index(store: Store, sql: str, index: str) -> None:
    rows = store.read_now(lambda db: [tuple(r) for r in db.execute(f"EXPLAIN QUERY PLAN {sql}")])
    assert any(index in row[3] for row in rows), rows


def test_books_from_before_get_the_tables_and_keep_their_intents(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patches:
        patches.setattr(schema.migrations, "_migrations", schema.migrations._migrations[:8])
        store = open_store(directory)

        def sell(tx: Transaction) -> None:
            attempt = begun(tx, placed(tx))
            intent = insert_intent(
                tx,
                key=attempt.reference.key("create"),
                operation=Operation.CREATE,
                attempt_id=attempt.id,
                parameters={"reference": str(attempt.reference)},
            )
            finish_intent(tx, intent.id, Outcome.DONE, {"session": "cs_1"})

        store.write_now(sell)
        before = store.read_now(lambda db: [dict(r) for r in db.execute("SELECT * FROM intents")])
        store.close()
    store = open_store(directory)
    after = store.read_now(lambda db: [dict(r) for r in db.execute("SELECT * FROM intents")])
    assert [row.pop("card_setup") for row in after] == [None] and after == before
    assert store.read_now(altered_intents) == [] == store.read_now(schema.missing_guards)
    setup = store.write_now(wanted)
    assert store.read_now(watched_card_setups) == [setup]
    store.close()
    copy = open_reader(directory / "till.before-m0009_saved_cards.db")
    tables = {row[0] for row in copy.execute("SELECT name FROM sqlite_master")}
    assert "card_setups" not in tables and "subscriptions" in tables
    copy.close()
