"""Attempts that nobody answers for: after a day a person is told, once."""

import sqlite3
from datetime import timedelta
from typing import Final

from app.clock import Clock
from app.domain.exceptions import ExceptionKind
from app.errors import Message
from app.store import Store, Transaction
from app.store.attempts import find_attempt
from app.store.doubts import untold_since
from app.store.payments import tell_once

SILENCE: Final = timedelta(hours=24)
"""For how long an attempt may be in doubt before a person is told, seen by a customer or not."""


async def mind_silence(store: Store, clock: Clock, attempt_id: int) -> None:
    """Tell a person of an attempt that has been in doubt for a day by the wall clock.

    Where a person was told of this doubt already, nothing is said again.
    """

    def is_due(connection: sqlite3.Connection) -> bool:
        since = untold_since(connection, attempt_id)
        return since is not None and clock.now() - since >= SILENCE

    def write(tx: Transaction) -> None:
        attempt = find_attempt(tx.connection, attempt_id)
        # Its answer may have come between the look and this.
        if attempt is None or not is_due(tx.connection):
            return
        tell_once(
            tx,
            ExceptionKind.UNKNOWN,
            attempt.amount,
            order_id=attempt.order_id,
            attempt_id=attempt_id,
            detail=Message(
                "There has been no answer about this payment for a day. "
                "Look for {reference} at the provider, and check the keys of {account}.",
                reference=str(attempt.reference),
                account=attempt.account,
            ),
        )

    if await store.read(is_due):
        await store.write(write)
