"""Intents: every provider call with an effect is written down before it is made.

An intent without an outcome is a call whose answer was never committed: it is swept at start.
"""

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from app.errors import InvariantError
from app.store.transaction import Row, Transaction, read_stamp, stamp
from app.store.words import to_json

_CLOCK_WANDERS: Final = timedelta(minutes=5)
"""By so much a wall clock is set right by itself."""


class Operation(StrEnum):
    """What a call does at the provider."""

    CREATE = "create"
    CAPTURE = "capture"
    CLOSE = "close"
    REFUND = "refund"
    UNSUBSCRIBE = "unsubscribe"
    SAVE_CARD = "save_card"
    CLOSE_SETUP = "close_setup"


class Outcome(StrEnum):
    """How a call ended. None in the books: no answer was committed yet."""

    DONE = "done"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Intent:
    """A call as it was, or will be, made: under `key`, with the complete `parameters`.

    `refund` is the row of the refund that it is about, `subscription` that of the subscription, and
    `card_setup` that of the card's set-up, if any.
    """

    id: int
    key: str
    operation: Operation
    attempt_id: int | None
    parameters: Mapping[str, Any]
    created_at: datetime
    refund: int | None = None
    subscription: int | None = None
    card_setup: int | None = None

    def is_from_ahead(self, now: datetime) -> bool:
        """Say whether it was written at what is yet to come: the wall clock was set back since."""
        return self.created_at - now > _CLOCK_WANDERS

    def may_be_forgotten(self, now: datetime, key_lifetime: timedelta) -> bool:
        """Say whether the provider may know its key no more.

        After the wall clock was set back nobody can tell how old it is.
        """
        return now - self.created_at > key_lifetime or self.is_from_ahead(now)


def insert_intent(
    tx: Transaction,
    *,
    key: str,
    operation: Operation,
    attempt_id: int | None,
    parameters: Mapping[str, Any],
    refund: int | None = None,
    subscription: int | None = None,
    card_setup: int | None = None,
) -> Intent:
    """Write down what is about to be asked of a provider."""
    text = json.dumps(parameters, sort_keys=True)
    named = {"subscription": subscription, "card_setup": card_setup}
    of = {name: row_id for name, row_id in named.items() if row_id is not None}
    intent_id = tx.insert(
        "intents",
        key=key,
        operation=operation.value,
        attempt_id=attempt_id,
        refund=refund,
        parameters=text,
        digest=_digest(text),
        created_at=stamp(tx.at),
        **of,
    )
    return Intent(intent_id, key, operation, attempt_id, dict(parameters), tx.at, refund, **of)


def finish_intent(
    tx: Transaction, intent_id: int, outcome: Outcome, result: Mapping[str, Any] | None = None
) -> bool:
    """Write down the answer, once; False where it stands there already."""
    count = tx.execute(
        "UPDATE intents SET outcome = ?, result = ?, finished_at = ? "
        "WHERE id = ? AND outcome IS NULL",
        (outcome.value, to_json(dict(result or {})), stamp(tx.at), intent_id),
    ).rowcount
    return count == 1


def supersede_unanswered(tx: Transaction, attempt_id: int, operation: Operation) -> None:
    """Give up waiting for the answers of earlier calls, since the same is asked anew."""
    tx.execute(
        "UPDATE intents SET outcome = ?, finished_at = ? "
        "WHERE attempt_id = ? AND operation = ? AND outcome IS NULL",
        (Outcome.SUPERSEDED.value, stamp(tx.at), attempt_id, operation.value),
    )


def altered_intents(connection: sqlite3.Connection) -> list[str]:
    """Name the keys of intents whose parameters are not as they were written."""
    rows = connection.execute("SELECT key, parameters, digest FROM intents")
    return [row["key"] for row in rows if _digest(row["parameters"]) != row["digest"]]


def unanswered(
    connection: sqlite3.Connection, attempt_id: int, operation: Operation
) -> Intent | None:
    """Give the call of this kind for an attempt if its answer is still missing.

    Raises InvariantError where its parameters no longer match their digest: sent under the same
    key they would be another request.
    """
    row = connection.execute(
        "SELECT * FROM intents WHERE attempt_id = ? AND operation = ? AND outcome IS NULL",
        (attempt_id, operation.value),
    ).fetchone()
    return None if row is None else intent_from(row)


def is_unanswered(connection: sqlite3.Connection, attempt_id: int, operation: Operation) -> bool:
    """Say whether the answer to a call of this kind for an attempt is still missing."""
    row = connection.execute(
        "SELECT 1 FROM intents WHERE attempt_id = ? AND operation = ? AND outcome IS NULL",
        (attempt_id, operation.value),
    ).fetchone()
    return row is not None


def unanswered_refund(connection: sqlite3.Connection, row_id: int) -> Intent | None:
    """Give the call that asks for a refund if its answer is still missing."""
    row = connection.execute(
        "SELECT * FROM intents WHERE refund = ? AND outcome IS NULL", (row_id,)
    ).fetchone()
    return None if row is None else intent_from(row)


def unanswered_end(connection: sqlite3.Connection, row_id: int) -> Intent | None:
    """Give the call that ends a subscription if its answer is still missing."""
    row = connection.execute(
        "SELECT * FROM intents WHERE subscription = ? AND outcome IS NULL", (row_id,)
    ).fetchone()
    return None if row is None else intent_from(row)


def was_done(connection: sqlite3.Connection, attempt_id: int, operation: Operation) -> bool:
    """Say whether a call of this kind for an attempt was answered as it was meant."""
    row = connection.execute(
        "SELECT 1 FROM intents WHERE attempt_id = ? AND operation = ? AND outcome = ? LIMIT 1",
        (attempt_id, operation.value, Outcome.DONE.value),
    ).fetchone()
    return row is not None


def count_of(connection: sqlite3.Connection, attempt_id: int, operation: Operation) -> int:
    """Count the calls of one kind for an attempt; the next one's key carries the next number."""
    row = connection.execute(
        "SELECT count(*) FROM intents WHERE attempt_id = ? AND operation = ?",
        (attempt_id, operation.value),
    ).fetchone()
    return int(row[0])


def intent_from(row: Row) -> Intent:
    """Read an intent from its row. Raises InvariantError where it is not as it was written."""
    if _digest(row["parameters"]) != row["digest"]:
        raise InvariantError(f"The intent {row['key']} is not as it was written")
    return Intent(
        id=row["id"],
        key=row["key"],
        operation=Operation(row["operation"]),
        attempt_id=row["attempt_id"],
        parameters=json.loads(row["parameters"]),
        created_at=read_stamp(row["created_at"]),
        refund=row["refund"],
        subscription=row["subscription"],
        card_setup=row["card_setup"],
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
