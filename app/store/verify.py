"""Checks a till's books: the file itself, and the invariants that money depends on.

Every check gives its figure, or says why it was not made. The provider's word (I2) comes from
outside and is handed in.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.domain.attempt import Reference
from app.store.epochs import epochs_of
from app.store.intents import altered_intents
from app.store.schema import missing_guards

_NO_END: Final = 2**62


class Outcome(StrEnum):
    """How a check ended."""

    OK = "ok"
    VIOLATED = "VIOLATED"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report."""

    name: str
    outcome: Outcome
    figure: str

    def __str__(self) -> str:
        return f"{self.outcome.value:<11}  {self.name}: {self.figure}"


@dataclass(frozen=True, slots=True)
class TakenPayment:
    """A payment in the provider's own books: what it captured and gave back, in minor units."""

    payment_id: str
    reference: str
    currency: str
    captured_minor: int
    refunded_minor: int


def verify(db: sqlite3.Connection, taken: Iterable[TakenPayment] | None = None) -> list[Check]:
    """Check books that are open for reading; `taken` is the provider's word, if it was asked.

    All of it is one snapshot, so that a till may go on selling meanwhile.
    """
    if db.in_transaction:
        return _checks(db, taken)
    db.execute("BEGIN")
    try:
        return _checks(db, taken)
    finally:
        db.execute("ROLLBACK")


def _checks(db: sqlite3.Connection, taken: Iterable[TakenPayment] | None) -> list[Check]:
    return [
        _file(db),
        _guards(db),
        _ledger(db),
        _postings(db),
        _provider(db, taken),
        _paid(db),
        _journal(db),
        Check("I5 balances", Outcome.NOT_CHECKED, "this till keeps no customer balances"),
        Check(
            "I6 what was acknowledged survives",
            Outcome.NOT_CHECKED,
            "books cannot show what they lost; the crash tests do",
        ),
        _numbers(db),
        _intents(db),
        _deliveries(db),
    ]


def _check(name: str, faults: list[str], figure: str) -> Check:
    if faults:
        shown = "; ".join(faults[:5]) + ("; ..." if len(faults) > 5 else "")
        return Check(name, Outcome.VIOLATED, f"{len(faults)} of {figure}: {shown}")
    return Check(name, Outcome.OK, figure)


def _count(db: sqlite3.Connection, sql: str) -> int:
    return int(db.execute(sql).fetchone()[0])


def _file(db: sqlite3.Connection) -> Check:
    faults = [row[0] for row in db.execute("PRAGMA integrity_check") if row[0] != "ok"]
    faults += [f"foreign key in {row[0]}" for row in db.execute("PRAGMA foreign_key_check")]
    pages = _count(db, "PRAGMA page_count")
    return _check("file", faults, f"{pages} pages")


def _guards(db: sqlite3.Connection) -> Check:
    return _check("guards of the append-only tables", missing_guards(db), "8 triggers")


def _ledger(db: sqlite3.Connection) -> Check:
    rows = db.execute(
        "SELECT transaction_id, currency, sum(amount_minor) AS off FROM ledger_entries "
        "GROUP BY transaction_id, currency HAVING off <> 0"
    )
    faults = [f"transaction {row[0]} is off by {row[2]} {row[1]}" for row in rows]
    count = _count(db, "SELECT count(*) FROM ledger_transactions")
    return _check("I1 every ledger transaction sums to zero", faults, f"{count} transactions")


