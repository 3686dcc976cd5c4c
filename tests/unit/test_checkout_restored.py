"""A till on restored books, or on a disk in trouble, sells nothing and says why."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.errors import BooksDamaged, CheckoutRefused, MoneyMoved
from app.store.epochs import begin_epoch, reconciled
from tests.conftest import ExpectedLogs
from tests.parts.till import Counter


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Counter]:
    till = Counter(tmp_path)
    yield till
    till.close()


def begin(till: Counter) -> None:
    till.store.write_now(lambda tx: begin_epoch(tx, actor="tester", cause="test"))


def test_before_it_is_reconciled_no_order_is_placed_and_no_session_opened(till: Counter) -> None:
    order = asyncio.run(till.place())
    begin(till)
    for sell in (lambda: till.place(), lambda: till.open(order)):
        with pytest.raises(CheckoutRefused, match="restored and are not compared") as refused:
            asyncio.run(sell())
        assert refused.value.money is MoneyMoved.NO and "by itself" in refused.value.action
    assert till.count("orders") == 1 and till.count("attempts") == 0
    assert till.provider.sessions == {}


def test_afterwards_new_orders_are_sold_and_old_ones_get_no_new_session(till: Counter) -> None:
    old = asyncio.run(till.place())
    begin(till)
    till.store.write_now(reconciled)
    with pytest.raises(CheckoutRefused, match="Order 1 is from before") as refused:
        asyncio.run(till.open(old))
    assert "ring it up anew" in refused.value.action
    assert till.provider.sessions == {}
    order, attempt = asyncio.run(till.show())
    assert order.number > 600 and attempt.shown_at is not None


def test_a_session_from_before_that_is_paid_still_settles_its_order(till: Counter) -> None:
    order, attempt = asyncio.run(till.show())
    begin(till)
    assert attempt.session_id is not None
    till.provider.pay(attempt.session_id)
    asyncio.run(till.look(attempt))
    assert asyncio.run(till.state(order)) == "paid"
    receipt = asyncio.run(till.detail(order)).order.receipt_number
    assert receipt is not None and receipt > 600
    assert till.violations() == []


def test_on_damaged_books_nothing_is_begun(till: Counter, expected_logs: ExpectedLogs) -> None:
    order = asyncio.run(till.place())
    till.store.declare_damaged(BooksDamaged("The till's books are damaged", "page 9."))
    till.store.declare_damaged(BooksDamaged("It is said once"))
    for sell in (lambda: till.place(), lambda: till.open(order)):
        with pytest.raises(CheckoutRefused, match="books are damaged"):
            asyncio.run(sell())
    assert till.provider.sessions == {}
    expected_logs.take("The till's books are damaged")
