"""A bug that is planted into the till to see whether the days find it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch


@dataclass(frozen=True)
class Bug:
    """A guard taken out: `(owner, name, what stands there instead)` for each patch.

    `within` is in how many days, from the seed `first` on, it has to be found.
    """

    patches: tuple[tuple[Any, str, Any], ...]
    within: int = 150
    first: int = 0

    @property
    def seeds(self) -> range:
        return range(self.first, self.first + self.within)

    @contextmanager
    def planted(self) -> Iterator[None]:
        """Have the till run with the bug."""
        with ExitStack() as stack:
            for owner, name, instead in self.patches:
                stack.enter_context(patch.object(owner, name, instead))
            yield
