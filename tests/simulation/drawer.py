"""The operators who take money by hand: in cash, or by a card machine beside the till."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

from app.domain.attempt import Attempt
from app.domain.money import Money
from app.domain.order import Order, OrderState
from app.errors import CheckoutRefused
from tests.simulation.acts import Act, Verb
from tests.simulation.machine import Machine
from tests.simulation.memory import Memory
from tests.simulation.screen import Screen

BY_HAND: Final = ("cash", "terminal")
"""The till's own names for those accounts."""


class Drawer:
    """Does the acts of who takes the money themselves, and says so to the till."""

    def __init__(
        self,
        machine: Machine,
        screen: Screen,
        memory: Memory,
        orders: Mapping[int, list[Order]],
    ) -> None:
        self._machine = machine
        self._screen = screen
        self._memory = memory
        self._orders = orders
        self._begun: dict[str, Attempt] = {}
        self.presses: dict[Verb, Callable[[Act], Coroutine[Any, Any, str]]] = {
            Verb.BY_HAND: self._begin,
            Verb.CONFIRM: self._confirm,
        }

    async def _begin(self, act: Act) -> str:
        """Take the code from the screen, then choose cash or the machine."""
        order = self._order(act)
        account = BY_HAND[act.amounts[0]]
        self._screen.hide_order(order.id)
        after = await self._machine.checkout.withdraw(order.id)
        self._memory.told(after)
        if after.state is not OrderState.OPEN:
            return after.state.value
        attempt = await self._machine.checkout.charge(order.id, account)
        self._begun[order.id] = attempt
        return f"{account}, {await self._machine.checkout.due(attempt.id)} is due"

    async def _confirm(self, act: Act) -> str:
        """Say what was taken: some cash, or the number on the machine's slip."""
        order = self._order(act)
        attempt = self._begun.get(order.id)
        if attempt is None:
            raise CheckoutRefused("Nothing is taken by hand for it")
        given, slip = act.amounts
        due = await self._machine.checkout.due(attempt.id)
        in_cash = attempt.account == BY_HAND[0]
        word = await self._machine.checkout.confirm_paid(
            attempt.id,
            by="Ada",
            received=Money(due.minor + given, due.currency) if in_cash else None,
            reference="" if in_cash else f"slip-{slip}",
        )
        self._memory.confirmed(attempt.provider, word)
        return f"{word.received} for {word.payment_id}"

    def _order(self, act: Act) -> Order:
        orders = self._orders.get(act.sale)
        if not orders:
            raise CheckoutRefused("There is no such order")
        return orders[-1]
