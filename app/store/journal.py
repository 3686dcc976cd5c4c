"""The journal as it is read back: the facts of an order in their order."""

import sqlite3

from app.events import Fact
from app.store.transaction import read_stamp
from app.store.words import from_json


def history_of(connection: sqlite3.Connection, order_id: str) -> tuple[Fact, ...]:
    """Give every fact of an order, oldest first."""
    rows = connection.execute("SELECT * FROM journal WHERE order_id = ? ORDER BY seq", (order_id,))
    return tuple(
        Fact(
            seq=row["seq"],
            at=read_stamp(row["at"]),
            name=row["name"],
            order_id=row["order_id"],
            attempt_id=row["attempt_id"],
            data=from_json(row["data"]),
        )
        for row in rows
    )
