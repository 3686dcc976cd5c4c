"""What a person decides of money, as rows: payments as they stand, write-offs, the list's entries.

An entry holds a payment where it was opened with it, as what that payment is held as. It is
always the first of that kind for the payment and its order.
"""

import sqlite3
from dataclasses import replace

from app.domain.exceptions import ExceptionKind, OrderException
from app.domain.money import Money
from app.domain.payment import Payment, ResolvedAs
from app.domain.refund import Refund
from app.domain.resolution import Action, Case
from app.errors import InvariantError, Message
from app.store.orders import find_order
from app.store.payments import accepted_minor, exception_from
from app.store.refunds import given_back
from app.store.transaction import Row, Transaction, stamp
from app.store.words import to_json


def written_off_minor(connection: sqlite3.Connection, order_id: str) -> int:
    """Sum what was written off of an order, in minor units of its currency."""
    row = connection.execute(
        "SELECT coalesce(sum(amount_minor), 0) FROM write_offs WHERE order_id = ?", (order_id,)
    ).fetchone()
    return int(row[0])


def insert_write_off(
    tx: Transaction, order_id: str, exception_id: int, amount: Money, *, by: str, reason: str
) -> None:
    """Write down what a person gave up of an order, or took above it."""
    tx.insert(
        "write_offs",
        order_id=order_id,
        exception_id=exception_id,
        amount_minor=amount.minor,
        currency=amount.currency,
        decided_by=by,
        reason=reason,
        decided_at=stamp(tx.at),
    )


def kept_minor(connection: sqlite3.Connection, payment: Payment) -> int:
    """Say how much of a payment the shop keeps beside any order, in minor units."""
    if payment.is_kept:
        return payment.amount.minor
    row = connection.execute(
        "SELECT coalesce(-sum(write_offs.amount_minor), 0) FROM write_offs JOIN exceptions "
        "ON exceptions.id = exception_id WHERE write_offs.order_id = ? "
        "AND write_offs.amount_minor < 0 AND provider = ? AND payment_id = ?",
        (payment.order_id, payment.provider, payment.payment_id),
    ).fetchone()
    return int(row[0])


def find_payment(connection: sqlite3.Connection, provider: str, payment_id: str) -> Payment | None:
    """Find a payment by the provider's own id."""
    row = connection.execute(
        "SELECT * FROM payments WHERE provider = ? AND payment_id = ?", (provider, payment_id)
    ).fetchone()
    return None if row is None else payment_from(row)


def payments_called(connection: sqlite3.Connection, payment_id: str) -> list[Payment]:
    """Give the payments with an id, which is unique only with its provider."""
    rows = connection.execute("SELECT * FROM payments WHERE payment_id = ?", (payment_id,))
    return list(map(payment_from, rows))


def payments_of(connection: sqlite3.Connection, order_id: str) -> tuple[Payment, ...]:
    """Give the payments of an order, held ones too, oldest first."""
    rows = connection.execute("SELECT * FROM payments WHERE order_id = ? ORDER BY id", (order_id,))
    return tuple(map(payment_from, rows))


def waiting_payments(connection: sqlite3.Connection) -> list[Payment]:
    """Give the payments that something on the list is about, oldest first."""
    rows = connection.execute(
        "SELECT * FROM payments WHERE (provider, payment_id) IN (SELECT provider, payment_id "
        "FROM exceptions WHERE resolved_at IS NULL AND payment_id <> '') ORDER BY id"
    )
    return list(map(payment_from, rows))


def decide_payment(
    tx: Transaction, payment: Payment, to: ResolvedAs, *, order_id: str, by: str
) -> Payment:
    """Write down what a person made of held money, once, by compare-and-set."""
    held_as = payment.held_as if to is ResolvedAs.KEPT else None
    count = tx.execute(
        "UPDATE payments SET resolved_as = ?, resolved_by = ?, order_id = ?, held_as = ? "
        "WHERE id = ? AND held_as IS NOT NULL AND resolved_as IS NULL",
        (to.value, by, order_id or None, held_as, payment.id),
    ).rowcount
    if count != 1:
        raise InvariantError(f"Payment {payment.payment_id} was decided by someone else meanwhile")
    (row,) = tx.execute("SELECT * FROM payments WHERE id = ?", (payment.id,)).fetchall()
    return payment_from(row)


