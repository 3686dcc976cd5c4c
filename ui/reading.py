"""Reads a list of the books page by page, and what was chosen of it whole."""

from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from PySide6.QtCore import QObject

from ui.kit.rows import RowList
from ui.tasks import Tasks

R = TypeVar("R")
W = TypeVar("W")
K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """Some rows, and below which number the next ones are; None where there are no more."""

    rows: list[R]
    below: int | None


@dataclass(frozen=True, slots=True)
class Source(Generic[R, K, W]):
    """Where rows come from, a page of `size` below a number, and what shows them.

    `show_rows` is given the first rows, the key of the one that was chosen, and whether the list
    is to stay where it is.
    """

    size: int
    page: Callable[[int | None, int], Awaitable[Page[R]]]
    whole: Callable[[K], Awaitable[W | None]]
    show_rows: Callable[[list[R], K | None, bool], None]
    show_whole: Callable[[W | None], None]


class Reader(QObject, Generic[R, K, W]):
    """Fills a list and what stands beside it. What is asked for last is what is shown.

    As long as nothing was chosen, the first row is.
    """

    def __init__(self, tasks: Tasks, view: RowList[R], source: Source[R, K, W]) -> None:
        super().__init__()
        self._tasks = tasks
        self._view = view
        self._source = source
        self._chosen: K | None = None
        self._asked = 0
        self._looked = 0
        self._below: int | None = None
        self._is_reading_more = False
        view.row_chosen.connect(self.choose)
        view.more_wanted.connect(self._on_more)

    def read_again(self) -> None:
        """Read the list, and what is shown of it, anew; as much as there is, left in place."""
        self._read(again=True)
        if self._chosen is not None:
            self._tasks.start(self._read_whole(self._chosen))

    def choose(self, key: K) -> None:
        """Show what stands behind a row, wherever it stands."""
        self._chosen = key
        self._tasks.start(self._read_whole(key))

    def _read(self, *, again: bool) -> None:
        self._asked += 1
        self._tasks.start(self._read_list(self._asked, again=again))

    async def _read_list(self, asked: int, *, again: bool) -> None:
        shown = self._view.rows.rowCount() if again else 0
        page = await self._source.page(None, max(self._source.size, shown))
        if asked != self._asked:
            return
        self._below = page.below
        self._source.show_rows(page.rows, self._chosen, again)
        if page.rows and self._chosen is None:
            self._view.choose(self._view.rows.key_at(self._view.rows.index(0)))

    async def _read_whole(self, key: K) -> None:
        self._looked += 1
        looked = self._looked
        whole = await self._source.whole(key)
        # An older look that answers later would take the newer one back.
        if key == self._chosen and looked == self._looked:
            self._source.show_whole(whole)

    async def _read_more(self, asked: int, below: int) -> None:
        try:
            page = await self._source.page(below, self._source.size)
        finally:
            self._is_reading_more = False
        if asked == self._asked:
            self._below = page.below
            self._view.rows.append(page.rows)

    def _on_more(self) -> None:
        if self._below is not None and not self._is_reading_more:
            self._is_reading_more = True
            self._tasks.start(self._read_more(self._asked, self._below))
