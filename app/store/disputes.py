"""Disputes as rows: one for each (provider, dispute id), moved by compare-and-set.

A dispute's entry on the list "needs a person" is found by the dispute's id among what its words
were made of, since a payment may be disputed more than once.
"""

import sqlite3
from datetime import datetime
from typing import Final

from app.domain.dispute import OVER, WANTS_ANSWER, Dispute, DisputeState
from app.domain.exceptions import ExceptionKind, OrderException
from app.domain.money import Money
from app.errors import InvariantError, Message
from app.store.payments import BY_ITSELF, exception_from, open_exception
from app.store.transaction import Row, Transaction, maybe_stamp, read_stamp, stamp
from app.store.words import to_json

_OF_DISPUTE: Final = (
    f"kind = '{ExceptionKind.DISPUTED.value}' AND provider = ? AND payment_id = ? "
    "AND json_extract(words, '$.parameters.dispute') = ?"
)
_JOURNAL_NAMES: Final = {
    DisputeState.UNKNOWN: "dispute.opened",
    DisputeState.INQUIRY: "dispute.opened",
    DisputeState.INQUIRY_UNDER_REVIEW: "dispute.under_review",
    DisputeState.NEEDS_RESPONSE: "dispute.opened",
    DisputeState.UNDER_REVIEW: "dispute.under_review",
    DisputeState.CLOSED: "dispute.closed",
    DisputeState.LOST: "dispute.lost",
    DisputeState.APPEALED: "dispute.appealed",
    DisputeState.WON: "dispute.won",
}


def find_dispute(connection: sqlite3.Connection, provider: str, dispute_id: str) -> Dispute | None:
    """Find a dispute in the books."""
    row = connection.execute(
        "SELECT * FROM disputes WHERE provider = ? AND dispute_id = ?", (provider, dispute_id)
    ).fetchone()
    return None if row is None else _dispute_from(row)


def disputes_of_order(connection: sqlite3.Connection, order_id: str) -> tuple[Dispute, ...]:
    """Give the disputes about an order's payments, oldest first."""
    rows = connection.execute(
        "SELECT disputes.* FROM payments JOIN disputes USING (provider, payment_id) "
        "WHERE payments.order_id = ? ORDER BY disputes.id",
        (order_id,),
    )
    return tuple(map(_dispute_from, rows))


def dispute_of_entry(connection: sqlite3.Connection, entry: OrderException) -> Dispute | None:
    """Give the dispute that an entry of the list "needs a person" is about, if it is about one."""
    if entry.kind is not ExceptionKind.DISPUTED or not isinstance(entry.detail, Message):
        return None
    row = connection.execute(
        "SELECT * FROM disputes WHERE payment_id = ? AND dispute_id = ?",
        (entry.payment_id, entry.detail.parameters.get("dispute")),
    ).fetchone()
    return None if row is None else _dispute_from(row)


def disputes_due(connection: sqlite3.Connection, until: datetime) -> list[OrderException]:
    """Give the waiting entries of disputes that are to be answered before `until`, earliest first.

    What is overdue is among them, for as long as the provider takes no decision.
    """
    wanting = ", ".join(f"'{state.value}'" for state in sorted(WANTS_ANSWER))
    rows = connection.execute(
        "SELECT exceptions.* FROM exceptions JOIN disputes "
        "ON disputes.payment_id = exceptions.payment_id "
        "AND disputes.dispute_id = json_extract(words, '$.parameters.dispute') "
        f"WHERE kind = '{ExceptionKind.DISPUTED.value}' AND resolved_at IS NULL "
        f"AND state IN ({wanting}) AND due_at < ? ORDER BY due_at, exceptions.id",
        (stamp(until),),
    )
    return list(map(exception_from, rows))


def unfinished_disputes(
    connection: sqlite3.Connection, provider: str, provider_account: str
) -> list[str]:
    """Give the ids of disputes that news is still to come of, longest unheard of first.

    That is of those that are not over, and of those that ended well with the money still gone.
    """
    over = ", ".join(f"'{state.value}'" for state in sorted(OVER))
    lost = DisputeState.LOST.value
    rows = connection.execute(
        "SELECT dispute_id FROM disputes JOIN payments USING (provider, payment_id) "
        "WHERE provider = ? AND payments.provider_account = ? "
        f"AND (state NOT IN ({over}) OR (state <> '{lost}' AND withdrawn_minor > 0)) "
        "ORDER BY disputes.seen_at, disputes.id",
        (provider, provider_account),
    )
    return [row[0] for row in rows]


