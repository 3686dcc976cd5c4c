"""The checks of a till's money: the ledger beside payments, refunds and write-offs; I2 and I3."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from app.domain.attempt import Reference
from app.domain.confirmation import BY_HAND
from app.domain.exceptions import ExceptionKind
from app.store.checks import Check, Outcome, checked, count


@dataclass(frozen=True, slots=True)
class TakenPayment:
    """A payment in a provider's own books: what it captured and gave back, in minor units.

    Its id is unique at its `provider` alone. `account` is the provider's own name of whose money
    it is; it may be one that the till's books do not use.
    """

    payment_id: str
    reference: str
    currency: str
    captured_minor: int
    refunded_minor: int
    provider: str
    account: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """Give what the books know it by."""
        return self.provider, self.payment_id


_SETTLED: Final = (
    "(SELECT coalesce(sum(amount_minor), 0) FROM payments "
    "WHERE order_id = orders.id AND held_as IS NULL) "
    "+ (SELECT coalesce(sum(amount_minor), 0) FROM write_offs WHERE order_id = orders.id)"
)
_MONEY: Final = (
    "('payment', 'payment_held', 'renewal', 'refund', 'refund_failed', 'payment_accepted', "
    "'payment_assigned', 'payment_held_again', 'payment_kept', 'write_off', 'reclassified', 'sale')"
)
"""Postings of what these checks compare; disputes and fees post apart."""
_MONEY_ACCOUNT: Final = (
    "CASE payments.provider WHEN 'cash' THEN 'cash' ELSE 'clearing:' || payments.account END"
)
_BACK: Final = (
    "SELECT provider, payment_id, sum(amount_minor) AS back FROM refunds "
    "WHERE state = 'succeeded' GROUP BY provider, payment_id"
)
_SURPLUS_BACK: Final = (
    "SELECT payments.currency, min(back, above) AS amount_minor FROM (SELECT provider, payment_id, "
    "-sum(write_offs.amount_minor) AS above FROM write_offs JOIN exceptions "
    "ON exceptions.id = exception_id WHERE write_offs.amount_minor < 0 "
    f"GROUP BY provider, payment_id) JOIN ({_BACK}) USING (provider, payment_id) "
    "JOIN payments USING (provider, payment_id)"
)
"""What was given back of money above an order: that goes back before the sale does."""


def postings(db: sqlite3.Connection) -> Check:
    """Compare the ledger with the payments, refunds and write-offs that it tells of."""
    faults = _off(
        db,
        "payment",
        "SELECT payments.payment_id AS name, coalesce(posted.minor, 0) AS posted, "
        "amount_minor AS wanted "
        "FROM payments LEFT JOIN posted ON posted.paid = payments.payment_id "
        f"AND posted.ledger = {_MONEY_ACCOUNT}",
        "posting.payment_id AS paid, entry.account AS ledger",
        "posting.kind IN ('payment', 'payment_held', 'renewal')",
    )
    faults += [
        f"{fault} held"
        for fault in _off(
            db,
            "payment",
            # The ledger knows a payment's id alone: of two providers' with one id, the sum is due.
            "SELECT payments.payment_id AS name, -coalesce(posted.minor, 0) AS posted, "
            "sum(CASE WHEN held_as IS NOT NULL AND resolved_as IS NULL "
            "THEN amount_minor - coalesce(back, 0) ELSE 0 END) AS wanted "
            "FROM payments LEFT JOIN posted ON posted.paid = payments.payment_id "
            f"LEFT JOIN ({_BACK}) AS given "
            "ON given.provider = payments.provider AND given.payment_id = payments.payment_id "
            "GROUP BY payments.payment_id",
            "posting.payment_id AS paid",
            f"entry.account = 'held' AND posting.kind IN {_MONEY}",
        )
    ]
    faults += [
        f"{fault} towards it"
        for fault in _off(
            db,
            "order",
            "SELECT number AS name, -coalesce(posted.minor, 0) AS posted, "
            f"CASE state WHEN 'paid' THEN 0 ELSE {_SETTLED} END AS wanted "
            "FROM orders LEFT JOIN posted ON posted.ordered = orders.id",
            "posting.order_id AS ordered",
            "entry.account = 'orders'",
        )
    ]
    faults += _unbalanced(db)
    empty = db.execute(
        "SELECT id FROM ledger_transactions WHERE kind <> 'sale' AND NOT EXISTS "
        "(SELECT 1 FROM ledger_entries WHERE transaction_id = ledger_transactions.id)"
    )
    faults += [f"posting {row[0]} is empty" for row in empty]
    figure = f"{count(db, 'SELECT count(*) FROM payments')} payments"
    return checked("payments and refunds are in the ledger", faults, figure)


def _off(db: sqlite3.Connection, what: str, compared: str, of: str, which: str) -> list[str]:
    """Find where `compared` wants another sum than the postings give; these are grouped first."""
    # Without an index by payment or order, grouping is what makes it quick.
    groups = ", ".join(part.split(" AS ")[1] for part in of.split(", "))
    rows = db.execute(
        f"WITH posted AS MATERIALIZED (SELECT {of}, sum(entry.amount_minor) AS minor "
        "FROM ledger_transactions AS posting JOIN ledger_entries AS entry "
        f"ON entry.transaction_id = posting.id WHERE {which} GROUP BY {groups}) "
        f"SELECT * FROM ({compared}) WHERE posted <> wanted"
    )
    return [f"{what} {row['name']}: {row['posted']} of {row['wanted']}" for row in rows]


def _unbalanced(db: sqlite3.Connection) -> list[str]:
    """Compare whole accounts, by currency, with the rows that they are made of."""
    made_of = {
        "clearing": _moved("provider <> 'cash'"),
        "cash": _moved("provider = 'cash'"),
        "refunds": (
            "SELECT refunds.currency, refunds.amount_minor FROM refunds JOIN payments "
            "USING (provider, payment_id) WHERE state = 'succeeded' AND held_as IS NULL "
            f"UNION ALL SELECT currency, -amount_minor FROM ({_SURPLUS_BACK})"
        ),
        "write_offs": "SELECT currency, amount_minor FROM write_offs WHERE amount_minor > 0",
        "surplus": (
            "SELECT currency, amount_minor FROM write_offs WHERE amount_minor < 0 UNION ALL "
            f"{_SURPLUS_BACK} UNION ALL "
            "SELECT currency, -amount_minor FROM payments WHERE resolved_as = 'kept' UNION ALL "
            "SELECT refunds.currency, refunds.amount_minor FROM refunds JOIN payments "
            "USING (provider, payment_id) WHERE state = 'succeeded' AND resolved_as = 'kept'"
        ),
    }
    faults = []
    for account, rows in made_of.items():
        off = db.execute(
            "SELECT currency, sum(minor) AS off FROM (SELECT currency, entry.amount_minor AS minor "
            "FROM ledger_transactions AS posting JOIN ledger_entries AS entry "
            "ON entry.transaction_id = posting.id "
            f"WHERE entry.account || ':' LIKE '{account}:%' AND posting.kind IN {_MONEY} "
            f"UNION ALL SELECT currency, -amount_minor FROM ({rows})) "
            "GROUP BY currency HAVING off <> 0"
        )
        faults += [f"{account} is off by {row[1]}" for row in off]
    return faults


def _moved(whose: str) -> str:
    """Give what came in by payments and went out by refunds, of the providers that are meant."""
    return (
        f"SELECT currency, amount_minor FROM payments WHERE {whose} UNION ALL "
        f"SELECT currency, -amount_minor FROM refunds WHERE state = 'succeeded' AND {whose}"
    )


def decisions(db: sqlite3.Connection) -> Check:
    """Check that held money is on the list once, and that who took it off it said why."""
    faults = [
        f"payment {row[0]} is held and nobody is told"
        if not row[1]
        else f"payment {row[0]} was given back and is on the list"
        for row in db.execute(
            # The entry of a payment is the first of its kind: others tell of its refunds.
            "SELECT payments.payment_id, (SELECT count(*) FROM exceptions WHERE id = (SELECT "
            "min(id) FROM exceptions WHERE provider = payments.provider "
            "AND payment_id = payments.payment_id AND kind = held_as "
            "AND order_id IS payments.order_id) "
            f"AND resolved_at IS NULL) AS entries FROM payments LEFT JOIN ({_BACK}) AS given "
            "ON given.provider = payments.provider AND given.payment_id = payments.payment_id "
            "WHERE held_as IS NOT NULL AND resolved_as IS NULL "
            "AND entries <> (amount_minor <> coalesce(back, 0))"
        )
    ]
    faults += [
        f"payment {row[0]} was {row[1]} by nobody"
        for row in db.execute(
            "SELECT payment_id, resolved_as FROM payments "
            "WHERE resolved_as IS NOT NULL AND trim(coalesce(resolved_by, '')) = ''"
        )
    ]
    faults += [
        f"write-off {row[0]} is nobody's, or for no reason"
        for row in db.execute(
            "SELECT id FROM write_offs WHERE trim(decided_by) = '' OR trim(reason) = ''"
        )
    ]
    # Entries of before m0004 were taken off the list without an audit line.
    faults += [
        f"exception {row[0]} was resolved, and the audit does not say by whom and why"
        for row in db.execute(
            "SELECT id FROM exceptions WHERE resolved_at IS NOT NULL AND resolved_by IS NOT NULL "
            "AND CAST(id AS TEXT) NOT IN (SELECT subject FROM audit "
            "WHERE action = 'exception.resolved' AND trim(actor) <> '' "
            "AND coalesce(json_extract(data, '$.reason'), '') <> '')"
        )
    ]
    entries = count(db, "SELECT count(*) FROM exceptions")
    waiting = count(db, "SELECT count(*) FROM exceptions WHERE resolved_at IS NULL")
    figure = f"{entries} exceptions, {waiting} waiting"
    return checked("what needs a person is on the list once, and told who decided", faults, figure)


def provider(db: sqlite3.Connection, taken: Iterable[TakenPayment] | None) -> Check:
    """Compare with the provider's word, by payment: what it took, and what it gave back.

    A refund that was asked for and not answered may or may not have come to be there.
    """
    name = "I2 what the provider took is what the books hold"
    if taken is None:
        reason = "needs the provider's word (--sandbox URL)"
        return Check(name, Outcome.NOT_CHECKED, reason)
    row = db.execute("SELECT id FROM till").fetchone()
    if row is None:
        return Check(name, Outcome.NOT_CHECKED, "the till has no row of its own")
    till_id = str(row[0])
    # By two names of an account the same is told twice.
    said = {each for each in taken if each.captured_minor and _is_of(till_id, each.reference)}
    ours = {payment.key: payment for payment in sorted(said, key=lambda each: each.account)}
    # What was taken by hand is nobody's word but the operator's.
    own = ", ".join(f"'{name}'" for name in sorted(BY_HAND))
    rows = db.execute(f"SELECT * FROM payments WHERE provider NOT IN ({own})")
    held = {_key(row): row for row in rows}
    known = {tuple(row) for row in db.execute("SELECT provider, provider_account FROM accounts")}
    faults = [f"{' '.join(key)} is not in the books" for key in ours.keys() - held.keys()]
    faults += [f"{' '.join(key)} is unknown there" for key in held.keys() - ours.keys()]
    faults += [
        f"{' '.join(each.key)} of {each.account} is not in the books, only its namesake"
        for each in said
        if each is not ours[each.key]
    ]
    faults += [
        f"{' '.join(key)}: {row['amount_minor']} here, {ours[key].captured_minor} there"
        for key, row in held.items()
        if key in ours and not _agree(row, ours[key])
    ]
    faults += [
        f"{' '.join(key)}: of {row['provider_account']} here, of {ours[key].account} there"
        for key, row in held.items()
        # An account may go by a key's name here; then nothing is told by it.
        if key in ours
        and (key[0], ours[key].account) in known
        and row["provider_account"] != ours[key].account
        # What does not fit for that very reason is on the list already.
        and row["held_as"] != ExceptionKind.MISMATCH
    ]
    refunded = _refunded(db)
    faults += [
        f"{' '.join(key)}: {' or '.join(map(str, sorted(refunded.get(key, {0}))))} "
        f"given back here, {payment.refunded_minor} there"
        for key, payment in ours.items()
        if payment.refunded_minor not in refunded.get(key, {0})
    ]
    return checked(name, sorted(faults), f"{len(said)} payments{_sums(said)}")


def _key(row: sqlite3.Row) -> tuple[str, str]:
    return row["provider"], row["payment_id"]


def _refunded(db: sqlite3.Connection) -> dict[tuple[str, str], set[int]]:
    """Give what each payment's provider may have given back: with and without what is in doubt."""
    sums: dict[tuple[str, str], set[int]] = {}
    for row in db.execute(
        "SELECT provider, payment_id, amount_minor, state FROM refunds WHERE state <> 'failed'"
    ):
        before = sums.get(_key(row), {0})
        after = {minor + row["amount_minor"] for minor in before}
        sums[_key(row)] = before | after if row["state"] == "requested" else after
    return sums


