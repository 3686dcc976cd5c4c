"""What a provider's list of sessions comes to in the books."""

from dataclasses import dataclass, field
from functools import partial
from typing import Final

from app.domain.judgement import Standing
from app.domain.observation import Observation, SessionState, Source
from app.errors import Message, Protocol, Rejected
from app.providers.strategy import PaymentStrategy, Recheck
from app.settle import settle
from app.store import Store, Transaction
from app.store.attempts import find_attempt_by_reference
from app.store.subscriptions_lost import hear_of_lost

_NO_SUCH_KEY: Final = 401
"""A key that may not see one session (403) must not keep the whole list from being read."""


@dataclass(slots=True)
class Listed:
    """What a part of a list came to: what remains strange, and which attempts are to be looked at.

    Those are named by the list without all that money is judged by. `lost` are sessions of ours
    that the books do not have and that the list only names: each is to be asked about.
    """

    strange: list[Message] = field(default_factory=list)
    to_look_at: list[int] = field(default_factory=list)
    lost: list[Recheck] = field(default_factory=list)


def tells_something(seen: Observation | Recheck) -> bool:
    """Say whether there is anything to settle: an open session may even be under way just now."""
    return not (isinstance(seen, Observation) and seen.state is SessionState.OPEN)


def settle_listed(
    tx: Transaction, account: str, till_id: str, listed: list[Observation | Recheck]
) -> Listed:
    """Settle sessions that an account lists and that bear this till's reference.

    What one began that is not in the books goes on to be charged: it is looked at from now on.
    """
    found = Listed()
    for seen in listed:
        if isinstance(seen, Observation):
            if settle(tx, till_id, seen).standing is Standing.QUARANTINED:
                found.strange.append(
                    Message(
                        "The provider's session for {reference} does not fit this payment.",
                        reference=seen.reference,
                    )
                )
            elif seen.subscription_id:
                hear_of_lost(tx, account, seen.provider, seen.subscription_id)
        elif attempt := find_attempt_by_reference(tx.connection, seen.reference):
            found.to_look_at.append(attempt.id)
        elif seen.session_id:
            found.lost.append(seen)
        else:
            found.strange.append(not_understood(seen.reference))
    return found


def not_understood(reference: str) -> Message:
    """Say that a session is not in the books, and that what is told of it cannot be read."""
    return Message(
        "A session for {reference}, which is not in the books, is not understood.",
        reference=reference,
    )


async def look_at_lost(strategy: PaymentStrategy, lost: Recheck, store: Store) -> list[Message]:
    """Ask about a session that the books do not have, and settle what it is; say what is strange.

    Raises ProviderError where no answer comes: the list is to be read again then.
    """
    try:
        seen = await strategy.fetch(lost.session_id, source=Source.SWEEP)
    except (Rejected, Protocol) as error:
        if isinstance(error, Rejected) and error.status == _NO_SUCH_KEY:
            raise
        return [not_understood(lost.reference)]
    settled = partial(settle_listed, account=strategy.account, till_id=store.till_id)
    return (await store.write(partial(settled, listed=[seen]))).strange
