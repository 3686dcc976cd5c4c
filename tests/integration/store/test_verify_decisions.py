"""`verify` on refunds and decisions: whole books are clean, and each fault in them is found."""

import asyncio
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.domain.resolution import Action
from app.store.verify import Outcome, verify
from tests.parts.books import in_memory
from tests.parts.provider import LOST
from tests.parts.till import Counter
from tests.parts.trouble import ask, paid_late, paid_otherwise, resolved, sold

LEDGER, DECISIONS = "payments and refunds are in the ledger", "what needs a person"
PROVIDER, PAID, JOURNAL = "I2 what the provider", "I3 paid exactly", "I4 each change"
GUARDS = "guards of"


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Counter]:
    """A till with a refund (1), money accepted with a write-off (2), kept (3) and held (4)."""
    till = Counter(tmp_path)

    async def day() -> None:
        _, payment_id = await sold(till)
        await ask(till, payment_id, 200)
        await paid_otherwise(till, 480)
        await resolved(till, Action.WRITE_OFF, 1)
        await paid_late(till)
        target = await till.place(500)
        await resolved(till, Action.ASSIGN, 2, order_id=target.id)
        till.store.write_now(lambda tx: tx.execute("SELECT 1"))
        await paid_late(till)

    asyncio.run(day())
    yield till
    till.close()


@pytest.fixture
def books(till: Counter) -> Iterator[sqlite3.Connection]:
    copy = in_memory(till.store)
    yield copy
    copy.close()


def red(db: sqlite3.Connection) -> dict[str, str]:
    return {
        check.name: check.figure
        for check in verify(db)
        if check.outcome is Outcome.VIOLATED and not check.name.startswith(GUARDS)
    }


def test_books_with_every_kind_of_decision_are_clean(till: Counter) -> None:
    assert till.violations() == []


@pytest.mark.parametrize(
    "sql, check, words",
    [
        (
            "UPDATE exceptions SET resolved_at = '2026' WHERE id = 3",
            DECISIONS,
            "is held and nobody is told",
        ),
        ("DELETE FROM exceptions WHERE id = 3", DECISIONS, "is held and nobody is told"),
        ("UPDATE payments SET resolved_by = ' ' WHERE id = 2", DECISIONS, "accepted by nobody"),
        ("UPDATE payments SET resolved_by = NULL WHERE id = 3", DECISIONS, "assigned by nobody"),
        ("UPDATE write_offs SET decided_by = ''", DECISIONS, "write-off 1 is nobody's"),
        ("UPDATE write_offs SET reason = ' '", DECISIONS, "or for no reason"),
        (
            "DELETE FROM audit WHERE action = 'exception.resolved' AND subject = '1'",
            DECISIONS,
            "exception 1 was resolved, and the audit does not say",
        ),
        (
            "UPDATE audit SET data = '{}' WHERE action = 'exception.resolved'",
            DECISIONS,
            "exception 2 was resolved, and the audit does not say",
        ),
        (
            "UPDATE audit SET actor = '' WHERE action = 'exception.resolved'",
            DECISIONS,
            "exception 1 was resolved",
        ),
        ("DELETE FROM write_offs", PAID, "order 2 is paid with 480"),
        ("UPDATE write_offs SET amount_minor = 21", PAID, "order 2 is paid with 501"),
        ("UPDATE write_offs SET currency = 'USD'", PAID, "write-off 1 does not fit its order"),
        ("UPDATE payments SET currency = 'USD' WHERE id = 3", PAID, "does not fit its order"),
        ("UPDATE payments SET resolved_as = NULL WHERE id = 3", PAID, "does not fit its attempt"),
        ("UPDATE orders SET state = 'cancelled' WHERE number = 2", PAID, "is cancelled with 500"),
        ("UPDATE write_offs SET amount_minor = 21", LEDGER, "write_offs is off by"),
        ("UPDATE refunds SET amount_minor = 201", LEDGER, "refunds is off by"),
        ("UPDATE refunds SET state = 'pending'", LEDGER, "clearing is off by"),
        (
            "UPDATE payments SET resolved_as = 'kept', held_as = 'paid_late' WHERE id = 4",
            LEDGER,
            "500 of 0 held",
        ),
        ("UPDATE orders SET state = 'open' WHERE number = 2", LEDGER, "order 2: 0 of 500 towards"),
        ("UPDATE refunds SET version = 3", JOURNAL, "refund 1: 3 changes, 2 rows"),
        ("DELETE FROM journal WHERE name = 'refund.requested'", JOURNAL, "2 changes, 1 rows"),
    ],
)
def test_a_fault_is_found(books: sqlite3.Connection, sql: str, check: str, words: str) -> None:
    books.execute(sql)
    found = next((figure for name, figure in red(books).items() if name.startswith(check)), "")
    assert words in found


def test_held_money_that_was_given_back_must_not_be_on_the_list(
    till: Counter, books: sqlite3.Connection
) -> None:
    books.execute(
        "INSERT INTO refunds (provider, refund_id, payment_id, amount_minor, currency, state, "
        "version, seen_at) SELECT provider, 're_9', payment_id, amount_minor, currency, "
        "'succeeded', 1, '' FROM payments WHERE id = 4"
    )
    assert "was given back and is on the list" in "".join(red(books).values())


def test_an_old_entry_that_was_resolved_without_an_audit_line_is_not_blamed(
    books: sqlite3.Connection,
) -> None:
    books.execute("UPDATE exceptions SET resolved_by = NULL, action = NULL WHERE id = 1")
    books.execute("DELETE FROM audit WHERE subject = '1'")
    assert red(books) == {}


def test_a_refund_in_the_books_of_before_is_told_by_its_id_alone(
    books: sqlite3.Connection,
) -> None:
    books.execute("UPDATE journal SET data = json_remove(data, '$.row') WHERE name LIKE 'refund.%'")
    # What was told before the provider gave its id cannot be told by that.
    assert "1 rows" in red(books)["I4 each change of state has exactly one journal row"]
    books.execute("DELETE FROM journal WHERE name = 'refund.requested'")
    books.execute("UPDATE refunds SET version = 1")
    assert red(books) == {}


@pytest.mark.parametrize("took_effect", [True, False])
def test_a_refund_that_is_not_answered_may_or_may_not_be_at_the_provider(
    till: Counter, took_effect: bool
) -> None:
    async def story() -> None:
        _, payment_id = await sold(till)
        till.strategy.answers["refund"] = [LOST] * 100
        await ask(till, payment_id, 100, "lost")
        if not took_effect:
            till.provider.refunds.rows.popitem()
        word = till.provider.taken()
        assert till.violations(word) == []
        off = [replace(p, refunded_minor=p.refunded_minor + 1) for p in word]
        (told,) = till.violations(off)
        assert "0 or 100 given back here" in told and PROVIDER in told

    asyncio.run(story())
