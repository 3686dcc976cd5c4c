"""What is known of a kind of account before one is set up: its keys, and how it is built."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx

from app.clock import Clock
from app.domain.cash import CashSteps
from app.errors import Message
from app.providers.budget import RequestBudget
from app.providers.strategy import PaymentStrategy


@dataclass(frozen=True, slots=True)
class KeyField:
    """One of an account's keys: `variables` are the environment's names for it, the proper first.

    `may_be_two` says that an old and a new one may stand there, parted by a comma. `prefixes` are
    how it begins, where the provider's all begin alike. One that begins with any of `live_prefixes`
    moves real money for certain, and with any of `test_prefixes` none.
    """

    name: str
    label: Message
    variables: tuple[str, ...]
    is_needed: bool = True
    may_be_two: bool = False
    prefixes: tuple[str, ...] = ()
    live_prefixes: tuple[str, ...] = ()
    test_prefixes: tuple[str, ...] = ()

    def is_live(self, value: str) -> bool | None:
        """Say whether a key by itself is known to move real money, None where it does not say."""
        if self.live_prefixes and value.startswith(self.live_prefixes):
            return True
        if self.test_prefixes and value.startswith(self.test_prefixes):
            return False
        return None

    def prefix_of(self, value: str) -> str:
        """Give how a key begins, as far as all of its sort do; the rest of it is secret."""
        known = (*self.live_prefixes, *self.test_prefixes, *self.prefixes)
        return max((each for each in known if value.startswith(each)), key=len, default="")


@dataclass(frozen=True, slots=True)
class AccountSetup:
    """Everything an account is built from.

    `keys` are its keys by name; what is not needed may be missing. `api_base` is empty where the
    provider's own is meant, `page_host` a domain of the owner's that replaces the provider's, and
    `script_url` the script that a page of the till's own loads from a double of the provider's.
    `webhook_urls` are the addresses at which the world reaches the account's webhooks.
    `round_to` are the coins that cash is rounded to.
    """

    name: str
    keys: Mapping[str, str] = field(repr=False)
    clock: Clock
    is_live: bool = False
    api_base: str = ""
    page_host: str = ""
    webhook_urls: tuple[str, ...] = ()
    script_url: str = ""
    transport: httpx.AsyncBaseTransport | None = None
    budget: RequestBudget | None = None
    round_to: CashSteps = field(default_factory=CashSteps)

    def both(self, key: str) -> tuple[str, ...]:
        """Give the old and the new of a key that is being changed, or the one there is."""
        return tuple(filter(None, (part.strip() for part in self.keys.get(key, "").split(","))))


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of account. `provider` is whose it is: kinds of one provider share its keys.

    `base_variable` names the API's address in the environment. `is_live` reads from the keys
    whether they move real money, None where they do not say; `live_hint` and `test_hint` say how
    the right ones look.
    """

    name: str
    provider: str
    label: Message
    fields: tuple[KeyField, ...]
    build: Callable[[AccountSetup], PaymentStrategy]
    base_variable: str = ""
    is_live: Callable[[Mapping[str, str]], bool | None] = lambda keys: None
    live_hint: str = ""
    test_hint: str = ""

    @property
    def is_by_hand(self) -> bool:
        """Say whether the operator takes the money, so that there is neither key nor address."""
        return not self.fields
