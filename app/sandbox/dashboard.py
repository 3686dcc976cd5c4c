"""What acts outside of an API: an owner at the provider's dashboard, and the banks.

Each provider has its own words for refunds and disputes; how an order is carried out is the same.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, Generic, TypeVar

from app.sandbox.bench import Bench
from app.sandbox.books import JsonObject
from app.sandbox.control_request import Refused, only, whole, whole_or_none, word
from app.sandbox.refusal import Refusal

LARGEST = 10**12
LONGEST_S = 10**9
_LATEST = 10**11

B = TypeVar("B", bound=Bench)
F = TypeVar("F", bound=Any)
T = TypeVar("T", bound=str)


class ActsOutside(ABC, Generic[B, F]):
    """Acts on all accounts' payments; `changed` is called after each commit.

    `F` is what becomes of a refund, with an outcome and a time.
    """

    def __init__(self, bench: B, catch_up: Callable[[], None], changed: Callable[[], None]) -> None:
        self._bench = bench
        self._catch_up = catch_up
        self._changed = changed

    def set_refunds(self, order: JsonObject) -> JsonObject:
        """Set what becomes of all refunds from now on; without `outcome` the provider's own way."""
        only(order, ("outcome", "after_s"))
        fate = self._fate(order)
        self._set_fates(fate)
        return {"outcome": None, "after_s": None} if fate is None else asdict(fate)

    @abstractmethod
    def _fate(self, order: JsonObject) -> F | None:
        """Read what is to become of a refund."""

    @abstractmethod
    def _set_fates(self, fate: F | None) -> None:
        """Have it become of all refunds."""

    @contextmanager
    def _acting(self) -> Iterator[None]:
        """Run an effect in one transaction; what the provider refuses is refused in its words."""
        try:
            with self._bench.books.transaction():
                yield
        except Refusal as refusal:
            raise Refused(self._said(refusal)) from refusal
        self._changed()

    def _said(self, refusal: Refusal) -> str:
        return refusal.message


def fate_in(order: JsonObject, outcomes: Sequence[T], usual_s: int) -> tuple[T, int] | None:
    """Read an outcome and the seconds until it; None where the order names none."""
    after_s = whole(order, "after_s", usual_s, 0, LONGEST_S)
    if order.get("outcome") is None:
        return None
    said = word(order, "outcome", "", outcomes)
    return next(known for known in outcomes if known == said), after_s


def amount_in(order: JsonObject) -> int | None:
    """Read how much it is about; None means all there is."""
    return whole_or_none(order, "amount_minor", 1, LARGEST)


def due_in(order: JsonObject) -> int | None:
    """Read by when a dispute is to be answered, in seconds since 1970."""
    return whole_or_none(order, "due_by", 0, _LATEST)
