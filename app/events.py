"""Facts that happened, and the bus that tells of them after their commit.

A fact is a row of the journal. The bus is a courtesy: whoever misses a fact finds it in the store.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Fact:
    """One journal row: `name` in the past tense ("order.paid"), told in the order of `seq`.

    `order_id` is empty for what belongs to no order; `data` is plain JSON data, in
    which a text for a person may be a `Message`.
    """

    seq: int
    at: datetime
    name: str
    order_id: str = ""
    attempt_id: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


Listener = Callable[[Fact], None]


class Bus:
    """Tells listeners of facts, on whichever thread publishes; a listener hands over itself.

    A listener that raises is logged and does not keep the others from hearing.
    """

    def __init__(self) -> None:
        self._listeners: tuple[Listener, ...] = ()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Have `listener` called for every fact from now on; call the result to stop that."""
        self._listeners = (*self._listeners, listener)

        def unsubscribe() -> None:
            self._listeners = tuple(kept for kept in self._listeners if kept is not listener)

        return unsubscribe

    def publish(self, facts: Iterable[Fact]) -> None:
        """Tell of facts whose transaction has been committed."""
        for fact in facts:
            for listener in self._listeners:
                try:
                    listener(fact)
                except Exception:  # noqa: BLE001 - logged; one deaf listener must not gag the rest
                    _log.exception("a listener failed on %s", fact.name)
