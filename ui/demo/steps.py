"""What happens on the way: each step when it happened, and the one that did not."""

import sqlite3
import time
from dataclasses import dataclass, field
from datetime import datetime


class StepFailed(Exception):
    """A step of the journey did not happen; the message says which."""


@dataclass(slots=True)
class Timeline:
    """What happened when, in milliseconds since the journey began."""

    began: float = field(default_factory=time.perf_counter)
    entries: list[tuple[float, str]] = field(default_factory=list)

    def note(self, words: str) -> float:
        """Note that something has happened now, and say so."""
        at = (time.perf_counter() - self.began) * 1000
        self.entries.append((at, words))
        print(f"{at:8.0f} ms  {words}", flush=True)
        return at


def first_received(db: sqlite3.Connection, since: datetime) -> datetime | None:
    """Give when the first delivery came that was received since then, None for none."""
    times = (datetime.fromisoformat(row[0]) for row in db.execute("SELECT received_at FROM inbox"))
    return min((at for at in times if at >= since), default=None)
