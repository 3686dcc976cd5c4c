"""The list of what needs a person, newest first, longer as one scrolls."""

from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, Qt

from app.orders import Trouble
from ui.format import Formats
from ui.i18n import _
from ui.needs_person.words import trouble_words
from ui.sell.tile_model import Index


class TroubleRole(IntEnum):
    """What the list's delegate asks for."""

    TROUBLE = Qt.ItemDataRole.UserRole


class TroubleListModel(QAbstractListModel):
    """Rows of entries."""

    def __init__(self, formats: Formats, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._formats = formats
        self._rows: list[Trouble] = []

    @property
    def last_id(self) -> int | None:
        """Give the lowest id that is in the list."""
        return self._rows[-1].case.exception.id if self._rows else None

    def show_rows(self, rows: list[Trouble]) -> None:
        """Show these entries and no others; where only some changed, the list stays in place."""
        if list(map(_id, rows)) == list(map(_id, self._rows)):
            changed = [n for n, row in enumerate(rows) if row != self._rows[n]]
            self._rows = rows
            for number in changed:
                self.dataChanged.emit(self.index(number), self.index(number))
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def append(self, rows: list[Trouble]) -> None:
        """Add older entries at the end."""
        if rows:
            first = len(self._rows)
            self.beginInsertRows(QModelIndex(), first, first + len(rows) - 1)
            self._rows = [*self._rows, *rows]
            self.endInsertRows()

    def row_at(self, index: Index) -> Trouble:
        """Give the entry of a row."""
        return self._rows[index.row()]

    def number_of(self, exception_id: int) -> int | None:
        """Say in which row an entry stands."""
        return next((n for n, row in enumerate(self._rows) if _id(row) == exception_id), None)

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        trouble = self._rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return trouble_words(trouble.case).title
            case TroubleRole.TROUBLE:
                return trouble
            case Qt.ItemDataRole.AccessibleTextRole:
                return self._spoken(trouble)
        return None

    def _spoken(self, trouble: Trouble) -> str:
        words, entry = trouble_words(trouble.case), trouble.case.exception
        return ", ".join(
            [
                words.title,
                self._formats.money(entry.amount),
                order_words(trouble),
                words.state,
                self._formats.date(entry.opened_at),
            ]
        )


def order_words(trouble: Trouble) -> str:
    """Name the order that an entry is about, if one is known."""
    order = trouble.case.order
    return _("Order {number}").format(number=order.number) if order is not None else _("No order")


def _id(trouble: Trouble) -> int:
    return trouble.case.exception.id
