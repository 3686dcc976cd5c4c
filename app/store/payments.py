"""Money as rows: payments in the books, and the exceptions that wait for a person."""

import sqlite3
from collections.abc import Sequence
from typing import Final

from app.domain.exceptions import ExceptionKind, OrderException
from app.domain.money import Money
from app.domain.receipt import Tender
from app.errors import InvariantError
from app.store.transaction import Row, Transaction, Value, maybe_stamp, read_stamp, stamp
from app.store.words import from_json, to_json

BY_ITSELF: Final = "till"
"""Who takes an entry off the list where it cleared itself up."""

# By the journal's own order, since a clock may be set. That a session is to be closed is no news.
_STANDS: Final = """
    (resolved_at IS NULL OR coalesce(resolved_by, :till) <> :till AND NOT EXISTS (
        SELECT 1 FROM journal WHERE order_id = :order AND attempt_id = :attempt
        AND name LIKE 'attempt.%' AND name <> 'attempt.closing' AND seq > (
            SELECT max(seq) FROM journal WHERE order_id = :order AND name = 'exception.resolved'
            AND json_extract(data, '$.exception') = exceptions.id)))
"""


def known_payments(
    connection: sqlite3.Connection, provider: str, payment_ids: list[str]
) -> frozenset[str]:
    """Give those of the provider's payment ids that are in the books already."""
    return frozenset(
        payment_id
        for payment_id in payment_ids
        if connection.execute(
            "SELECT 1 FROM payments WHERE provider = ? AND payment_id = ?", (provider, payment_id)
        ).fetchone()
    )


def accepted_minor(connection: sqlite3.Connection, order_id: str) -> int:
    """Sum what was accepted for an order, in minor units of its currency."""
    row = connection.execute(
        "SELECT coalesce(sum(amount_minor), 0) FROM payments "
        "WHERE order_id = ? AND held_as IS NULL",
        (order_id,),
    ).fetchone()
    return int(row[0])


def insert_payment(
    tx: Transaction,
    *,
    provider: str,
    payment_id: str,
    account: str,
    order_id: str,
    attempt_id: int | None,
    amount: Money,
    held_as: ExceptionKind | None,
    provider_account: str,
    live: bool,
    reference: str = "",
    renewal_of: int | None = None,
) -> None:
    """Write a payment once; the same provider's id a second time breaks a unique key.

    One of a subscription has no order: whatever is summed by order leaves it out.
    """
    of = {} if renewal_of is None else {"renewal_of": renewal_of}
    tx.insert(
        "payments",
        provider=provider,
        payment_id=payment_id,
        account=account,
        order_id=order_id or None,
        attempt_id=attempt_id,
        amount_minor=amount.minor,
        currency=amount.currency,
        held_as=None if held_as is None else held_as.value,
        provider_account=provider_account,
        live=int(live),
        reference=reference,
        settled_at=stamp(tx.at),
        **of,
    )


def tenders_of(connection: sqlite3.Connection, order_id: str) -> tuple[Tender, ...]:
    """Give the accepted payments of an order, as they stand on its receipt."""
    rows = connection.execute(
        "SELECT account, amount_minor, currency, payment_id FROM payments "
        "WHERE order_id = ? AND held_as IS NULL ORDER BY id",
        (order_id,),
    )
    return tuple(
        Tender(row["account"], Money(row["amount_minor"], row["currency"]), row["payment_id"])
        for row in rows
    )


def open_exception(
    tx: Transaction,
    kind: ExceptionKind,
    amount: Money,
    *,
    order_id: str = "",
    attempt_id: int | None = None,
    provider: str = "",
    payment_id: str = "",
    detail: str = "",
) -> None:
    """Put an entry on the list "needs a person" and tell of it; a payment has its provider."""
    if bool(payment_id) is not bool(provider):
        raise InvariantError(f"An entry about {payment_id or 'no payment'} of {provider or 'none'}")
    exception_id = tx.insert(
        "exceptions",
        kind=kind.value,
        amount_minor=amount.minor,
        currency=amount.currency,
        order_id=order_id or None,
        attempt_id=attempt_id,
        provider=provider,
        payment_id=payment_id,
        detail=str(detail),
        words=to_json(detail),
        opened_at=stamp(tx.at),
    )
    tx.record(
        "exception.opened",
        order_id=order_id,
        attempt_id=attempt_id,
        data={
            "exception": exception_id,
            "kind": kind.value,
            "amount_minor": amount.minor,
            "currency": amount.currency,
            "detail": detail,
        },
    )


