"""The products on the tiles, with what of each is in the cart."""

from enum import IntEnum
from operator import is_
from typing import Any

from PySide6.QtCore import QAbstractListModel, QObject, Qt

from app.domain.cart import CartContent
from app.domain.catalog import Product
from ui.format import Formats
from ui.i18n import _, ngettext
from ui.kit.rows import Index


class TileRole(IntEnum):
    """What a tile's delegate asks for."""

    PRODUCT = Qt.ItemDataRole.UserRole
    COUNT = Qt.ItemDataRole.UserRole + 1
    STOCK = Qt.ItemDataRole.UserRole + 2


class TileModel(QAbstractListModel):
    """Products in the order in which they are shown."""

    def __init__(self, formats: Formats, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._formats = formats
        self._products: list[Product] = []
        self._row_of: dict[str, int] = {}
        self._counts: dict[str, int] = {}

    def show_products(self, products: list[Product]) -> None:
        """Show these products and no others."""
        if len(products) == len(self._products) and all(map(is_, products, self._products)):
            return
        self.beginResetModel()
        self._products = products
        self._row_of = {product.id: row for row, product in enumerate(products)}
        self.endResetModel()

    def show_cart(self, content: CartContent) -> None:
        """Count anew what is in the cart, and repaint only the tiles that changed."""
        counts: dict[str, int] = {}
        for line in content.lines:
            counts[line.product.id] = counts.get(line.product.id, 0) + line.quantity
        changed = {
            product_id
            for product_id in counts.keys() | self._counts.keys()
            if counts.get(product_id) != self._counts.get(product_id)
        }
        self._counts = counts
        for product_id in changed:
            row = self._row_of.get(product_id)
            if row is not None:
                index = self.index(row)
                self.dataChanged.emit(index, index)

    def row_of(self, product_id: str) -> int | None:
        """Say in which row a product stands, if it is shown."""
        return self._row_of.get(product_id)

    def product_at(self, index: Index) -> Product:
        """Give the product of a row."""
        return self._products[index.row()]

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._products)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        product = self._products[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return product.name
            case TileRole.PRODUCT:
                return product
            case TileRole.COUNT:
                return self._counts.get(product.id, 0)
            case TileRole.STOCK:
                return self._left(product)
            case Qt.ItemDataRole.AccessibleTextRole:
                return self._spoken(product)
        return None

    def _left(self, product: Product) -> int | None:
        if product.stock is None:
            return None
        return product.stock - self._counts.get(product.id, 0)

    def _spoken(self, product: Product) -> str:
        parts = [product.name, self._formats.money(product.price)]
        count = self._counts.get(product.id, 0)
        if count:
            parts.append(_("{count} in the cart").format(count=count))
        left = self._left(product)
        if left is not None:
            parts.append(ngettext("{left} left", "{left} left", left).format(left=left))
        return ", ".join(parts)
