"""The lines of the cart as a list, changed in place so that 500 of them stay smooth."""

from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, Qt

from app.domain.cart import CartLine
from app.domain.money import Money
from ui.format import Formats
from ui.i18n import _
from ui.kit.rows import Index
from ui.sell.cart_model import CartModel


class LineRole(IntEnum):
    """What a line's delegate asks for."""

    LINE = Qt.ItemDataRole.UserRole


class LineModel(QAbstractListModel):
    """Cart lines in the order in which they were rung up."""

    def __init__(self, formats: Formats, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._formats = formats
        self._lines: list[CartLine] = []

    def show_cart(self, cart: CartModel) -> int | None:
        """Take over the cart's lines; give the row that is new or changed, if it is one."""
        new = list(cart.content.lines)
        old_ids = [line.id for line in self._lines]
        new_ids = [line.id for line in new]
        if new_ids[: len(old_ids)] == old_ids:
            return self._grow(new)
        gone = [row for row, line_id in enumerate(old_ids) if line_id not in set(new_ids)]
        if len(gone) == 1 and old_ids[: gone[0]] + old_ids[gone[0] + 1 :] == new_ids:
            self.beginRemoveRows(QModelIndex(), gone[0], gone[0])
            del self._lines[gone[0]]
            self.endRemoveRows()
            self._lines = new
            return None
        self.beginResetModel()
        self._lines = new
        self.endResetModel()
        return None

    def line_at(self, index: Index) -> CartLine:
        """Give the line of a row."""
        return self._lines[index.row()]

    def row_of(self, line_id: int) -> int | None:
        """Say in which row a line stands."""
        return next((row for row, line in enumerate(self._lines) if line.id == line_id), None)

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._lines)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        line = self._lines[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return line.product.name
            case LineRole.LINE:
                return line
            case Qt.ItemDataRole.AccessibleTextRole:
                total = Money(line.net_of_discount_minor, line.product.price.currency)
                return _("{quantity} times {name}, {total}").format(
                    quantity=line.quantity, name=line.product.name, total=self._formats.money(total)
                )
        return None

    def _grow(self, new: list[CartLine]) -> int | None:
        """Add lines at the end and note which of the others changed."""
        had = len(self._lines)
        changed = [row for row in range(had) if self._lines[row] != new[row]]
        if len(new) > had:
            self.beginInsertRows(QModelIndex(), had, len(new) - 1)
            self._lines = new
            self.endInsertRows()
        else:
            self._lines = new
        for row in changed:
            index = self.index(row)
            self.dataChanged.emit(index, index)
        if len(new) > had:
            return len(new) - 1
        return changed[0] if len(changed) == 1 else None
