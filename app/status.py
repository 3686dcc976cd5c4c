"""How the till stands with the world: what the status strip and the local API tell."""

from dataclasses import dataclass, replace
from datetime import datetime

from app.errors import ProviderError


@dataclass(frozen=True, slots=True)
class AccountHealth:
    """Whether an account's provider answers; `since` is when that last changed.

    `is_reachable` is None before the first exchange.
    """

    name: str
    is_reachable: bool | None = None
    since: datetime | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class TillStatus:
    """The till at one moment. `last_event_at` is when the last genuine webhook came in."""

    accounts: tuple[AccountHealth, ...] = ()
    webhook_address: str = ""
    last_event_at: datetime | None = None
    needs_person: int = 0


class Health:
    """Keeps, per account, whether its provider answered the last time it was asked."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._accounts = {name: AccountHealth(name) for name in names}

    @property
    def accounts(self) -> tuple[AccountHealth, ...]:
        """Give every account's health, in the order of the settings."""
        return tuple(self._accounts.values())

    def answered(self, name: str, at: datetime) -> None:
        """Note that the provider answered, whatever it said."""
        self._note(name, at, is_reachable=True, detail="")

    def failed(self, name: str, at: datetime, error: ProviderError) -> None:
        """Note that no usable answer came."""
        self._note(name, at, is_reachable=False, detail=error.words)

    def _note(self, name: str, at: datetime, *, is_reachable: bool, detail: str) -> None:
        before = self._accounts[name]
        since = before.since if before.is_reachable is is_reachable else at
        self._accounts[name] = replace(
            before, is_reachable=is_reachable, since=since, detail=detail
        )
