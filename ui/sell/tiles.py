"""The grid of tiles: as many columns as fit, equally wide, quick with thousands of products."""

from typing import Final

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QWidget

from app.domain.cart import CartContent
from app.domain.catalog import Product
from ui.i18n import _
from ui.kit.paint import is_flipped
from ui.kit.scroll import ScrollHint, set_up_list
from ui.look import Look
from ui.metrics import TILE_MM
from ui.sell.pictures import Pictures
from ui.sell.search import typed_text
from ui.sell.tile_delegate import TileDelegate
from ui.sell.tile_model import TileModel

_WANTED_WIDTH: Final = 144
_SMALL_WIDTH: Final = 124
_SMALL_VIEW: Final = 700
_PICTURE_SHARE: Final = 0.62
_Move = QAbstractItemView.CursorAction
_MIRRORED: Final = {_Move.MoveLeft: _Move.MoveRight, _Move.MoveRight: _Move.MoveLeft}


class Tiles(QListView):
    """Products to tap. The arrow keys move, Enter and Space add.

    Signals:
        chosen (Product): One piece of this product is wanted.
    """

    chosen = Signal(object)

    def __init__(self, look: Look, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._model = TileModel(look.formats, self)
        self._delegate = TileDelegate(look, pictures, self)
        self._is_new = True
        self.setObjectName("tiles")
        self.setAccessibleName(_("Products"))
        self.setModel(self._model)
        self.setItemDelegate(self._delegate)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setSpacing(0)
        set_up_list(self, look)
        self._hint = ScrollHint(look, self)
        pictures.drawn.connect(self.viewport().update)
        look.changed.connect(self._fit)
        self._fit()

    def show_products(self, products: list[Product], *, mark_first: bool = False) -> None:
        """Show these products from the top; `mark_first` rings the one that Enter adds."""
        self._model.show_products(products)
        self._delegate.marked_row = 0 if mark_first and products else -1
        self.scrollToTop()
        self.viewport().update()

    def show_products_again(self, products: list[Product], *, mark_first: bool = False) -> None:
        """Show these products in place of the former, without moving what the operator looks at."""
        top = self.verticalScrollBar().value()
        current = self._id_in(self.currentIndex().row())
        pressed = self._id_in(self._delegate.pressed_row)
        self._model.show_products(products)
        self._delegate.marked_row = 0 if mark_first and products else -1
        self.doItemsLayout()
        row = self._model.row_of(current)
        if row is not None:
            self.selectionModel().setCurrentIndex(
                self._model.index(row), QItemSelectionModel.SelectionFlag.NoUpdate
            )
        self.verticalScrollBar().setValue(top)
        if self._id_in(self._delegate.pressed_row) != pressed:
            # A finger that is down must not ring up what has slid beneath it.
            self._press(-1)
        self.viewport().update()

    def show_cart(self, content: CartContent) -> None:
        """Count on the tiles what is in the cart."""
        self._model.show_cart(content)

    def rect_of(self, product_id: str) -> QRect:
        """Give a product's tile in the viewport's coordinates; empty where it is not shown."""
        row = self._model.row_of(product_id)
        if row is None:
            return QRect()
        return self._delegate.tile_rect(self.visualRect(self._model.index(row)))

    def show_product(self, product_id: str) -> None:
        """Scroll a product's tile into sight."""
        row = self._model.row_of(product_id)
        if row is not None:
            self.scrollTo(self._model.index(row))

    def focus_first(self) -> None:
        """Give the keyboard to the first tile."""
        if self._model.rowCount():
            self.setCurrentIndex(self._model.index(0))
            self.setFocus(Qt.FocusReason.OtherFocusReason)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()
        super().resizeEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._is_new = True

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._is_new = False
        super().mousePressEvent(event)
        index = self._tile_at(event)
        if event.button() is Qt.MouseButton.LeftButton and index.isValid():
            self._press(index.row())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        pressed = self._delegate.pressed_row
        self._press(-1)
        index = self._tile_at(event)
        if pressed >= 0 and index.row() == pressed:
            self.chosen.emit(self._model.product_at(index))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if (
            self._delegate.pressed_row >= 0
            and self._tile_at(event).row() != self._delegate.pressed_row
        ):
            self._press(-1)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        # The second tap of two quick ones is a tap like the first, unless that one was for the
        # screen that stood here before: it ended PAID, and rings nothing up.
        if not self._is_new:
            self.mousePressEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._press(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}:
            if self.currentIndex().isValid():
                self.chosen.emit(self._model.product_at(self.currentIndex()))
            return
        if typed_text(event):
            # The window takes it to the search field.
            event.ignore()
            return
        super().keyPressEvent(event)

    def moveCursor(self, action: _Move, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        # Qt's grid knows no other direction than its own.
        if is_flipped(self):
            action = _MIRRORED.get(action, action)
        return super().moveCursor(action, modifiers)

    def _id_in(self, row: int) -> str:
        is_shown = 0 <= row < self._model.rowCount()
        return self._model.product_at(self._model.index(row)).id if is_shown else ""

    def _tile_at(self, event: QMouseEvent) -> QModelIndex:
        index = self.indexAt(event.position().toPoint())
        inside = self._delegate.tile_rect(self.visualRect(index)).contains(
            event.position().toPoint()
        )
        return index if inside else QModelIndex()

    def _press(self, row: int) -> None:
        if row != self._delegate.pressed_row:
            self._delegate.pressed_row = row
            self.viewport().update()

    def _fit(self) -> None:
        """Divide the width among as many columns as fit."""
        look = self._look
        room = self.width()
        is_small = room < look.dp(_SMALL_VIEW)
        wanted = look.dp(_SMALL_WIDTH if is_small else _WANTED_WIDTH)
        least = look.metrics.mm(TILE_MM)
        gap = look.metrics.gap
        columns = max(1, (room + gap) // (max(wanted, least) + gap))
        # Qt breaks the row where the last cell would touch the edge.
        width = max(1, (room - 1) // columns)
        height = round((width - gap) * _PICTURE_SHARE) + self._delegate.text_height() + gap
        cell = QSize(width, max(height, least + gap))
        if cell != self.gridSize():
            self._delegate.cell = cell
            self.setGridSize(cell)
        self.verticalScrollBar().setSingleStep(max(1, cell.height() // 3))
