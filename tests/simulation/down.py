"""Whether an account is surely down, told by its calls alone, and who is sent there all the same.

What the till's breaker makes of the same calls is its own affair: here stands what it promises. No
customer is sent where no call was answered for a while, but one now and then; and none where the
keys are refused.
"""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Final

from app.clock import Clock
from app.errors import ProviderError, Rejected

_COUNTS_FOR_S: Final = 120.0
_FEWEST: Final = 3
_NONE_FOR_S: Final = 30.0
_DECIDED_WITHIN_S: Final = 45.0
"""A way is chosen so long before the last account on it is asked, at most."""
_NOT_COUNTED: Final = "prepare_session"
"""What it asks is asked before there is anything that could be in doubt."""
_OF_CARDS: Final = "prepare_setup"
"""Likewise, for a card to be kept: whoever gives one is sent nowhere to pay."""


class Outcomes:
    """How an account's calls ended, since the till was started. `tell` is told of a fault."""

    def __init__(self, account: str, clock: Clock, tell: Callable[[str], None]) -> None:
        self._account = account
        self._clock = clock
        self._tell = tell
        self._calls: deque[tuple[float, bool]] = deque()
        self._refused: float | None = None
        self._open_since: float | None = None
        self._bad: list[float] = []

    @contextmanager
    def of(self, verb: str) -> Iterator[None]:
        """Note how a call ends."""
        if verb == _OF_CARDS:
            yield
            return
        if verb == _NOT_COUNTED:
            self._sent()
            yield
            return
        try:
            yield
        except Rejected as refused:
            if refused.is_of_the_key:
                self._failed(is_refused=True)
            else:
                self._answered()
            raise
        except ProviderError:
            self._failed()
            raise
        self._answered()

    def _sent(self) -> None:
        """A customer is being sent here: look whether that may be."""
        now = self._clock.monotonic()
        if self._refused is not None and now - self._refused > _DECIDED_WITHIN_S:
            self._tell(f"a customer is sent to {self._account}, whose keys are refused")
        if self._was_down_since(now - _DECIDED_WITHIN_S, now):
            self._tell(f"a customer is sent to {self._account}, which does not answer")
        if self._open_since is not None:
            self._bad.append(now)

    def _was_down_since(self, since: float, now: float) -> bool:
        """Say whether nobody should have been sent here at any moment since then."""
        if self._open_since is None or self._open_since > since:
            return False
        before = [at for at in self._bad if at <= since]
        times = [*before[-1:], *(at for at in self._bad if at > since), now]
        are_close = (later - at < _NONE_FOR_S for at, later in pairwise(times))
        return bool(before) and all(are_close)

    def _answered(self) -> None:
        if self._open_since is not None:
            self._calls.clear()
        self._refused = self._open_since = None
        self._bad.clear()
        self._calls.append((self._clock.monotonic(), True))

    def _failed(self, *, is_refused: bool = False) -> None:
        now = self._clock.monotonic()
        self._refused = (self._refused or now) if is_refused else None
        self._calls.append((now, False))
        while self._calls[0][0] < now - _COUNTS_FOR_S:
            self._calls.popleft()
        failed = sum(not was_answered for _, was_answered in self._calls)
        if len(self._calls) >= _FEWEST and 2 * failed > len(self._calls):
            self._open_since = now if self._open_since is None else self._open_since
            self._bad.append(now)
