"""The check of subscriptions: their renewals in the ledger, their changes in the journal."""

import json
import sqlite3
from collections import Counter

from app.domain.ledger import money_account, renewal_entries
from app.domain.order import Snapshot
from app.domain.renewal import agreed_of
from app.store.checks import Check, checked, count


def subscriptions(db: sqlite3.Connection) -> Check:
    """Compare each renewal with what its order agreed, and each subscription with what was told.

    A renewal counts for no order: neither as its money nor as its posting.
    """
    faults = [*_agreed(db), *_renewals(db), *_sold(db), *_told(db)]
    total = count(db, "SELECT count(*) FROM subscriptions")
    renewals = count(db, "SELECT count(*) FROM payments WHERE renewal_of IS NOT NULL")
    name = "renewals are what was agreed, and no order's"
    return checked(name, faults, f"{total} subscriptions, {renewals} renewals")


def _agreed(db: sqlite3.Connection) -> list[str]:
    """Compare what a subscription costs with its order's snapshot, and its account with its own."""
    faults = []
    rows = db.execute(
        "SELECT subscriptions.*, orders.snapshot, (attempts.order_id, attempts.provider, "
        "attempts.account, attempts.provider_account, attempts.live, attempts.reference) "
        "IS (subscriptions.order_id, subscriptions.provider, subscriptions.account, "
        "subscriptions.provider_account, subscriptions.live, subscriptions.reference) AS fits "
        "FROM subscriptions JOIN orders ON orders.id = subscriptions.order_id "
        "JOIN attempts ON attempts.id = attempt_id"
    )
    for row in rows:
        agreed = agreed_of(Snapshot.from_document(json.loads(row["snapshot"])))
        told = (row["amount_minor"], row["currency"], row["interval"])
        if agreed is None or told != (agreed.amount.minor, agreed.amount.currency, agreed.interval):
            faults.append(f"subscription {row['id']} is not what its order agreed")
        if not row["fits"]:
            faults.append(f"subscription {row['id']} does not fit its attempt")
    return faults


def _renewals(db: sqlite3.Connection) -> list[str]:
    faults = [
        f"renewal {row[0]} does not fit its subscription"
        for row in db.execute(
            "SELECT p.payment_id FROM payments AS p JOIN subscriptions AS s ON s.id = renewal_of "
            "WHERE held_as IS NULL AND (p.amount_minor, p.currency, p.provider, p.account, "
            "p.provider_account, p.live) IS NOT (s.amount_minor, s.currency, s.provider, "
            "s.account, s.provider_account, s.live)"
        )
    ]
    faults += [
        f"renewal {row[0]} is on an order"
        for row in db.execute(
            "SELECT payment_id FROM payments WHERE renewal_of IS NOT NULL "
            "AND (order_id IS NOT NULL OR attempt_id IS NOT NULL)"
        )
    ]
    return faults


def _sold(db: sqlite3.Connection) -> list[str]:
    """Compare the postings of renewals, by payment and account, with what each has to be."""
    wanted: Counter[tuple[str, str]] = Counter()
    rows = db.execute(
        "SELECT payment_id, payments.provider, payments.account, snapshot FROM payments "
        "JOIN subscriptions ON subscriptions.id = renewal_of "
        "JOIN orders ON orders.id = subscriptions.order_id WHERE held_as IS NULL"
    )
    for row in rows:
        agreed = agreed_of(Snapshot.from_document(json.loads(row["snapshot"])))
        if agreed is not None:
            entries = renewal_entries(money_account(row["provider"], row["account"]), agreed)
            for account, minor in entries.items():
                wanted[row["payment_id"], account] += minor
    posted: Counter[tuple[str, str]] = Counter()
    for row in db.execute(
        "SELECT posting.payment_id, posting.order_id, entry.account, entry.amount_minor "
        "FROM ledger_transactions AS posting JOIN ledger_entries AS entry "
        "ON entry.transaction_id = posting.id WHERE posting.kind = 'renewal'"
    ):
        posted[row["payment_id"], row["account"]] += row["amount_minor"]
    return [
        f"renewal {payment_id}: {posted[payment_id, account]} on {account}, "
        f"not {wanted[payment_id, account]}"
        for payment_id, account in sorted(wanted.keys() | posted.keys())
        if posted[payment_id, account] != wanted[payment_id, account]
    ]


def _told(db: sqlite3.Connection) -> list[str]:
    """See that each change of state has one journal row, and each wanted end a person.

    Also, that each that goes on will be looked at again.
    """
    rows = db.execute(
        "SELECT id, version, coalesce(rows, 0) AS rows FROM subscriptions LEFT JOIN ("
        "SELECT json_extract(data, '$.row') AS told, count(*) AS rows, "
        "count(DISTINCT version) AS versions, max(version) AS last FROM journal "
        "WHERE version IS NOT NULL AND name LIKE 'subscription.%' GROUP BY 1) ON told = id "
        "WHERE (version, version, version) IS NOT (rows, versions, last)"
    )
    faults = [f"subscription {row[0]}: {row[1]} changes, {row[2]} rows" for row in rows]
    faults += [
        f"the end of subscription {row[0]} was wanted by nobody, or for no reason"
        for row in db.execute(
            "SELECT id FROM subscriptions WHERE end_wanted IS NOT NULL AND NOT EXISTS "
            "(SELECT 1 FROM audit WHERE action = 'subscription.end_wanted' "
            "AND json_extract(data, '$.row') = subscriptions.id AND actor = end_wanted_by "
            "AND trim(actor) <> '' AND coalesce(json_extract(data, '$.reason'), '') <> '')"
        )
    ]
    faults += [
        f"subscription {row[0]} is never looked at again"
        for row in db.execute(
            "SELECT id FROM subscriptions WHERE state <> 'ended' AND due_at IS NULL"
        )
    ]
    return faults
