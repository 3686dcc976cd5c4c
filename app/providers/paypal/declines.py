"""What was declined lately, so that PayPal's word for it is not taken for a new approval."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from app.clock import Clock
from app.domain.observation import Observation, SessionState

CUSTOMERS_TURN: Final = {
    "PAYER_ACTION_REQUIRED": "",
    **{
        issue: issue.lower()
        for issue in (
            "INSTRUMENT_DECLINED",
            "PAYER_CANNOT_PAY",
            "REDIRECT_PAYER_FOR_ALTERNATE_FUNDING",
            "TRANSACTION_REFUSED",
        )
    },
}
"""Answers to a capture after which the customer has to choose anew; empty is no decline."""

_DECLINED_FOR_S: Final = 30.0
_REMEMBERED: Final = 256


class Declines:
    """Remembers the approvals that came to nothing: PayPal goes on calling them approvals.

    Those of orders and of subscriptions alike; `order` stands for either.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._declined: OrderedDict[str, tuple[str, float, str]] = OrderedDict()

    def add(self, seen: Observation, order: Mapping[str, Any], issue: str) -> Observation:
        """Say that it came to nothing for now, with PayPal's word for why, and remember that."""
        if seen.state not in (SessionState.OPEN, SessionState.APPROVED):
            return seen
        decline = CUSTOMERS_TURN.get(issue, issue.lower())
        until = self._clock.monotonic() + _DECLINED_FOR_S
        self._declined[seen.session_id] = (_approval_in(order), until, decline)
        self._declined.move_to_end(seen.session_id)
        if len(self._declined) > _REMEMBERED:
            self._declined.popitem(last=False)
        return replace(seen, state=SessionState.OPEN, decline=decline)

    def unless_declined(self, seen: Observation, order: Mapping[str, Any]) -> Observation:
        """Take an approval that was declined for none.

        After half a minute it is tried again: the customer may have mended what was amiss without
        any trace of it in the order.
        """
        approval, until, decline = self._declined.get(seen.session_id, ("", 0.0, ""))
        if approval == _approval_in(order) and self._clock.monotonic() < until:
            return replace(seen, state=SessionState.OPEN, decline=decline)
        return seen


def _approval_in(order: Mapping[str, Any]) -> str:
    """Give what tells one approval of an order from the next, as far as PayPal shows it."""
    shown = (order.get("update_time"), order.get("payer"), order.get("payment_source"))
    return repr(shown)
