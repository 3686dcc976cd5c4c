"""The provider's own books of pages on which a customer gives a card to be kept."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from app.domain.delivery import Delivery
from app.errors import Protocol, Rejected
from app.providers.saving import SetupState
from tests.parts.saving import FakeSetup
from tests.simulation.luck import Luck

if TYPE_CHECKING:
    from tests.simulation.provider import Bank

SETUP: Final = "setup"
_KEYS_ARE_KEPT: Final = timedelta(hours=24)
_PAGES_LAST_S: Final = 35 * 60.0
_S = SetupState
_GIVEN: Final = frozenset({_S.OPEN, _S.PROCESSING})


class DaySetups:
    """One account's: a page is open until a card was given, it was closed, or its time is over."""

    def __init__(self, bank: "Bank") -> None:
        self.all: dict[str, FakeSetup] = {}
        self.gone: set[str] = set()
        self._bank = bank
        self._keys: dict[str, tuple[datetime, str, str]] = {}

    def create(self, parameters: Mapping[str, Any], key: str) -> FakeSetup:
        """Make a page, once for each key as long as that is kept."""
        digest = hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()
        now = self._bank.clock.now()
        made, known, setup_id = self._keys.get(key, (now, digest, ""))
        if setup_id and now - made <= _KEYS_ARE_KEPT:
            if known != digest:
                raise Protocol("The fake holds another request under the same key")
            return self.all[setup_id]
        setup_id = f"fset_{self._bank.tag}{len(self.all) + 1}"
        setup = self.all[setup_id] = FakeSetup(setup_id, parameters["reference"])
        self._keys[key] = now, digest, setup_id
        shared = self._bank.shared
        shared.version += 1
        shared.made_for.setdefault(setup.reference, []).append(setup_id)
        self._luck.after(_PAGES_LAST_S, lambda: self._run_out(setup))
        return setup

    def known(self, setup_id: str) -> FakeSetup:
        if setup_id not in self.all or setup_id in self.gone:
            raise Rejected("The fake has no such set-up", status=404)
        return self.all[setup_id]

    def close(self, setup_id: str) -> FakeSetup:
        setup = self.known(setup_id)
        if setup.state is _S.OPEN:
            self._move(setup, _S.EXPIRED)
        return setup

    def give(self, setup: FakeSetup, state: SetupState = SetupState.SAVED) -> str:
        """Give a card as a customer would, or let a slow bank come to its end."""
        is_slow_end = setup.state is _S.PROCESSING
        if setup.id in self.gone or setup.state not in _GIVEN or (is_slow_end and state is _S.OPEN):
            return "the page is closed"
        if setup.state is state:
            return "a bank still thinks about it"
        setup.decline = ""
        self._move(setup, state)
        return state.value

    def refuse(self, setup: FakeSetup) -> str:
        if setup.state is not _S.OPEN or setup.id in self.gone:
            return "the page is closed"
        setup.decline = "card_declined"
        self._tell(setup)
        return "refused"

    def forget(self, setup: FakeSetup) -> str:
        """Lose a page on which nobody has given a card."""
        if setup.state is not _S.OPEN:
            return "it is not open"
        setup.state = _S.EXPIRED
        self.gone.add(setup.id)
        self._bank.shared.version += 1
        return "forgotten"

    def decide(self) -> None:
        """Let every slow bank come to its end."""
        for setup in self.all.values():
            if setup.state is _S.PROCESSING:
                self._move(setup, _S.SAVED)

    @property
    def _luck(self) -> Luck:
        luck = self._bank.shared.luck
        assert luck is not None
        return luck

    def _run_out(self, setup: FakeSetup) -> None:
        if setup.state is _S.OPEN:
            self._move(setup, _S.EXPIRED)

    def _move(self, setup: FakeSetup, state: SetupState) -> None:
        setup.state = state
        self._tell(setup)

    def _tell(self, setup: FakeSetup) -> None:
        bank = self._bank
        event_id = f"fe_{bank.tag}{len(bank.events) + 1}"
        body = {"event": event_id, "setup": setup.id, "reference": setup.reference}
        bank.tell_news(
            Delivery(
                account=bank.name,
                provider="fakepay",
                provider_account=bank.account,
                live=bank.live,
                event_id=event_id,
                event_type=SETUP,
                body=json.dumps(body).encode(),
            )
        )
