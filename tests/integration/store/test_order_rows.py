"""Orders and the till's numbers as rows: found as written, moved by compare-and-set."""

from functools import partial

import pytest

from app.domain.attempt import AttemptState
from app.domain.exceptions import ExceptionKind
from app.domain.order import ORDER_MOVES, OrderState
from app.errors import InvariantError
from app.store import Store, Transaction
from app.store import attempts as rows
from app.store.journal import history_of
from app.store.orders import (
    count_awaited,
    find_order,
    move_order,
    newest_unfinished,
    order_rows,
)
from app.store.payments import (
    open_exception,
)
from app.store.store import next_number
from tests.parts.books import begun, placed, statement
from tests.parts.clock import START


def names(store: Store, order_id: str) -> list[str]:
    return [fact.name for fact in store.read_now(lambda db: history_of(db, order_id))]


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


def test_what_was_on_the_screen_is_a_code_on_show_or_the_newest_order_at_work(
    store: Store,
) -> None:
    assert store.read_now(newest_unfinished) is None
    first, second = store.write_now(placed), store.write_now(placed)
    assert store.read_now(newest_unfinished) is None
    early = store.write_now(lambda tx: begun(tx, first))
    late = store.write_now(lambda tx: begun(tx, second, session_id="cs_9"))
    assert store.read_now(newest_unfinished) == second.id
    store.write_now(lambda tx: rows.move_attempt(tx, late, AttemptState.EXPIRED))
    assert store.read_now(newest_unfinished) is None
    early = store.write_now(lambda tx: rows.move_attempt(tx, early, AttemptState.OPEN))
    assert store.read_now(newest_unfinished) is None
    early = store.write_now(
        lambda tx: rows.mark_attempt(tx, early, shown_at="2026-01-01T00:00:00+00:00")
    )
    assert store.read_now(newest_unfinished) == first.id
    store.write_now(lambda tx: rows.mark_attempt(tx, early, close_reason="cancelled"))
    assert store.read_now(newest_unfinished) is None


def test_what_is_processing_was_not_left_on_the_screen_and_is_counted(store: Store) -> None:
    order = store.write_now(placed)
    attempt = store.write_now(lambda tx: begun(tx, order, state=AttemptState.OPEN))
    attempt = store.write_now(
        lambda tx: rows.mark_attempt(tx, attempt, shown_at="2026-01-01T00:00:00+00:00")
    )
    assert store.read_now(newest_unfinished) == order.id
    assert store.read_now(count_awaited) == 0
    attempt = store.write_now(lambda tx: rows.move_attempt(tx, attempt, AttemptState.PROCESSING))
    assert store.read_now(newest_unfinished) is None
    assert store.read_now(count_awaited) == 1
    store.write_now(lambda tx: rows.move_attempt(tx, attempt, AttemptState.FAILED))
    assert store.read_now(count_awaited) == 0


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
