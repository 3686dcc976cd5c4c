"""The check of what the operator took by hand: a named person's word for each payment."""

import json
import sqlite3
from collections import Counter

from app.domain.confirmation import BY_HAND, CONFIRMED, Confirmation
from app.store.checks import Check, checked
from app.store.transaction import read_stamp


def by_hand(db: sqlite3.Connection) -> Check:
    """Compare payments by hand with the operators' word, and rounding with what was handed over."""
    name = "what was taken by hand is what the operators confirmed"
    own = ", ".join(f"'{provider}'" for provider in sorted(BY_HAND))
    payments = db.execute(
        "SELECT payments.payment_id, payments.amount_minor, payments.currency, attempt_id, "
        "coalesce((SELECT sum(amount_minor) FROM refunds WHERE state = 'succeeded' "
        "AND provider = payments.provider AND payment_id = payments.payment_id), 0) AS back "
        f"FROM payments WHERE provider IN ({own})"
    ).fetchall()
    if not payments:
        return checked(name, [], "none")
    words = _words(db)
    posted = _posted_rounding(db)
    faults = []
    for payment in payments:
        payment_id = payment["payment_id"]
        word = words.get(payment["attempt_id"])
        if word is None or not word.by.strip():
            faults.append(f"payment {payment_id} was confirmed by nobody")
            continue
        told = (word.payment_id, word.amount.minor, word.amount.currency)
        if told != (payment_id, payment["amount_minor"], payment["currency"]):
            faults.append(f"payment {payment_id} is not what {word.by} confirmed")
        wanted = 0 if payment["back"] == payment["amount_minor"] else word.rounding.minor
        if posted[payment_id] != wanted:
            faults.append(f"payment {payment_id}: {posted[payment_id]} rounded, not {wanted}")
    known = {payment["payment_id"] for payment in payments}
    faults += [
        f"rounding of {stray}, which is no payment by hand" for stray in posted.keys() - known
    ]
    return checked(name, faults, f"{len(payments)} payments")


def _words(db: sqlite3.Connection) -> dict[int, Confirmation]:
    rows = db.execute("SELECT at, attempt_id, data FROM journal WHERE name = ?", (CONFIRMED,))
    return {
        row["attempt_id"]: Confirmation.from_data(read_stamp(row["at"]), json.loads(row["data"]))
        for row in rows
    }


def _posted_rounding(db: sqlite3.Connection) -> Counter[str]:
    """Give what the ledger says that each payment was rounded by, in minor units."""
    rows = db.execute(
        "SELECT payment_id, sum(amount_minor) FROM ledger_transactions AS posting "
        "JOIN ledger_entries AS entry ON entry.transaction_id = posting.id "
        "WHERE kind = 'rounding' AND account = 'cash' GROUP BY payment_id"
    )
    return Counter(dict(map(tuple, rows)))
