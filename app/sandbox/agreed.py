"""What a shop has agreed with its provider that money costs, and how a share of it is rounded."""

import json
from dataclasses import asdict, replace
from typing import Any, Generic, TypeVar

from app.sandbox.bench import Bench
from app.sandbox.books import JsonObject

T = TypeVar("T", bound=Any)


class Agreed(Generic[T]):
    """Terms that the books keep under a name; the usual ones until they are changed."""

    def __init__(self, name: str, usual: T) -> None:
        self._name = name
        self._usual = usual

    def now(self, bench: Bench) -> T:
        """Give the terms as they are."""
        kept = bench.books.fact(self._name)
        return self._usual if kept is None else replace(self._usual, **json.loads(kept))

    def change(self, bench: Bench, changes: JsonObject) -> T:
        """Change the terms for the money to come, in a transaction of its own."""
        changed = replace(self.now(bench), **changes)
        with bench.books.transaction():
            bench.books.set_fact(self._name, json.dumps(asdict(changed)))
        return changed


def share(amount: int, parts: int, of: int = 1000) -> int:
    """Give `parts` of `of` of an amount, rounded half to even."""
    whole, rest = divmod(amount * parts, of)
    return whole + (2 * rest > of or (2 * rest == of and whole % 2 == 1))
