"""What all parts of a simulated provider work with, and the request that they work for."""

from collections.abc import Callable
from dataclasses import dataclass, field

from app.sandbox.books import Books, JsonObject, Record
from app.sandbox.clock import SandboxClock
from app.sandbox.deliveries import Queue
from app.sandbox.ids import Ids


@dataclass(frozen=True)
class Cause:
    """The API request that brought something about; nothing where a customer or time did."""

    request_id: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True)
class Bench:
    """Books, time, ids and outgoing notices, handed to every part.

    `origin` is where its pages are now, `home` where its API is: they differ while phones on the
    shop's network may come.
    """

    books: Books
    clock: SandboxClock
    ids: Ids
    queue: Queue
    origin: Callable[[], str]
    home: Callable[[], str]
    shop_name: str

    def now(self) -> int:
        return self.clock.now()

    def way_back(self, url: str | None) -> str | None:
        """An address of the simulator's own as a path: a phone stays at the address it came by."""
        home = f"{self.home()}/"
        return url.removeprefix(home[:-1]) if url is not None and url.startswith(home) else url

    def new_id(self, kind: str, prefix: str, length: int) -> str:
        """An id that no object of this kind has; a seed that is used twice may repeat itself."""
        while True:
            id = self.ids(prefix, length)
            if not self.books.exists(kind, id):
                return id

    def add(
        self, account: str, kind: str, body: JsonObject, private: JsonObject | None = None
    ) -> Record:
        record = Record(kind, body["id"], account, body["created"], body, private or {})
        self.books.add(record)
        return record


@dataclass(frozen=True)
class Call:
    """One authenticated API request: whose it is, which path, and the ids in that path."""

    account: str
    path: str
    ids: tuple[str, ...] = ()
    cause: Cause = field(default_factory=Cause)

    @property
    def id(self) -> str:
        return self.ids[0]

    @property
    def digest(self) -> str:
        """Tells requests apart that bear the same idempotency key."""
        raise NotImplementedError
