"""Reads the books for the Orders screen; what is asked for last is what is shown."""

from PySide6.QtCore import QObject

from app.orders import OrderRow
from ui.orders.screen import OrdersScreen
from ui.tasks import Tasks
from ui.till import OrderBook

_PAGE = 100


class OrdersReader(QObject):
    """Fills the Orders screen. A newer search outdates the older ones, whichever answers last."""

    def __init__(self, book: OrderBook, tasks: Tasks, screen: OrdersScreen) -> None:
        super().__init__()
        self._book = book
        self._tasks = tasks
        self._screen = screen
        self._search = ""
        self._asked = 0
        self._is_at_end = False
        self._is_reading_more = False
        self._chosen = ""
        self._looked = 0
        screen.search_changed.connect(self._on_search)
        screen.order_chosen.connect(self._on_chosen)
        screen.more_wanted.connect(self._on_more)

    def read_again(self) -> None:
        """Read the list, and the order that is shown, anew."""
        self._asked += 1
        self._tasks.start(self._read_list(self._asked, again=True))
        if self._chosen:
            self._tasks.start(self._read_order(self._chosen))

    def choose(self, order_id: str) -> None:
        """Show an order, wherever in the list it stands."""
        self._screen.list.choose(order_id)
        self._on_chosen(order_id)

    async def _read_list(self, asked: int, *, again: bool = False) -> None:
        """Read the list from its top; `again` reads as much as there is and leaves it in place."""
        limit = max(_PAGE, self._screen.list.rows.rowCount()) if again else _PAGE
        rows = await self._book.page(search=self._search, limit=limit)
        if asked == self._asked:
            self._is_at_end = len(rows) < limit
            self._screen.show_rows(rows, again=again)
            if rows and not self._chosen:
                self._choose_first(rows)

    async def _read_order(self, order_id: str) -> None:
        self._looked += 1
        looked = self._looked
        detail = await self._book.detail(order_id)
        # An older look that answers later would take the newer one back.
        if order_id == self._chosen and looked == self._looked:
            self._screen.show_order(detail)

    async def _read_more(self, asked: int, before: int) -> None:
        try:
            rows = await self._book.page(search=self._search, before_number=before, limit=_PAGE)
        finally:
            self._is_reading_more = False
        if asked == self._asked:
            self._is_at_end = len(rows) < _PAGE
            self._screen.show_more_rows(rows)

    def _choose_first(self, rows: list[OrderRow]) -> None:
        self._screen.list.choose(rows[0].id)

    def _on_search(self, text: str) -> None:
        self._search = text.strip()
        self._asked += 1
        self._tasks.start(self._read_list(self._asked))

    def _on_chosen(self, order_id: str) -> None:
        self._chosen = order_id
        self._tasks.start(self._read_order(order_id))

    def _on_more(self) -> None:
        before = self._screen.list.rows.last_number
        if before is not None and not self._is_at_end and not self._is_reading_more:
            self._is_reading_more = True
            self._tasks.start(self._read_more(self._asked, before))
