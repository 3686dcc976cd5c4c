"""What was asked of the provider's API, kept in memory for tests to look at."""

from collections import deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from app.sandbox.books import JsonObject

_KEPT = 1_000


@dataclass
class Seen:
    """One API request; `status` is None where the connection was cut instead of answered."""

    method: str
    path: str
    query: str
    idempotency_key: str | None
    at: int
    account: str | None = None
    status: int | None = None
    replayed: bool = False


class Traffic:
    """The last requests, oldest first."""

    def __init__(self) -> None:
        self._seen: deque[Seen] = deque(maxlen=_KEPT)

    def note(self, seen: Seen) -> Seen:
        self._seen.append(seen)
        return seen

    def as_json(self) -> Iterable[JsonObject]:
        return [asdict(seen) for seen in self._seen]

    def clear(self) -> int:
        count = len(self._seen)
        self._seen.clear()
        return count
