"""Cards for later of a till that does what a test tells it: real domain objects, no store."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from app.domain.card_setup import CardClosing, CardSetup, CardState, KeptCard
from app.domain.observation import Source

if TYPE_CHECKING:
    from tests.ui.fakes import FakeTill

CARD_URL: Final = "https://checkout.stripe.com/c/pay/cs_test_" + "e5F6g7H8" * 62 + "#card"
VISA: Final = KeptCard("cus_QxYz1234567890", "pm_1QxYz1234567890", "visa", "4242", 12, 2034)


class FakeCards:
    """Answers at once, waits for a gate, or raises an error, by the name of what was asked for."""

    def __init__(self, till: "FakeTill") -> None:
        self._till = till
        self.accounts: tuple[str, ...] = ("stripe_checkout",)
        self.setups: dict[int, CardSetup] = {}
        self.calls: list[str] = []
        self.begun: list[tuple[str, str | None]] = []
        self.gates: dict[str, asyncio.Event] = {}
        self.errors: dict[str, Exception] = {}
        self.opens_as = CardState.OPEN
        self.closes_as: CardState | None = CardState.CANCELLED
        self._arrivals: dict[str, asyncio.Event] = {}

    # --- what tests do ----------------------------------------------------------------------

    def add(self, label: str, state: CardState = CardState.OPEN, **changes: Any) -> CardSetup:
        """Have one in the books, begun some minutes after the one before."""
        row_id = len(self.setups) + 1
        now = self._till.clock.now()
        setup = CardSetup(
            id=row_id,
            reference=f"abcdef-card-0123456789{row_id:04}",
            account=self.accounts[0],
            provider="stripe",
            provider_account="acct_1",
            live=False,
            label=label,
            asked_by="counter",
            state=state,
            version=1,
            created_at=now,
            deadline_at=now + timedelta(minutes=15),
        )
        if state is CardState.OPEN:
            setup = replace(setup, setup_id=f"cs_test_{row_id}", url=CARD_URL)
        if state is CardState.SAVED:
            setup = replace(setup, card=VISA, saved_at=now + timedelta(minutes=1), shown_at=now)
        self.setups[row_id] = replace(setup, **changes)
        return self.setups[row_id]

    def change(self, row_id: int, **changes: Any) -> CardSetup:
        """Change one in the books; another state is another version."""
        before = self.setups[row_id]
        version = before.version + ("state" in changes)
        self.setups[row_id] = replace(before, version=version, **changes)
        return self.setups[row_id]

    def tell(self, row_id: int, what: str, **data: Any) -> None:
        """Tell of a fact as the books do."""
        reference = self.setups[row_id].reference
        told = {"row": row_id, "reference": reference, **data}
        self._till.tell_fact(f"card.{what}", "", told)

    def turn(self, row_id: int, state: CardState, **changes: Any) -> None:
        """Have one come to another state, and tell of it."""
        if state is CardState.SAVED:
            changes = {"card": VISA, "saved_at": self._till.clock.now(), **changes}
        self.change(row_id, state=state, **changes)
        self.tell(row_id, state.value)

    async def called(self, name: str) -> None:
        """Wait until it was asked for."""
        await self._arrivals.setdefault(name, asyncio.Event()).wait()

    # --- what the window asks for -------------------------------------------------------------

    async def page(self, *, before: int | None = None, limit: int = 50) -> list[CardSetup]:
        await asyncio.sleep(0)
        newest = sorted(self.setups, reverse=True)
        below = [row for row in newest if before is None or row < before]
        return [self.setups[row] for row in below[:limit]]

    async def one(self, row_id: int) -> CardSetup:
        await asyncio.sleep(0)
        return self.setups[row_id]

    async def begin(self, label: str, account: str | None = None, *, by: str) -> CardSetup:
        self.begun.append((label, account))
        await self._enter("begin")
        changes: dict[str, Any] = {"asked_by": by}
        if account is not None:
            changes["account"] = account
        setup = self.add(label, self.opens_as, **changes)
        self.tell(setup.id, setup.state.value)
        return setup

    async def mark_shown(self, row_id: int) -> CardSetup:
        await self._enter("mark_shown")
        setup = self.change(row_id, shown_at=self._till.clock.now())
        self.tell(row_id, "shown")
        return setup

    async def look(self, row_id: int, source: Source) -> CardSetup:
        assert source is Source.OPERATOR
        await self._enter("look")
        return self.setups[row_id]

    async def close(
        self, row_id: int, reason: CardClosing = CardClosing.CANCELLED, *, by: str = ""
    ) -> CardSetup:
        assert by
        if "close" not in self.errors:
            self.change(row_id, close_reason=reason)
            self.tell(row_id, "closing", reason=reason.value)
        await self._enter("close")
        if self.closes_as is not None:
            self.turn(row_id, self.closes_as)
        return self.setups[row_id]

    async def _enter(self, name: str) -> None:
        self.calls.append(name)
        self._arrivals.setdefault(name, asyncio.Event()).set()
        await asyncio.sleep(0)
        gate = self.gates.get(name)
        if gate is not None:
            await gate.wait()
        if name in self.errors:
            raise self.errors[name]
