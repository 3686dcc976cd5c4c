"""Orders, attempts, payments and the rest as rows: found as written, moved by compare-and-set."""

import sqlite3
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from app.domain.attempt import ATTEMPT_MOVES, AttemptState, CloseReason
from app.domain.exceptions import ExceptionKind
from app.domain.money import Money
from app.domain.order import ORDER_MOVES, OrderState
from app.errors import InvariantError
from app.store import Store, Transaction, inbox, intents
from app.store import accounts as accounts_rows
from app.store import attempts as rows
from app.store.accounts import KnownAccount
from app.store.intents import Operation, Outcome
from app.store.journal import history_of
from app.store.orders import find_order, move_order, newest_unfinished, order_rows
from app.store.payments import (
    accepted_minor,
    clear_unknown,
    count_waiting,
    exceptions_of,
    known_payments,
    open_exception,
    tenders_of,
)
from app.store.store import next_number
from tests.parts.books import begun, count, delivery, placed, statement, taken
from tests.parts.clock import START


def names(store: Store, order_id: str) -> list[str]:
    return [fact.name for fact in store.read_now(lambda db: history_of(db, order_id))]


# --- orders ------------------------------------------------------------------------------------


def test_an_order_is_found_as_it_was_written(store: Store) -> None:
    order = store.write_now(placed)
    assert store.read_now(lambda db: find_order(db, order.id)) == order
    assert store.read_now(lambda db: find_order(db, "none")) is None
    assert names(store, order.id) == ["order.placed"]


def test_a_move_of_an_order_is_one_change_and_one_journal_row(store: Store) -> None:
    order = store.write_now(placed)
    paid = store.write_now(
        lambda tx: move_order(tx, order, OrderState.PAID, receipt_number=next_number(tx, "receipt"))
    )
    assert (paid.state, paid.version, paid.receipt_number) == (OrderState.PAID, 2, 1)
    assert paid.closed_at == START
    assert names(store, order.id) == ["order.placed", "order.paid"]


def test_a_stale_order_cannot_be_moved(store: Store) -> None:
    order = store.write_now(placed)
    store.write_now(lambda tx: move_order(tx, order, OrderState.CANCELLED))
    with pytest.raises(InvariantError, match="changed by someone else"):
        store.write_now(lambda tx: move_order(tx, order, OrderState.PAID))
    found = store.read_now(lambda db: find_order(db, order.id))
    assert found is not None and found.state is OrderState.CANCELLED
    assert names(store, order.id) == ["order.placed", "order.cancelled"]


def test_a_version_that_is_behind_is_stale_even_in_the_same_state(store: Store) -> None:
    order = store.write_now(placed)
    store.write_now(statement("UPDATE orders SET version = 2"))
    with pytest.raises(InvariantError, match="changed by someone else"):
        store.write_now(lambda tx: move_order(tx, order, OrderState.PAID))


@pytest.mark.parametrize("state", OrderState)
def test_an_order_never_takes_a_way_that_does_not_exist(store: Store, state: OrderState) -> None:
    order = store.write_now(placed)
    store.write_now(lambda tx: tx.execute("UPDATE orders SET state = ?", (state.value,)))
    found = store.read_now(lambda db: find_order(db, order.id))
    assert found is not None
    for to in set(OrderState) - ORDER_MOVES[state]:
        with pytest.raises(InvariantError, match="does not go from"):
            store.write_now(partial(move_order, order=found, to=to))


def test_numbers_have_no_gap_even_where_a_unit_failed(store: Store) -> None:
    def fails(tx: Transaction) -> None:
        placed(tx)
        next_number(tx, "receipt")
        raise ValueError("no")

    first = store.write_now(placed)
    with pytest.raises(ValueError, match="no"):
        store.write_now(fails)
    second = store.write_now(placed)
    assert (first.number, second.number) == (1, 2)
    assert store.write_now(lambda tx: next_number(tx, "receipt")) == 1


