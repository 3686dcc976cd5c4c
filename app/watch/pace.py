"""How often a session is looked at, by what is known of it, and when its deadline has passed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from app.domain.attempt import Attempt, AttemptState

_EAGER_LOOKS: Final = 8


def _as_often_as_liked(account: str) -> float:
    return 0.0


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between two looks at a session, by what is known of it.

    `at_least_s` says by account how often a provider may be asked about one session at most.
    """

    shown_s: float = 2.0
    unshown_s: float = 15.0
    processing_s: float = 10.0
    closing_s: float = 3.0
    late_s: float = 60.0
    failing_most_s: float = 30.0
    failing_late_s: float = 300.0
    tick_s: float = 0.25
    at_least_s: Callable[[str], float] = _as_often_as_liked

    def after(self, attempt: Attempt, failures: int) -> float:
        """Say how long to wait before the next look; failures in a row double the wait."""
        in_doubt = attempt.state in (AttemptState.UNKNOWN, AttemptState.CREATING)
        if in_doubt or is_closing(attempt):
            wait = self.closing_s
        elif not attempt.is_live:
            wait = self.late_s
        elif attempt.state is AttemptState.PROCESSING:
            wait = self.processing_s
        else:
            wait = self.shown_s if attempt.shown_at is not None else self.unshown_s
        wait = max(wait, self.at_least_s(attempt.account))
        longest = max(wait, self.failing_most_s if is_shown(attempt) else self.failing_late_s)
        return min(wait * float(1 << min(failures, 6)), longest)

    def after_restart(self, attempt: Attempt, looks: int) -> float:
        """Say how long to wait at most between the first looks at what an earlier run left open.

        Its customer may be paying while the till comes back, and nothing tells of it meanwhile.
        """
        if looks < _EAGER_LOOKS and attempt.state is AttemptState.OPEN:
            return max(self.shown_s, self.at_least_s(attempt.account))
        return self.failing_late_s


def is_shown(attempt: Attempt) -> bool:
    """Say whether its code may be on a screen."""
    return attempt.is_payable and attempt.shown_at is not None


def is_closing(attempt: Attempt) -> bool:
    """Say whether the session is still to be closed; one in processing can only be waited for."""
    return (
        attempt.close_reason is not None
        and attempt.is_live
        and attempt.state is not AttemptState.PROCESSING
    )


def can_expire(attempt: Attempt) -> bool:
    """Say whether the end of its deadline is still to be acted on."""
    return (
        attempt.state in (AttemptState.OPEN, AttemptState.UNKNOWN, AttemptState.CREATING)
        and attempt.close_reason is None
    )
