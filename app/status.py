"""How the till stands with the world: what the status strip and the local API tell."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from app.breaker import Standing
from app.domain.reconciliation import Report
from app.errors import Message, ProviderError, Rejected, StoreError

CLOCK_WRONG_S: Final = 120.0
"""From when on the computer's clock is called wrong: webhooks are refused at five minutes."""


@dataclass(frozen=True, slots=True)
class AccountHealth:
    """Whether an account's provider answers; `since` is when that last changed.

    `is_reachable` is None before the first exchange. `is_refused` says that the provider answers
    and does not take the till's keys; since then it is not reachable, either. `standing` is what
    the router makes of it. `is_by_hand` says that there is no provider to answer.
    """

    name: str
    is_reachable: bool | None = None
    since: datetime | None = None
    detail: str = ""
    is_refused: bool = False
    standing: Standing = Standing.WELL
    is_by_hand: bool = False


@dataclass(frozen=True, slots=True)
class BackupState:
    """When the newest verified backup was made, and why the last try since then failed, if so."""

    made_at: datetime | None = None
    problem: StoreError | None = None


@dataclass(frozen=True, slots=True)
class BooksState:
    """How the till's own books stand.

    `trouble` is what keeps them from being written, so that nothing is sold. `must_reconcile` says
    that they were restored and not compared with the providers since.
    """

    trouble: StoreError | None = None
    must_reconcile: bool = False
    backup: BackupState = BackupState()


@dataclass(frozen=True, slots=True)
class TillStatus:
    """The till at one moment. `last_event_at` is when the last genuine webhook came in.

    `clock_off_s` is how far this computer's clock is ahead of the provider's, None while no
    provider told its own. While `is_making_sure` the computer has just slept, and codes are asked
    about before they are shown again. `reconciled` is the newest reconciliation. `exposed_keys`
    says which files with keys other users of the computer can read, if there are any.
    """

    accounts: tuple[AccountHealth, ...] = ()
    webhook_address: str = ""
    last_event_at: datetime | None = None
    needs_person: int = 0
    books: BooksState = BooksState()
    clock_off_s: float | None = None
    is_making_sure: bool = False
    reconciled: Report | None = None
    exposed_keys: Message | None = None

    @property
    def clock_wrong_min(self) -> int:
        """Give by how many minutes the computer's clock is ahead, or behind; 0 while that is fine.

        The providers' clocks are taken for right.
        """
        off_s = self.clock_off_s or 0.0
        return round(off_s / 60) if abs(off_s) >= CLOCK_WRONG_S else 0


@dataclass(frozen=True, slots=True)
class PhonesState:
    """Whether phones on the shop's network may pay in training.

    `address` is where they reach the customer's pages; it is empty while they cannot, and then
    `problem` says why, if they are allowed.
    """

    is_allowed: bool = False
    address: str = ""
    problem: str = ""


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

    def failed(self, name: str, at: datetime, error: ProviderError) -> bool:
        """Note that no usable answer came; say whether it is news that the keys are refused."""
        was_refused = self._accounts[name].is_refused
        is_refused = isinstance(error, Rejected) and error.is_of_the_key
        self._note(name, at, is_reachable=False, detail=error.words, is_refused=is_refused)
        return is_refused and not was_refused

    def _note(
        self, name: str, at: datetime, *, is_reachable: bool, detail: str, is_refused: bool = False
    ) -> None:
        before = self._accounts[name]
        is_same = (before.is_reachable, before.is_refused) == (is_reachable, is_refused)
        self._accounts[name] = replace(
            before,
            is_reachable=is_reachable,
            since=before.since if is_same else at,
            detail=detail,
            is_refused=is_refused,
        )
