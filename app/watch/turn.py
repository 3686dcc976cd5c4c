"""When each session is looked at next, and whose turn it is before whose."""

import asyncio
import math
from dataclasses import dataclass

from app.domain.attempt import Attempt
from app.providers.budget import Urgency
from app.watch.pace import can_expire

Rank = tuple[Urgency, int, float]


@dataclass(slots=True)
class Turn:
    """When an attempt is looked at next, on the monotonic clock.

    `deadline` is the attempt's own, on the clock that goes on during sleep. `answered_at` is when
    it was last asked about with an answer. `was_left` says that an earlier run of the program began
    it, `looks` how many were made.
    """

    due: float
    deadline: float
    was_left: bool = False
    is_poked: bool = False
    looks: int = 0
    failures: int = 0
    answered_at: float = -math.inf
    task: asyncio.Task[None] | None = None

    @property
    def is_idle(self) -> bool:
        """Say whether it can be let go of: nobody looks, and no answer is owed."""
        return self.task is None and not self.failures

    def is_overdue(self, attempt: Attempt, elapsed: float) -> bool:
        """Say whether the deadline passed while it could be paid, and was not yet acted on."""
        return self.deadline <= elapsed and can_expire(attempt)


def is_watched(attempt: Attempt) -> bool:
    """Say whether there is something to be asked about an attempt.

    Of one by hand only the operator knows; it is merely seen to it that it is closed in the end.
    """
    if attempt.is_final:
        return False
    return not attempt.is_by_hand or attempt.close_reason is not None
