"""Card set-ups as rows: written once, moved by compare-and-set, each move with its journal row.

The records that are never changed name the provider's ids of them, and no person.
"""

import sqlite3
from dataclasses import replace
from typing import Any, Final

from app.domain.card_setup import CARD_MOVES, CardClosing, CardSetup, CardState, KeptCard
from app.errors import InvariantError
from app.store.intents import Intent, Operation, intent_from
from app.store.transaction import Row, Transaction, Value, maybe_stamp, read_stamp, stamp

_WATCHED: Final = "heard > 0 OR state IN ('creating', 'open', 'processing', 'unknown')"


def card_setup_from(row: Row) -> CardSetup:
    """Read a set-up from its row."""
    return CardSetup(
        id=row["id"],
        reference=row["reference"],
        account=row["account"],
        provider=row["provider"],
        provider_account=row["provider_account"],
        live=bool(row["live"]),
        label=row["label"],
        asked_by=row["asked_by"],
        state=CardState(row["state"]),
        version=row["version"],
        created_at=read_stamp(row["created_at"]),
        deadline_at=read_stamp(row["deadline_at"]),
        setup_id=row["setup_id"],
        url=row["url"],
        shown_at=maybe_stamp(row["shown_at"]),
        close_reason=None if row["close_reason"] is None else CardClosing(row["close_reason"]),
        heard=row["heard"],
        looked_at=maybe_stamp(row["looked_at"]),
        saved_at=maybe_stamp(row["saved_at"]),
        decline=row["decline"],
        card=_kept(row) if row["method_id"] else None,
    )


def find_card_setup(connection: sqlite3.Connection, row_id: int) -> CardSetup | None:
    """Find a set-up by its row."""
    row = connection.execute("SELECT * FROM card_setups WHERE id = ?", (row_id,)).fetchone()
    return None if row is None else card_setup_from(row)


def known_card_setup(connection: sqlite3.Connection, row_id: int) -> CardSetup:
    """Give a set-up that must be there. Raises InvariantError where it is gone."""
    setup = find_card_setup(connection, row_id)
    if setup is None:
        raise InvariantError(f"Card set-up {row_id} is gone")
    return setup


def watched_card_setups(connection: sqlite3.Connection) -> list[CardSetup]:
    """Give those that are not over and those that there is news of, oldest first."""
    rows = connection.execute(f"SELECT * FROM card_setups WHERE {_WATCHED} ORDER BY id")
    return [card_setup_from(row) for row in rows]


def card_setups_page(
    connection: sqlite3.Connection, *, before: int | None = None, limit: int
) -> list[CardSetup]:
    """Give a page of all set-ups, newest first, from below the row `before`."""
    rows = connection.execute(
        "SELECT * FROM card_setups WHERE ?1 IS NULL OR id < ?1 ORDER BY id DESC LIMIT ?2",
        (before, limit),
    )
    return [card_setup_from(row) for row in rows]


def insert_card_setup(tx: Transaction, setup: CardSetup) -> CardSetup:
    """Write down a new set-up with its first journal row, and who wanted it."""
    row_id = tx.insert(
        "card_setups",
        reference=setup.reference,
        account=setup.account,
        provider=setup.provider,
        provider_account=setup.provider_account,
        live=int(setup.live),
        label=setup.label,
        asked_by=setup.asked_by,
        state=setup.state.value,
        version=setup.version,
        created_at=stamp(setup.created_at),
        deadline_at=stamp(setup.deadline_at),
    )
    setup = replace(setup, id=row_id)
    tell_of_card(tx, setup, "wanted", by=setup.asked_by, version=setup.version)
    return setup


def move_card_setup(
    tx: Transaction, setup: CardSetup, to: CardState, **changes: Value
) -> CardSetup:
    """Move a set-up to another state by compare-and-set, with its one journal row."""
    if to not in CARD_MOVES[setup.state]:
        raise InvariantError(f"A card set-up does not go from {setup.state} to {to}")
    named = "".join(f", {name} = ?" for name in changes)
    count = tx.execute(
        f"UPDATE card_setups SET state = ?, version = version + 1{named} "
        "WHERE id = ? AND state = ? AND version = ?",
        (to.value, *changes.values(), setup.id, setup.state.value, setup.version),
    ).rowcount
    if count != 1:
        raise InvariantError(f"Card set-up {setup.id} was changed by someone else")
    moved = known_card_setup(tx.connection, setup.id)
    customer = {} if moved.card is None else {"customer": moved.card.customer_id}
    tell_of_card(tx, moved, to.value, version=moved.version, **customer)
    return moved


def mark_card_setup(tx: Transaction, setup: CardSetup, **changes: Value) -> CardSetup:
    """Change what is not a state."""
    names = ", ".join(f"{name} = ?" for name in changes)
    tx.execute(f"UPDATE card_setups SET {names} WHERE id = ?", (*changes.values(), setup.id))
    return known_card_setup(tx.connection, setup.id)


def tell_of_card(
    tx: Transaction,
    setup: CardSetup,
    what: str,
    *,
    by: str = "",
    version: int | None = None,
    **data: Any,
) -> None:
    """Write a fact of a set-up into the journal and the audit.

    `by` is the person who did it; else its provider tells of it.
    """
    told = {"row": setup.id, "reference": setup.reference, "setup": setup.setup_id, **data}
    name = f"card.{what}"
    tx.record(name, version=version, data=told)
    tx.audit(by or f"provider:{setup.provider}", name, setup.reference, told)


def hear_of_card(tx: Transaction, provider: str, *, setup_id: str, reference: str) -> bool:
    """Write down that there is news of a set-up, to be looked at; False where it is a stranger's.

    Of several accounts at one provider any may be told of it.
    """
    count = tx.execute(
        "UPDATE card_setups SET heard = heard + 1 WHERE provider = :provider AND "
        "(reference = :reference OR (setup_id = :setup AND setup_id <> ''))",
        {"provider": provider, "reference": reference, "setup": setup_id},
    ).rowcount
    return count > 0


def card_news_is_known(tx: Transaction, setup: CardSetup) -> None:
    """Let go of the news that a look came after, unless more was heard since it began."""
    tx.execute(
        "UPDATE card_setups SET heard = 0 WHERE id = ? AND heard = ?", (setup.id, setup.heard)
    )


def unanswered_of_card(
    connection: sqlite3.Connection, row_id: int, operation: Operation
) -> Intent | None:
    """Give the call of this kind for a set-up if its answer is still missing."""
    row = connection.execute(
        "SELECT * FROM intents WHERE card_setup = ? AND operation = ? AND outcome IS NULL",
        (row_id, operation.value),
    ).fetchone()
    return None if row is None else intent_from(row)


def closings_of_card(connection: sqlite3.Connection, row_id: int) -> int:
    """Count the calls that were to close a set-up; the next one's key has the next number."""
    row = connection.execute(
        "SELECT count(*) FROM intents WHERE card_setup = ? AND operation = ?",
        (row_id, Operation.CLOSE_SETUP.value),
    ).fetchone()
    return int(row[0])


def _kept(row: Row) -> KeptCard:
    return KeptCard(
        customer_id=row["customer_id"],
        method_id=row["method_id"],
        brand=row["brand"],
        last4=row["last4"],
        expiry_month=row["expiry_month"],
        expiry_year=row["expiry_year"],
    )
