"""A new epoch: its numbers lie above all that may have been given in the lost time."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.store import Store, epochs
from app.store.epochs import Known, begin_epoch
from app.store.verify import Outcome, verify
from tests.parts.books import open_store, placed, statement
from tests.parts.clock import START, VirtualClock


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def store(tmp_path: Path, clock: VirtualClock) -> Iterator[Store]:
    store = open_store(tmp_path, clock=clock, inline=True)
    yield store
    store.close()


def begin(store: Store, other: Known | None = None) -> epochs.Epoch:
    return store.write_now(lambda tx: begin_epoch(tx, actor="tester", cause="test", other=other))


def violated(store: Store) -> list[str]:
    checks = store.read_now(verify)
    return [str(check) for check in checks if check.outcome is Outcome.VIOLATED]


def test_the_first_epoch_is_there_from_the_beginning_and_needs_nothing(store: Store) -> None:
    (first,) = store.read_now(epochs.epochs_of)
    assert (first.number, first.first_order, first.first_receipt) == (1, 1, 1)
    assert not store.read_now(epochs.needs_reconciliation)
    assert not store.read_now(lambda db: epochs.is_from_before(db, 1))


@given(
    last=st.integers(0, 10_000_000),
    lost_s=st.integers(0, 10**8),
    sold_s=st.integers(0, 10**7),
    idle_s=st.floats(0, 10**6),
)
def test_a_backup_that_is_restored_again_elsewhere_gives_no_number_twice(
    last: int, lost_s: int, sold_s: int, idle_s: float
) -> None:
    """One counter sells one order a second at most: for all of the time before it is lost again."""
    lost = timedelta(seconds=lost_s)
    first = epochs._above(last, 0, lost)
    assert first > last + lost_s
    again = epochs._above(last, 0, lost + timedelta(seconds=sold_s + idle_s))
    assert again >= first + sold_s


def test_a_new_epoch_is_written_down_with_who_and_why(store: Store, clock: VirtualClock) -> None:
    store.write_now(placed)
    clock.advance(7200)
    epoch = begin(store)
    assert (epoch.number, epoch.first_order, epoch.first_receipt) == (2, 7802, 7801)
    assert store.read_now(epochs.epochs_of)[1] == epoch
    row = store.read_now(lambda db: db.execute("SELECT * FROM audit ORDER BY seq DESC").fetchone())
    assert (row["actor"], row["action"], row["subject"]) == ("tester", "epoch.begun", "test")
    order = store.write_now(placed)
    assert order.number == 7802
    assert violated(store) == []


def test_ten_minutes_more_count_as_lost(store: Store) -> None:
    store.write_now(statement("UPDATE till SET last_order_number = 600"))
    assert begin(store).first_order == 1201


def test_a_clock_that_stands_before_the_newest_entry_tells_nothing_so_much_is_left_out(
    store: Store, clock: VirtualClock
) -> None:
    store.write_now(placed)
    clock.advance(-86_400)
    assert begin(store).first_order == 1_000_002


def test_what_the_replaced_books_still_know_counts_too(store: Store) -> None:
    epoch = begin(store, Known(epoch=4, last_order=70_500, last_receipt=3, newest_at=START))
    assert (epoch.number, epoch.first_order, epoch.first_receipt) == (5, 70_501, 601)
    assert violated(store) == []


def test_nothing_is_sold_in_it_until_it_is_reconciled(store: Store) -> None:
    begin(store)
    assert store.read_now(epochs.needs_reconciliation)
    store.write_now(epochs.reconciled)
    assert not store.read_now(epochs.needs_reconciliation)
    facts = store.read_now(
        lambda db: [r[0] for r in db.execute("SELECT name FROM journal ORDER BY seq")]
    )
    assert facts == ["till.epoch_begun", "till.reconciled"]
    store.write_now(epochs.reconciled)
    assert store.read_now(lambda db: db.execute("SELECT count(*) FROM journal").fetchone()[0]) == 2


def test_orders_from_before_are_told_from_new_ones(store: Store) -> None:
    old = store.write_now(placed)
    begin(store)
    new = store.write_now(placed)
    assert store.read_now(lambda db: epochs.is_from_before(db, old.number))
    assert not store.read_now(lambda db: epochs.is_from_before(db, new.number))


@pytest.mark.parametrize(
    "fault, told",
    [
        ("UPDATE till SET epoch = 1", "epoch 1 is not the last one"),
        ("UPDATE till SET last_order_number = last_order_number + 1", "order numbers"),
        ("UPDATE till SET last_receipt_number = last_receipt_number + 1", "receipt numbers"),
        ("UPDATE orders SET number = 2 WHERE number = 1", "order numbers"),
        ("UPDATE orders SET number = 700 WHERE number = 602", "order numbers"),
        ("UPDATE orders SET receipt_number = 5 WHERE number = 1", "receipt numbers"),
    ],
)
def test_a_gap_in_any_epoch_is_found(store: Store, fault: str, told: str) -> None:
    store.write_now(placed)
    begin(store)
    store.write_now(placed)
    assert violated(store) == []
    store.write_now(statement(fault))
    assert any(told in fault for fault in violated(store))


def test_books_without_a_till_have_no_epoch(store: Store) -> None:
    store.write_now(statement("DELETE FROM till"))
    assert store.read_now(epochs.known_to) is None
    with pytest.raises(ValueError, match="no epoch"):
        begin(store)
