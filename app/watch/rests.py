"""Accounts that give no answer are left to rest, and tried by one look now and then."""

from typing import Final

from app.clock import Clock
from app.errors import ProviderError, Rejected, Unavailable
from app.gateway import OtherKeys

_GIVES_UP_AFTER: Final = 3
_LEAST_S: Final = 60.0
_MOST_S: Final = 300.0
_NO_SUCH_KEY: Final = 401


class Rests:
    """Keeps, per account, how many looks in a row had no answer, and until when it rests.

    Keys that are refused are mended at the provider, where nobody tells the till: so however long
    an account was silent, it is tried again within five minutes.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: dict[str, int] = {}
        self._until: dict[str, float] = {}

    def rests(self, account: str) -> bool:
        """Say whether an account is left alone just now."""
        return self._until.get(account, 0.0) > self._clock.monotonic()

    @property
    def resting(self) -> frozenset[str]:
        """Give the accounts that are left alone just now."""
        return frozenset(filter(self.rests, self._until))

    def answered(self, account: str) -> None:
        """Note an answer, whatever it said."""
        self._failures.pop(account, None)
        self._until.pop(account, None)

    def failed(self, account: str, error: BaseException) -> None:
        """Note a look that came to nothing: where that is the account's own fault, it may rest."""
        is_refused = is_of_the_key(error)
        if not (is_refused or isinstance(error, Unavailable)):
            if isinstance(error, ProviderError) and not isinstance(error, OtherKeys):
                self.answered(account)
            return
        failures = self._failures.get(account, 0) + 1
        if is_refused:
            failures = max(failures, _GIVES_UP_AFTER)
        self._failures[account] = failures
        if failures >= _GIVES_UP_AFTER:
            wait_s = min(_LEAST_S * float(1 << min(failures - _GIVES_UP_AFTER, 4)), _MOST_S)
            self._until[account] = self._clock.monotonic() + wait_s


def is_of_the_key(error: BaseException) -> bool:
    """Say whether the account's keys were refused, for all that they are asked or for this."""
    return any(refused.is_of_the_key for refused in _refusals(error))


def is_for_all(error: BaseException) -> bool:
    """Say whether the keys are none any more, which says nothing of what was asked about.

    What they may not do (403) may be about this alone: it must not keep the others waiting.
    """
    return any(refused.status == _NO_SUCH_KEY for refused in _refusals(error))


def _refusals(error: BaseException) -> list[Rejected]:
    return [each for each in (error, error.__cause__) if isinstance(each, Rejected)]
