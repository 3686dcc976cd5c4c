"""`verify` on disputes and fees: clean books are clean, and each check goes red for its fault."""

import asyncio
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.domain.dispute import DisputeState
from app.domain.fee import FeeKind, SeenFee
from app.domain.money import Money
from app.domain.observation import Source
from app.settle_disputes import Disputes
from app.settle_fees import Fees
from app.store.verify import Outcome, verify
from tests.parts.books import in_memory
from tests.parts.till import Counter

GUARDS = "guards of the append-only tables"
DISPUTES = "disputes are in the ledger and the journal"
TOLD = "each open dispute is told of, and none has undone a sale"
FEES = "fees are in the ledger"


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Counter]:
    """A till with three sales: one disputed and open, one lost, one won; fees of two."""
    till = Counter(tmp_path)

    async def sell() -> str:
        _, attempt = await till.show(500)
        till.provider.pay(attempt.session_id or "")
        await till.look(attempt)
        return till.provider.sessions[attempt.session_id or ""].payments[0].payment_id

    async def story() -> None:
        disputes = Disputes(till.store, till.gateway, clock=till.clock)
        fake = till.provider.disputes
        payments = [await sell() for _ in range(3)]
        opened = [fake.open(each, 500) for each in payments]
        for dispute in opened:
            await disputes.observe_dispute("fake", dispute.id, Source.SWEEP)
        till.clock.advance(60)
        fake.move("fd_2", DisputeState.LOST)
        fake.move("fd_3", DisputeState.WON)
        fake.move_money("fd_3", -500, fee=-1500)
        for dispute in opened[1:]:
            await disputes.observe_dispute("fake", dispute.id, Source.SWEEP)
        for number, payment in enumerate(payments[:2]):
            amount = Money(44, "USD" if number else "EUR")
            fake.fees[payment] = (SeenFee(f"t{number}", payment, FeeKind.PAYMENT, amount),)
        till.clock.advance(timedelta(days=15).total_seconds())
        await Fees(till.store, till.gateway, clock=till.clock).catch_up(10)

    asyncio.run(story())
    yield till
    till.close()


@pytest.fixture
def books(till: Counter) -> Iterator[sqlite3.Connection]:
    """A copy of its books, which nothing guards any more."""
    copy = in_memory(till.store)
    yield copy
    copy.close()


def red(db: sqlite3.Connection) -> dict[str, str]:
    return {
        check.name: check.figure
        for check in verify(db)
        if check.outcome is Outcome.VIOLATED and check.name != GUARDS
    }


def test_clean_books_are_clean_and_every_check_gives_its_figure(till: Counter) -> None:
    assert till.violations() == []
    checks = till.store.read_now(lambda db: verify(db, till.provider.taken()))
    figures = {check.name: check.figure for check in checks}
    assert figures[DISPUTES] == "3 disputes, 1 open"
    assert figures[TOLD] == "2 waiting"
    assert figures[FEES] == "6 fees, 1 never reported"


@pytest.mark.parametrize(
    "fault, named",
    [
        ("UPDATE disputes SET withdrawn_minor = 499 WHERE dispute_id = 'fd_1'", "disputes"),
        ("UPDATE disputes SET withdrawn_minor = 500 WHERE dispute_id = 'fd_3'", "disputes"),
        ("UPDATE disputes SET currency = 'USD' WHERE dispute_id = 'fd_2'", "USD"),
        ("UPDATE disputes SET version = 2 WHERE dispute_id = 'fd_1'", "fd_1: 2 changes, 1 rows"),
        ("DELETE FROM journal WHERE name = 'dispute.lost'", "fd_2: 2 changes, 1 rows"),
        (
            "UPDATE ledger_transactions SET kind = 'dispute_reinstated' "
            "WHERE kind = 'dispute_withdrawn'",
            "dispute_reinstated of 500",
        ),
        (
            "UPDATE ledger_transactions SET kind = 'dispute_withdrawn' "
            "WHERE kind = 'dispute_reinstated'",
            "dispute_withdrawn of -500",
        ),
        (
            "UPDATE ledger_entries SET account = 'clearing:other' "
            "WHERE account = 'clearing:fake' AND amount_minor = 500 AND transaction_id IN "
            "(SELECT id FROM ledger_transactions WHERE kind = 'dispute_reinstated')",
            "clearing:other",
        ),
    ],
)
def test_a_dispute_that_is_not_what_the_ledger_or_the_journal_says_is_found(
    books: sqlite3.Connection, fault: str, named: str
) -> None:
    books.execute(fault)
    found = red(books)
    assert named in found[DISPUTES]


@pytest.mark.parametrize("dispute", ["fd_1", "fd_2"])
def test_a_dispute_that_nobody_is_told_of_is_found(books: sqlite3.Connection, dispute: str) -> None:
    books.execute(
        "UPDATE exceptions SET resolved_at = 'x' "
        "WHERE json_extract(words, '$.parameters.dispute') = ?",
        (dispute,),
    )
    found = red(books)
    assert list(found) == [TOLD]
    assert f"dispute {dispute} is " in found[TOLD]
    # A person took note of it.
    books.execute("UPDATE exceptions SET resolved_by = 'Ada' WHERE resolved_at IS NOT NULL")
    books.execute(
        "INSERT INTO audit (at, actor, action, subject, data) SELECT 'x', 'Ada', "
        "'exception.resolved', CAST(id AS TEXT), '{\"reason\": \"seen\"}' FROM exceptions "
        "WHERE resolved_at IS NOT NULL"
    )
    assert red(books) == {}


def test_money_that_did_not_come_back_after_winning_must_be_told(books: sqlite3.Connection) -> None:
    books.execute("UPDATE disputes SET withdrawn_minor = 500 WHERE dispute_id = 'fd_3'")
    assert "dispute fd_3 is won and nobody is told" in red(books)[TOLD]


def test_a_sale_that_was_undone_for_a_dispute_is_found(books: sqlite3.Connection) -> None:
    books.execute("UPDATE orders SET state = 'cancelled' WHERE number = 1")
    assert "order 1 is no longer paid for a dispute" in red(books)[TOLD]


@pytest.mark.parametrize(
    "fault",
    [
        "UPDATE fees SET amount_minor = 45 WHERE fee_id = 't0'",
        "UPDATE fees SET currency = 'EUR' WHERE fee_id = 't1'",
        "DELETE FROM fees WHERE fee_id = 't0'",
        "UPDATE fees SET amount_minor = 1 WHERE kind = 'unreported'",
        "DELETE FROM ledger_entries WHERE account = 'fees' AND currency = 'USD'",
        "UPDATE ledger_entries SET account = 'clearing:other' WHERE currency = 'USD' "
        "AND account = 'clearing:fake'",
    ],
)
def test_a_fee_that_is_not_what_the_ledger_says_is_found(
    books: sqlite3.Connection, fault: str
) -> None:
    books.execute(fault)
    assert FEES in red(books)
