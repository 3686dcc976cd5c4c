"""A unit of work: rows and facts together, postings that sum to zero."""

import json
import sqlite3
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InvariantError
from app.events import Fact
from app.store.schema import bring_up_to_date
from app.store.transaction import Transaction, maybe_stamp, read_stamp, stamp
from tests.parts.books import count
from tests.parts.clock import START


@pytest.fixture
def tx() -> Transaction:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    bring_up_to_date(connection, Path("till.db"))
    return Transaction(connection, START)


@given(st.datetimes(timezones=st.timezones()))
def test_a_time_reads_back_as_the_same_moment_in_utc(at: datetime) -> None:
    try:
        expected = at.astimezone(UTC)
    except OverflowError:
        return
    back = read_stamp(stamp(at))
    assert back == expected
    assert back.utcoffset() == timedelta(0)


@given(st.lists(st.datetimes(timezones=st.just(UTC)), min_size=2))
def test_times_sort_as_text(times: list[datetime]) -> None:
    assert [read_stamp(text) for text in sorted(map(stamp, times))] == sorted(times)


def test_a_time_of_another_zone_is_written_in_utc() -> None:
    at = datetime(2026, 3, 2, 14, 0, tzinfo=timezone(timedelta(hours=2)))
    assert stamp(at) == "2026-03-02T12:00:00.000000+00:00"
    assert maybe_stamp(None) is None
    assert maybe_stamp(stamp(at)) == at


def test_a_record_is_a_row_and_a_fact_with_the_same_number(tx: Transaction) -> None:
    first = tx.record("order.placed", order_id="o1", version=1, data={"b": 1, "a": "ü"})
    second = tx.record("till.tested")
    rows = [dict(row) for row in tx.execute("SELECT * FROM journal ORDER BY seq")]
    assert tx.facts == [first, second]
    assert first == Fact(rows[0]["seq"], START, "order.placed", "o1", None, {"b": 1, "a": "ü"})
    assert json.loads(rows[0]["data"]) == {"a": "ü", "b": 1}
    assert rows[0]["version"] == 1
    assert (rows[1]["order_id"], rows[1]["attempt_id"], second.order_id) == (None, None, "")
    assert first.seq < second.seq


def test_a_posting_writes_its_entries_and_leaves_out_what_is_zero(tx: Transaction) -> None:
    tx.post("sale", "EUR", {"orders": 390, "sales": -390, "tips": 0}, order_id="o1")
    rows = [tuple(row) for row in tx.execute("SELECT account, amount_minor FROM ledger_entries")]
    assert rows == [("orders", 390), ("sales", -390)]


@given(st.dictionaries(st.sampled_from("abcd"), st.integers(-(10**9), 10**9)))
def test_a_posting_that_does_not_sum_to_zero_is_refused_whole(entries: dict[str, int]) -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    bring_up_to_date(connection, Path("till.db"))
    tx = Transaction(connection, START)
    if sum(entries.values()) == 0:
        tx.post("test", "EUR", entries)
        assert count(connection, "ledger_entries") == sum(map(bool, entries.values()))
    else:
        with pytest.raises(InvariantError, match="does not sum to zero"):
            tx.post("test", "EUR", entries)
        assert count(connection, "ledger_transactions") == 0
    connection.close()


def test_an_audit_line_says_who_did_what(tx: Transaction) -> None:
    tx.audit("cashier:1", "order.cancelled", "o1", {"reason": "left"})
    row = tx.execute("SELECT * FROM audit").fetchone()
    assert (row["actor"], row["action"], row["subject"]) == ("cashier:1", "order.cancelled", "o1")
    assert (row["data"], row["at"]) == ('{"reason": "left"}', stamp(START))


def test_the_connection_is_there_for_the_stores_own_reading(tx: Transaction) -> None:
    assert tx.connection.in_transaction is False
