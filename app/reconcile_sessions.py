"""What a provider's list of sessions comes to in the books."""

from dataclasses import dataclass, field

from app.domain.judgement import Standing
from app.domain.observation import Observation, SessionState
from app.errors import Message
from app.providers.strategy import Recheck
from app.settle import settle
from app.store import Transaction
from app.store.attempts import find_attempt_by_reference


@dataclass(slots=True)
class Listed:
    """What a part of a list came to: what remains strange, and which attempts are to be looked at.

    Those are named by the list without all that money is judged by.
    """

    strange: list[Message] = field(default_factory=list)
    to_look_at: list[int] = field(default_factory=list)


def tells_something(seen: Observation | Recheck) -> bool:
    """Say whether there is anything to settle: an open session may even be under way just now."""
    return not (isinstance(seen, Observation) and seen.state is SessionState.OPEN)


def settle_listed(tx: Transaction, till_id: str, listed: list[Observation | Recheck]) -> Listed:
    """Settle listed sessions that bear this till's reference."""
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
        elif attempt := find_attempt_by_reference(tx.connection, seen.reference):
            found.to_look_at.append(attempt.id)
        else:
            found.strange.append(
                Message(
                    "A session for {reference}, which is not in the books, is not understood.",
                    reference=seen.reference,
                )
            )
    return found
