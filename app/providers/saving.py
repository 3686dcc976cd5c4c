"""What a provider that keeps cards can be asked beside the verbs of every strategy.

A set-up is a page on which a customer gives a card for later. No money moves: it is never an
observation of a payment, and no order waits for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from app.domain.delivery import Delivery
from app.domain.observation import Source


class SetupState(StrEnum):
    """How a set-up stands. `failed`: the page is done with, and no card was kept."""

    OPEN = "open"
    PROCESSING = "processing"
    SAVED = "saved"
    FAILED = "failed"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class SetupRequest:
    """What a set-up is to ask for.

    `reference` is ours, 10 to 45 characters of A-Z a-z 0-9 - _. `customer_id` is the provider's
    customer that the card is for; where it is empty a new one is made. `currency` is the one that
    the card will be charged in.
    """

    reference: str
    currency: str
    success_url: str
    cancel_url: str
    customer_id: str = ""


@dataclass(frozen=True, slots=True)
class OpenedSetup:
    """A set-up that exists: its page may be shown until `expires_at`.

    `url` is empty where there is no page, or one that is not the provider's own.
    """

    setup_id: str
    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SeenSetup:
    """One look at one set-up.

    `customer_id` and `method_id` are the provider's, and with what is known of the card they are
    there once it is saved. `brand` is the provider's word. `last4` are the last four digits of its
    number; month and year are those at whose end it expires, None where the provider does not say.
    `decline` is the provider's code for the newest card where that was refused, else empty.
    """

    source: Source
    provider: str
    provider_account: str
    live: bool
    reference: str
    setup_id: str
    state: SetupState
    observed_at: datetime
    customer_id: str = ""
    method_id: str = ""
    brand: str = ""
    last4: str = ""
    expiry_month: int | None = None
    expiry_year: int | None = None
    decline: str = ""

    @property
    def is_final(self) -> bool:
        """Say whether nothing more can come of it."""
        return self.state in (SetupState.SAVED, SetupState.FAILED, SetupState.EXPIRED)


@dataclass(frozen=True, slots=True)
class SetupNews:
    """An event that says something happened to a set-up; what, the next look tells.

    Either name may be empty, never both.
    """

    setup_id: str = ""
    reference: str = ""


@runtime_checkable
class SavesCards(Protocol):
    """A provider that keeps a customer's card for later."""

    async def prepare_setup(self, request: SetupRequest) -> dict[str, Any]:
        """Build the complete parameters of a set-up, plain JSON data, to be kept with the intent.

        May ask the provider's clock; has no effect there.
        """
        ...

    async def open_setup(self, parameters: Mapping[str, Any], *, key: str) -> OpenedSetup:
        """Create the set-up; under the same key it is the same one, however often."""
        ...

    async def fetch_setup(self, setup_id: str, *, source: Source) -> SeenSetup:
        """Look at a set-up."""
        ...

    async def close_setup(self, setup_id: str, *, key: str) -> SeenSetup:
        """Close a set-up so that nobody can give a card any more, and look at it again.

        A refusal by the provider is answered with what it is now: a card may have been kept.
        """
        ...

    def setup_told(self, delivery: Delivery) -> SetupNews | None:
        """Read which set-up a verified delivery tells of; None for none."""
        ...
