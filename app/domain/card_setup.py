"""A card set-up: one page on which a customer gives a card for later; no order and no money."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from app.domain.ids import ORDER_ID_LENGTH, Ids

MAX_LABEL: Final = 100
"""Characters of what the operator calls the customer."""


class CardState(StrEnum):
    """Where a set-up stands. `unknown`: an answer was lost and is still being asked for."""

    CREATING = "creating"
    OPEN = "open"
    PROCESSING = "processing"
    SAVED = "saved"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


_OVER: Final = frozenset({CardState.FAILED, CardState.EXPIRED, CardState.CANCELLED})
_ENDS: Final = _OVER | {CardState.SAVED}

CARD_MOVES: Final[dict[CardState, frozenset[CardState]]] = {
    CardState.CREATING: _ENDS | {CardState.OPEN, CardState.PROCESSING, CardState.UNKNOWN},
    CardState.OPEN: _ENDS | {CardState.PROCESSING, CardState.UNKNOWN},
    CardState.PROCESSING: _ENDS,
    CardState.UNKNOWN: _ENDS | {CardState.OPEN, CardState.PROCESSING},
    CardState.FAILED: frozenset({CardState.SAVED}),
    CardState.EXPIRED: frozenset({CardState.SAVED}),
    CardState.CANCELLED: frozenset({CardState.SAVED}),
    CardState.SAVED: frozenset(),
}
"""Which moves exist. News may come in any order: nothing leads back, and a kept card counts."""

UNFINISHED: Final = frozenset(CardState) - _ENDS
"""States in which a card can still be expected."""


class CardClosing(StrEnum):
    """Why the till wants a set-up closed; it decides how it ends."""

    CANCELLED = "cancelled"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class KeptCard:
    """What is known of a card that was kept: the provider's ids, its brand and last digits.

    Month and year are those at whose end it expires, None where the provider does not say.
    """

    customer_id: str
    method_id: str
    brand: str = ""
    last4: str = ""
    expiry_month: int | None = None
    expiry_year: int | None = None

    def __str__(self) -> str:
        words = [self.brand.capitalize()] if self.brand else []
        words += [f"···· {self.last4}"] if self.last4 else []
        if self.expiry_month is None or self.expiry_year is None:
            return " ".join(words)
        until = f"{self.expiry_month:02}/{self.expiry_year % 100:02}"
        return ", ".join(filter(None, (" ".join(words), until)))


@dataclass(frozen=True, slots=True)
class CardSetup:
    """One set-up at a provider's `account`.

    `label` is what the operator calls the customer, who `asked_by` wanted it. `deadline_at` is
    ours: when the code is taken away. `close_reason` is set once the till wants it closed, and
    stays. `heard` counts the news of it that nobody has looked at yet. `decline` is the provider's
    code for the newest card where that was refused.
    """

    id: int
    reference: str
    account: str
    provider: str
    provider_account: str
    live: bool
    label: str
    asked_by: str
    state: CardState
    version: int
    created_at: datetime
    deadline_at: datetime
    setup_id: str = ""
    url: str = ""
    shown_at: datetime | None = None
    close_reason: CardClosing | None = None
    heard: int = 0
    looked_at: datetime | None = None
    saved_at: datetime | None = None
    decline: str = ""
    card: KeptCard | None = None

    @property
    def is_unfinished(self) -> bool:
        """Say whether a card can still be expected."""
        return self.state in UNFINISHED

    @property
    def is_open(self) -> bool:
        """Say whether its code may be on a screen: open, with a page, and not being closed."""
        return self.state is CardState.OPEN and bool(self.url) and self.close_reason is None

    @property
    def is_closing(self) -> bool:
        """Say whether it is still to be closed; one in processing can only be waited for."""
        is_waited_for = self.state is CardState.PROCESSING
        return self.close_reason is not None and self.is_unfinished and not is_waited_for

    def left_at(self, now: datetime) -> timedelta:
        """Say how long it has until its deadline, by the wall clock, which may be set any time.

        It may have been set back: no deadline is further away than it was made.
        """
        return min(self.deadline_at - now, self.deadline_at - self.created_at)

    def key(self, operation: str) -> str:
        """Give the idempotency key of an operation on it: at most 40 characters."""
        return f"{self.reference}-{operation}"


def card_reference(till_id: str, ids: Ids) -> str:
    """Draw a reference for a new set-up; none of an order reads like it."""
    return f"{till_id}-card-{ids.new(ORDER_ID_LENGTH)}"
