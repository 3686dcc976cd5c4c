"""Reads the books for the place "needs a person"."""

from typing import Final

from app.clock import Clock
from app.domain.resolution import Action
from app.orders import Trouble
from ui.decide.desk import trouble_of
from ui.needs_person.screen import NeedsPersonScreen
from ui.orders.dispute_words import URGENT_WITHIN
from ui.reading import Page, Reader, Source
from ui.tasks import Tasks
from ui.till import OrderBook

_PAGE: Final = 50


class TroubleReader(Reader[Trouble, int, Trouble]):
    """Fills the place: what is urgent first, then the newest.

    An entry that was cleared up stays in sight until another is chosen.
    """

    def __init__(
        self, book: OrderBook, tasks: Tasks, screen: NeedsPersonScreen, clock: Clock
    ) -> None:
        self._book = book
        self._screen = screen
        self._clock = clock
        self._urgent: frozenset[int] = frozenset()
        self._wanted: tuple[int, Action] | None = None
        source = Source(_PAGE, self._page, self._whole, self._show_rows, self._show)
        super().__init__(tasks, screen.list, source)

    def begin(self) -> None:
        """Read anew for somebody who comes here: what was cleared up before is left behind."""
        shown = self._screen.panel.trouble
        if shown is not None and shown.case.exception.resolved_at is not None:
            # Another may have been chosen on the way here.
            self._chosen = None if self._chosen == _id(shown) else self._chosen
            self._screen.show_trouble(None)
        self.read_again()

    def choose(self, key: int) -> None:
        """Show an entry, and mark it where it stands in the list."""
        if self._wanted is not None and self._wanted[0] != key:
            self._wanted = None
        super().choose(key)

    def choose_way(self, key: int, action: Action) -> None:
        """Show an entry with the form of one of its ways, once it is read."""
        self._wanted = (key, action)
        self.choose(key)

    async def _page(self, below: int | None, limit: int) -> Page[Trouble]:
        first: list[Trouble] = []
        if below is None:
            first = await self._book.urgent_troubles(self._clock.now() + URGENT_WITHIN)
            self._urgent = frozenset(map(_id, first))
        rows = await self._book.troubles(before=below, limit=limit)
        below = _id(rows[-1]) if len(rows) == limit else None
        return Page([*first, *(row for row in rows if _id(row) not in self._urgent)], below)

    async def _whole(self, key: int) -> Trouble | None:
        return await trouble_of(self._book, key)

    def _show_rows(self, rows: list[Trouble], chosen: int | None, again: bool) -> None:
        self._screen.show_rows(rows, chosen)

    def _show(self, trouble: Trouble | None) -> None:
        self._screen.show_trouble(trouble)
        if trouble is not None and self._wanted is not None and self._wanted[0] == _id(trouble):
            action, self._wanted = self._wanted[1], None
            self._screen.panel.open_way(action)


def _id(trouble: Trouble) -> int:
    return trouble.case.exception.id
