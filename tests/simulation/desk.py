"""Who comes back after a sale: customers with a subscription, or with a card to be kept."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

from app.domain.observation import Source
from app.domain.order import Order
from app.domain.renewal import EndWanted
from app.errors import CheckoutRefused
from app.providers.saving import SetupState
from app.store.subscriptions import subscriptions_of
from tests.parts.saving import FakeSetup
from tests.parts.subscribing import FakeSubscription
from tests.simulation.acts import Act, Verb
from tests.simulation.banks import Banks
from tests.simulation.machine import Machine
from tests.simulation.members import Members
from tests.simulation.memory import Memory
from tests.simulation.subscribing import DaySubscriptions

_MEMBER: Final[dict[Verb, Callable[[DaySubscriptions, FakeSubscription, Act], str]]] = {
    Verb.END_THERE: lambda books, each, act: books.end_there(
        each, at_period_end=bool(act.amounts[0])
    ),
    Verb.RESUME: lambda books, each, act: books.resume(each),
    Verb.CHARGE_LATE: lambda books, each, act: books.charge_late(each),
}
_CARD: Final = frozenset(
    {Verb.GIVE_CARD, Verb.GIVE_SLOWLY, Verb.FAIL_CARD, Verb.REFUSE_CARD, Verb.FORGET_CARD}
)


class Desk:
    """Does what is asked for later, at the till (`presses`) and at the provider (`deeds`)."""

    def __init__(
        self,
        machine: Machine,
        banks: Banks,
        memory: Memory,
        orders: Mapping[int, list[Order]],
    ) -> None:
        self._machine = machine
        self._banks = banks
        self._memory = memory
        self._orders = orders
        self._scanned: dict[int, set[str]] = {}
        self.presses: dict[Verb, Callable[[Act], Coroutine[Any, Any, str]]] = {
            Verb.UNSUBSCRIBE: self._unsubscribe,
            Verb.LOOK: self._look,
            Verb.SAVE_CARD: self._save,
            Verb.CANCEL_CARD: self._cancel,
        }
        self.deeds: dict[Verb, Callable[[Act], str]] = {
            **dict.fromkeys(_MEMBER, self._of_member),
            **dict.fromkeys(_CARD, self._of_card),
            Verb.KILL_PLAN: self._kill_plans,
        }

    # --- at the till ----------------------------------------------------------------------------

    @property
    def _members(self) -> Members:
        members = self._machine.members
        assert members is not None
        return members

    async def _unsubscribe(self, act: Act) -> str:
        """Press the end that is meant, or the only one that the window offers."""
        row_id = self._row_of(act)
        members = self._members.subscriptions
        wanted = EndWanted.PERIOD_END if act.amounts[0] else EndWanted.NOW
        offered = members.ends_of((await members.detail(row_id)).subscription)
        if offered and wanted not in offered:
            wanted = offered[0]
        at_period_end = wanted is EndWanted.PERIOD_END
        after = await members.cancel(
            row_id, at_period_end=at_period_end, by="Ada", reason="as they wish"
        )
        self._memory.unsubscribed(after)
        if after.is_over:
            return "ended"
        return "it will end" if after.ends_at is not None else "its end is wanted"

    async def _look(self, act: Act) -> str:
        after = await self._members.subscriptions.look(self._row_of(act), Source.OPERATOR)
        return after.state.value

    def _row_of(self, act: Act) -> int:
        """Find what the newest order of a sale began that began anything."""
        db = self._machine.store.connection
        for order in reversed(self._orders.get(act.sale, [])):
            for subscription in subscriptions_of(db, order.id):
                return subscription.id
        raise CheckoutRefused("There is no such subscription")

    async def _save(self, act: Act) -> str:
        setup = await self._members.cards.show(f"card {act.sale}", by="Ada")
        self._memory.card_shown(setup)
        self._scanned.setdefault(act.sale, set()).add(setup.reference)
        return "the code is shown"

    async def _cancel(self, act: Act) -> str:
        row_id = self._setup_of(act)
        after = await self._members.cards.close(row_id, by="Ada")
        self._memory.card_told(after)
        return after.state.value

    def _setup_of(self, act: Act) -> int:
        row = self._machine.store.connection.execute(
            "SELECT id FROM card_setups WHERE label = ? ORDER BY id DESC", (f"card {act.sale}",)
        ).fetchone()
        if row is None:
            raise CheckoutRefused("There is no such card")
        return int(row[0])

    # --- at the provider ------------------------------------------------------------------------

    def _of_member(self, act: Act) -> str:
        ids = {order.id for order in self._orders.get(act.sale, [])}
        for bank in self._banks.each:
            for each in reversed(bank.subscriptions.all.values()):
                if any(order_id in each.reference for order_id in ids):
                    return _MEMBER[act.verb](bank.subscriptions, each, act)
        return "there is none"

    def _kill_plans(self, act: Act) -> str:
        killed = 0
        for bank in self._banks.each:
            fresh = set(bank.subscriptions.plans.values()) - bank.subscriptions.dead_plans
            bank.subscriptions.dead_plans |= fresh
            killed += len(fresh)
        return f"{killed} plans"

    def _of_card(self, act: Act) -> str:
        """Do what is done with the card's page: only what was shown can be scanned."""
        setup = self._scanned_by(act)
        if setup is None:
            return "there is no code to scan"
        books = next(bank.setups for bank in self._banks.each if setup.id in bank.setups.all)
        if act.verb is Verb.REFUSE_CARD:
            return books.refuse(setup)
        if act.verb is Verb.FORGET_CARD:
            return books.forget(setup)
        return books.give(setup, _GIVEN[act.verb])

    def _scanned_by(self, act: Act) -> FakeSetup | None:
        shown = self._scanned.get(act.sale, set())
        for bank in self._banks.each:
            for setup in reversed(bank.setups.all.values()):
                if setup.reference in shown:
                    return setup
        return None


_GIVEN: Final = {
    Verb.GIVE_CARD: SetupState.SAVED,
    Verb.GIVE_SLOWLY: SetupState.PROCESSING,
    Verb.FAIL_CARD: SetupState.FAILED,
}
