"""A row that goes on in the next line where there is no more room, from the reading side on."""

from PySide6.QtCore import QMargins, QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget

from ui.look import Look


class FlowLayout(QLayout):
    """Lays buttons out in lines, the distance of two targets apart."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(QMargins(0, 0, 0, 0))

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._arrange(QRect(0, 0, width, 0), is_real=False)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        size = QSize(0, 0)
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        return size

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._arrange(rect, is_real=True)

    def _arrange(self, rect: QRect, *, is_real: bool) -> int:
        """Place the items, or only say how high they would stand."""
        gap = self._look.metrics.gap
        parent = self.parentWidget()
        is_flipped = parent is not None and (
            parent.layoutDirection() is Qt.LayoutDirection.RightToLeft
        )
        left, top, height = 0, 0, 0
        for item in self._items:
            widget = item.widget()
            if widget is not None and widget.isHidden():
                continue
            hint = item.sizeHint().boundedTo(QSize(max(1, rect.width()), 1 << 16))
            if left and left + hint.width() > rect.width():
                left, top, height = 0, top + height + gap, 0
            if is_real:
                x = rect.width() - left - hint.width() if is_flipped else left
                item.setGeometry(QRect(rect.topLeft() + QPoint(x, top), hint))
            left += hint.width() + gap
            height = max(height, hint.height())
        return top + height
