"""What the window asks of the till below it, and nothing more; `app.bootstrap.Till` gives it."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path
from typing import Protocol

from app.account_desk import AccountsStanding
from app.catalog_watch import CatalogNews
from app.domain.attempt import Attempt
from app.domain.capabilities import Method
from app.domain.card_setup import CardClosing, CardSetup
from app.domain.cart import CartContent
from app.domain.catalog import Catalog, Shop
from app.domain.confirmation import Confirmation
from app.domain.exceptions import OrderException
from app.domain.money import Money
from app.domain.observation import Source
from app.domain.order import Order
from app.domain.refund import Refund
from app.domain.renewal import EndWanted, Subscription
from app.domain.resolution import Action
from app.errors import CatalogError
from app.events import Fact
from app.orders import OrderDetail, OrderRow, Trouble
from app.provider_check import Finding
from app.routing import LeftOut, Route
from app.settings import Mode, Settings
from app.status import PhonesState, TillStatus


class Checkout(Protocol):
    """The use cases of a sale. Each raises `app.errors.ScantillError`."""

    async def place_order(self, content: CartContent) -> Order:
        """Freeze a cart into an order."""
        ...

    async def charge(
        self,
        order_id: str,
        account: str | None = None,
        *,
        method: Method | None = None,
        goes_on: Callable[[], bool] = lambda: True,
    ) -> Attempt:
        """Open a session where the router says, or at the account that the operator chose.

        `method` is how the customer wishes to pay. It may come back `unknown`.
        """
        ...

    async def withdraw(self, order_id: str) -> Order:
        """Close the session at the provider and leave the order open; it may turn out paid."""
        ...

    async def mark_shown(self, attempt_id: int) -> Attempt:
        """Write down that the QR is about to be shown; only then may it be painted."""
        ...

    async def check_now(self, attempt_id: int) -> Attempt:
        """Ask the provider and settle what it says."""
        ...

    async def due(self, attempt_id: int) -> Money:
        """Say what the operator is to take for an attempt by hand, in cash after rounding."""
        ...

    async def confirm_paid(
        self, attempt_id: int, *, by: str, received: Money | None = None, reference: str = ""
    ) -> Confirmation:
        """Write down that the operator took the money, once however often it is pressed."""
        ...

    async def cancel(self, order_id: str) -> Order:
        """Close the session at the provider, then the order; it may be paid, or still open."""
        ...


class Ways(Protocol):
    """Where a payment may go."""

    @property
    def are_several(self) -> bool:
        """Say whether there is anything to choose between."""
        ...

    @property
    def methods(self) -> frozenset[Method]:
        """Give how customers may pay at all, at one account or another."""
        ...

    def of_cart(self, content: CartContent, shop: Shop) -> Route:
        """Say where a cart could be paid; it must not be empty."""
        ...

    def refusals(self, content: CartContent, shop: Shop) -> tuple[LeftOut, ...]:
        """Say why no account takes a cart; empty where one does."""
        ...

    def of_order(self, order: Order, amount: Money, method: Method | None = None) -> Route:
        """Say where `amount` of an order could be paid."""
        ...


class OrderBook(Protocol):
    """What is in the books, read off the GUI thread."""

    async def page(
        self, *, search: str = "", before_number: int | None = None, limit: int = 100
    ) -> list[OrderRow]:
        """Give orders, newest first, below a number."""
        ...

    async def detail(self, order_id: str) -> OrderDetail | None:
        """Give one order with its history."""
        ...

    async def unfinished(self) -> OrderDetail | None:
        """Give the open order that was being paid last, on the screen; not what is processing."""
        ...

    async def awaited(self) -> int:
        """Count the open orders whose customer has confirmed and whose money is still to come."""
        ...

    async def troubles(
        self, *, before: int | None = None, limit: int = 50, with_resolved: bool = False
    ) -> list[Trouble]:
        """Give a page of what needs a person, newest first, from below the entry `before`."""
        ...

    async def urgent_troubles(self, until: datetime) -> list[Trouble]:
        """Give what waits for an answer that is due before `until`, the earliest first."""
        ...


class Refunds(Protocol):
    """Giving money of a payment back. Raises `app.errors.ScantillError`."""

    async def ask(
        self, payment_id: str, amount: Money, *, press: str, by: str, reason: str
    ) -> Refund:
        """Give back a part or all of it; the same `press` again gives the same refund."""
        ...


class Subscriptions(Protocol):
    """Ending subscriptions. Raises `app.errors.ScantillError`."""

    def ends_of(self, subscription: Subscription) -> tuple[EndWanted, ...]:
        """Say which ends can be asked for now, the gentler first."""
        ...

    async def cancel(
        self, row_id: int, *, at_period_end: bool, by: str, reason: str
    ) -> Subscription:
        """End one, at once or with what was paid for, and give it as it is then."""
        ...


class Cards(Protocol):
    """Cards that customers give for later; no money moves. Raises `app.errors.ScantillError`."""

    @property
    def accounts(self) -> tuple[str, ...]:
        """Name the accounts that keep cards, the default first."""
        ...

    async def page(self, *, before: int | None = None, limit: int = 50) -> list[CardSetup]:
        """Give a page of all set-ups, newest first, from below the row `before`."""
        ...

    async def one(self, row_id: int) -> CardSetup:
        """Give a set-up as the books have it."""
        ...

    async def begin(self, label: str, account: str | None = None, *, by: str) -> CardSetup:
        """Ask for a page on which a customer gives a card. It may come back `unknown`."""
        ...

    async def mark_shown(self, row_id: int) -> CardSetup:
        """Write down that the QR is about to be shown; only then may it be painted."""
        ...

    async def look(self, row_id: int, source: Source) -> CardSetup:
        """Ask the provider and write down what it says."""
        ...

    async def close(
        self, row_id: int, reason: CardClosing = CardClosing.CANCELLED, *, by: str = ""
    ) -> CardSetup:
        """Take the page away, and say what became of it; it may be saved, or still unknown."""
        ...


class Resolutions(Protocol):
    """Deciding about what needs a person. Raises `app.errors.ScantillError`."""

    async def resolve(
        self,
        exception_id: int,
        action: Action,
        *,
        by: str,
        reason: str,
        order_id: str | None = None,
        amount: Money | None = None,
        press: str = "",
    ) -> OrderException:
        """Do what a person decided, once for each `press`, and give the entry as it is then."""
        ...


class CatalogWatch(Protocol):
    """The catalog's file, which may be edited while the till runs."""

    @property
    def path(self) -> Path:
        """Give the file that the catalog in use came from."""
        ...

    @property
    def error(self) -> CatalogError | None:
        """Say what is wrong with the file as it is now, which is therefore not in use."""
        ...

    @property
    def is_waiting(self) -> bool:
        """Say whether a good catalog waits until the cart is empty."""
        ...

    def subscribe(self, listener: Callable[[CatalogNews], None]) -> Callable[[], None]:
        """Have `listener` called after each news, on the GUI thread and inside the loop."""
        ...

    def hold_while(self, is_in_use: Callable[[], bool]) -> None:
        """Let a catalog of other terms wait for as long as a cart stands under the old ones."""
        ...

    def release(self) -> None:
        """Take up what waits, if nothing keeps it any longer."""
        ...


