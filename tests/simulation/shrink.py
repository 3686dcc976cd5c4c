"""From a day that fails to the shortest one that fails likewise, and its story."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from tests.simulation.day import Lived, live

_MOST_TRIES: Final = 400
_MOST_LINES: Final = 200
Again = Callable[[int, Sequence[str]], Lived]


def kind_of(violation: str) -> str:
    """Say what was violated, without the names and numbers of one day."""
    first = violation.partition(";")[0]
    return re.sub(r"\b[a-z0-9]{6}-[a-z0-9]{12}-\d+\b|\bf[a-z]_\S+|\d+", "#", first)


def shrunk(lived: Lived, *, again: Again = live, most_tries: int = _MOST_TRIES) -> Lived:
    """Leave out decisions, by halves and then one by one, as long as the day fails likewise."""
    best, tries = lived, 0
    wanted = kind_of(lived.violation)
    parts = 2
    while True:
        names = list(best.plan.happened)
        size = max(1, len(names) // parts)
        for start in range(0, len(names), size):
            tries += 1
            rest = names[:start] + names[start + size :]
            tried = again(best.plan.seed, rest)
            if kind_of(tried.violation) == wanted:
                best, parts = tried, max(2, parts - 1)
                break
            if tries >= most_tries:
                return best
        else:
            if size == 1:
                return best
            parts = min(len(names), parts * 2)


def story(lived: Lived) -> str:
    """Tell a failing day: what was decided, what happened, what broke, and how to replay it."""
    decided = [f"  {code:>9}  {told}" for code, told in lived.plan.happened.items()]
    told = lived.log
    if len(told) > _MOST_LINES:
        told = [f"  ... {len(told) - _MOST_LINES} lines before", *told[-_MOST_LINES:]]
    return "\n".join(
        [
            f"Day {lived.plan.seed}: {lived.violation}",
            f"with these {len(decided)} decisions:",
            *decided,
            "it went:",
            *told,
            *([lived.trace.rstrip()] if lived.trace else []),
            "To live it again:",
            f"  {command(lived)}",
        ]
    )


def command(lived: Lived) -> str:
    """Give the command that replays a day."""
    only = "" if lived.plan.only is None else f" --only {','.join(lived.plan.happened)}"
    return f"python -m tests.simulation --seed {lived.plan.seed}{only}"