def write_dispute(
    tx: Transaction, provider: str, before: Dispute | None, now: Dispute, *, order_id: str
) -> None:
    """Write a dispute down as it stands now, by compare-and-set, with its journal row."""
    if before is None:
        tx.insert(
            "disputes",
            provider=provider,
            dispute_id=now.dispute_id,
            payment_id=now.payment_id,
            amount_minor=now.amount.minor,
            currency=now.amount.currency,
            reason=now.reason,
            state=now.state.value,
            due_at=_maybe(now.due_at),
            withdrawn_minor=now.withdrawn_minor,
            version=now.version,
            seen_at=stamp(now.told_at),
        )
    else:
        count = tx.execute(
            "UPDATE disputes SET amount_minor = ?, reason = ?, state = ?, due_at = ?, "
            "withdrawn_minor = ?, version = ?, seen_at = ? WHERE provider = ? AND dispute_id = ? "
            "AND state = ? AND version = ? AND withdrawn_minor = ?",
            (
                now.amount.minor,
                now.reason,
                now.state.value,
                _maybe(now.due_at),
                now.withdrawn_minor,
                now.version,
                stamp(now.told_at),
                provider,
                now.dispute_id,
                before.state.value,
                before.version,
                before.withdrawn_minor,
            ),
        ).rowcount
        if count != 1:
            raise InvariantError(f"Dispute {now.dispute_id} was changed by someone else meanwhile")
    if before is None or before.version != now.version:
        _record(tx, provider, before, now, order_id)
    elif (before.amount, before.reason, before.due_at) != (now.amount, now.reason, now.due_at):
        tx.record("dispute.updated", order_id=order_id, data=_data(provider, now))


def tell_of_dispute(
    tx: Transaction,
    provider: str,
    dispute: Dispute,
    words: Message,
    *,
    order_id: str,
    is_news: bool,
) -> None:
    """See to it that a dispute stands on the list "needs a person", in today's words.

    One that a person took off the list comes back only with news that is worth it (`is_news`).
    """
    entries = tx.execute(
        f"SELECT id, resolved_at FROM exceptions WHERE {_OF_DISPUTE} "
        "AND json_extract(words, '$.template') = ? ORDER BY id",
        (provider, dispute.payment_id, dispute.dispute_id, words.template),
    ).fetchall()
    waiting = [entry for entry in entries if entry["resolved_at"] is None]
    if not waiting and (is_news or not entries):
        open_exception(
            tx,
            ExceptionKind.DISPUTED,
            dispute.amount,
            order_id=order_id,
            provider=provider,
            payment_id=dispute.payment_id,
            detail=words,
        )
    for entry in waiting:
        tx.execute(
            "UPDATE exceptions SET detail = ?, words = ?, amount_minor = ?, currency = ? "
            "WHERE id = ?",
            (
                str(words),
                to_json(words),
                dispute.amount.minor,
                dispute.amount.currency,
                entry["id"],
            ),
        )


def clear_dispute(tx: Transaction, provider: str, dispute: Dispute, resolution: str) -> None:
    """Take a dispute off the list, since it needs nobody any more."""
    rows = tx.execute(
        "UPDATE exceptions SET resolved_at = ?, resolution = ?, resolved_by = ? "
        f"WHERE {_OF_DISPUTE} AND resolved_at IS NULL RETURNING id, order_id",
        (stamp(tx.at), resolution, BY_ITSELF, provider, dispute.payment_id, dispute.dispute_id),
    ).fetchall()
    for row in rows:
        data = {"exception": row["id"], "by": BY_ITSELF, "reason": resolution}
        tx.audit(BY_ITSELF, "exception.resolved", str(row["id"]), data)
        tx.record(
            "exception.resolved",
            order_id=row["order_id"] or "",
            data={"exception": row["id"], "resolution": resolution},
        )


def tell_once_of_payment(
    tx: Transaction,
    kind: ExceptionKind,
    amount: Money,
    *,
    order_id: str,
    provider: str,
    payment_id: str,
    detail: str,
) -> None:
    """Put a payment on the list for a thing, unless that was said of it before."""
    known = tx.execute(
        "SELECT 1 FROM exceptions WHERE provider = ? AND payment_id = ? AND kind = ? "
        "AND detail = ?",
        (provider, payment_id, kind.value, str(detail)),
    ).fetchone()
    if known is None:
        open_exception(
            tx,
            kind,
            amount,
            order_id=order_id,
            provider=provider,
            payment_id=payment_id,
            detail=detail,
        )


def _record(
    tx: Transaction, provider: str, before: Dispute | None, now: Dispute, order_id: str
) -> None:
    name = _JOURNAL_NAMES[now.state]
    if before is not None and now.state is DisputeState.NEEDS_RESPONSE:
        name = "dispute.escalated"
    data = _data(provider, now)
    tx.record(name, order_id=order_id, version=now.version, data=data)
    tx.audit(f"provider:{provider}", name, now.dispute_id, data)


def _data(provider: str, dispute: Dispute) -> dict[str, str | int | None]:
    return {
        "provider": provider,
        "dispute": dispute.dispute_id,
        "payment": dispute.payment_id,
        "state": dispute.state.value,
        "reason": dispute.reason,
        "amount_minor": dispute.amount.minor,
        "currency": dispute.amount.currency,
        "due_at": _maybe(dispute.due_at),
    }


def _maybe(at: datetime | None) -> str | None:
    return None if at is None else stamp(at)


def _dispute_from(row: Row) -> Dispute:
    return Dispute(
        dispute_id=row["dispute_id"],
        payment_id=row["payment_id"],
        amount=Money(row["amount_minor"], row["currency"]),
        reason=row["reason"],
        state=DisputeState(row["state"]),
        due_at=maybe_stamp(row["due_at"]),
        withdrawn_minor=row["withdrawn_minor"],
        version=row["version"],
        told_at=read_stamp(row["seen_at"]),
    )
