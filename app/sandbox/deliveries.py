"""Notices on their way to webhook endpoints: the queue in the books.

A delivery is queued in the transaction of the effect it tells of. It is sent at least once:
again after a restart, and again by schedule until a 2xx. What is said, and how it is signed,
is the provider's business (`Postman`); `courier` carries it.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from app.sandbox.books import Books, JsonObject
from app.sandbox.clock import SandboxClock

_SCHEMA = """
CREATE TABLE IF NOT EXISTS deliveries (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    event       TEXT NOT NULL,
    endpoint    TEXT NOT NULL,
    state       TEXT NOT NULL,
    tries       INTEGER NOT NULL,
    due_at_ms   INTEGER NOT NULL,
    last_status INTEGER
);
CREATE INDEX IF NOT EXISTS deliveries_pending ON deliveries (due_at_ms) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS deliveries_of_event ON deliveries (event);
"""
_SELECT_PENDING = "SELECT seq, event, endpoint, tries FROM deliveries WHERE state = 'pending'"


_MINUTE, _HOUR = 60, 3600
SANDBOX = (_MINUTE, _HOUR)
LIVE = (5 * _MINUTE, 30 * _MINUTE, 2 * _HOUR, 5 * _HOUR, 10 * _HOUR, *(12 * _HOUR,) * 4)
SCHEDULES = {"sandbox": SANDBOX, "live": LIVE}
"""docs.stripe.com/webhooks, "Retry behavior"; live tries end within three days."""


@dataclass(frozen=True, kw_only=True)
class RetrySchedule:
    """The pauses after a failed try, and by how much they are shortened.

    Stripe's own are `SANDBOX` (three tries in all) and `LIVE` (for three days). Spread adds up to
    a tenth at random.
    """

    pauses_s: Sequence[int] = SANDBOX
    speed_up: int = 60
    timeout_s: float = 10.0

    def pause_ms(
        self, tries: int, chance: random.Random, pauses_s: Sequence[int] | None = None
    ) -> int | None:
        """How long to wait after so many tries; None when there will be no other.

        `pauses_s` are those of a provider that has its own.
        """
        pauses_s = self.pauses_s if pauses_s is None else pauses_s
        if tries > len(pauses_s):
            return None
        pause_ms = pauses_s[tries - 1] * 1000 // max(1, self.speed_up)
        return pause_ms + chance.randint(0, pause_ms // 10)


@dataclass(frozen=True)
class Letter:
    """One signed notice, ready to be posted.

    `pauses_s` are the provider's own pauses after failed tries, `timeout_s` how long it waits for
    an answer; None means as the schedule has it.
    """

    url: str
    headers: dict[str, str]
    body: bytes
    pauses_s: Sequence[int] | None = None
    timeout_s: float | None = None


class Postman(Protocol):
    """The provider's part: what a delivery says, signed for this moment.

    None when the endpoint is gone or switched off.
    """

    def letter(
        self, event: str, endpoint: str, age_s: int = 0, changes: JsonObject | None = None
    ) -> Letter | None:
        """Signed as if it were `age_s` old; `changes` falsify what a genuine event says."""
        ...

    def endpoints(self, event: str) -> list[str]:
        """The enabled endpoints that want to hear of this event."""
        ...

    def knows(self, event: str) -> bool:
        """Whether there is such an event."""
        ...


@dataclass(frozen=True)
class Delivery:
    """One event for one endpoint."""

    seq: int
    event: str
    endpoint: str
    tries: int


class Queue:
    """The deliveries in the books; the caller owns the transaction."""

    def __init__(self, books: Books, clock: SandboxClock) -> None:
        self._books = books
        self._clock = clock
        books.define(_SCHEMA)

    def add(self, event: str, endpoint: str) -> None:
        self._books.connection.execute(
            "INSERT INTO deliveries (event, endpoint, state, tries, due_at_ms)"
            " VALUES (?, ?, 'pending', 0, ?)",
            (event, endpoint, self.now_ms()),
        )

    def due(self, most: int) -> list[Delivery]:
        """What is to be sent by now, the longest due first."""
        return self._select(
            "AND due_at_ms <= ? ORDER BY due_at_ms, seq LIMIT ?", self.now_ms(), most
        )

    def pending(self) -> list[Delivery]:
        """All that is still to be sent, in the order of the events."""
        return self._select("ORDER BY seq")

    def count(self) -> int:
        row = self._books.connection.execute(
            "SELECT COUNT(*) FROM deliveries WHERE state = 'pending'"
        ).fetchone()
        return int(row[0])

    def conclude(self, delivery: Delivery, state: str, status: int | None) -> None:
        self._books.connection.execute(
            "UPDATE deliveries SET state = ?, tries = ?, last_status = ? WHERE seq = ?",
            (state, delivery.tries + 1, status, delivery.seq),
        )

    def postpone(self, delivery: Delivery, pause_ms: int, status: int | None) -> None:
        self._books.connection.execute(
            "UPDATE deliveries SET tries = ?, last_status = ?, due_at_ms = ? WHERE seq = ?",
            (delivery.tries + 1, status, self.now_ms() + pause_ms, delivery.seq),
        )

    def open_for(self, event: str) -> int:
        """How many endpoints have not taken this event yet and are still tried."""
        row = self._books.connection.execute(
            "SELECT COUNT(*) FROM deliveries WHERE event = ? AND state = 'pending'", (event,)
        ).fetchone()
        return int(row[0])

    def _select(self, condition: str, *values: int) -> list[Delivery]:
        statement = " ".join([_SELECT_PENDING, condition])
        return [Delivery(*row) for row in self._books.connection.execute(statement, values)]

    def now_ms(self) -> int:
        return int(self._clock.precise() * 1000)
