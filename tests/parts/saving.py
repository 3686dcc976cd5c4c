"""The fake provider that keeps cards, and a till at it; what goes wrong is scripted as ever."""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.cards import Cards
from app.chance import Chance
from app.domain.card_setup import CardSetup, CardState
from app.domain.delivery import Delivery
from app.domain.ids import Ids
from app.domain.observation import Source
from app.errors import Protocol, Rejected, Unavailable
from app.providers.saving import OpenedSetup, SeenSetup, SetupNews, SetupRequest, SetupState
from app.store.card_setups import known_card_setup
from app.watch import CardWatch, Pace
from tests.parts.clock import VirtualClock
from tests.parts.giving_back import LOST, Call
from tests.parts.provider import FakeProvider, FakeStrategy
from tests.parts.till import DEADLINE, Counter

_NEWS = "setup"


@dataclass
class FakeSetup:
    """A set-up as the provider has it."""

    id: str
    reference: str
    state: SetupState = SetupState.OPEN
    decline: str = ""


class SavingProvider(FakeProvider):
    """Its books of set-ups, and the events that tell of them."""

    def __init__(self, clock: VirtualClock, *, live: bool = False) -> None:
        super().__init__(clock, live=live)
        self.setups: dict[str, FakeSetup] = {}
        self.setup_keys: dict[str, tuple[str, str]] = {}

    def create_setup(self, parameters: Mapping[str, Any], key: str) -> FakeSetup:
        digest = hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()
        if key in self.setup_keys:
            known, setup_id = self.setup_keys[key]
            if known != digest:
                raise Protocol("The fake holds another request under the same key")
            return self.setups[setup_id]
        setup = FakeSetup(f"fset_{len(self.setups) + 1}", parameters["reference"])
        self.setups[setup.id] = setup
        self.setup_keys[key] = (digest, setup.id)
        return setup

    def give(self, setup_id: str = "fset_1", state: SetupState = SetupState.SAVED) -> None:
        """Give a card as a customer would, while the page is open."""
        setup = self.setups[setup_id]
        if setup.state in (SetupState.OPEN, SetupState.PROCESSING):
            setup.state, setup.decline = state, ""

    def refuse(self, setup_id: str = "fset_1", code: str = "card_declined") -> None:
        self.setups[setup_id].decline = code

    def news(self, *, setup_id: str = "", reference: str = "", event: str = "e1") -> Delivery:
        body = json.dumps({"setup": setup_id, "reference": reference})
        return Delivery(
            account="fake",
            provider="fakepay",
            provider_account=self.account,
            live=self.live,
            event_id=event,
            event_type=_NEWS,
            body=body.encode(),
        )


