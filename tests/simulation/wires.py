"""The wires to providers that can be asked more: each ability's verbs, carried by the network.

They stand here by name, since that is how the till finds out what an account is able to do.
"""

from collections.abc import Mapping
from typing import Any

from app.clock import Clock
from tests.simulation.capturing import CapturingStrategy
from tests.simulation.down import Outcomes
from tests.simulation.network import CapturingWire, Network, Wire
from tests.simulation.provider import DayStrategy
from tests.simulation.speaking import Planning, Saving, Subscribing


class SubscribingWire(Wire):
    """To a provider that charges again."""

    async def fetch_subscription(self, subscription_id: str, **options: Any) -> Any:
        verb = self._carried("fetch_subscription", self._strategy.fetch_subscription)
        return await verb(subscription_id, **options)

    async def cancel_subscription(self, subscription_id: str, **options: Any) -> Any:
        verb = self._carried("cancel_subscription", self._strategy.cancel_subscription)
        return await verb(subscription_id, **options)


class PlanningWire(SubscribingWire):
    """To one that wants a plan first."""

    async def open_plan(self, terms: Any, *, key: str) -> Any:
        return await self._carried("open_plan", self._strategy.open_plan)(terms, key=key)


class SavingWire(Wire):
    """To a provider that keeps cards."""

    async def prepare_setup(self, request: Any) -> Any:
        return await self._carried("prepare_setup", self._strategy.prepare_setup)(request)

    async def open_setup(self, parameters: Mapping[str, Any], *, key: str) -> Any:
        return await self._carried("open_setup", self._strategy.open_setup)(parameters, key=key)

    async def fetch_setup(self, setup_id: str, **options: Any) -> Any:
        return await self._carried("fetch_setup", self._strategy.fetch_setup)(setup_id, **options)

    async def close_setup(self, setup_id: str, *, key: str) -> Any:
        return await self._carried("close_setup", self._strategy.close_setup)(setup_id, key=key)

    def setup_told(self, delivery: Any) -> Any:
        return self._strategy.setup_told(delivery)


def wire_to(
    speaker: DayStrategy, network: Network, reach: Any, clock: Clock, outcomes: Outcomes
) -> Wire:
    """Lay a wire that has the abilities of who is at its other end."""
    abilities: list[type[Wire]] = []
    if isinstance(speaker, Subscribing):
        abilities.append(PlanningWire if isinstance(speaker, Planning) else SubscribingWire)
    if isinstance(speaker, Saving):
        abilities.append(SavingWire)
    abilities.append(CapturingWire if isinstance(speaker, CapturingStrategy) else Wire)
    wire: Wire = type("AbleWire", tuple(abilities), {})(speaker, network, reach, clock, outcomes)
    return wire
