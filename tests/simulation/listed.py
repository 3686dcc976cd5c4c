"""What has to hold of the providers' lists, of disputes, and of books that were restored."""

import sqlite3
from datetime import datetime, timedelta
from typing import Final

from app.domain.observation import SessionState
from app.store.cursors import find_cursor
from app.store.epochs import needs_reconciliation
from tests.simulation.banks import Banks
from tests.simulation.provider import SESSIONS_LAST_S, Bank

_OVERLAP: Final = timedelta(minutes=10)


def is_still_listed(db: sqlite3.Connection, banks: Banks, reference: str) -> bool:
    """Say whether the next reading of a list, from its cursor on, still comes to a payment."""
    return needs_reconciliation(db) or any(
        _is_listed_by(db, bank, reference) for bank in banks.each
    )


def _is_listed_by(db: sqlite3.Connection, bank: Bank, reference: str) -> bool:
    events = _from(db, bank, "events", _OVERLAP)
    text = reference.encode()
    for delivery, at in zip(reversed(bank.events), reversed(bank.told_at), strict=True):
        if events is not None and at < events:
            break
        if text in delivery.body and delivery.provider_account == bank.account:
            return True
    sessions = _from(db, bank, "sessions", _OVERLAP + timedelta(seconds=SESSIONS_LAST_S))
    return any(
        session.reference == reference and (sessions is None or session.made_at >= sessions)
        for session in bank.sessions.values()
        if session.state is not SessionState.OPEN
    )


def _from(db: sqlite3.Connection, bank: Bank, kind: str, overlap: timedelta) -> datetime | None:
    cursor = find_cursor(db, bank.name, bank.account, kind)
    return None if cursor is None else cursor - overlap


def sold_unseen(db: sqlite3.Connection) -> list[str]:
    """Find what was sold on restored books before they were compared with the provider."""
    rows = db.execute(
        "SELECT number FROM orders WHERE number >= "
        "(SELECT min(first_order) FROM epochs WHERE reconciled_at IS NULL)"
    )
    return [f"order {row[0]} was placed on restored books, not compared yet" for row in rows]


def disputes_off(db: sqlite3.Connection, banks: Banks) -> list[str]:
    """Find disputes whose money in the books is none that was ever gone at the provider."""
    sums = {name: each for bank in banks.each for name, each in bank.disputes.sums.items()}
    rows = db.execute("SELECT dispute_id, withdrawn_minor FROM disputes")
    return [
        f"{minor} are gone for dispute {dispute_id}, which never were at the provider"
        for dispute_id, minor in rows
        if minor not in sums[dispute_id]
    ]


def disputes_missing(db: sqlite3.Connection, banks: Banks) -> list[str]:
    """Find disputes of payments in the books that are not there as the provider has them."""
    booked = {
        row[0]: (row[1], row[2])
        for row in db.execute("SELECT dispute_id, state, withdrawn_minor FROM disputes")
    }
    held = {row[0] for row in db.execute("SELECT payment_id FROM payments")}
    return [
        f"dispute {dispute.id} is {dispute.state.value} and {booked.get(dispute.id)} in the books"
        for bank in banks.each
        for dispute in bank.disputes.all.values()
        if dispute.payment_id in held
        and booked.get(dispute.id) != (dispute.state.value, bank.disputes.gone_for(dispute.id))
    ]