def test_a_till_without_its_own_row_counts_nothing(store: Store) -> None:
    store.write_now(statement("DELETE FROM till"))
    with pytest.raises(InvariantError, match="no row of its own"):
        store.write_now(lambda tx: next_number(tx, "order"))


def test_the_newest_unfinished_order_is_the_one_that_can_still_be_paid(store: Store) -> None:
    assert store.read_now(newest_unfinished) is None
    first, second = store.write_now(placed), store.write_now(placed)
    assert store.read_now(newest_unfinished) is None
    store.write_now(lambda tx: begun(tx, first))
    late = store.write_now(lambda tx: begun(tx, second, session_id="cs_9"))
    assert store.read_now(newest_unfinished) == second.id
    store.write_now(lambda tx: rows.move_attempt(tx, late, AttemptState.EXPIRED))
    assert store.read_now(newest_unfinished) == first.id


def test_the_list_of_orders_is_newest_first_and_says_who_needs_a_person(store: Store) -> None:
    orders = [store.write_now(placed) for _ in range(3)]
    store.write_now(
        lambda tx: open_exception(
            tx, ExceptionKind.UNKNOWN, orders[1].total, order_id=orders[1].id, detail="lost"
        )
    )

    def page(number: int | None = None, before: int | None = None) -> list[tuple[int, int]]:
        return store.read_now(
            lambda db: [
                (row["number"], row["needs_person"])
                for row in order_rows(db, number=number, before=before, limit=2)
            ]
        )

    assert page() == [(3, 0), (2, 1)]
    assert page(before=2) == [(1, 0)]
    assert page(number=1) == [(1, 0)]


# --- attempts ----------------------------------------------------------------------------------


def test_an_attempt_is_found_as_it_was_written(store: Store) -> None:
    order = store.write_now(placed)
    made = store.write_now(lambda tx: begun(tx, order))
    assert (made.state, made.version, made.session_id, made.url) == (
        AttemptState.CREATING,
        1,
        None,
        None,
    )
    assert store.read_now(lambda db: rows.find_attempt(db, made.id)) == made
    reference = str(made.reference)
    assert store.read_now(lambda db: rows.find_attempt_by_reference(db, reference)) == made
    assert store.read_now(lambda db: rows.find_attempt(db, 99)) is None
    assert store.read_now(lambda db: rows.find_attempt_by_reference(db, "x")) is None
    assert store.read_now(lambda db: rows.attempts_of(db, order.id)) == (made,)
    assert names(store, order.id) == ["order.placed", "attempt.created"]


def test_a_move_of_an_attempt_carries_what_changes_with_it(store: Store) -> None:
    made = store.write_now(lambda tx: begun(tx, placed(tx)))
    moved = store.write_now(
        lambda tx: rows.move_attempt(
            tx, made, AttemptState.OPEN, source="poll", session_id="cs_1", url="https://u.example"
        )
    )
    assert (moved.state, moved.version, moved.session_id) == (AttemptState.OPEN, 2, "cs_1")
    fact = store.read_now(lambda db: history_of(db, made.order_id))[-1]
    assert (fact.name, fact.attempt_id, fact.data) == ("attempt.open", 1, {"source": "poll"})


def test_a_stale_attempt_cannot_be_moved(store: Store) -> None:
    made = store.write_now(lambda tx: begun(tx, placed(tx)))
    store.write_now(lambda tx: rows.move_attempt(tx, made, AttemptState.OPEN))
    with pytest.raises(InvariantError, match="changed by someone else"):
        store.write_now(lambda tx: rows.move_attempt(tx, made, AttemptState.PAID))
    found = store.read_now(lambda db: rows.find_attempt(db, made.id))
    assert found is not None and (found.state, found.version) == (AttemptState.OPEN, 2)


