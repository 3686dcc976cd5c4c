"""What the books said of a payment: the newest reading of its order and of its attempt."""

import math

from app.clock import Clock
from app.domain.attempt import Attempt
from app.domain.order import Order
from app.domain.renewal import Agreed, agreed_of
from app.orders import OrderDetail
from ui.pay.news import newest


class Known:
    """Keeps the newest of what is read, in whatever order it comes.

    `ends_at` is the attempt's deadline in seconds of `Clock.elapsed`, which nobody can set.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.order: Order | None = None
        self.attempt: Attempt | None = None
        self.ends_at = math.inf
        self.has_money_waiting = False

    @property
    def recurring(self) -> Agreed | None:
        """Give what the order agrees to for each interval to come, if it does."""
        return None if self.order is None else agreed_of(self.order.snapshot)

    def take_detail(self, detail: OrderDetail) -> None:
        """Take an order with all its attempts."""
        self.take_order(detail.order)
        self.has_money_waiting = any(
            entry.payment_id and entry.resolved_at is None for entry in detail.exceptions
        )
        for attempt in sorted(detail.attempts, key=lambda one: one.number):
            self.take_attempt(attempt)

    def take_order(self, order: Order) -> None:
        """Take a reading of the order, unless a newer one is known."""
        if self.order is None or order.version >= self.order.version:
            self.order = order

    def take_attempt(self, attempt: Attempt) -> None:
        """Take a reading of an attempt, unless a newer one, or a later attempt, is known."""
        known = self.attempt
        if not newest(known, attempt):
            return
        self.attempt = attempt
        if known is None or (known.id, known.deadline_at) != (attempt.id, attempt.deadline_at):
            # Once: the wall clock may be set while the code is shown.
            left = attempt.left_at(self._clock.now())
            self.ends_at = self._clock.elapsed() + left.total_seconds()
