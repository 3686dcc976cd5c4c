"""What the counter's and the customer's screens show: codes, and PAID."""

from collections.abc import Callable

from app.domain.attempt import Attempt
from app.events import Fact
from app.store.attempts import find_attempt
from tests.simulation.banks import Banks
from tests.simulation.machine import Machine


class Screen:
    """Follows the books' facts as the window does. `codes` are visible now, by attempt.

    What was ever shown stays in the phones of those who scanned it.
    """

    def __init__(self, machine: Machine, bank: Banks, on_paid: Callable[[str], None]) -> None:
        self.codes: dict[int, Attempt] = {}
        self.changes = 0
        self.faults: list[str] = []
        self._away: list[Attempt] | None = None
        self._over: set[str] = set()
        self._scanned: dict[str, list[Attempt]] = {}
        self._machine = machine
        self._bank = bank
        self._on_paid = on_paid

    def show(self, attempt: Attempt) -> None:
        """Show a code, unless the books have changed their mind since."""
        self._scanned.setdefault(attempt.order_id, []).append(attempt)
        self.codes[attempt.id] = attempt
        self._look_again(attempt.id)

    def hide_order(self, order_id: str) -> None:
        for attempt in list(self.codes.values()):
            if attempt.order_id == order_id:
                del self.codes[attempt.id]

    def go_dark(self) -> None:
        self.codes.clear()
        self._away = None

    def shown_of(self, order_id: str) -> list[Attempt]:
        """Give what was ever shown for an order, oldest first."""
        return self._scanned.get(order_id, [])

    def last_of(self, order_id: str) -> Attempt | None:
        shown = self.shown_of(order_id)
        return shown[-1] if shown else None

    def on_fact(self, fact: Fact) -> None:
        if fact.name == "order.paid":
            self.hide_order(fact.order_id)
            self._on_paid(fact.order_id)
        elif fact.name == "till.resumed" and self._away is None:
            self._away = list(self.codes.values())
            self._over = self._bank.over()
            self.codes.clear()
        elif fact.name == "till.made_sure" and self._away is not None:
            away, self._away = self._away, None
            for attempt in away:
                self._show_again(attempt)
        elif fact.attempt_id in self.codes:
            self._look_again(fact.attempt_id)

    def tick(self) -> None:
        """Look at the clock: what is past its deadline leaves the screen."""
        if self.codes:
            now = self._machine.clock.now()
            for attempt in list(self.codes.values()):
                if attempt.deadline_at <= now:
                    del self.codes[attempt.id]

    def _show_again(self, attempt: Attempt) -> None:
        """Show a code again after the computer slept; what was over by then must be known."""
        self.codes.setdefault(attempt.id, attempt)
        self._look_again(attempt.id)
        if attempt.id in self.codes and attempt.session_id in self._over:
            self.faults.append("a code is shown again whose session was over after the sleep")

    def _look_again(self, attempt_id: int | None) -> None:
        self.changes += 1
        assert attempt_id is not None
        found = find_attempt(self._machine.store.connection, attempt_id)
        if found is None or not found.is_payable:
            del self.codes[attempt_id]
        else:
            self.codes[attempt_id] = found