def hold_again(tx: Transaction, payment: Payment, held_as: ExceptionKind) -> Payment:
    """Hold money that counted for an order, by compare-and-set."""
    count = tx.execute(
        "UPDATE payments SET held_as = ?, resolved_as = NULL, resolved_by = NULL "
        "WHERE id = ? AND held_as IS NULL",
        (held_as.value, payment.id),
    ).rowcount
    if count != 1:
        raise InvariantError(f"Payment {payment.payment_id} was held by someone else meanwhile")
    return replace(payment, held_as=held_as, resolved_as=None)


def payment_from(row: Row) -> Payment:
    """Read a payment from its row."""
    return Payment(
        id=row["id"],
        provider=row["provider"],
        payment_id=row["payment_id"],
        account=row["account"],
        provider_account=row["provider_account"],
        live=bool(row["live"]),
        reference=row["reference"],
        order_id=row["order_id"] or "",
        attempt_id=row["attempt_id"],
        amount=Money(row["amount_minor"], row["currency"]),
        held_as=None if row["held_as"] is None else ExceptionKind(row["held_as"]),
        resolved_as=None if row["resolved_as"] is None else ResolvedAs(row["resolved_as"]),
        renewal_of=row["renewal_of"],
    )


def find_exception(connection: sqlite3.Connection, exception_id: int) -> OrderException | None:
    """Find an entry of the list, resolved or not."""
    row = connection.execute("SELECT * FROM exceptions WHERE id = ?", (exception_id,)).fetchone()
    return None if row is None else exception_from(row)


def holding_exception(connection: sqlite3.Connection, payment: Payment) -> OrderException | None:
    """Find the entry by which a payment is, or was, held."""
    if payment.held_as is None:
        return None
    row = connection.execute(
        "SELECT * FROM exceptions WHERE provider = ? AND payment_id = ? AND kind = ? "
        "AND order_id IS ? ORDER BY id LIMIT 1",
        (payment.provider, payment.payment_id, payment.held_as.value, payment.order_id or None),
    ).fetchone()
    return None if row is None else exception_from(row)


def waiting_failures(
    connection: sqlite3.Connection, payment: Payment
) -> tuple[OrderException, ...]:
    """Give what still waits of a payment's refunds that failed, oldest first."""
    rows = connection.execute(
        "SELECT * FROM exceptions WHERE provider = ? AND payment_id = ? AND kind = ? "
        "AND resolved_at IS NULL ORDER BY id",
        (payment.provider, payment.payment_id, ExceptionKind.REFUND_FAILED.value),
    )
    return tuple(map(exception_from, rows))


def waiting_exceptions(
    connection: sqlite3.Connection, *, before: int | None, limit: int, with_resolved: bool = False
) -> list[OrderException]:
    """Give a page of the list, newest first, from below the entry `before`."""
    only = "" if with_resolved else "AND resolved_at IS NULL "
    rows = connection.execute(
        f"SELECT * FROM exceptions WHERE (:before IS NULL OR id < :before) {only}"
        "ORDER BY id DESC LIMIT :limit",
        {"before": before, "limit": limit},
    )
    return list(map(exception_from, rows))


def case_of(connection: sqlite3.Connection, entry: OrderException) -> Case:
    """Gather what decides about an entry."""
    order = find_order(connection, entry.order_id) if entry.order_id else None
    payment = find_payment(connection, entry.provider, entry.payment_id)
    if payment is None:
        return Case(entry, order=order)
    holding = holding_exception(connection, payment)
    return Case(
        entry,
        payment,
        order,
        accepted_minor=0 if order is None else settled_minor(connection, order.id),
        holds=payment.is_held and holding is not None and holding.id == entry.id,
        given_back=given_back(connection, payment.provider, payment.payment_id),
    )


def settled_minor(connection: sqlite3.Connection, order_id: str) -> int:
    """Sum what counts for an order: accepted payments and write-offs, in minor units."""
    return accepted_minor(connection, order_id) + written_off_minor(connection, order_id)


