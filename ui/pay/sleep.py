"""The computer slept and anything may have happened: first the code is asked about, then shown."""

from typing import Final

from app.events import Fact

SLEEP: Final = frozenset({"till.resumed", "till.made_sure"})
_ASKED: Final = "attempt.made_sure"


class Sleep:
    """Knows from facts whether an order's code is in doubt. `is_unsure` ends with a reading."""

    def __init__(self) -> None:
        self.is_unsure = False
        self._is_sure_again = False

    def hear(self, fact: Fact, order_id: str) -> bool:
        """Take note of a fact, and say whether the books are to be read again for it."""
        # The others may take longer; this one's own session was asked about.
        is_asked = fact.name == _ASKED and bool(order_id) and fact.order_id == order_id
        if not order_id or not (is_asked or fact.name in SLEEP):
            return False
        is_over = is_asked or fact.name == "till.made_sure"
        if is_over and not self.is_unsure:
            return False
        self.is_unsure, self._is_sure_again = True, is_over
        return True

    def read(self) -> None:
        """Take note that the books were read: what they say holds, once it was asked about."""
        if self._is_sure_again:
            self.is_unsure = self._is_sure_again = False
