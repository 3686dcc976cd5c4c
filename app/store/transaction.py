"""One unit of work inside a write transaction: rows, and the facts that go with them."""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from app.errors import InvariantError
from app.events import Fact
from app.store.words import to_json

Row = sqlite3.Row
Value = str | int | bytes | None


def stamp(at: datetime) -> str:
    """Write a time as the books hold it: ISO 8601 in UTC with microseconds."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def read_stamp(text: str) -> datetime:
    """Read a time back as an aware one."""
    return datetime.fromisoformat(text)


def maybe_stamp(text: str | None) -> datetime | None:
    """Read a time back, or None."""
    return None if text is None else read_stamp(text)


def maybe_stamped(at: datetime | None) -> str | None:
    """Write a time, or None."""
    return None if at is None else stamp(at)


class Transaction:
    """What a unit of work writes through. It lives inside a savepoint and is never committed here.

    `at` is the time of the whole transaction. Facts recorded here are told only after the commit.
    """

    def __init__(self, connection: sqlite3.Connection, at: datetime) -> None:
        self._connection = connection
        self.at = at
        self.facts: list[Fact] = []

    @property
    def connection(self) -> sqlite3.Connection:
        """Give the connection, for the store's own reading functions."""
        return self._connection

    def execute(
        self, sql: str, parameters: Sequence[Value] | Mapping[str, Value] = ()
    ) -> sqlite3.Cursor:
        """Run one statement."""
        return self._connection.execute(sql, parameters)

    def insert(self, table: str, **values: Value) -> int:
        """Insert one row and give its rowid."""
        columns = ", ".join(values)
        marks = ", ".join("?" * len(values))
        cursor = self._connection.execute(
            f"INSERT INTO {table} ({columns}) VALUES ({marks})", tuple(values.values())
        )
        return int(cursor.lastrowid or 0)

    def record(
        self,
        name: str,
        *,
        order_id: str = "",
        attempt_id: int | None = None,
        version: int | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> Fact:
        """Write a journal row; `version` ties it to the change of state it tells of."""
        facts = dict(data or {})
        seq = self.insert(
            "journal",
            at=stamp(self.at),
            name=name,
            order_id=order_id or None,
            attempt_id=attempt_id,
            version=version,
            data=to_json(facts),
        )
        fact = Fact(seq, self.at, name, order_id, attempt_id, facts)
        self.facts.append(fact)
        return fact

    def audit(self, actor: str, action: str, subject: str, data: Mapping[str, Any]) -> None:
        """Write down who did what; customers appear by id only."""
        self.insert(
            "audit",
            at=stamp(self.at),
            actor=actor,
            action=action,
            subject=subject,
            data=to_json(dict(data)),
        )

    def post(
        self,
        kind: str,
        currency: str,
        entries: Mapping[str, int],
        *,
        order_id: str = "",
        payment_id: str = "",
    ) -> None:
        """Post a ledger transaction; `entries` are signed minor units that sum to zero."""
        if sum(entries.values()) != 0:
            raise InvariantError(f"The posting {kind} does not sum to zero", repr(dict(entries)))
        transaction_id = self.insert(
            "ledger_transactions",
            at=stamp(self.at),
            kind=kind,
            order_id=order_id or None,
            payment_id=payment_id,
        )
        for account, amount_minor in entries.items():
            if amount_minor:
                self.insert(
                    "ledger_entries",
                    transaction_id=transaction_id,
                    account=account,
                    amount_minor=amount_minor,
                    currency=currency,
                )
