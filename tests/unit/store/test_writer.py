"""The writer on books in memory: batches, failures, cancellation, closing."""

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future, wait
from functools import partial

import pytest

from app.errors import CartRefused, InvariantError, StoreError
from app.events import Fact
from app.store.transaction import Transaction
from app.store.writer import Writer
from tests.parts.clock import VirtualClock

SCHEMA = """
CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE journal (seq INTEGER PRIMARY KEY, at TEXT, name TEXT, order_id TEXT,
    attempt_id INTEGER, version INTEGER, data TEXT);
"""


class Desk:
    """A writer with all that can be seen of it: statements, facts, what is in the books."""

    def __init__(self, *, inline: bool) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self.connection.row_factory = sqlite3.Row
        self.connection.executescript(SCHEMA)
        self.statements: list[str] = []
        self.connection.set_trace_callback(self.statements.append)
        self.told: list[Fact] = []
        self.clock = VirtualClock()
        self.writer = Writer(self.connection, self.clock, self.told.extend, inline=inline)

    def note(self, text: str) -> "Future[int]":
        return self.writer.submit(lambda tx: tx.insert("notes", text=text))

    def notes(self) -> list[str]:
        return self.writer.submit(
            lambda tx: [row[0] for row in tx.execute("SELECT text FROM notes ORDER BY id")]
        ).result(5)

    def held_up(self) -> threading.Event:
        """Keep the writer busy, so that what is submitted next becomes one batch."""
        started, go_on = threading.Event(), threading.Event()

        def wait_here(_: Transaction) -> None:
            started.set()
            assert go_on.wait(5)

        self.writer.submit(wait_here)
        assert started.wait(5)
        return go_on


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk(inline=False)
    yield desk
    desk.writer.close()


@pytest.fixture
def inline() -> Iterator[Desk]:
    desk = Desk(inline=True)
    yield desk
    desk.writer.close()


@pytest.fixture(params=["thread", "inline"])
def either(request: pytest.FixtureRequest) -> Iterator[Desk]:
    desk = Desk(inline=request.param == "inline")
    yield desk
    desk.writer.close()


def refuse(_: Transaction) -> None:
    raise CartRefused("No")


def test_a_unit_gives_its_result_once_it_is_committed(either: Desk) -> None:
    assert either.note("one").result(5) == 1
    assert either.statements[-4:] == [
        "SAVEPOINT unit",
        "INSERT INTO notes (text) VALUES ('one')",
        "RELEASE unit",
        "COMMIT",
    ]


def test_many_units_at_once_share_one_commit(desk: Desk) -> None:
    go_on = desk.held_up()
    notes = [desk.note(str(n)) for n in range(200)]
    desk.statements.clear()
    go_on.set()
    assert [note.result(5) for note in notes] == list(range(1, 201))
    assert desk.statements.count("COMMIT") == 2
    assert desk.statements.count("BEGIN IMMEDIATE") == 1


def test_no_waiter_is_released_before_the_commit(desk: Desk) -> None:
    go_on = desk.held_up()
    order: list[str] = []
    desk.connection.set_trace_callback(lambda sql: order.append(sql.split()[0]))
    for n in range(20):
        desk.note(str(n)).add_done_callback(
            lambda _: order.append(f"released, in transaction: {desk.connection.in_transaction}")
        )
    go_on.set()
    desk.notes()
    released = [place for place, what in enumerate(order) if what.startswith("released")]
    assert len(released) == 20
    assert {order[place] for place in released} == {"released, in transaction: False"}
    inserts = [place for place, what in enumerate(order) if what == "INSERT"]
    assert max(inserts) < order.index("COMMIT", max(inserts)) < min(released)


def test_a_batch_has_a_bound(desk: Desk) -> None:
    go_on = desk.held_up()
    notes = [desk.note(str(n)) for n in range(1100)]
    desk.statements.clear()
    go_on.set()
    wait(notes, 10)
    assert desk.statements.count("COMMIT") == 1 + 3


def test_inline_each_unit_is_a_commit_on_the_callers_thread(inline: Desk) -> None:
    threads = [inline.writer.submit(lambda _: threading.current_thread()).result() for _ in "ab"]
    assert threads == [threading.current_thread()] * 2
    assert inline.statements.count("COMMIT") == 2


def test_a_unit_that_fails_leaves_nothing_and_its_neighbours_everything(desk: Desk) -> None:
    def half(tx: Transaction) -> None:
        tx.insert("notes", text="half")
        tx.record("half.done")
        raise CartRefused("No")

    go_on = desk.held_up()
    before, failing, after = desk.note("before"), desk.writer.submit(half), desk.note("after")
    go_on.set()
    assert (before.result(5), after.result(5)) == (1, 2)
    with pytest.raises(CartRefused):
        failing.result(5)
    assert desk.notes() == ["before", "after"]
    assert desk.told == []


def test_a_broken_rule_of_the_tables_is_our_bug(either: Desk) -> None:
    either.note("twin").result(5)
    with pytest.raises(InvariantError, match="refused a change") as caught:
        either.note("twin").result(5)
    assert isinstance(caught.value.__cause__, sqlite3.IntegrityError)
    assert either.notes() == ["twin"]


def test_an_error_of_the_environment_is_a_store_error(either: Desk) -> None:
    with pytest.raises(StoreError) as caught:
        either.writer.submit(lambda tx: tx.execute("SELECT * FROM nowhere")).result(5)
    assert isinstance(caught.value.__cause__, sqlite3.OperationalError)


def test_even_an_exit_inside_a_unit_reaches_its_waiter_and_not_the_writer(either: Desk) -> None:
    def leave(tx: Transaction) -> None:
        tx.insert("notes", text="never")
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        either.writer.submit(leave).result(5)
    either.note("later").result(5)
    assert either.notes() == ["later"]


