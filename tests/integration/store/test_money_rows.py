"""Money and intents as rows: payments, what needs a person, what was asked of providers."""

from functools import partial

import pytest

from app.domain.exceptions import ExceptionKind
from app.domain.money import Money
from app.errors import InvariantError
from app.store import Store, intents
from app.store.intents import Operation, Outcome
from app.store.journal import history_of
from app.store.payments import (
    accepted_minor,
    clear_unknown,
    count_waiting,
    exceptions_of,
    known_payments,
    open_exception,
    tenders_of,
)
from tests.parts.books import begun, placed, statement, taken
from tests.parts.clock import START


def names(store: Store, order_id: str) -> list[str]:
    return [fact.name for fact in store.read_now(lambda db: history_of(db, order_id))]


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

FIRST = 1
"""The id of the first attempt in new books."""


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
    look = lambda db: intents.unanswered(db, FIRST, intents.Operation.CREATE)  # noqa: E731
    assert store.read_now(look) == intent
    assert store.write_now(lambda tx: intents.finish_intent(tx, intent.id, Outcome.DONE, {"x": 1}))
    assert store.read_now(look) is None
    assert not store.write_now(lambda tx: intents.finish_intent(tx, intent.id, Outcome.REJECTED))
    outcome = store.read_now(lambda db: tuple(db.execute("SELECT outcome, result FROM intents")))
    assert tuple(outcome[0]) == ("done", '{"x": 1}')
    create = Operation.CREATE
    assert store.read_now(lambda db: intents.count_of(db, FIRST, create)) == 1


def test_an_intent_whose_parameters_were_touched_is_never_sent(store: Store) -> None:
    intent = asked(store)
    assert store.read_now(intents.altered_intents) == []
    store.write_now(statement("UPDATE intents SET parameters = replace(parameters, '1', '2')"))
    with pytest.raises(InvariantError, match="not as it was written"):
        store.read_now(lambda db: intents.unanswered(db, FIRST, intents.Operation.CREATE))
    assert store.read_now(intents.altered_intents) == [intent.key]


def test_an_idempotency_key_is_written_once(store: Store) -> None:
    asked(store)
    with pytest.raises(InvariantError) as caught:
        asked(store)
    assert "intents.key" in caught.value.detail


def test_asking_anew_gives_up_waiting_for_earlier_answers(store: Store) -> None:
    intent = asked(store)
    store.write_now(lambda tx: intents.supersede_unanswered(tx, FIRST, Operation.CLOSE))
    assert (
        store.read_now(lambda db: intents.unanswered(db, FIRST, intents.Operation.CREATE)) == intent
    )
    store.write_now(lambda tx: intents.supersede_unanswered(tx, FIRST, Operation.CREATE))
    assert (
        store.read_now(lambda db: intents.unanswered(db, FIRST, intents.Operation.CREATE)) is None
    )
