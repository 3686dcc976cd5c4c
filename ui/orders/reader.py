"""Reads the books for the Orders screen."""

from typing import Final

from app.orders import OrderDetail, OrderRow
from ui.orders.screen import OrdersScreen
from ui.reading import Page, Reader, Source
from ui.tasks import Tasks
from ui.till import OrderBook

_PAGE: Final = 100


class OrdersReader(Reader[OrderRow, str, OrderDetail]):
    """Fills the Orders screen. A newer search outdates the older ones, whichever answers last."""

    def __init__(self, book: OrderBook, tasks: Tasks, screen: OrdersScreen) -> None:
        self._book = book
        self._search = ""
        source = Source(_PAGE, self._page, book.detail, screen.show_rows, screen.show_order)
        super().__init__(tasks, screen.list, source)
        screen.search_changed.connect(self._on_search)

    def choose(self, key: str) -> None:
        """Show an order, and mark it where it stands in the list."""
        self._view.choose(key)
        super().choose(key)

    async def _page(self, below: int | None, limit: int) -> Page[OrderRow]:
        rows = await self._book.page(search=self._search, before_number=below, limit=limit)
        return Page(rows, rows[-1].number if len(rows) == limit else None)

    def _on_search(self, text: str) -> None:
        self._search = text.strip()
        self._read(again=False)