def tell_once(
    tx: Transaction,
    kind: ExceptionKind,
    amount: Money,
    *,
    order_id: str,
    attempt_id: int,
    detail: str,
) -> None:
    """Put an attempt on the list "needs a person", unless it stands there for this already.

    What a person took off the list stays off until there is news of the attempt.
    """
    known = tx.execute(
        f"SELECT 1 FROM exceptions WHERE attempt_id = :attempt AND kind = :kind AND {_STANDS}",
        {"attempt": attempt_id, "kind": kind.value, "order": order_id, "till": BY_ITSELF},
    ).fetchone()
    if known is None:
        open_exception(tx, kind, amount, order_id=order_id, attempt_id=attempt_id, detail=detail)


def clear_unknown(
    tx: Transaction,
    attempt_id: int,
    resolution: str,
    *,
    template: str | None = None,
    besides: Sequence[str] = (),
) -> None:
    """Take the `unknown` entries of an attempt off the list, since the answer is known now.

    With a `template`, those alone that say it; those stay that say one of `besides`.
    """
    condition = "attempt_id = ? AND kind = ?"
    values: tuple[Value, ...] = (attempt_id, ExceptionKind.UNKNOWN.value)
    if template is not None:
        condition += " AND json_extract(words, '$.template') = ?"
        values = (*values, template)
    if besides:
        marks = ", ".join("?" * len(besides))
        condition += f" AND coalesce(json_extract(words, '$.template'), '') NOT IN ({marks})"
        values = (*values, *map(str, besides))
    _resolve(tx, condition, values, resolution)


def _resolve(tx: Transaction, condition: str, values: tuple[Value, ...], resolution: str) -> None:
    rows = tx.execute(
        f"UPDATE exceptions SET resolved_at = ?, resolution = ?, resolved_by = ? WHERE {condition} "
        "AND resolved_at IS NULL RETURNING id, order_id, attempt_id",
        (stamp(tx.at), resolution, BY_ITSELF, *values),
    ).fetchall()
    for row in rows:
        data = {"exception": row["id"], "action": "", "by": BY_ITSELF, "reason": resolution}
        tx.audit(BY_ITSELF, "exception.resolved", str(row["id"]), data)
        tx.record(
            "exception.resolved",
            order_id=row["order_id"] or "",
            attempt_id=row["attempt_id"],
            data={"exception": row["id"], "resolution": resolution},
        )


def exceptions_of(connection: sqlite3.Connection, order_id: str) -> tuple[OrderException, ...]:
    """Give all exceptions of an order, resolved ones too, oldest first."""
    rows = connection.execute(
        "SELECT * FROM exceptions WHERE order_id = ? ORDER BY id", (order_id,)
    )
    return tuple(map(exception_from, rows))


def count_waiting(connection: sqlite3.Connection) -> int:
    """Count what needs a person."""
    row = connection.execute("SELECT count(*) FROM exceptions WHERE resolved_at IS NULL").fetchone()
    return int(row[0])


def exception_from(row: Row) -> OrderException:
    """Read an entry of the list from its row."""
    return OrderException(
        id=row["id"],
        kind=ExceptionKind(row["kind"]),
        amount=Money(row["amount_minor"], row["currency"]),
        order_id=row["order_id"] or "",
        attempt_id=row["attempt_id"],
        payment_id=row["payment_id"],
        detail=from_json(row["words"]) if row["words"] is not None else row["detail"],
        opened_at=read_stamp(row["opened_at"]),
        resolved_at=maybe_stamp(row["resolved_at"]),
        action=row["action"] or "",
        resolved_by=row["resolved_by"] or "",
        resolution=row["resolution"] or "",
        provider=row["provider"],
    )
