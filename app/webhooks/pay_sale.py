"""Which sale a pay page's address is about, and how that stands; addresses that move with the door.

An address ends in the attempt's reference, by which it is found, and a token of 128 bits, which is
compared with the one in the books.
"""

import hmac
import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from app.domain.attempt import Attempt, AttemptState
from app.domain.order import Order
from app.store import Store, Transaction
from app.store.attempts import find_attempt_by_reference, mark_attempt, watched_attempts
from app.store.orders import find_order

_WAY: Final = "/pay/"
_ADDRESS: Final = re.compile(
    r"(?P<reference>[0-9a-z]{6}-[0-9a-z]{12}-[1-9][0-9]{0,4})-(?P<token>[0-9a-f]{32})"
)


@dataclass(frozen=True, slots=True)
class Sale:
    """What a page is about."""

    attempt: Attempt
    order: Order

    @property
    def state(self) -> str:
        """Say in a word how it stands, for the page."""
        match self.attempt.state:
            case AttemptState.PAID:
                return "paid"
            case AttemptState.PROCESSING:
                return "processing"
            case AttemptState.CREATING | AttemptState.UNKNOWN:
                return "wait"
            case AttemptState.FAILED:
                return "failed"
            case _:
                return "open" if self.attempt.is_payable else "closed"


def find_sale(db: sqlite3.Connection, address: str) -> Sale | None:
    """Find what a page's address is about; the token is compared in constant time."""
    match = _ADDRESS.fullmatch(address)
    if match is None:
        return None
    attempt = find_attempt_by_reference(db, match["reference"])
    known = "" if attempt is None else (attempt.url or "").rpartition(_WAY)[2]
    if attempt is None or not hmac.compare_digest(known.encode(), address.encode()):
        return None
    order = find_order(db, attempt.order_id)
    return None if order is None else Sale(attempt, order)


async def readdress(store: Store, origins: Mapping[str, str]) -> None:
    """Write down where the pages of unfinished sales are, now that the door listens anew.

    `origins` has each account with pages of the till's own. What an address ends in stays.
    """

    def moved(db: sqlite3.Connection) -> list[tuple[Attempt, str]]:
        new = []
        for attempt in watched_attempts(db):
            home, way, end = (attempt.url or "").rpartition(_WAY)
            origin = origins.get(attempt.account, home)
            if way and origin != home and attempt.close_reason is None:
                new.append((attempt, f"{origin}{way}{end}"))
        return new

    def write(tx: Transaction) -> None:
        for attempt, url in moved(tx.connection):
            mark_attempt(tx, attempt, url=url)
            tx.record(
                "attempt.moved",
                order_id=attempt.order_id,
                attempt_id=attempt.id,
                data={"address": origins[attempt.account]},
            )

    new = await store.read(moved) if origins else []
    if new:
        await store.write(write)