def _postings(db: sqlite3.Connection) -> Check:
    """Compare the ledger with the payments and refunds that it tells of."""
    rows = db.execute(
        "SELECT payment_id, amount_minor, (SELECT coalesce(sum(entry.amount_minor), 0) "
        "FROM ledger_transactions AS posting JOIN ledger_entries AS entry "
        "ON entry.transaction_id = posting.id WHERE posting.payment_id = payments.payment_id "
        "AND posting.kind IN ('payment', 'payment_held') "
        "AND entry.account = 'clearing:' || payments.account) AS posted FROM payments "
        "WHERE posted <> amount_minor"
    )
    faults = [f"payment {r['payment_id']}: {r['posted']} of {r['amount_minor']}" for r in rows]
    rows = db.execute(
        "SELECT payment_id FROM payments WHERE held_as IS NOT NULL AND NOT EXISTS "
        "(SELECT 1 FROM exceptions WHERE exceptions.payment_id = payments.payment_id)"
    )
    faults += [f"payment {row[0]} is held and nobody is told" for row in rows]
    faults += [
        f"{name} is off by {off}"
        for name, off in db.execute(
            "SELECT 'clearing', (SELECT coalesce(sum(amount_minor), 0) FROM ledger_entries "
            "WHERE account LIKE 'clearing:%') - (SELECT coalesce(sum(amount_minor), 0) "
            "FROM payments) + (SELECT coalesce(sum(amount_minor), 0) FROM refunds "
            "WHERE state = 'succeeded')"
        )
        if off
    ]
    empty = db.execute(
        "SELECT id FROM ledger_transactions WHERE kind <> 'sale' AND NOT EXISTS "
        "(SELECT 1 FROM ledger_entries WHERE transaction_id = ledger_transactions.id)"
    )
    faults += [f"posting {row[0]} is empty" for row in empty]
    count = _count(db, "SELECT count(*) FROM payments")
    return _check("payments and refunds are in the ledger", faults, f"{count} payments")


def _provider(db: sqlite3.Connection, taken: Iterable[TakenPayment] | None) -> Check:
    name = "I2 what the provider took is what the books hold"
    if taken is None:
        reason = "needs the provider's word (--sandbox URL)"
        return Check(name, Outcome.NOT_CHECKED, reason)
    row = db.execute("SELECT id FROM till").fetchone()
    if row is None:
        return Check(name, Outcome.NOT_CHECKED, "the till has no row of its own")
    till_id = str(row[0])
    ours = {
        payment.payment_id: payment
        for payment in taken
        if payment.captured_minor and _is_of(till_id, payment.reference)
    }
    held = {row["payment_id"]: row for row in db.execute("SELECT * FROM payments")}
    faults = [f"{payment_id} is not in the books" for payment_id in ours.keys() - held.keys()]
    faults += [f"{payment_id} is unknown there" for payment_id in held.keys() - ours.keys()]
    faults += [
        f"{payment_id}: {row['amount_minor']} here, {ours[payment_id].captured_minor} there"
        for payment_id, row in held.items()
        if payment_id in ours and not _agree(row, ours[payment_id])
    ]
    refunded = _refunded(db)
    faults += [
        f"{payment_id}: {refunded.get(payment_id, 0)} given back here, "
        f"{payment.refunded_minor} there"
        for payment_id, payment in ours.items()
        if payment.refunded_minor != refunded.get(payment_id, 0)
    ]
    return _check(name, sorted(faults), f"{len(ours)} payments{_sums(ours)}")


def _refunded(db: sqlite3.Connection) -> dict[str, int]:
    rows = db.execute(
        "SELECT payment_id, sum(amount_minor) FROM refunds WHERE state <> 'failed' "
        "GROUP BY payment_id"
    )
    return {row[0]: row[1] for row in rows}


def _agree(row: sqlite3.Row, payment: TakenPayment) -> bool:
    return bool(
        row["amount_minor"] == payment.captured_minor
        and row["currency"] == payment.currency.upper()
    )


def _sums(payments: Mapping[str, TakenPayment]) -> str:
    sums: dict[str, int] = {}
    for payment in payments.values():
        currency = payment.currency.upper()
        sums[currency] = sums.get(currency, 0) + payment.captured_minor
    return "".join(f", {minor} minor {currency}" for currency, minor in sorted(sums.items()))


def _is_of(till_id: str, text: str) -> bool:
    reference = Reference.parse(text)
    return reference is not None and reference.till_id == till_id


