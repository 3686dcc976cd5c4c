"""What the window asks of the till below it, and nothing more; `app.bootstrap.Till` gives it."""

from collections.abc import Callable
from typing import Protocol

from app.domain.attempt import Attempt
from app.domain.cart import CartContent
from app.domain.catalog import Catalog
from app.domain.order import Order
from app.events import Fact
from app.orders import OrderDetail, OrderRow
from app.settings import Mode
from app.status import TillStatus


class Checkout(Protocol):
    """The use cases of a sale. Each raises `app.errors.ScantillError`."""

    async def place_order(self, content: CartContent) -> Order:
        """Freeze a cart into an order."""
        ...

    async def open_session(self, order_id: str, account: str) -> Attempt:
        """Open a session at an account's provider; it may come back `unknown`."""
        ...

    async def mark_shown(self, attempt_id: int) -> Attempt:
        """Write down that the QR is about to be shown; only then may it be painted."""
        ...

    async def check_now(self, attempt_id: int) -> Attempt:
        """Ask the provider and settle what it says."""
        ...

    async def cancel(self, order_id: str) -> Order:
        """Close the session at the provider, then the order; it may be paid, or still open."""
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


class Till(Protocol):
    """The running till."""

    @property
    def catalog(self) -> Catalog:
        """Give what the shop sells."""
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
    def checkout(self) -> Checkout:
        """Give the use cases."""
        ...

    @property
    def orders(self) -> OrderBook:
        """Give the books."""
        ...

    def subscribe(self, listener: Callable[[Fact], None]) -> Callable[[], None]:
        """Have `listener` called for each fact, on the GUI thread and inside the loop."""
        ...

    def status(self) -> TillStatus:
        """Give the state of provider and doors, without waiting."""
        ...
