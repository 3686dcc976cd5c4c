"""Rows for store tests: a till's books in a directory, and what is written into them."""

import random
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.clock import Clock
from app.domain.attempt import Attempt, AttemptState
from app.domain.delivery import Delivery
from app.domain.ids import Ids
from app.domain.order import Order
from app.events import Bus
from app.settings import Mode
from app.store import Store, Transaction
from app.store.attempts import insert_attempt
from app.store.orders import insert_order
from app.store.payments import insert_payment
from app.store.store import next_number
from tests.parts.clock import VirtualClock
from tests.parts.values import attempt, order


def open_store(
    directory: Path,
    *,
    mode: Mode = Mode.TRAINING,
    clock: Clock | None = None,
    bus: Bus | None = None,
    inline: bool = False,
) -> Store:
    ids = Ids(random.Random(1))
    return Store(
        directory, mode=mode, clock=clock or VirtualClock(), ids=ids, bus=bus, inline=inline
    )


def statement(sql: str) -> Callable[[Transaction], sqlite3.Cursor]:
    """Make a unit of work of one statement."""
    return lambda tx: tx.execute(sql)


def placed(tx: Transaction, number: int = 0, **changes: Any) -> Order:
    number = number or next_number(tx, "order")
    new = order(id=f"0rder{number:07}", number=number, created_at=tx.at, **changes)
    insert_order(tx, new)
    return new


def begun(tx: Transaction, of: Order, **changes: Any) -> Attempt:
    new = attempt(of, **{"state": AttemptState.CREATING, **changes})
    return insert_attempt(tx, new)


def taken(tx: Transaction, by: Attempt, payment_id: str = "pi_1", **changes: Any) -> None:
    values: dict[str, Any] = {
        "provider": by.provider,
        "payment_id": payment_id,
        "account": by.account,
        "order_id": by.order_id,
        "attempt_id": by.id,
        "amount": by.amount,
        "held_as": None,
        "provider_account": by.provider_account,
        "live": by.live,
    }
    insert_payment(tx, **values | changes)


def delivery(event_id: str = "evt_1", **changes: Any) -> Delivery:
    values: dict[str, Any] = {
        "account": "stripe_checkout",
        "provider": "stripe",
        "provider_account": "acct_1",
        "live": False,
        "event_id": event_id,
        "event_type": "checkout.session.completed",
        "body": b'{"id": "evt_1"}',
    }
    return Delivery(**values | changes)


def one_of_each_record(tx: Transaction) -> None:
    """Put a row into every append-only table."""
    tx.record("till.tested")
    tx.post("test", "EUR", {"orders": 1, "held": -1})
    tx.audit("tester", "till.tested", "t1", {})


def count(connection: sqlite3.Connection, table: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def in_memory(store: Store) -> sqlite3.Connection:
    """Copy the books, without anything that guards them, to plant a fault in."""
    copy = sqlite3.connect(":memory:", isolation_level=None)
    copy.row_factory = sqlite3.Row
    store.read_now(lambda db: db.execute("SELECT 1"))
    with sqlite3.connect(store.path) as source:
        source.backup(copy)
    source.close()
    for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        copy.execute(f"DROP TRIGGER {name}")
    return copy