def _paid(db: sqlite3.Connection) -> Check:
    rows = db.execute(
        "SELECT number, state, total_minor, (SELECT coalesce(sum(amount_minor), 0) FROM payments "
        "WHERE order_id = orders.id AND held_as IS NULL) AS accepted FROM orders "
        "WHERE (state = 'paid') <> (accepted = total_minor)"
    )
    faults = [f"order {r['number']} is {r['state']} with {r['accepted']}" for r in rows]
    rows = db.execute(
        "SELECT payment_id FROM payments AS p LEFT JOIN attempts AS a ON a.id = attempt_id "
        "WHERE held_as IS NULL AND (a.amount_minor, a.currency, a.provider, a.account, a.order_id) "
        "IS NOT (p.amount_minor, p.currency, p.provider, p.account, p.order_id)"
    )
    faults += [f"payment {row[0]} does not fit its attempt" for row in rows]
    paid = _count(db, "SELECT count(*) FROM orders WHERE state = 'paid'")
    total = _count(db, "SELECT count(*) FROM orders")
    name = "I3 paid exactly when the accepted payments sum to the total"
    return _check(name, faults, f"{total} orders, {paid} paid")


def _journal(db: sqlite3.Connection) -> Check:
    faults = []
    for table, kind, key in (
        ("orders", "order_id", "order"),
        ("attempts", "attempt_id", "attempt"),
    ):
        # Grouped first: the journal has no index by attempt.
        rows = db.execute(
            f"SELECT id, version, coalesce(rows, 0) FROM {table} LEFT JOIN (SELECT {kind} AS told, "
            "count(*) AS rows, count(DISTINCT version) AS versions, max(version) AS last "
            f"FROM journal WHERE version IS NOT NULL AND name LIKE '{key}.%' GROUP BY {kind}) "
            "ON told = id WHERE (version, version, version) IS NOT (rows, versions, last)"
        )
        faults += [f"{key} {row[0]}: {row[1]} changes, {row[2]} rows" for row in rows]
    count = _count(db, "SELECT count(*) FROM journal")
    return _check("I4 each change of state has exactly one journal row", faults, f"{count} rows")


def _numbers(db: sqlite3.Connection) -> Check:
    name = "order and receipt numbers have no gap"
    row = db.execute("SELECT * FROM till").fetchone()
    if row is None:
        return Check(name, Outcome.VIOLATED, "the till has no row of its own")
    faults, epochs = [], epochs_of(db)
    if row["epoch"] != epochs[-1].number:
        faults.append(f"epoch {row['epoch']} is not the last one, {epochs[-1].number}")
    given = {"order": 0, "receipt": 0}
    for column, counter in (("number", "order"), ("receipt_number", "receipt")):
        firsts = [
            epoch.first_order if counter == "order" else epoch.first_receipt for epoch in epochs
        ]
        for first, end in zip(firsts, [*firsts[1:], None], strict=True):
            count, least, most = db.execute(
                f"SELECT count({column}), min({column}), max({column}) FROM orders "
                f"WHERE {column} >= ? AND {column} < ?",
                (first if first > 1 else 0, end if end is not None else _NO_END),
            ).fetchone()
            given[counter] += count
            last = row[f"last_{counter}_number"] if end is None else most or first - 1
            if (least or first, most or first - 1, count) != (first, last, last - first + 1):
                faults.append(f"{counter} numbers: {count} given, highest {most}, next {last}+1")
    figure = f"{given['order']} orders, {given['receipt']} receipts"
    if len(epochs) > 1:
        figure += f" in {len(epochs)} epochs"
    return _check(name, faults, figure)


def _intents(db: sqlite3.Connection) -> Check:
    count = _count(db, "SELECT count(*) FROM intents")
    waiting = _count(db, "SELECT count(*) FROM intents WHERE outcome IS NULL")
    figure = f"{count} intents, {waiting} without an answer yet"
    return _check("intents are as they were written", altered_intents(db), figure)


def _deliveries(db: sqlite3.Connection) -> Check:
    """Count what came in by webhook, a stranger's news apart."""
    counts = dict(map(tuple, db.execute("SELECT standing, count(*) FROM inbox GROUP BY standing")))
    foreign, waiting = counts.get("foreign", 0), counts.get("waiting", 0)
    figure = f"{sum(counts.values())} deliveries, {foreign} foreign"
    return Check("inbox", Outcome.OK, f"{figure}, {waiting} waiting for their payment")
