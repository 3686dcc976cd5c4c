"""A webhook delivery that was verified: what the public door hands to the books."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Delivery:
    """A genuine event of a provider. `body` is what was signed, byte for byte.

    `account` is our name for the account whose secret verified it; `provider_account` the
    provider's own; `live` is real money.
    """

    account: str
    provider: str
    provider_account: str
    live: bool
    event_id: str
    event_type: str
    body: bytes
