"""The provider's courier: brings its events to the till's door until one is acknowledged.

Late, twice, out of order, and for days if need be, as providers do.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from app.domain.delivery import Delivery
from tests.simulation.acts import Weather
from tests.simulation.banks import OWN_ACCOUNTS
from tests.simulation.loop import VirtualLoop
from tests.simulation.network import Network
from tests.simulation.plan import Plan

_AGAIN_AFTER_S: Final = (30.0, 300.0, 3_600.0, 6 * 3_600.0, 24 * 3_600.0, 48 * 3_600.0)
_NONE_COMES_IN: Final = (Weather.NO_WEBHOOKS, Weather.OUTAGE, Weather.DOWN)
Door = Callable[[Delivery], Awaitable[int]]


class Courier:
    """Keeps what is under way in `waiting`, by event id, until the till has said 2xx."""

    def __init__(
        self,
        loop: VirtualLoop,
        plan: Plan,
        network: Network,
        door: Door,
        *,
        label: Callable[[Delivery], str],
        tell: Callable[[str, str], None],
    ) -> None:
        self.waiting: dict[str, Delivery] = {}
        self._loop = loop
        self._plan = plan
        self._network = network
        self._door = door
        self._label = label
        self._tell = tell

    def take(self, delivery: Delivery) -> None:
        """Take an event on its way."""
        self.waiting[delivery.event_id] = delivery
        self._loop.spawn(self._bring(delivery))

    async def bring_all(self) -> None:
        """Bring all that is under way, in the order in which it happened, now."""
        for delivery in list(self.waiting.values()):
            status = await self._door(delivery)
            if status == 200:
                self.waiting.pop(delivery.event_id, None)

    async def _bring(self, delivery: Delivery) -> None:
        event_id, label = delivery.event_id, self._label(delivery)
        await asyncio.sleep(self._delay(label))
        for again_after in _AGAIN_AFTER_S:
            if event_id not in self.waiting:
                return
            if self._is_lost(delivery):
                self._tell("courier", f"{label} is lost for good")
                del self.waiting[event_id]
                return
            if await self._try(delivery, label):
                break
            await asyncio.sleep(again_after)
        is_twice = self._plan.chance(label, "twice") < 0.15 * self._plan.roughness
        if is_twice and self._plan.may(f"twice: {label}", f"the news of {label} comes twice"):
            await asyncio.sleep(300.0 * self._plan.chance(label, "second"))
            await self._try(delivery, label)

    def _is_lost(self, delivery: Delivery) -> bool:
        """Say whether an event goes astray now; of another account's money nothing else tells."""
        is_listed = delivery.provider_account in OWN_ACCOUNTS
        return is_listed and self._network.lies(Weather.LOST_WEBHOOKS) is not None

    def _delay(self, label: str) -> float:
        """Draw how long an event takes: mostly a second, sometimes days."""
        luck, part = self._plan.chance(label, "luck"), self._plan.chance(label, "delay")
        roughness = self._plan.roughness
        for likely, name, longest in (
            (0.03, "days", 90_000.0),
            (0.2, "an hour", 3_600.0),
            (0.4, "a minute", 60.0),
        ):
            if luck < likely * roughness:
                told = f"the news of {label} is under way for up to {name}"
                return longest * part if self._plan.may(f"late: {label}", told) else 0.2
        return 3.0 * part

    async def _try(self, delivery: Delivery, label: str) -> bool:
        for weather in _NONE_COMES_IN:
            if self._network.lies(weather, delivery.account):
                return False
        status = await self._door(delivery)
        self._tell("courier", f"{label}: {status or 'nobody is there'}")
        if status == 200:
            self.waiting.pop(delivery.event_id, None)
        return status == 200