def test_a_waiter_that_gave_up_before_its_turn_is_not_run(desk: Desk) -> None:
    go_on = desk.held_up()
    given_up, kept = desk.note("given up"), desk.note("kept")
    assert given_up.cancel()
    go_on.set()
    kept.result(5)
    assert desk.notes() == ["kept"]
    with pytest.raises(CancelledError):
        given_up.result(0)


def test_a_unit_that_has_begun_cannot_be_given_up(desk: Desk) -> None:
    started, go_on = threading.Event(), threading.Event()

    def slow(tx: Transaction) -> int:
        started.set()
        assert go_on.wait(5)
        return tx.insert("notes", text="slow")

    running = desk.writer.submit(slow)
    assert started.wait(5)
    assert not running.cancel()
    go_on.set()
    assert running.result(5) == 1


def test_facts_are_told_after_the_commit_and_in_order(desk: Desk) -> None:
    seen_inside: list[int] = []

    def unit(tx: Transaction) -> None:
        tx.record("one.done")
        tx.record("two.done")
        seen_inside.append(len(desk.told))

    go_on = desk.held_up()
    units = [desk.writer.submit(unit) for _ in range(5)]
    failing = desk.writer.submit(refuse)
    go_on.set()
    wait([*units, failing], 5)
    desk.notes()
    assert seen_inside == [0] * 5
    assert [fact.seq for fact in desk.told] == list(range(1, 11))


def test_the_time_of_a_batch_is_one(desk: Desk) -> None:
    go_on = desk.held_up()
    units = [desk.writer.submit(lambda tx: tx.at) for _ in range(5)]
    go_on.set()
    assert {unit.result(5) for unit in units} == {desk.clock.now()}


def test_closing_finishes_what_is_queued(desk: Desk) -> None:
    go_on = desk.held_up()
    notes = [desk.note(str(n)) for n in range(600)]
    closing = threading.Thread(target=desk.writer.close)
    closing.start()
    go_on.set()
    closing.join(5)
    assert all(note.result(0) for note in notes)
    with pytest.raises(StoreError, match="closed"):
        desk.note("too late")
    with pytest.raises(sqlite3.ProgrammingError):
        desk.connection.execute("SELECT 1")


def test_a_closed_writer_takes_nothing_more_and_closes_once(either: Desk) -> None:
    either.writer.close()
    either.writer.close()
    with pytest.raises(StoreError, match="closed"):
        either.note("too late")


def test_inline_units_of_several_threads_do_not_mix(inline: Desk) -> None:
    def many(name: str) -> None:
        for n in range(50):
            inline.note(f"{name}{n}").result(5)

    threads = [threading.Thread(target=many, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(inline.notes()) == 200


class Losing(sqlite3.Connection):
    """Drops the whole transaction in the middle, as SQLite may do when the disk is full."""

    at_text = ""
    at_commit = 0

    def execute(self, sql: str, parameters: object = (), /) -> sqlite3.Cursor:
        if sql == "COMMIT" and self.at_commit:
            self.at_commit -= 1
            raise full()
        if self.at_text and self.at_text in str(parameters):
            self.at_text = ""
            super().execute("ROLLBACK")
            raise full()
        return super().execute(sql, parameters)  # type: ignore[arg-type]


def full() -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorname = "SQLITE_FULL"
    return error


@pytest.fixture
def losing() -> Iterator[tuple[Losing, Writer]]:
    connection = sqlite3.connect(
        ":memory:", isolation_level=None, check_same_thread=False, factory=Losing
    )
    connection.executescript(SCHEMA)
    writer = Writer(connection, VirtualClock(), lambda facts: None)
    yield connection, writer
    writer.close()


def submitted(writer: Writer, *texts: str) -> "list[Future[int]]":
    started, go_on = threading.Event(), threading.Event()

    def wait_here(_: Transaction) -> None:
        started.set()
        assert go_on.wait(5)

    writer.submit(wait_here)
    assert started.wait(5)
    units = [writer.submit(partial(Transaction.insert, table="notes", text=t)) for t in texts]
    go_on.set()
    wait(units, 5)
    return units


def test_where_the_transaction_is_dropped_in_the_middle_nobody_is_told_that_it_was_written(
    losing: tuple[Losing, Writer],
) -> None:
    connection, writer = losing
    connection.at_text = "meets it"
    units = submitted(writer, "before", "meets it", "after")
    for lost in units[:2]:
        with pytest.raises(StoreError, match="disk is full"):
            lost.result(0)
    assert units[2].result(0) > 0
    rows = writer.submit(lambda tx: tx.execute("SELECT text FROM notes").fetchall()).result(5)
    assert [row[0] for row in rows] == ["after"]


def test_where_the_commit_fails_every_waiter_of_the_batch_hears_of_it(
    losing: tuple[Losing, Writer],
) -> None:
    connection, writer = losing
    started, go_on = threading.Event(), threading.Event()

    def wait_here(_: Transaction) -> None:
        started.set()
        assert go_on.wait(5)
        connection.at_commit = 0

    writer.submit(wait_here)
    assert started.wait(5)
    connection_fails = writer.submit(lambda tx: setattr(connection, "at_commit", 1))
    neighbour = writer.submit(lambda tx: tx.insert("notes", text="neighbour"))
    go_on.set()
    for unit in (connection_fails, neighbour):
        with pytest.raises(StoreError, match="disk is full"):
            unit.result(5)
    assert writer.submit(lambda tx: tx.insert("notes", text="later")).result(5) == 1