class FakeSaving(FakeStrategy):
    """Satisfies `SavesCards`, too."""

    books: SavingProvider

    def __init__(self, books: FakeProvider, *, account: str = "fake") -> None:
        super().__init__(books, account=account)
        assert isinstance(books, SavingProvider)
        self.capabilities = replace(self.capabilities, saves_cards=True)
        self.odd: dict[str, Any] = {}

    async def prepare_setup(self, request: SetupRequest) -> dict[str, Any]:
        await self._call(Call("prepare_setup"))
        return {
            "reference": request.reference,
            "currency": request.currency,
            "success_url": request.success_url,
            "cancel_url": request.cancel_url,
        }

    async def open_setup(self, parameters: Mapping[str, Any], *, key: str) -> OpenedSetup:
        lost = await self._call(Call("open_setup", key))
        setup = self.books.create_setup(parameters, key)
        if lost:
            raise Unavailable("The answer was lost")
        return OpenedSetup(
            setup.id,
            f"{self.page}/{setup.id}" if self.page else "",
            self.books.clock.now() + self.capabilities.session_lifetime,
        )

    async def fetch_setup(self, setup_id: str, *, source: Source) -> SeenSetup:
        lost = await self._call(Call("fetch_setup", subject=setup_id))
        if lost:
            raise Unavailable("The answer was lost")
        return self.seen_of(self._setup(setup_id), source)

    async def close_setup(self, setup_id: str, *, key: str) -> SeenSetup:
        lost = await self._call(Call("close_setup", key, setup_id))
        setup = self._setup(setup_id)
        if setup.state is SetupState.OPEN:
            setup.state = SetupState.EXPIRED
        if lost:
            raise Unavailable("The answer was lost")
        return self.seen_of(setup, Source.CLOSE)

    def setup_told(self, delivery: Delivery) -> SetupNews | None:
        if delivery.event_type != _NEWS:
            return None
        told = json.loads(delivery.body)
        return SetupNews(told["setup"], told["reference"])

    def observe(self, delivery: Delivery, *, at: Any) -> Any:
        return None if delivery.event_type == _NEWS else super().observe(delivery, at=at)

    def seen_of(self, setup: FakeSetup, source: Source) -> SeenSetup:
        is_saved = setup.state is SetupState.SAVED
        card: dict[str, Any] = {
            "customer_id": f"fcus_{setup.id}",
            "method_id": f"fpm_{setup.id}",
            "brand": "visa",
            "last4": "4242",
            "expiry_month": 12,
            "expiry_year": 2029,
        }
        seen = SeenSetup(
            source=source,
            provider=self.provider,
            provider_account=self.books.account,
            live=self.books.live,
            reference=setup.reference,
            setup_id=setup.id,
            state=setup.state,
            observed_at=self.books.clock.now(),
            decline=setup.decline,
            **(card if is_saved else {}),
        )
        return replace(seen, **self.odd)

    def _setup(self, setup_id: str) -> FakeSetup:
        found = self.books.setups.get(setup_id)
        if found is None:
            raise Rejected("The fake has no such set-up", status=404)
        return found


class CardCounter(Counter):
    """A counter whose provider keeps cards."""

    provider: SavingProvider
    strategy: FakeSaving

    def __init__(
        self, directory: Path, *, strategy: type[FakeStrategy] = FakeSaving, **options: Any
    ) -> None:
        clock = VirtualClock()
        provider = SavingProvider(clock)
        self.pace = Pace()
        super().__init__(directory, clock=clock, provider=provider, strategy=strategy, **options)

    def _start(self) -> None:
        super()._start()
        chance = Chance(Ids(self.random), self.random)
        self.cards = Cards(
            self.store,
            self.gateway,
            shop=lambda: self.shop,
            pages={self.strategy.account: self.pages},
            clock=self.clock,
            ids=chance.ids,
            jitter=chance.jitter,
            deadline=DEADLINE,
        )
        self.card_watch = CardWatch(self.store, self.cards, clock=self.clock, pace=self.pace)

    async def ask(self, label: str = "Ada L.", account: str | None = None) -> CardSetup:
        """Ask for a card up to the code on the screen."""
        return await self.cards.show(label, account, by="Bea")

    def setup(self, row_id: int = 1) -> CardSetup:
        return self.store.read_now(lambda db: known_card_setup(db, row_id))

    def facts(self) -> list[str]:
        rows = self.rows("SELECT name FROM journal WHERE name LIKE 'card.%' ORDER BY seq")
        return [row[0].removeprefix("card.") for row in rows]

    def calls_with_effect(self) -> list[tuple[str, str | None]]:
        return [
            (key.partition("-card-")[2].partition("-")[2], outcome)
            for key, outcome in self.rows(
                "SELECT key, outcome FROM intents WHERE card_setup IS NOT NULL ORDER BY id"
            )
        ]


def asked(till: CardCounter, label: str = "Ada L.", account: str | None = None) -> CardSetup:
    return asyncio.run(till.ask(label, account))


def looked(till: CardCounter, source: Source = Source.POLL) -> CardState:
    return asyncio.run(till.cards.look(1, source)).state


def closed(till: CardCounter, **options: Any) -> CardState:
    return asyncio.run(till.cards.close(1, **{"by": "Bea", **options})).state


def stand_unknown(till: CardCounter) -> CardSetup:
    """Begin one whose answer is lost, so that the provider has it and the till does not know."""
    till.strategy.answers["open_setup"] = [LOST] * 100
    setup = asyncio.run(till.cards.begin("Ada L.", by="Bea"))
    till.strategy.answers["open_setup"] = []
    assert setup.state is CardState.UNKNOWN
    return setup