def _agree(row: sqlite3.Row, payment: TakenPayment) -> bool:
    return bool(
        row["amount_minor"] == payment.captured_minor
        and row["currency"] == payment.currency.upper()
    )


def _sums(payments: Iterable[TakenPayment]) -> str:
    sums: dict[str, int] = {}
    for payment in payments:
        currency = payment.currency.upper()
        sums[currency] = sums.get(currency, 0) + payment.captured_minor
    return "".join(f", {minor} minor {currency}" for currency, minor in sorted(sums.items()))


def _is_of(till_id: str, text: str) -> bool:
    reference = Reference.parse(text)
    return reference is not None and reference.till_id == till_id


def paid(db: sqlite3.Connection) -> Check:
    """Compare the orders' states with the payments that count for them, and with write-offs."""
    rows = db.execute(
        f"SELECT number, state, total_minor, {_SETTLED} AS accepted FROM orders "
        "WHERE (state = 'paid') <> (accepted = total_minor)"
    )
    faults = [f"order {r['number']} is {r['state']} with {r['accepted']}" for r in rows]
    # A named person may let count what does not fit its attempt, though not in another currency.
    rows = db.execute(
        "SELECT payment_id FROM payments AS p LEFT JOIN attempts AS a ON a.id = attempt_id "
        "WHERE held_as IS NULL AND resolved_as IS NULL AND renewal_of IS NULL "
        "AND (a.amount_minor, a.currency, a.provider, a.account, a.order_id) "
        "IS NOT (p.amount_minor, p.currency, p.provider, p.account, p.order_id)"
    )
    faults += [f"payment {row[0]} does not fit its attempt" for row in rows]
    rows = db.execute(
        "SELECT payment_id FROM payments LEFT JOIN orders ON orders.id = order_id "
        "WHERE held_as IS NULL AND payments.currency IS NOT orders.currency "
        "AND resolved_as IS NOT NULL"
    )
    faults += [f"payment {row[0]} does not fit its order" for row in rows]
    rows = db.execute(
        "SELECT write_offs.id FROM write_offs JOIN orders ON orders.id = order_id "
        "WHERE write_offs.currency <> orders.currency OR state <> 'paid'"
    )
    faults += [f"write-off {row[0]} does not fit its order" for row in rows]
    is_paid = count(db, "SELECT count(*) FROM orders WHERE state = 'paid'")
    total = count(db, "SELECT count(*) FROM orders")
    name = "I3 paid exactly when the accepted payments sum to the total"
    return checked(name, faults, f"{total} orders, {is_paid} paid")
