"""Attempts as rows: found as written, moved by compare-and-set, marked beside their state."""

from functools import partial
from pathlib import Path

import pytest

from app.domain.attempt import ATTEMPT_MOVES, AttemptState, CloseReason
from app.domain.decision import Decision, Said
from app.domain.money import Money
from app.errors import InvariantError, Message
from app.store import Store, schema
from app.store import attempts as rows
from app.store.decided import decisions_of
from app.store.journal import history_of
from tests.parts.books import begun, open_store, placed, statement
from tests.parts.clock import START
from tests.parts.values import attempt


def names(store: Store, order_id: str) -> list[str]:
    return [fact.name for fact in store.read_now(lambda db: history_of(db, order_id))]


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


WHY = Decision(
    "second",
    Message("It keeps about {fee} of this.", fee=Money(59, "EUR")),
    tried=(Said("first", Message("It did not answer.")),),
    others=(Said("third", Message("It comes in the order of the settings.")),),
    left_out=(Said("fourth", Message("It takes no {currency}.", currency="EUR")),),
)


@pytest.mark.parametrize("by_operator", [False, True])
def test_why_an_attempt_went_to_its_account_is_read_back_to_be_said_in_any_language(
    store: Store, by_operator: bool
) -> None:
    order = store.write_now(placed)
    decision = Decision(WHY.account, WHY.reason, by_operator, WHY.tried, WHY.others, WHY.left_out)
    made = store.write_now(lambda tx: rows.insert_attempt(tx, attempt(order), decision))
    (read,) = store.read_now(lambda db: decisions_of(db, order.id)).items()
    assert read == (made.id, decision)
    assert isinstance(read[1].reason, Message)
    assert read[1].reason.parameters == {"fee": Money(59, "EUR")}


def test_attempts_of_older_books_have_no_reason_and_are_as_they_were(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patches:
        patches.setattr(schema.migrations, "_migrations", schema.migrations._migrations[:6])
        store = open_store(directory)
        order = store.write_now(placed)
        made = store.write_now(lambda tx: begun(tx, order))
        store.close()
    store = open_store(directory)
    assert store.read_now(lambda db: rows.attempts_of(db, order.id)) == (made,)
    assert store.read_now(lambda db: decisions_of(db, order.id)) == {}
    store.close()
