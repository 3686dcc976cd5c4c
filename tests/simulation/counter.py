"""The people of a day: operators at the till, customers with their phones, and ill luck.

What an operator does runs on the till's computer; what a customer does, at the provider.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from fractions import Fraction
from typing import Any, Final

from app.checkout import Checkout
from app.domain.attempt import Attempt
from app.domain.cart import Cart, CartContent
from app.domain.catalog import BillingInterval, Product, Tax
from app.domain.money import Money
from app.domain.order import Order, OrderState
from app.errors import CartRefused, CheckoutRefused, ConfigError, ProviderError
from tests.simulation.acts import Act, Verb
from tests.simulation.banks import Banks
from tests.simulation.desk import Desk
from tests.simulation.drawer import Drawer
from tests.simulation.machine import Machine
from tests.simulation.memory import Memory
from tests.simulation.office import Office
from tests.simulation.provider import Bank
from tests.simulation.screen import Screen

_AGAIN_AFTER_S: Final = 15.0
_PATIENCE: Final = 200
"""How often somebody looks whether the till is on again before they go."""
_VAT: Final = Tax("standard", "VAT 19 %", Fraction(19, 100))
_REFUSALS: Final = (CheckoutRefused, ProviderError, CartRefused, ConfigError)


class Counter:
    """Does what a day's acts say. `orders` are those of each sale, in the order of their making."""

    def __init__(
        self,
        machine: Machine,
        banks: Banks,
        screen: Screen,
        memory: Memory,
        tell: Callable[[str, str], None],
        orders: dict[int, list[Order]],
    ) -> None:
        self.orders = orders
        self._machine = machine
        self._banks = banks
        self._screen = screen
        self._memory = memory
        self._tell = tell
        self._office = Office(machine, memory, self.orders)
        self._drawer = Drawer(machine, screen, memory, self.orders)
        self._desk = Desk(machine, banks, memory, self.orders)
        self._prices: dict[int, tuple[int, ...]] = {}
        self._members: set[int] = set()
        self._presses: dict[Verb, Callable[[Act], Coroutine[Any, Any, str]]] = {
            Verb.SALE: self._sell,
            Verb.SUBSCRIBE: self._subscribe,
            Verb.CHARGE: self._charge_again,
            Verb.CANCEL: self._cancel,
            Verb.CHANGE: self._change,
            Verb.WITHDRAW: self._withdraw,
            Verb.CHECK: self._check,
            **self._office.presses,
            **self._drawer.presses,
            **self._desk.presses,
        }

    def takes(self, act: Act) -> bool:
        """Say whether an act is done by people at all, and not to the computer."""
        at_the_bank = (*_DEEDS, *_AT_THE_BANK, *self._desk.deeds)
        return act.verb in self._presses or act.verb in at_the_bank

    async def do(self, act: Act) -> None:
        """Do an act as far as it can be done now."""
        press = self._presses.get(act.verb)
        if press is None:
            self._tell("customer", f"{act}: {self._at_the_bank(act)}")
            return
        for _ in range(_PATIENCE):
            if self._machine.is_awake:
                break
            await asyncio.sleep(_AGAIN_AFTER_S)
        if not self._machine.is_awake:
            self._tell("operator", f"{act}: the till is off")
        else:
            told = await self._machine.run(lambda: _told(press, act))
            self._tell("operator", f"{act}: {told or 'the power went'}")

    # --- at the till ----------------------------------------------------------------------------

    @property
    def _checkout(self) -> Checkout:
        return self._machine.checkout

    async def _sell(self, act: Act) -> str:
        self._prices[act.sale] = act.amounts
        order = await self._place(act.sale, act.amounts)
        if order.state is OrderState.PAID:
            return f"{order.total}, nothing to be paid"
        try:
            told = await self._charge(order)
        except _REFUSALS as error:
            # As anybody would: once more, after a while.
            self._tell("operator", f"is told of sale {act.sale}: {error.title}")
            await self._machine.clock.sleep(_AGAIN_AFTER_S)
            told = await self._charge(order)
        return f"{order.total}, {told}"

    async def _subscribe(self, act: Act) -> str:
        """Sell what is charged again, by itself or with other things."""
        self._members.add(act.sale)
        return await self._sell(act)

    async def _place(self, sale: int, prices: tuple[int, ...]) -> Order:
        cart = _members_cart(prices) if sale in self._members else _cart(prices)
        order = await self._checkout.place_order(cart)
        self.orders.setdefault(sale, []).append(order)
        self._memory.placed(order)
        return order

    async def _charge(self, order: Order) -> str:
        """Open a session and show its code once the books know that it is shown."""
        attempt = await self._checkout.charge(order.id)
        if not attempt.is_payable:
            return f"no code, the payment is {attempt.state.value}"
        shown = await self._checkout.mark_shown(attempt.id)
        self._memory.shown(shown)
        self._screen.show(shown)
        return "the code is shown"

    async def _charge_again(self, act: Act) -> str:
        return await self._charge(self._order(act))

    async def _cancel(self, act: Act) -> str:
        order = self._order(act)
        # The code leaves the screen before anything else is done.
        self._screen.hide_order(order.id)
        after = await self._checkout.cancel(order.id)
        self._memory.told(after)
        return after.state.value

    async def _withdraw(self, act: Act) -> str:
        order = self._order(act)
        self._screen.hide_order(order.id)
        after = await self._checkout.withdraw(order.id)
        self._memory.told(after)
        return after.state.value

    async def _change(self, act: Act) -> str:
        """Close the old order, then ring up another with one thing more."""
        told = await self._cancel(act)
        if told != OrderState.CANCELLED.value:
            return f"the old order is {told}"
        more = () if act.sale in self._members else (250,)
        prices = (*self._prices.get(act.sale, ()), *more)
        order = await self._place(act.sale, prices)
        return f"{order.total} now, {await self._charge(order)}"

    async def _check(self, act: Act) -> str:
        attempt = self._screen.last_of(self._order(act).id)
        if attempt is None:
            return "nothing was shown"
        seen = await self._checkout.check_now(attempt.id)
        return seen.state.value

    def _order(self, act: Act) -> Order:
        orders = self.orders.get(act.sale)
        if not orders:
            raise CheckoutRefused("There is no such order")
        return orders[-1]

    # --- at the provider ------------------------------------------------------------------------

    def _at_the_bank(self, act: Act) -> object:
        if act.verb is Verb.GHOST:
            self._banks.each[-1].pay_for_a_ghost(self._memory.till_id)
            return "paid"
        if act.verb is Verb.STRANGER:
            self._banks.each[0].pay_a_stranger()
            return "paid and given back"
        if act.verb in self._desk.deeds:
            return self._desk.deeds[act.verb](act)
        if act.verb is Verb.SEND_BACK:
            return self._banks.send_back() or "there is none"
        session_id = self._session(act)
        if session_id is None:
            return "there is no code to scan"
        bank, session = self._banks.of(session_id), self._banks.sessions[session_id]
        if act.verb is Verb.DISPUTE:
            return bank.dispute(session_id, *act.amounts)
        if act.verb is Verb.PURSUE:
            return bank.pursue(session_id, *act.amounts)
        if act.verb is Verb.GIVE_BACK:
            return bank.give_back(session_id, act.amounts[0]) or "there is nothing"
        if act.verb is Verb.PAY_OFF:
            minor = max(1, session.amount.minor + act.amounts[0])
            return bank.pay(session_id, Money(minor, session.amount.currency))
        if act.verb is Verb.PAY_CURRENCY:
            return bank.pay(session_id, Money(session.amount.minor, "USD"))
        return _DEEDS[act.verb](bank, session_id)

    def _session(self, act: Act) -> str | None:
        """Give the session that a customer has scanned: what is on the screen, or an older one."""
        scanned: list[Attempt] = []
        for order in self.orders.get(act.sale, []):
            scanned += self._screen.shown_of(order.id)
        known = [
            attempt.session_id
            for attempt in scanned
            if attempt.session_id and attempt.session_id in self._banks.sessions
        ]
        if not known:
            return None
        if act.verb in {Verb.PAY_OLD, Verb.PAY_CLOSED}:
            return known[0]
        if act.verb in _WITH_MONEY:
            paid = [each for each in known if self._banks.sessions[each].payments]
            return (paid or known)[-1]
        if act.verb in {Verb.SUCCEED, Verb.FAIL}:
            return known[0] if len(known) > 1 else known[-1]
        return known[-1]


