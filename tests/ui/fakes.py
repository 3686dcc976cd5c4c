"""A till that does what a test tells it: real domain objects, no store and no provider."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from app.domain.attempt import Attempt, AttemptState, CloseReason
from app.domain.capabilities import Method
from app.domain.cart import CartContent
from app.domain.cash import CashSteps
from app.domain.catalog import BillingInterval, Catalog, Product, Shop, Tax
from app.domain.confirmation import BY_HAND, CONFIRMED, Confirmation
from app.domain.money import Money
from app.domain.order import Order, OrderState
from app.errors import Message
from app.events import Fact
from app.routing import LeftOut, Route
from app.settings import Mode
from app.status import AccountHealth, TillStatus
from tests.ui.fake_account_desk import FakeAccountDesk
from tests.ui.fake_cards import FakeCards
from tests.ui.fake_catalog_watch import FakeCatalogWatch
from tests.ui.fake_money import FakeMoney
from tests.ui.fake_orders import FakeOrders
from tests.ui.fake_phones import FakePhones
from tests.ui.fake_subscriptions import FakeSubscriptions

START = datetime(2026, 3, 14, 10, 0, tzinfo=UTC)
URL = "https://checkout.stripe.com/c/pay/cs_test_" + "a1B2c3D4" * 62 + "#fidkdWxOYHwnPyd1blpx"


class FakeClock:
    """Time that stands still until a test moves it."""

    def __init__(self, start: datetime = START) -> None:
        self.moment = start
        self.seconds = 1000.0

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.seconds

    def elapsed(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)

    def advance(self, **spans: float) -> None:
        span = timedelta(**spans)
        self.moment += span
        self.seconds += span.total_seconds()


STANDARD = Tax("standard", "VAT 19 %", Fraction(19, 100))
REDUCED = Tax("reduced", "VAT 7 %", Fraction(7, 100))


def product(product_id: str, name: str, minor: int, **more: object) -> Product:
    return Product(product_id, name, Money(minor, "EUR"), **more)  # type: ignore[arg-type]


def small_catalog() -> Catalog:
    """Give a catalog with two categories, a code, stock, a subscription and awkward names."""
    return Catalog(
        Shop(name="Corner Café"),
        (
            product("coffee", "Coffee", 340, category="Drinks", sku="C1", tax=STANDARD),
            product("tea", "Fresh mint tea", 390, category="Drinks", tax=STANDARD),
            product(
                "bread",
                "Bread",
                450,
                category="Bakery",
                barcodes=("2012345",),
                stock=4,
                tax=REDUCED,
            ),
            product("long", "Slow-proofed wholegrain " * 9, 1234, category="Bakery", tax=REDUCED),
            product("markup", "<b>Bold</b> & <i>sweet</i>", 250, category="Bakery"),
            product(
                "beans",
                "Bean club",
                2400,
                category="Clubs",
                billing_interval=BillingInterval.MONTHLY,
            ),
            product("off", "Not on sale", 100, category="Bakery", active=False),
        ),
        (STANDARD, REDUCED),
    )


def many_products(count: int) -> Catalog:
    return Catalog(
        Shop(name="Big shop"),
        tuple(
            product(f"p{n}", f"Product number {n}", 100 + n, category="All") for n in range(count)
        ),
    )


class FakeCheckout:
    """Answers at once, or waits for `gate`, or raises `error`; counts its calls."""

    def __init__(self, till: "FakeTill") -> None:
        self._till = till
        self.calls: list[str] = []
        self._arrivals: dict[str, asyncio.Event] = {}
        self.gates: dict[str, asyncio.Event] = {}
        self.errors: dict[str, Exception] = {}
        self.opens_as = AttemptState.OPEN
        self.url = URL
        self.cancels_as: OrderState = OrderState.CANCELLED
        self.withdraws_as: AttemptState | None = AttemptState.CANCELLED
        self.opens_at = ""
        self.charged: list[str | None] = []
        self.wished: list[Method | None] = []
        self.coins = CashSteps()
        self.confirmed: list[tuple[Money | None, str]] = []

    async def called(self, name: str) -> None:
        """Wait until a use case was asked for."""
        await self._arrivals.setdefault(name, asyncio.Event()).wait()

    async def _enter(self, name: str) -> None:
        self.calls.append(name)
        self._arrivals.setdefault(name, asyncio.Event()).set()
        await asyncio.sleep(0)
        gate = self.gates.get(name)
        if gate is not None:
            await gate.wait()
        if name in self.errors:
            raise self.errors[name]

    async def place_order(self, content: CartContent) -> Order:
        await self._enter("place_order")
        return self._till.orders.place(content)

    async def charge(
        self,
        order_id: str,
        account: str | None = None,
        *,
        method: Method | None = None,
        goes_on: Callable[[], bool] = lambda: True,
    ) -> Attempt:
        self.charged.append(account)
        self.wished.append(method)
        await self._enter("open_session")
        first = self.opens_at or next(iter(self._till.ways.by_itself), self._till.accounts[0])
        taken = account or first
        url = "" if taken in BY_HAND else self.url
        return self._till.orders.attempt(order_id, self.opens_as, url=url, account=taken)

    async def withdraw(self, order_id: str) -> Order:
        live = [one for one in self._till.orders.attempts_of(order_id) if one.is_live]
        for attempt in live:
            self._till.orders.change(attempt.id, close_reason=CloseReason.SUPERSEDED)
        await self._enter("withdraw")
        for attempt in live:
            if self.withdraws_as is not None:
                self._till.orders.change(attempt.id, state=self.withdraws_as)
        return self._till.orders.orders[order_id]

    async def mark_shown(self, attempt_id: int) -> Attempt:
        await self._enter("mark_shown")
        return self._till.orders.change(attempt_id, shown_at=self._till.clock.now())

    async def check_now(self, attempt_id: int) -> Attempt:
        await self._enter("check_now")
        return self._till.orders.attempts[attempt_id]

    async def due(self, attempt_id: int) -> Money:
        await self._enter("due")
        amount = self._till.orders.attempts[attempt_id].amount
        return self.coins.due(amount)

    async def confirm_paid(
        self, attempt_id: int, *, by: str, received: Money | None = None, reference: str = ""
    ) -> Confirmation:
        self.confirmed.append((received, reference))
        await self._enter("confirm_paid")
        attempt = self._till.orders.attempts[attempt_id]
        due = self.coins.due(attempt.amount)
        word = Confirmation(
            str(attempt.reference),
            by,
            self._till.clock.now(),
            attempt.amount,
            due,
            received or due,
            reference,
        )
        self._till.tell_of(CONFIRMED, attempt.order_id, attempt_id, **word.to_data())
        self._till.pay(attempt.order_id)
        return word

    async def cancel(self, order_id: str) -> Order:
        for attempt in self._till.orders.attempts_of(order_id):
            self._till.orders.change(attempt.id, close_reason=CloseReason.CANCELLED)
        await self._enter("cancel")
        if self.cancels_as is OrderState.OPEN:
            return self._till.orders.orders[order_id]
        return self._till.orders.end(order_id, self.cancels_as)


NOT_TAKEN = {
    Method.CARD: Message("It takes no cards."),
    Method.WALLET: Message("It takes no wallets."),
    Method.PAYPAL: Message("It takes no PayPal."),
    Method.UPI: Message("It takes no UPI."),
    Method.CASH: Message("It takes no cash."),
}


class FakeWays:
    """Says what a test wants it to; one way only unless it is told of more.

    `takes` are the accounts that take a method; then the others are left out of it.
    """

    def __init__(self) -> None:
        self.route = Route()
        self.takes: dict[Method, tuple[str, ...]] = {}
        self.asked = 0

    @property
    def methods(self) -> frozenset[Method]:
        return frozenset(self.takes)

    @property
    def are_several(self) -> bool:
        return len(self.route.choices) + len(self.route.left_out) > 1

    @property
    def by_itself(self) -> tuple[str, ...]:
        return tuple(choice.account for choice in self.route.by_itself)

    def of_cart(self, content: CartContent, shop: Shop) -> Route:
        self.asked += 1
        return self.route

    def refusals(self, content: CartContent, shop: Shop) -> tuple[LeftOut, ...]:
        return () if self.route.choices else self.route.left_out

    def of_order(self, order: Order, amount: Money, method: Method | None = None) -> Route:
        self.asked += 1
        if method is None:
            return self.route
        able = [each for each in self.route.choices if each.account in self.takes[method]]
        reason = NOT_TAKEN[method]
        others = [LeftOut(each.account, reason) for each in self.route.choices if each not in able]
        return Route(tuple(able), (*others, *self.route.left_out), method)


class FakeTill:
    """All of it together, as the window's protocol wants it."""

    def __init__(
        self,
        catalog: Catalog | None = None,
        *,
        mode: Mode = Mode.TRAINING,
        clock: FakeClock | None = None,
    ) -> None:
        self.clock = clock or FakeClock()
        self._catalog = catalog or small_catalog()
        self._mode = mode
        self._catalog_watch = FakeCatalogWatch(self)
        self._orders = FakeOrders(self)
        self._checkout = FakeCheckout(self)
        self._ways = FakeWays()
        self.money = FakeMoney(self)
        self._subscriptions = FakeSubscriptions(self)
        self._account_desk = FakeAccountDesk(mode)
        self._cards = FakeCards(self)
        self._phones = FakePhones() if mode is Mode.TRAINING else None
        self._listeners: list[Callable[[Fact], None]] = []
        self.account_names: tuple[str, ...] = ("stripe_checkout",)
        self.answers: TillStatus = TillStatus(
            accounts=(AccountHealth("stripe_checkout", is_reachable=True, since=START),),
            webhook_address="http://127.0.0.1:8000",
            last_event_at=START - timedelta(seconds=12),
        )

    @property
    def catalog(self) -> Catalog:
        return self._catalog

    def set_catalog(self, catalog: Catalog) -> None:
        self._catalog = catalog

    @property
    def catalog_watch(self) -> FakeCatalogWatch:
        return self._catalog_watch

    @property
    def mode(self) -> Mode:
        return self._mode

    @property
    def accounts(self) -> tuple[str, ...]:
        return self.account_names

    @property
    def account_desk(self) -> FakeAccountDesk:
        return self._account_desk

    @property
    def checkout(self) -> FakeCheckout:
        return self._checkout

    @property
    def ways(self) -> FakeWays:
        return self._ways

    @property
    def orders(self) -> FakeOrders:
        return self._orders

    @property
    def refunds(self) -> FakeMoney:
        return self.money

    @property
    def subscriptions(self) -> FakeSubscriptions:
        return self._subscriptions

    @property
    def cards(self) -> FakeCards:
        return self._cards

    @property
    def resolutions(self) -> FakeMoney:
        return self.money

    @property
    def phones(self) -> FakePhones | None:
        return self._phones

    def subscribe(self, listener: Callable[[Fact], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def status(self) -> TillStatus:
        return self.answers

    # --- what tests do ----------------------------------------------------------------------

    def tell(self, fact: Fact) -> None:
        for listener in tuple(self._listeners):
            listener(fact)

    def tell_fact(self, name: str, order_id: str, data: dict[str, object]) -> None:
        """Tell of something that may belong to no order."""
        order = self.orders.orders.get(order_id)
        if order is not None:
            self.tell(self.orders.note(name, order, None, data))
        else:
            seq = len(self.orders.facts) + 1
            fact = Fact(seq, self.clock.now(), name, data=data)
            self.orders.facts.append(fact)
            self.tell(fact)

    def tell_of(
        self, name: str, order_id: str, attempt_id: int | None = None, **data: object
    ) -> None:
        attempt = self.orders.attempts[attempt_id] if attempt_id is not None else None
        self.tell(self.orders.note(name, self.orders.orders[order_id], attempt, dict(data)))

    def pay(self, order_id: str) -> None:
        """Have an order paid, as a webhook would."""
        for attempt in self.orders.attempts_of(order_id):
            if attempt.is_live:
                self.orders.change(attempt.id, state=AttemptState.PAID)
        self.orders.end(order_id, OrderState.PAID)
        self.tell(self.orders.facts[-1])
