"""Whether an account may be trusted with the next customer: a window of answers, and a breaker.

While too many of the last calls went without a usable answer the breaker is open: the account is
passed over, but for one customer now and then whose call shows whether it is back.
"""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

WINDOW_S: Final = 120.0
"""For how long a call counts."""
_FEWEST: Final = 3
"""So many calls have to count before anything is concluded."""
_TRIAL_EACH_S: Final = 30.0


class Standing(StrEnum):
    """What a breaker says of its account."""

    WELL = "well"
    SHAKY = "shaky"
    TRIAL = "trial"
    DOWN = "down"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class _Call:
    at: float
    was_answered: bool


class Breaker:
    """The breaker of one account. Times are seconds of a monotonic clock."""

    def __init__(self) -> None:
        self._calls: deque[_Call] = deque(maxlen=200)
        self._is_open = False
        self._is_refused = False
        self._last_trial: float | None = None

    def answered(self, at: float) -> None:
        """Note a usable answer, whatever it said: the breaker closes."""
        if self._is_open:
            self._calls.clear()
        self._is_open = self._is_refused = False
        self._calls.append(_Call(at, was_answered=True))

    def failed(self, at: float, *, is_refused: bool = False) -> None:
        """Note that none came, or (`is_refused`) that the keys were refused."""
        self._is_refused = is_refused
        self._calls.append(_Call(at, was_answered=False))
        counted = self._counted(at)
        failed = sum(not call.was_answered for call in counted)
        if len(counted) >= _FEWEST and 2 * failed > len(counted):
            self._is_open = True
            self._last_trial = at

    def standing(self, at: float) -> Standing:
        """Say how the account stands. Asking changes nothing."""
        if self._is_refused:
            return Standing.REFUSED
        if self._is_open:
            waited = at - (self._last_trial or 0.0)
            return Standing.TRIAL if waited >= _TRIAL_EACH_S else Standing.DOWN
        counted = self._counted(at)
        return Standing.SHAKY if counted and not counted[-1].was_answered else Standing.WELL

    def tried(self, at: float) -> None:
        """Note that a customer is being sent to an account that may be down still."""
        if self._is_open:
            self._last_trial = at

    def _counted(self, at: float) -> list[_Call]:
        return [call for call in self._calls if at - call.at <= WINDOW_S]
