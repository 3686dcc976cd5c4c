"""How often the public pages may be asked for: buckets that fill by the second."""

from collections import OrderedDict
from typing import Final

from app.clock import Clock

_MOST_KNOWN: Final = 1_000


class Bucket:
    """Lets `most` through at once and `per_second` after that."""

    def __init__(self, clock: Clock, *, per_second: float, most: float) -> None:
        self._clock = clock
        self._per_second = per_second
        self._most = most
        self._left = most
        self._at = clock.monotonic()

    def take(self) -> bool:
        """Take one out, or say that there is none."""
        now = self._clock.monotonic()
        self._left = min(self._most, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Buckets:
    """A bucket for each of the names asked for last; one that was forgotten is full again."""

    def __init__(self, clock: Clock, *, per_second: float, most: float) -> None:
        self._clock = clock
        self._per_second = per_second
        self._most = most
        self._known: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, name: str) -> bool:
        """Take one out of a name's bucket, or say that there is none."""
        bucket = self._known.pop(name, None)
        if bucket is None:
            bucket = Bucket(self._clock, per_second=self._per_second, most=self._most)
        self._known[name] = bucket
        while len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)
        return bucket.take()
