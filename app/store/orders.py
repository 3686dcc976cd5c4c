"""Orders as rows: insert, find, and the compare-and-set moves of their state."""

import json
import sqlite3
from collections.abc import Iterable
from typing import Any

from app.domain.attempt import LIVE
from app.domain.order import ORDER_MOVES, Order, OrderState, Snapshot
from app.errors import InvariantError
from app.store.transaction import Row, Transaction, maybe_stamp, read_stamp, stamp

_LIVE = ", ".join(f"'{state.value}'" for state in sorted(LIVE))


def order_from(row: Row) -> Order:
    """Read an order from its row."""
    return Order(
        id=row["id"],
        number=row["number"],
        state=OrderState(row["state"]),
        version=row["version"],
        snapshot=Snapshot.from_document(json.loads(row["snapshot"])),
        created_at=read_stamp(row["created_at"]),
        closed_at=maybe_stamp(row["closed_at"]),
        receipt_number=row["receipt_number"],
    )


def find_order(connection: sqlite3.Connection, order_id: str) -> Order | None:
    """Find an order by its id."""
    row = connection.execute("SELECT * FROM orders WHERE id = ?", (order_id,)).fetchone()
    return None if row is None else order_from(row)


def find_order_by_number(connection: sqlite3.Connection, number: int) -> Order | None:
    """Find an order by its number."""
    row = connection.execute("SELECT * FROM orders WHERE number = ?", (number,)).fetchone()
    return None if row is None else order_from(row)


def insert_order(tx: Transaction, order: Order) -> None:
    """Write a new order and tell of it."""
    snapshot = order.snapshot
    tx.insert(
        "orders",
        id=order.id,
        number=order.number,
        state=order.state.value,
        version=order.version,
        currency=snapshot.currency,
        total_minor=snapshot.total_minor,
        item_count=sum(line.quantity for line in snapshot.lines),
        snapshot=json.dumps(snapshot.to_document(), sort_keys=True),
        created_at=stamp(order.created_at),
    )
    tx.record("order.placed", order_id=order.id, version=1, data=_told(order))


def move_order(
    tx: Transaction, order: Order, to: OrderState, *, receipt_number: int | None = None
) -> Order:
    """Move an order to another state by compare-and-set, with its one journal row."""
    if to not in ORDER_MOVES[order.state]:
        raise InvariantError(f"An order does not go from {order.state.value} to {to.value}")
    count = tx.execute(
        "UPDATE orders SET state = ?, version = version + 1, closed_at = ?, receipt_number = ? "
        "WHERE id = ? AND state = ? AND version = ?",
        (to.value, stamp(tx.at), receipt_number, order.id, order.state.value, order.version),
    ).rowcount
    if count != 1:
        raise InvariantError(f"Order {order.number} was changed by someone else meanwhile")
    moved = find_order(tx.connection, order.id)
    if moved is None:
        raise InvariantError(f"Order {order.number} is gone")
    tx.record(f"order.{to.value}", order_id=order.id, version=moved.version, data=_told(moved))
    return moved


def newest_unfinished(connection: sqlite3.Connection) -> str | None:
    """Find what the screen showed before a restart: an open order that was being paid just then.

    That is one whose code is on show and payable, or else the newest order while its session is
    opened, closed or asked about. A newer order shows that an older one was set aside; and what is
    processing may take days, so that nobody waits before the screen for it.
    """
    row = connection.execute(
        "SELECT orders.id FROM orders JOIN attempts ON attempts.order_id = orders.id "
        f"WHERE orders.state = 'open' AND attempts.state IN ({_LIVE}) "
        "AND attempts.state != 'processing' "
        "AND ((attempts.state = 'open' AND attempts.shown_at IS NOT NULL "
        "AND attempts.close_reason IS NULL) "
        "OR orders.number = (SELECT max(number) FROM orders)) "
        "ORDER BY orders.number DESC LIMIT 1"
    ).fetchone()
    return None if row is None else str(row[0])


def count_awaited(connection: sqlite3.Connection) -> int:
    """Count the open orders whose customer has confirmed and whose money is still to come."""
    (count,) = connection.execute(
        "SELECT count(DISTINCT orders.id) FROM orders "
        "JOIN attempts ON attempts.order_id = orders.id "
        "WHERE orders.state = 'open' AND attempts.state = 'processing'"
    ).fetchone()
    return int(count)


def order_rows(
    connection: sqlite3.Connection, *, number: int | None, before: int | None, limit: int
) -> Iterable[Row]:
    """Give rows of the order list, newest first, with whether a person is needed."""
    return connection.execute(
        "SELECT id, number, state, currency, total_minor, item_count, created_at, closed_at, "
        "receipt_number, EXISTS (SELECT 1 FROM exceptions WHERE exceptions.order_id = orders.id "
        "AND resolved_at IS NULL) AS needs_person FROM orders "
        "WHERE (:number IS NULL OR number = :number OR receipt_number = :number) "
        "AND (:before IS NULL OR number < :before) ORDER BY number DESC LIMIT :limit",
        {"number": number, "before": before, "limit": limit},
    )


def _told(order: Order) -> dict[str, Any]:
    return {
        "number": order.number,
        "total_minor": order.total.minor,
        "currency": order.total.currency,
        "receipt_number": order.receipt_number,
    }
