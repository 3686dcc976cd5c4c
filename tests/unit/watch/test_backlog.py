"""Ten thousand open payments at a start, under twenty requests a second, in exact virtual time."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.domain.money import Money
from app.domain.observation import SeenPayment, SessionState
from app.providers.budget import RequestBudget
from app.store import Transaction
from app.watch import Reconciler
from tests.parts.provider import FakeSession
from tests.parts.till import Counter
from tests.parts.virtual_loop import LoopClock, run_in

MANY = 10_000
PAID = 50
EXPIRED = 50
PER_S = 20.0


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Counter]:
    till = Counter(tmp_path, clock=LoopClock())
    yield till
    till.close()


def copy_columns(tx: Transaction, table: str, changes: dict[str, str]) -> None:
    """Copy the one row of a table 9,999 times, with `changes` in SQL over the number `n`."""
    names = [row["name"] for row in tx.execute(f"PRAGMA table_info({table})")]
    values = ", ".join(changes.get(name, f"{table}.{name}") for name in names)
    tx.execute(
        "WITH RECURSIVE numbers (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM numbers "
        f"WHERE n < {MANY}) INSERT INTO {table} ({', '.join(names)}) "
        f"SELECT {values} FROM {table}, numbers"
    )


def fill(till: Counter) -> None:
    """Leave ten thousand open payments in the books and at the provider; some ended meanwhile."""
    asyncio.run(till.show(500))
    order = "printf('%012d', n)"

    def copy(tx: Transaction) -> None:
        copy_columns(tx, "orders", {"id": order, "number": "n"})
        reference = f"'{till.store.till_id}-' || {order} || '-1'"
        session = "'fs_' || n"
        changes = {"id": "n", "order_id": order, "reference": reference, "session_id": session}
        copy_columns(tx, "attempts", changes)

        tx.execute("UPDATE till SET last_order_number = ?", (MANY,))

    till.store.write_now(copy)
    for attempt_id, session_id, reference in till.rows(
        "SELECT id, session_id, reference FROM attempts WHERE id > 1"
    ):
        session = FakeSession(session_id, reference, Money(500, "EUR"), till.clock.now())
        if attempt_id % (MANY // PAID) == 3:
            session.state = SessionState.PAID
            session.payments.append(SeenPayment(f"fp_{session_id}", session.amount))
        elif attempt_id % (MANY // EXPIRED) == 2:
            session.state = SessionState.EXPIRED
        till.provider.sessions[session_id] = session


def test_they_are_reconciled_in_time_while_a_sale_at_the_counter_goes_at_once(
    till: Counter, record_property: Callable[[str, object], None]
) -> None:
    fill(till)
    till.clock.advance(60)
    till.restart()
    clock = till.clock
    till.strategy.budget = RequestBudget(clock, jitter=till.jitter, per_s=PER_S)
    reconciler = Reconciler(
        till.reconciliation,
        till.store,
        clock=clock,
        jitter=till.jitter,
        look_at_codes=till.watch.look_at_codes,
        interval_s=3600,
    )
    asked: list[float] = []
    till.strategy.before = lambda call: asked.append(clock.monotonic())
    took: dict[str, float] = {}

    async def sell() -> None:
        await clock.sleep(100)
        order = await till.place(700)
        began = clock.monotonic()
        attempt = await till.open(order)
        took["opened"] = clock.monotonic() - began
        await till.checkout.mark_shown(attempt.id)
        await clock.sleep(30)
        till.provider.pay(attempt.session_id or "")
        began = clock.monotonic()
        while await till.state(order) != "paid":
            await clock.sleep(0.05)
        took["seen_paid"] = clock.monotonic() - began

    async def story() -> None:
        began = clock.monotonic()
        till.watch.start()
        reconciler.start()
        sale = asyncio.create_task(sell())
        while reconciler.last is None:
            await clock.sleep(1)
        took["reconciled"] = clock.monotonic() - began
        await sale
        await reconciler.stop()
        await till.watch.stop()

    run_in(clock, story)
    for name, seconds in took.items():
        record_property(f"{name}_s", round(seconds, 2))
    report = reconciler.last
    assert report is not None and report.is_clean
    # The watch began before, and the list told of those that had ended.
    assert report.looked_at <= MANY == report.sessions
    looked_at = {call.subject for call in till.strategy.calls if call.verb == "fetch"}
    untold = {session.id for session in till.provider.sessions.values() if not session.payments}
    assert len(untold - looked_at) <= EXPIRED
    assert MANY / PER_S - 1 <= took["reconciled"] <= 600
    assert report.requests <= MANY * 1.1, "hardly anything is asked twice"
    # Identify, prepare, create: each waits for one slot, and at most for one look before it.
    assert took["opened"] <= 6 / PER_S
    assert took["seen_paid"] <= 2.0 * 1.25 + 2
    assert till.count("payments") == PAID + 1 == till.count("attempts", "state = 'paid'")
    assert till.count("attempts", "state = 'expired'") == EXPIRED
    for first, later in zip(asked, asked[25:], strict=False):
        assert later - first >= 1 - 0.01, "never more than the rate and the burst in a second"
