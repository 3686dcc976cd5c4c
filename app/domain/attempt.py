"""An attempt: one provider session for one order, and the reference that ties the two together."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from app.domain.confirmation import BY_HAND
from app.domain.ids import ORDER_ID_LENGTH, TILL_ID_LENGTH
from app.domain.money import Money

MAX_REFERENCE: Final = 40
_REFERENCE: Final = re.compile(
    rf"(?P<till>[0-9a-z]{{{TILL_ID_LENGTH}}})-(?P<order>[0-9a-z]{{{ORDER_ID_LENGTH}}})"
    r"-(?P<attempt>[1-9][0-9]{0,4})"
)


class AttemptState(StrEnum):
    """Where a session stands. `unknown`: an answer was lost and is still being asked for."""

    CREATING = "creating"
    OPEN = "open"
    PROCESSING = "processing"
    PAID = "paid"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


_OVER: Final = frozenset({AttemptState.FAILED, AttemptState.EXPIRED, AttemptState.CANCELLED})

ATTEMPT_MOVES: Final[dict[AttemptState, frozenset[AttemptState]]] = {
    AttemptState.CREATING: frozenset(AttemptState) - {AttemptState.CREATING},
    AttemptState.OPEN: _OVER | {AttemptState.PROCESSING, AttemptState.PAID, AttemptState.UNKNOWN},
    AttemptState.PROCESSING: _OVER | {AttemptState.PAID},
    AttemptState.UNKNOWN: frozenset(AttemptState) - {AttemptState.UNKNOWN, AttemptState.CREATING},
    AttemptState.FAILED: frozenset({AttemptState.PAID}),
    AttemptState.EXPIRED: frozenset({AttemptState.PAID}),
    AttemptState.CANCELLED: frozenset({AttemptState.PAID}),
    AttemptState.PAID: frozenset(),
}
"""Which moves exist. News may come in any order: nothing leads back, and money always counts."""

LIVE: Final = frozenset(
    {
        AttemptState.CREATING,
        AttemptState.OPEN,
        AttemptState.PROCESSING,
        AttemptState.UNKNOWN,
    }
)
"""States in which money can still be expected."""


class CloseReason(StrEnum):
    """Why the till wants a session closed; it decides how the attempt and its order end."""

    CANCELLED = "cancelled"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"


class Reference(NamedTuple):
    """A reference taken apart: whose till, which order, which attempt."""

    till_id: str
    order_id: str
    attempt_number: int

    def __str__(self) -> str:
        return f"{self.till_id}-{self.order_id}-{self.attempt_number}"

    def key(self, operation: str) -> str:
        """Give the idempotency key of an operation on this attempt: 10 to 40 characters.

        The length is what every provider takes (Square's refund keys end at 45).
        """
        key = f"{self}-{operation}"
        if len(key) > MAX_REFERENCE:
            raise ValueError(f"the key {key!r} is longer than {MAX_REFERENCE} characters")
        return key

    @classmethod
    def parse(cls, text: str | None) -> "Reference | None":
        """Read a reference back, or give None for a text that no till of ours wrote."""
        match = _REFERENCE.fullmatch(text or "")
        if match is None:
            return None
        return cls(match["till"], match["order"], int(match["attempt"]))


@dataclass(frozen=True, slots=True)
class Attempt:
    """One session at a provider's `account`, asking for `amount` of one order.

    `deadline_at` is ours: when the QR is taken away. `close_reason` is set once the till wants
    the session closed, and stays. `is_final` says that no money can come by it any more.
    """

    id: int
    order_id: str
    number: int
    account: str
    provider: str
    provider_account: str
    live: bool
    reference: Reference
    amount: Money
    state: AttemptState
    version: int
    created_at: datetime
    deadline_at: datetime
    session_id: str | None = None
    url: str | None = None
    shown_at: datetime | None = None
    close_reason: CloseReason | None = None
    is_final: bool = False
    decline: str = ""

    @property
    def is_live(self) -> bool:
        """Say whether the attempt can still end in a payment as planned."""
        return self.state in LIVE

    def left_at(self, now: datetime) -> timedelta:
        """Say how long it has until its deadline, by the wall clock, which may be set any time.

        It may have been set back: no deadline is further away than it was made.
        """
        return min(self.deadline_at - now, self.deadline_at - self.created_at)

    @property
    def is_payable(self) -> bool:
        """Say whether its QR may be on a screen: open, not being closed."""
        return (
            self.state is AttemptState.OPEN and self.close_reason is None and self.url is not None
        )

    @property
    def is_by_hand(self) -> bool:
        """Say whether the operator takes the money, and nobody else can be asked about it."""
        return self.provider in BY_HAND

    @property
    def is_confirmable(self) -> bool:
        """Say whether the operator may confirm it: by hand, open, not being closed."""
        return self.is_by_hand and self.state is AttemptState.OPEN and self.close_reason is None
