"""How many requests an account may make in a second: off unless asked for."""

import math
from collections.abc import Callable


class Limits:
    """A bucket for each account that fills by the second; memory only.

    `per_second` may be changed at any time. Stripe's sandboxes have 25.
    """

    def __init__(self, clock: Callable[[], float], per_second: int | None = None) -> None:
        self.per_second = per_second
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}

    def wait_for(self, account: str) -> int:
        """Take one request out of the account's bucket: 0, or the whole seconds to wait."""
        if self.per_second is None:
            return 0
        now, most = self._clock(), float(self.per_second)
        left, at = self._left.get(account, (most, now))
        left = min(most, left + max(0.0, now - at) * most)
        if left < 1:
            self._left[account] = (left, now)
            return math.ceil((1 - left) / most)
        self._left[account] = (left - 1, now)
        return 0

    def set(self, per_second: int | None) -> None:
        """Begin anew with another limit; None takes it away."""
        self.per_second = per_second
        self._left.clear()
