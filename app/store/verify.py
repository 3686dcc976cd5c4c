"""Checks a till's books: the file itself, and the invariants that money depends on.

Every check gives its figure, or says why it was not made. The provider's word (I2) comes from
outside and is handed in.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final

from app.store.checks import Check, Outcome, checked, count
from app.store.epochs import epochs_of
from app.store.intents import altered_intents
from app.store.schema import missing_guards
from app.store.verify_by_hand import by_hand
from app.store.verify_cards import saved_cards
from app.store.verify_disputes import dispute_checks
from app.store.verify_money import TakenPayment, decisions, paid, postings, provider
from app.store.verify_subscriptions import subscriptions

__all__ = ["Check", "Outcome", "TakenPayment", "verify"]

_NO_END: Final = 2**62


def verify(
    db: sqlite3.Connection,
    taken: Iterable[TakenPayment] | None = None,
    *,
    file: Callable[[], Check] | None = None,
) -> list[Check]:
    """Check books that are open for reading; `taken` is the provider's word, if it was asked.

    All of it is one snapshot, so that a till may go on selling meanwhile. `file` gives the check
    of the file where that is made elsewhere; it is asked for when the others are done.
    """
    if db.in_transaction:
        return _checks(db, taken, file)
    db.execute("BEGIN")
    try:
        return _checks(db, taken, file)
    finally:
        db.execute("ROLLBACK")


def _checks(
    db: sqlite3.Connection,
    taken: Iterable[TakenPayment] | None,
    file: Callable[[], Check] | None,
) -> list[Check]:
    if file is None:
        return [check_pages(db), *_checks_of_money(db, taken)]
    others = _checks_of_money(db, taken)
    return [file(), *others]


def _checks_of_money(db: sqlite3.Connection, taken: Iterable[TakenPayment] | None) -> list[Check]:
    return [
        _guards(db),
        _ledger(db),
        postings(db),
        decisions(db),
        provider(db, taken),
        paid(db),
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
        *(checked(*finding) for finding in dispute_checks(db)),
        by_hand(db),
        subscriptions(db),
        saved_cards(db),
        _reconciliations(db),
    ]


def check_pages(db: sqlite3.Connection) -> Check:
    """Check every page, index and foreign key of the file."""
    faults = [row[0] for row in db.execute("PRAGMA integrity_check") if row[0] != "ok"]
    faults += [f"foreign key in {row[0]}" for row in db.execute("PRAGMA foreign_key_check")]
    pages = count(db, "PRAGMA page_count")
    return checked("file", faults, f"{pages} pages")


def _guards(db: sqlite3.Connection) -> Check:
    return checked("guards of the append-only tables", missing_guards(db), "8 triggers")


def _ledger(db: sqlite3.Connection) -> Check:
    rows = db.execute(
        "SELECT transaction_id, currency, sum(amount_minor) AS off FROM ledger_entries "
        "GROUP BY transaction_id, currency HAVING off <> 0"
    )
    faults = [f"transaction {row[0]} is off by {row[2]} {row[1]}" for row in rows]
    total = count(db, "SELECT count(*) FROM ledger_transactions")
    return checked("I1 every ledger transaction sums to zero", faults, f"{total} transactions")


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
    faults += _told_refunds(db)
    rows_told = count(db, "SELECT count(*) FROM journal")
    name = "I4 each change of state has exactly one journal row"
    return checked(name, faults, f"{rows_told} rows")


def _told_refunds(db: sqlite3.Connection) -> list[str]:
    """Compare the refunds' versions with what the journal tells; old rows name only their id."""
    known = list(db.execute("SELECT id, refund_id, version FROM refunds"))
    by_id = {row["refund_id"]: row["id"] for row in known}
    told: Counter[int | None] = Counter()
    for row in db.execute("SELECT data FROM journal WHERE name LIKE 'refund.%'"):
        data = json.loads(row["data"])
        told[data.get("row") or by_id.get(data.get("refund"))] += 1
    return [
        f"refund {row['id']}: {row['version']} changes, {told[row['id']]} rows"
        for row in known
        if row["version"] != told[row["id"]]
    ]


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
            found, least, most = db.execute(
                f"SELECT count({column}), min({column}), max({column}) FROM orders "
                f"WHERE {column} >= ? AND {column} < ?",
                (first if first > 1 else 0, end if end is not None else _NO_END),
            ).fetchone()
            given[counter] += found
            last = row[f"last_{counter}_number"] if end is None else most or first - 1
            if (least or first, most or first - 1, found) != (first, last, last - first + 1):
                faults.append(f"{counter} numbers: {found} given, highest {most}, next {last}+1")
    figure = f"{given['order']} orders, {given['receipt']} receipts"
    if len(epochs) > 1:
        figure += f" in {len(epochs)} epochs"
    return checked(name, faults, figure)


def _intents(db: sqlite3.Connection) -> Check:
    total = count(db, "SELECT count(*) FROM intents")
    waiting = count(db, "SELECT count(*) FROM intents WHERE outcome IS NULL")
    figure = f"{total} intents, {waiting} without an answer yet"
    return checked("intents are as they were written", altered_intents(db), figure)


def _deliveries(db: sqlite3.Connection) -> Check:
    """Count what came in by webhook, a stranger's news apart."""
    counts = dict(map(tuple, db.execute("SELECT standing, count(*) FROM inbox GROUP BY standing")))
    foreign, waiting = counts.get("foreign", 0), counts.get("waiting", 0)
    figure = f"{sum(counts.values())} deliveries, {foreign} foreign"
    return Check("inbox", Outcome.OK, f"{figure}, {waiting} waiting for their payment")


def _reconciliations(db: sqlite3.Connection) -> Check:
    """See that each report is one: nothing else tells when pages of two tables are exchanged."""
    rows = db.execute("SELECT id FROM reconciliations WHERE NOT json_valid(report)")
    faults = [f"report {row[0]} cannot be read" for row in rows]
    total = count(db, "SELECT count(*) FROM reconciliations")
    return checked("reports of reconciliations can be read", faults, f"{total} reports")