class Phones(Protocol):
    """Phones on the shop's network, which may pay in training while they are allowed."""

    @property
    def state(self) -> PhonesState:
        """Give how it stands, without waiting."""
        ...

    def subscribe(self, listener: Callable[[PhonesState], None]) -> Callable[[], None]:
        """Have `listener` called after each change, on the GUI thread and inside the loop."""
        ...

    async def allow(self) -> None:
        """Let them in from now on."""
        ...

    async def forbid(self) -> None:
        """Let them in no more."""
        ...


class AccountDesk(Protocol):
    """The payment accounts and their keys. Raises `app.errors.ConfigError`."""

    async def look(self) -> AccountsStanding:
        """Say how the accounts stand now."""
        ...

    async def keep(self, account: str, key: str, value: str) -> AccountsStanding:
        """Keep a key, and say how the accounts stand then."""
        ...

    async def forget(self, account: str, key: str) -> AccountsStanding:
        """Forget a key that was kept here, and say how the accounts stand then."""
        ...

    def test(self, account: str) -> AsyncIterator[Finding]:
        """Look at what of an account works."""
        ...

    async def check(self, settings: Settings) -> None:
        """Raise ConfigError where a till would not start with these settings."""
        ...


class Till(Protocol):
    """The running till."""

    @property
    def catalog(self) -> Catalog:
        """Give what the shop sells."""
        ...

    @property
    def catalog_watch(self) -> CatalogWatch:
        """Give the watch over the catalog's file."""
        ...

    @property
    def mode(self) -> Mode:
        """Say what the data directory is for."""
        ...

    @property
    def accounts(self) -> tuple[str, ...]:
        """Give the names of the payment accounts, the default first."""
        ...

    @property
    def account_desk(self) -> AccountDesk:
        """Give what looks at the accounts, and keeps their keys."""
        ...

    @property
    def checkout(self) -> Checkout:
        """Give the use cases."""
        ...

    @property
    def ways(self) -> Ways:
        """Give where a payment may go."""
        ...

    @property
    def orders(self) -> OrderBook:
        """Give the books."""
        ...

    @property
    def refunds(self) -> Refunds:
        """Give what gives money back."""
        ...

    @property
    def subscriptions(self) -> Subscriptions:
        """Give what ends subscriptions."""
        ...

    @property
    def cards(self) -> Cards:
        """Give what saves cards for later."""
        ...

    @property
    def resolutions(self) -> Resolutions:
        """Give what carries out decisions."""
        ...

    @property
    def phones(self) -> Phones | None:
        """Give the phones' switch: there is one in training with the built-in simulator only."""
        ...

    def subscribe(self, listener: Callable[[Fact], None]) -> Callable[[], None]:
        """Have `listener` called for each fact, on the GUI thread and inside the loop."""
        ...

    def status(self) -> TillStatus:
        """Give the state of provider and doors, without waiting."""
        ...
