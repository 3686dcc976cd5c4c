"""The people who give money back at the till, and decide what waits for a person."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

from app.domain.money import Money
from app.domain.order import Order
from app.domain.resolution import Action
from app.errors import CheckoutRefused
from tests.simulation.acts import Act, Verb
from tests.simulation.machine import Machine
from tests.simulation.memory import Memory

_ACTIONS: Final = tuple(Action)


class Office:
    """Does the acts that need a person with a name and a reason."""

    def __init__(self, machine: Machine, memory: Memory, orders: Mapping[int, list[Order]]) -> None:
        self._machine = machine
        self._memory = memory
        self._orders = orders
        self.presses: dict[Verb, Callable[[Act], Coroutine[Any, Any, str]]] = {
            Verb.REFUND: self._give_back,
            Verb.DECIDE: self._decide,
        }

    async def _give_back(self, act: Act) -> str:
        """Press "refund"; two acts of one number are a double press."""
        percent, number = act.amounts
        for order in reversed(self._orders.get(act.sale, [])):
            rows = self._machine.store.connection.execute(
                "SELECT payment_id, amount_minor, currency FROM payments "
                "WHERE order_id = ? ORDER BY id",
                (order.id,),
            ).fetchall()
            if rows:
                payment_id, minor, currency = rows[0]
                amount = Money(max(1, minor * percent // 100), currency)
                press = f"sale {act.sale}, press {number}"
                refund = await self._machine.refunds.ask(
                    payment_id, amount, press=press, by="Ada", reason="wish"
                )
                self._memory.given_back(press, amount)
                return f"{amount} of {payment_id} is {refund.state.value}"
        raise CheckoutRefused("There is nothing to give back")

    async def _decide(self, act: Act) -> str:
        which, what = act.amounts
        rows = self._machine.store.connection.execute(
            "SELECT id, kind FROM exceptions WHERE resolved_at IS NULL ORDER BY id"
        ).fetchall()
        if not rows:
            return "nothing waits"
        exception_id, kind = rows[which % len(rows)]
        action = _ACTIONS[what]
        order_id = None
        if action is Action.ASSIGN:
            orders = [order for each in self._orders.values() for order in each]
            order_id = orders[which % len(orders)].id if orders else None
        entry = await self._machine.resolutions.resolve(
            exception_id,
            action,
            by="Ada",
            reason="as agreed",
            order_id=order_id,
            press=f"entry {exception_id}, {action.value}",
        )
        done = "resolved" if entry.resolved_at is not None else "under way"
        return f"{kind}: {action.value}, {done}"