@pytest.mark.parametrize("state", AttemptState)
def test_an_attempt_never_takes_a_way_that_does_not_exist(
    store: Store, state: AttemptState
) -> None:
    made = store.write_now(lambda tx: begun(tx, placed(tx), state=state))
    for to in set(AttemptState) - ATTEMPT_MOVES[state]:
        with pytest.raises(InvariantError, match="does not go from"):
            store.write_now(partial(rows.move_attempt, attempt=made, to=to))


def test_what_is_not_a_state_is_marked_beside_it(store: Store) -> None:
    made = store.write_now(lambda tx: begun(tx, placed(tx)))
    marked = store.write_now(
        lambda tx: rows.mark_attempt(
            tx, made, close_reason="expired", is_final=1, shown_at=made.created_at.isoformat()
        )
    )
    assert (marked.close_reason, marked.is_final, marked.shown_at) == (
        CloseReason.EXPIRED,
        True,
        START,
    )
    assert marked.version == made.version


def test_only_what_money_can_come_by_is_watched(store: Store) -> None:
    made = store.write_now(lambda tx: begun(tx, placed(tx)))
    second = store.write_now(lambda tx: begun(tx, placed(tx)))
    store.write_now(lambda tx: rows.mark_attempt(tx, made, is_final=1))
    assert store.read_now(rows.watched_attempts) == [second]
    assert store.read_now(lambda db: rows.live_attempts_of(db, second.order_id)) == [second]


def test_a_reference_is_used_once_and_a_session_belongs_to_one_attempt(store: Store) -> None:
    order = store.write_now(placed)
    made = store.write_now(lambda tx: begun(tx, order))
    with pytest.raises(InvariantError) as caught:
        store.write_now(lambda tx: begun(tx, order))
    assert "UNIQUE" in caught.value.detail
    other = store.write_now(lambda tx: begun(tx, order, number=2))
    store.write_now(lambda tx: rows.mark_attempt(tx, made, session_id="cs_1"))
    with pytest.raises(InvariantError) as caught:
        store.write_now(lambda tx: rows.mark_attempt(tx, other, session_id="cs_1"))
    assert "attempts.session_id" in caught.value.detail


def test_an_attempt_whose_reference_was_spoilt_is_loud(store: Store) -> None:
    made = store.write_now(lambda tx: begun(tx, placed(tx)))
    store.write_now(statement("UPDATE attempts SET reference = 'spoilt'"))
    with pytest.raises(InvariantError, match="no readable reference"):
        store.read_now(lambda db: rows.find_attempt(db, made.id))


def test_an_attempt_that_vanished_is_loud(store: Store) -> None:
    made = store.write_now(lambda tx: begun(tx, placed(tx)))
    store.write_now(statement("DELETE FROM attempts"))
    with pytest.raises(InvariantError, match="is gone"):
        store.write_now(lambda tx: rows.mark_attempt(tx, made, is_final=1))


# --- money -------------------------------------------------------------------------------------


def test_payments_are_known_and_summed_by_order(store: Store) -> None:
    made = store.write_now(lambda tx: begun(tx, placed(tx)))
    store.write_now(lambda tx: taken(tx, made, "pi_1", amount=Money(300, "EUR")))
    store.write_now(lambda tx: taken(tx, made, "pi_2", amount=Money(90, "EUR")))
    store.write_now(lambda tx: taken(tx, made, "pi_3", held_as=ExceptionKind.SURPLUS))
    known = store.read_now(lambda db: known_payments(db, "stripe", ["pi_1", "pi_3", "pi_9"]))
    assert known == {"pi_1", "pi_3"}
    assert store.read_now(lambda db: known_payments(db, "square", ["pi_1"])) == frozenset()
    assert store.read_now(lambda db: accepted_minor(db, made.order_id)) == 390
    tenders = store.read_now(lambda db: tenders_of(db, made.order_id))
    assert [(t.payment_id, t.amount.minor) for t in tenders] == [("pi_1", 300), ("pi_2", 90)]


