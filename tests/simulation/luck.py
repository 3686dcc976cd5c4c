"""What befalls a provider by itself: drawn by name, at times that come by themselves."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.simulation.plan import Plan


@dataclass(frozen=True, slots=True)
class Luck:
    """`after` has something done so many seconds later; `name` names what bears a reference.

    Once `is_calm` says so, nothing befalls anybody any more. `tell` logs a line.
    """

    plan: Plan
    after: Callable[[float, Callable[[], None]], None]
    is_calm: Callable[[], bool]
    name: Callable[[str], str]
    tell: Callable[[str, str], None]

    def befalls(self, what: str, told: str, likely: float) -> bool:
        """Draw whether something happens, by a name that is its own."""
        if self.is_calm() or self.plan.chance(what) >= likely:
            return False
        if not self.plan.may(what, told):
            return False
        self.tell("provider", told)
        return True
