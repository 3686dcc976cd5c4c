"""Reads the books for the place "needs a person"; what is asked for last is what is shown."""

from typing import Final

from PySide6.QtCore import QObject

from ui.decide.desk import trouble_of
from ui.needs_person.screen import NeedsPersonScreen
from ui.tasks import Tasks
from ui.till import OrderBook

_PAGE: Final = 50


class TroubleReader(QObject):
    """Fills the place. An entry that was cleared up stays in sight until another is chosen."""

    def __init__(self, book: OrderBook, tasks: Tasks, screen: NeedsPersonScreen) -> None:
        super().__init__()
        self._book = book
        self._tasks = tasks
        self._screen = screen
        self._asked = 0
        self._is_at_end = False
        self._is_reading_more = False
        self._chosen = 0
        self._looked = 0
        screen.trouble_chosen.connect(self.choose)
        screen.more_wanted.connect(self._on_more)

    def begin(self) -> None:
        """Read anew for somebody who comes here: what was cleared up before is left behind."""
        shown = self._screen.panel.trouble
        if shown is not None and shown.case.exception.resolved_at is not None:
            self._chosen = 0
            self._screen.show_trouble(None)
        self.read_again()

    def read_again(self) -> None:
        """Read the list, and the entry that is shown, anew."""
        self._asked += 1
        self._tasks.start(self._read_list(self._asked))
        if self._chosen:
            self._tasks.start(self._read_one(self._chosen))

    def choose(self, exception_id: int) -> None:
        """Show an entry."""
        self._chosen = exception_id
        self._tasks.start(self._read_one(exception_id))

    async def _read_list(self, asked: int) -> None:
        """Read as much of the list as is shown, and leave it in place."""
        limit = max(_PAGE, self._screen.list.rows.rowCount())
        rows = await self._book.troubles(limit=limit)
        if asked == self._asked:
            self._is_at_end = len(rows) < limit
            self._screen.show_rows(rows, self._chosen)
            if rows and not self._chosen:
                self._screen.list.choose(rows[0].case.exception.id)

    async def _read_one(self, exception_id: int) -> None:
        self._looked += 1
        looked = self._looked
        trouble = await trouble_of(self._book, exception_id)
        # An older look that answers later would take the newer one back.
        if exception_id == self._chosen and looked == self._looked:
            self._screen.show_trouble(trouble)

    async def _read_more(self, asked: int, before: int) -> None:
        try:
            rows = await self._book.troubles(before=before, limit=_PAGE)
        finally:
            self._is_reading_more = False
        if asked == self._asked:
            self._is_at_end = len(rows) < _PAGE
            self._screen.show_more_rows(rows)

    def _on_more(self) -> None:
        before = self._screen.list.rows.last_id
        if before is not None and not self._is_at_end and not self._is_reading_more:
            self._is_reading_more = True
            self._tasks.start(self._read_more(self._asked, before))