def test_what_needs_a_person_stays_on_the_list_until_it_is_resolved(store: Store) -> None:
    made = store.write_now(lambda tx: begun(tx, placed(tx)))
    for kind in (ExceptionKind.UNKNOWN, ExceptionKind.SURPLUS):
        store.write_now(
            partial(
                open_exception,
                kind=kind,
                amount=made.amount,
                order_id=made.order_id,
                attempt_id=made.id,
                detail="why",
            )
        )
    assert store.read_now(count_waiting) == 2
    store.write_now(lambda tx: clear_unknown(tx, made.id, "the session is paid"))
    store.write_now(lambda tx: clear_unknown(tx, made.id, "again"))
    assert store.read_now(count_waiting) == 1
    unknown, surplus = store.read_now(lambda db: exceptions_of(db, made.order_id))
    assert (unknown.kind, unknown.resolved_at) == (ExceptionKind.UNKNOWN, START)
    assert (surplus.kind, surplus.resolved_at, surplus.detail, surplus.amount) == (
        ExceptionKind.SURPLUS,
        None,
        "why",
        made.amount,
    )
    told = names(store, made.order_id)
    assert told.count("exception.opened") == 2
    assert told.count("exception.resolved") == 1


def test_money_of_no_order_waits_for_a_person_too(store: Store) -> None:
    store.write_now(lambda tx: open_exception(tx, ExceptionKind.MISMATCH, Money(5, "EUR")))
    assert store.read_now(count_waiting) == 1


# --- intents -----------------------------------------------------------------------------------


def asked(store: Store, key: str = "t11111-0rder0000001-1-create") -> intents.Intent:
    attempt = store.write_now(lambda tx: begun(tx, placed(tx)))
    return store.write_now(
        lambda tx: intents.insert_intent(
            tx,
            key=key,
            operation=Operation.CREATE,
            attempt_id=attempt.id,
            parameters={"b": [1, {"c": "ü"}], "a": None},
        )
    )


def test_an_intent_is_swept_as_it_was_written_until_it_is_answered(store: Store) -> None:
    intent = asked(store)
    look = lambda db: intents.unanswered_create(db, intent.attempt_id)  # noqa: E731
    assert store.read_now(look) == intent
    assert store.write_now(lambda tx: intents.finish_intent(tx, intent.id, Outcome.DONE, {"x": 1}))
    assert store.read_now(look) is None
    assert not store.write_now(lambda tx: intents.finish_intent(tx, intent.id, Outcome.REJECTED))
    outcome = store.read_now(lambda db: tuple(db.execute("SELECT outcome, result FROM intents")))
    assert tuple(outcome[0]) == ("done", '{"x": 1}')
    create = Operation.CREATE
    assert store.read_now(lambda db: intents.count_of(db, intent.attempt_id, create)) == 1


def test_an_intent_whose_parameters_were_touched_is_never_sent(store: Store) -> None:
    intent = asked(store)
    assert store.read_now(intents.altered_intents) == []
    store.write_now(statement("UPDATE intents SET parameters = replace(parameters, '1', '2')"))
    with pytest.raises(InvariantError, match="not as it was written"):
        store.read_now(lambda db: intents.unanswered_create(db, intent.attempt_id))
    assert store.read_now(intents.altered_intents) == [intent.key]


def test_an_idempotency_key_is_written_once(store: Store) -> None:
    asked(store)
    with pytest.raises(InvariantError) as caught:
        asked(store)
    assert "intents.key" in caught.value.detail


def test_asking_anew_gives_up_waiting_for_earlier_answers(store: Store) -> None:
    intent = asked(store)
    store.write_now(lambda tx: intents.supersede_unanswered(tx, intent.attempt_id, Operation.CLOSE))
    assert store.read_now(lambda db: intents.unanswered_create(db, intent.attempt_id)) == intent
    store.write_now(
        lambda tx: intents.supersede_unanswered(tx, intent.attempt_id, Operation.CREATE)
    )
    assert store.read_now(lambda db: intents.unanswered_create(db, intent.attempt_id)) is None


# --- inbox, accounts ---------------------------------------------------------------------------


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