_DEEDS: Final[dict[Verb, Callable[[Bank, str], object]]] = {
    Verb.PAY: lambda bank, session_id: bank.pay(session_id),
    Verb.PAY_OLD: lambda bank, session_id: bank.pay(session_id),
    Verb.DECLINE: lambda bank, session_id: bank.decline(session_id),
    Verb.PAY_SLOWLY: lambda bank, session_id: bank.pay_slowly(session_id),
    Verb.SUCCEED: lambda bank, session_id: bank.decide(session_id, succeeded=True),
    Verb.FAIL: lambda bank, session_id: bank.decide(session_id, succeeded=False),
    Verb.PAY_AGAIN: lambda bank, session_id: bank.pay_again(session_id),
    Verb.PAY_CLOSED: lambda bank, session_id: bank.pay_closed(session_id),
    Verb.FORGET: lambda bank, session_id: bank.forget(session_id),
    Verb.OTHER_ACCOUNT: lambda bank, session_id: bank.tell_of_another_account(session_id),
    Verb.TEST_MODE: lambda bank, session_id: bank.tell_of_the_other_mode(session_id),
    Verb.RECHECK: lambda bank, session_id: bank.hint(session_id),
}
_WITH_MONEY: Final = frozenset({Verb.GIVE_BACK, Verb.PAY_AGAIN, Verb.DISPUTE, Verb.PURSUE})
_AT_THE_BANK: Final = frozenset(
    {
        Verb.GHOST,
        Verb.STRANGER,
        Verb.SEND_BACK,
        Verb.GIVE_BACK,
        Verb.DISPUTE,
        Verb.PURSUE,
        Verb.PAY_OFF,
        Verb.PAY_CURRENCY,
    }
)


async def _told(press: Callable[[Act], Awaitable[str]], act: Act) -> str:
    """Have a press done; a refusal in words is part of life."""
    try:
        # Two presses at once are two tasks that get their turns in any order.
        await asyncio.sleep(0)
        return await press(act)
    except _REFUSALS as error:
        return f"{type(error).__name__}: {error.title}"


def _members_cart(prices: tuple[int, ...]) -> CartContent:
    cart = Cart()
    first, *others = prices
    cart.add(
        Product(
            id=f"club-{first}",
            name="Bean club",
            price=Money(first, "EUR"),
            billing_interval=BillingInterval.MONTHLY,
            tax=_VAT,
        )
    )
    for minor in others:
        cart.add(Product(id=f"mug-{minor}", name="Mug", price=Money(minor, "EUR"), tax=_VAT))
    return cart.content


def _cart(prices: tuple[int, ...]) -> CartContent:
    cart = Cart()
    for place, minor in enumerate(prices):
        name = f"Item {place}"
        cart.add(Product(id=f"item-{place}-{minor}", name=name, price=Money(minor, "EUR")))
    return cart.content
