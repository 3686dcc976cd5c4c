"""What happens on the way: each step when it happened, and the one that did not."""

import time
from dataclasses import dataclass, field


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
