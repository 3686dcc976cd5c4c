"""The list of cart lines: steppers to tap, plus and minus and Delete on the keyboard."""

from PySide6.QtCore import QEvent, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QListView, QWidget

from app.domain.cart import CartLine
from ui.i18n import _
from ui.kit.scroll import ScrollHint, set_up_list
from ui.look import Look
from ui.sell.cart_model import CartModel
from ui.sell.line_delegate import LineDelegate, LinePart
from ui.sell.line_model import LineModel
from ui.sell.search import typed_text


class Lines(QListView):
    """The cart, line by line.

    Signals:
        quantity_wanted (int, int): The line with this id shall have so many pieces.
        removal_wanted (int): The line with this id shall go.
    """

    quantity_wanted = Signal(int, int)
    removal_wanted = Signal(int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._model = LineModel(look.formats, self)
        self._delegate = LineDelegate(look, self)
        self.setObjectName("cart_lines")
        self.setAccessibleName(_("Cart"))
        self.setModel(self._model)
        self.setItemDelegate(self._delegate)
        set_up_list(self, look)
        self._hint = ScrollHint(look, self)

    def show_cart(self, cart: CartModel) -> None:
        """Show the cart and scroll to the line that changed."""
        row = self._model.show_cart(cart)
        if row is not None:
            self.setCurrentIndex(self._model.index(row))
            self.scrollTo(self._model.index(row))

    def rect_of(self, line_id: int, part: LinePart) -> QRect:
        """Give the place of a line's button in the viewport's coordinates."""
        row = self._model.row_of(line_id)
        if row is None:
            return QRect()
        return self._delegate.parts(self.visualRect(self._model.index(row)))[part]

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        if event.button() is Qt.MouseButton.LeftButton:
            self._press(self._hit(event))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        # The second tap of two quick ones is a tap like the first.
        self.mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._delegate.pressed is not None and self._hit(event) != self._delegate.pressed:
            self._press(None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        pressed = self._delegate.pressed
        self._press(None)
        if pressed is not None and self._hit(event) == pressed:
            row, part = pressed
            self._do(part, self._model.line_at(self._model.index(row)))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._press(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        part = {
            Qt.Key.Key_Plus: LinePart.MORE,
            Qt.Key.Key_Minus: LinePart.FEWER,
            Qt.Key.Key_Delete: LinePart.REMOVE,
            Qt.Key.Key_Backspace: LinePart.REMOVE,
        }.get(Qt.Key(event.key()))
        if part is not None and self.currentIndex().isValid():
            self._do(part, self._model.line_at(self.currentIndex()))
        elif typed_text(event):
            # The window takes it to the search field.
            event.ignore()
        else:
            super().keyPressEvent(event)

    def _do(self, part: LinePart, line: CartLine) -> None:
        match part:
            case LinePart.MORE:
                self.quantity_wanted.emit(line.id, line.quantity + 1)
            case LinePart.FEWER:
                if line.quantity > 1:
                    self.quantity_wanted.emit(line.id, line.quantity - 1)
            case LinePart.REMOVE:
                self.removal_wanted.emit(line.id)

    def _hit(self, event: QMouseEvent) -> tuple[int, LinePart] | None:
        point = event.position().toPoint()
        index = self.indexAt(point)
        if not index.isValid():
            return None
        for part, place in self._delegate.parts(self.visualRect(index)).items():
            if place.contains(point):
                return index.row(), part
        return None

    def _press(self, pressed: tuple[int, LinePart] | None) -> None:
        if pressed != self._delegate.pressed:
            self._delegate.pressed = pressed
            self.viewport().update()