def begin_action(tx: Transaction, entry: OrderException, *, by: str, reason: str) -> None:
    """Write down that money of an entry is being given back, once, by compare-and-set."""
    _change(
        tx,
        entry,
        "action = ?, resolved_by = ?, resolution = ?",
        (Action.REFUND.value, by, reason),
        "AND action IS NULL AND resolved_at IS NULL",
    )


def close_exception(
    tx: Transaction,
    entry: OrderException,
    *,
    by: str,
    reason: str,
    action: Action | None = None,
    press: str = "",
) -> None:
    """Take an entry off the list, once, by compare-and-set, with its audit line and its fact."""
    chosen = None if action is None else action.value
    _change(
        tx,
        entry,
        "resolved_at = ?, action = ?, resolved_by = ?, resolution = ?",
        (stamp(tx.at), chosen, by, reason),
        "AND resolved_at IS NULL",
    )
    data = {"exception": entry.id, "action": chosen or "", "by": by, "reason": reason}
    tx.audit(by, "exception.resolved", str(entry.id), {**data, "press": press})
    tx.record(
        "exception.resolved",
        order_id=entry.order_id,
        attempt_id=entry.attempt_id,
        data={"exception": entry.id, "resolution": reason, "action": chosen or "", "by": by},
    )


def restate_exception(
    tx: Transaction, entry: OrderException, amount: Money, detail: str = ""
) -> None:
    """Put an entry (back) on the list with what is left to be resolved, open to every action."""
    words = detail or entry.detail
    _change(
        tx,
        entry,
        "amount_minor = ?, detail = ?, words = ?, action = NULL, resolved_by = NULL, "
        "resolution = NULL, resolved_at = NULL",
        (amount.minor, str(words), to_json(words)),
    )
    name = "exception.opened" if entry.resolved_at is not None else "exception.changed"
    _record_change(tx, entry, name, amount, words)


def _record_change(
    tx: Transaction, entry: OrderException, name: str, amount: Money, detail: str
) -> None:
    tx.record(
        name,
        order_id=entry.order_id,
        attempt_id=entry.attempt_id,
        data={
            "exception": entry.id,
            "kind": entry.kind.value,
            "amount_minor": amount.minor,
            "currency": amount.currency,
            "detail": detail,
        },
    )


def lessen_exception(
    tx: Transaction, entry: OrderException, amount: Money, detail: Message
) -> None:
    """Write down that less is left to be resolved; what a person chose of it stays."""
    _change(
        tx,
        entry,
        "amount_minor = ?, detail = ?, words = ?",
        (amount.minor, str(detail), to_json(detail)),
        "AND resolved_at IS NULL",
    )
    _record_change(tx, entry, "exception.changed", amount, detail)


def is_later_than(
    connection: sqlite3.Connection, entry: OrderException, payment: Payment, refund: Refund
) -> bool:
    """Say whether a refund was begun after an entry came to the list, by the journal's order."""
    row = connection.execute(
        "SELECT (SELECT min(seq) FROM journal WHERE order_id IS ? AND name LIKE 'refund.%' "
        "AND json_extract(data, '$.row') = ?) > (SELECT max(seq) FROM journal "
        "WHERE order_id IS ? AND name = 'exception.opened' "
        "AND json_extract(data, '$.exception') = ?)",
        (payment.order_id or None, refund.id, entry.order_id or None, entry.id),
    ).fetchone()
    return bool(row[0])


def was_pressed(connection: sqlite3.Connection, exception_id: int, press: str) -> bool:
    """Say whether this very press resolved an entry before."""
    rows = connection.execute(
        "SELECT 1 FROM audit WHERE action = 'exception.resolved' AND subject = ? "
        "AND json_extract(data, '$.press') = ?",
        (str(exception_id), press),
    )
    return bool(press) and rows.fetchone() is not None


def _change(
    tx: Transaction,
    entry: OrderException,
    changes: str,
    values: tuple[str | int | None, ...],
    condition: str = "",
) -> None:
    count = tx.execute(
        f"UPDATE exceptions SET {changes} WHERE id = ? {condition}", (*values, entry.id)
    ).rowcount
    if count != 1:
        raise InvariantError(f"Exception {entry.id} was resolved by someone else meanwhile")
