"""The list of orders, newest first, longer as one scrolls."""

from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, Qt

from app.orders import OrderRow
from ui.format import Formats
from ui.i18n import _
from ui.orders.words import state_words
from ui.sell.tile_model import Index


class OrderRole(IntEnum):
    """What the list's delegate asks for."""

    ROW = Qt.ItemDataRole.UserRole


class OrderListModel(QAbstractListModel):
    """Rows of orders."""

    def __init__(self, formats: Formats, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._formats = formats
        self._rows: list[OrderRow] = []

    @property
    def last_number(self) -> int | None:
        """Give the lowest order number that is in the list."""
        return self._rows[-1].number if self._rows else None

    def show_rows(self, rows: list[OrderRow]) -> None:
        """Show these orders and no others; where only some changed, the list stays in place."""
        if [row.id for row in rows] == [row.id for row in self._rows]:
            changed = [n for n, row in enumerate(rows) if row != self._rows[n]]
            self._rows = rows
            for number in changed:
                self.dataChanged.emit(self.index(number), self.index(number))
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def append(self, rows: list[OrderRow]) -> None:
        """Add older orders at the end."""
        if rows:
            first = len(self._rows)
            self.beginInsertRows(QModelIndex(), first, first + len(rows) - 1)
            self._rows = [*self._rows, *rows]
            self.endInsertRows()

    def row_at(self, index: Index) -> OrderRow:
        """Give the order of a row."""
        return self._rows[index.row()]

    def number_of(self, order_id: str) -> int | None:
        """Say in which row an order stands."""
        return next((n for n, row in enumerate(self._rows) if row.id == order_id), None)

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return str(row.number)
            case OrderRole.ROW:
                return row
            case Qt.ItemDataRole.AccessibleTextRole:
                return _("Order {number}, {amount}, {state}").format(
                    number=row.number,
                    amount=self._formats.money(row.total),
                    state=state_words(row.state)[0],
                )
        return None
