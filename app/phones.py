"""The customer's phone in training: whether phones on the shop's network may pay, and where.

The built-in simulator has a door on that network for the customer's pages alone. While it is open
the simulator names its pages there; the books take up the new address of a code that is out, and
the screens follow the books, so that a code that is seen is always the one that is written down.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Final, Protocol

from app.domain.attempt import Attempt, AttemptState
from app.errors import Message, ProviderError, StoreError
from app.providers.pages import origin_of
from app.providers.strategy import MovesPages
from app.status import PhonesState
from app.store import Store, Transaction
from app.store.attempts import find_attempt, mark_attempt, watched_attempts

LOOK_S: Final = 2.0
"""How often the network is looked at while phones are allowed, in seconds."""

_SEEN_NOW_OR_LATER: Final = frozenset(
    {AttemptState.CREATING, AttemptState.OPEN, AttemptState.UNKNOWN}
)

_log = logging.getLogger(__name__)


class Door(Protocol):
    """The simulator's door on the network."""

    async def is_wanted(self) -> bool: ...

    async def want(self, *, wanted: bool) -> None: ...

    async def open(self, address: str) -> str: ...

    async def close(self) -> None: ...


class Phones:
    """Lets phones in, keeps to the network as it changes, and takes codes along.

    `home` is the simulator's own origin. `address` finds this computer's on the shop's network, or
    nothing. All verbs run on the till's loop.
    """

    def __init__(
        self,
        door: Door,
        home: str,
        accounts: Mapping[str, MovesPages],
        store: Store,
        *,
        address: Callable[[], str],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._door = door
        self._home = origin_of(home)
        self._accounts = accounts
        self._store = store
        self._find_address = address
        self._sleep = sleep
        self._state = self._told = PhonesState()
        self._opened_at = self._origin = ""
        self._is_settled = False
        self._busy = asyncio.Lock()
        self._listeners: list[Callable[[PhonesState], None]] = []
        self._task: asyncio.Task[None] | None = None

    @property
    def state(self) -> PhonesState:
        """Give how it stands, without waiting."""
        return self._state

    def subscribe(self, listener: Callable[[PhonesState], None]) -> Callable[[], None]:
        """Have `listener` called after each change; call the result to stop."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def start(self) -> None:
        """Stand as it was left the last time, then look after it."""
        self._state = PhonesState(is_allowed=await self._door.is_wanted())
        await self._look_whatever_happens()
        self._task = asyncio.create_task(self._watch(), name="phones")

    async def stop(self) -> None:
        """Look after it no more; the door closes with the simulator."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def allow(self) -> None:
        """Let phones in from now on, after a restart too.

        Raises StoreError where that cannot be written down.
        """
        await self._wish(is_allowed=True)

    async def forbid(self) -> None:
        """Close the door and lead codes back to this computer."""
        await self._wish(is_allowed=False)

    async def _wish(self, *, is_allowed: bool) -> None:
        try:
            await self._door.want(wanted=is_allowed)
            self._state = PhonesState(is_allowed, self._state.address, self._state.problem)
            await self._look()
        except sqlite3.Error as error:
            raise StoreError(
                Message("The simulator's books cannot be written"), f"{error}."
            ) from error

    async def _watch(self) -> None:
        while True:
            await self._sleep(LOOK_S)
            if self._state.is_allowed or not self._is_settled:
                await self._look_whatever_happens()

    async def _look_whatever_happens(self) -> None:
        try:
            await self._look()
        except Exception:  # noqa: BLE001 - logged; the next look may succeed
            _log.exception("the phones' door could not be looked after")

    async def _look(self) -> None:
        """Bring the door, the pages and the codes to where they belong now."""
        async with self._busy:
            before = self._state
            if not before.is_allowed:
                await self._shut()
                state = PhonesState()
            else:
                state = await self._opened()
            for account in self._accounts.values():
                account.move_pages(state.address)
            self._is_settled = False
            self._is_settled = await self._take_codes_along(state.address or self._home)
            if self._state.is_allowed is not state.is_allowed:
                return  # somebody pressed again meanwhile and looks next
            self._state = state
            if state != self._told:
                self._told = state
                self._tell(state)

    def _tell(self, state: PhonesState) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(state)
            except Exception:  # noqa: BLE001 - logged; one deaf listener must not gag the rest
                _log.exception("a listener failed on the phones")

    async def _opened(self) -> PhonesState:
        address = await asyncio.to_thread(self._find_address)
        if not address:
            await self._shut()
            return PhonesState(
                is_allowed=True,
                problem=Message(
                    "This computer is on no network that a phone in the shop could share."
                ),
            )
        if address != self._opened_at:
            await self._shut()
            try:
                origin = await self._door.open(address)
            except OSError as error:
                return PhonesState(
                    is_allowed=True,
                    problem=Message(
                        "This computer does not let the till listen at {address} ({reason}).",
                        address=address,
                        reason=error.strerror or str(error),
                    ),
                )
            self._opened_at, self._origin = address, origin
        return PhonesState(is_allowed=True, address=self._origin)

    async def _shut(self) -> None:
        if self._opened_at:
            self._opened_at = ""
            await self._door.close()

    async def _take_codes_along(self, origin: str) -> bool:
        """Write down where the pages of open sessions are now, as the provider itself names them.

        Answers whether all were reached. One that is still being made or asked about may have been
        named before the pages moved: it is looked at again.
        """
        reached = True
        for attempt in await self._store.read(watched_attempts):
            account = self._accounts.get(attempt.account)
            if account is None or not _leads_elsewhere(attempt, origin):
                continue
            if not attempt.is_payable:
                reached = False
                continue
            try:
                url = await account.page_of(attempt.session_id or "")
            except ProviderError as error:
                _log.info("where %s is now is not known yet: %s", attempt.reference, error)
                reached = False
                continue
            if url and origin_of(url) == origin:
                await self._store.write(partial(_move, attempt_id=attempt.id, url=url))
        return reached


def _leads_elsewhere(attempt: Attempt, origin: str) -> bool:
    """Say whether a code that may be seen, now or later, is not at this origin."""
    may_be_seen = attempt.state in _SEEN_NOW_OR_LATER and attempt.close_reason is None
    return may_be_seen and origin_of(attempt.url or "") != origin


def _move(tx: Transaction, attempt_id: int, url: str) -> None:
    attempt = find_attempt(tx.connection, attempt_id)
    if attempt is not None and attempt.is_payable and attempt.url != url:
        mark_attempt(tx, attempt, url=url)
        tx.record(
            "attempt.moved",
            order_id=attempt.order_id,
            attempt_id=attempt_id,
            data={"address": origin_of(url)},
        )
