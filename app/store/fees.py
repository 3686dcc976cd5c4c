"""Fees as rows: one for each (provider, entry of the provider's own), and what is still to be told.

A payment whose provider never told its fee has a row that says so: nobody asks for ever.
"""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.domain.fee import FeeKind, SeenFee
from app.domain.money import Money
from app.store.transaction import Transaction, read_stamp, stamp

_PAYMENT: Final = FeeKind.PAYMENT.value
_REFUND: Final = FeeKind.REFUND.value
_UNREPORTED: Final = FeeKind.UNREPORTED.value


@dataclass(frozen=True, slots=True)
class WantedFee:
    """A payment, or a refund of it, whose fee is not known yet. `since` is when its money moved.

    `place` is the payment's place in the books; `source_id` is the payment's or the refund's id.
    """

    payment_id: str
    source_id: str
    currency: str
    since: datetime
    place: int


@dataclass(frozen=True, slots=True)
class BookedPayment:
    """The payment that a fee or a dispute belongs to, with what is needed to trust the news."""

    order_id: str
    account: str
    provider_account: str
    live: bool


def find_booked_payment(
    connection: sqlite3.Connection, provider: str, payment_id: str
) -> BookedPayment | None:
    """Find the payment of ours that a provider speaks of, if it is one of ours."""
    row = connection.execute(
        "SELECT order_id, account, provider_account, live FROM payments "
        "WHERE provider = ? AND payment_id = ?",
        (provider, payment_id),
    ).fetchone()
    if row is None:
        return None
    return BookedPayment(
        row["order_id"] or "", row["account"], row["provider_account"], bool(row["live"])
    )


def insert_fee(tx: Transaction, provider: str, fee: SeenFee) -> bool:
    """Write a fee once; False where the provider's entry is in the books already."""
    return (
        tx.execute(
            "INSERT INTO fees (provider, fee_id, payment_id, kind, amount_minor, currency, "
            "seen_at) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (provider, fee_id) DO NOTHING",
            (
                provider,
                fee.fee_id,
                fee.payment_id,
                fee.kind.value,
                fee.amount.minor,
                fee.amount.currency,
                stamp(tx.at),
            ),
        ).rowcount
        == 1
    )


def mark_unreported(tx: Transaction, provider: str, wanted: WantedFee) -> bool:
    """Write down that the provider tells no fee of this; False where it stands there already."""
    nothing = Money(0, wanted.currency)
    marked = SeenFee(
        f"{_UNREPORTED}:{wanted.source_id}", wanted.payment_id, FeeKind.UNREPORTED, nothing
    )
    return insert_fee(tx, provider, marked)


def fees_of(connection: sqlite3.Connection, provider: str, payment_id: str) -> tuple[SeenFee, ...]:
    """Give the fees that were reported for a payment, its refunds and its disputes."""
    rows = connection.execute(
        "SELECT fee_id, payment_id, kind, amount_minor, currency FROM fees "
        f"WHERE provider = ? AND payment_id = ? AND kind <> '{_UNREPORTED}' ORDER BY id",
        (provider, payment_id),
    )
    return tuple(
        SeenFee(
            row["fee_id"],
            row["payment_id"],
            FeeKind(row["kind"]),
            Money(row["amount_minor"], row["currency"]),
        )
        for row in rows
    )


def wanted_fees(
    connection: sqlite3.Connection,
    provider: str,
    provider_account: str,
    *,
    limit: int,
    from_place: int = 0,
) -> list[WantedFee]:
    """Give payments whose fee is not known, from a place in the books on, oldest first."""
    rows = connection.execute(
        "SELECT id, payment_id, currency, settled_at FROM payments "
        "WHERE id >= ? AND provider = ? AND provider_account = ? AND NOT EXISTS "
        "(SELECT 1 FROM fees WHERE fees.provider = payments.provider "
        "AND fees.payment_id = payments.payment_id AND (fees.kind = ? "
        "OR fees.fee_id = ? || ':' || payments.payment_id)) ORDER BY id LIMIT ?",
        (from_place, provider, provider_account, _PAYMENT, _UNREPORTED, limit),
    )
    return [
        WantedFee(
            row["payment_id"],
            row["payment_id"],
            row["currency"],
            read_stamp(row["settled_at"]),
            row["id"],
        )
        for row in rows
    ]


def wanted_fees_of_refunds(
    connection: sqlite3.Connection, provider: str, provider_account: str, *, limit: int
) -> list[WantedFee]:
    """Give refunded payments of which fewer entries are known than money went back, oldest first.

    Of each the newest refund stands for all: one question brings the entries of every one.
    """
    rows = connection.execute(
        "SELECT payments.id, payments.payment_id, payments.currency, max(refunds.id), "
        "refunds.refund_id, refunds.seen_at FROM refunds JOIN payments "
        "ON payments.provider = refunds.provider AND payments.payment_id = refunds.payment_id "
        "WHERE refunds.state = 'succeeded' AND refunds.provider = ? "
        "AND payments.provider_account = ? AND NOT EXISTS (SELECT 1 FROM fees WHERE "
        "fees.provider = refunds.provider AND fees.fee_id = ? || ':' || refunds.refund_id) "
        "GROUP BY payments.id HAVING count(*) > (SELECT count(*) FROM fees "
        "WHERE fees.provider = payments.provider AND fees.payment_id = payments.payment_id "
        "AND fees.kind = ?) ORDER BY refunds.id LIMIT ?",
        (provider, provider_account, _UNREPORTED, _REFUND, limit),
    )
    return [
        WantedFee(
            row["payment_id"],
            row["refund_id"],
            row["currency"],
            read_stamp(row["seen_at"]),
            row["id"],
        )
        for row in rows
    ]
