"""A list of what the books have, longer as one scrolls: its rows, and how they are shown."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import (
    QListView,
    QStackedWidget,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from ui import theme
from ui.kit.card import Card
from ui.kit.paint import ground
from ui.kit.scroll import ScrollHint, set_up_list
from ui.kit.text import ElidedText
from ui.look import Look
from ui.theme import Type

R = TypeVar("R")
Index = QModelIndex | QPersistentModelIndex
Paint = Callable[[QPainter, R, QRectF], None]

ROW: Final = Qt.ItemDataRole.UserRole
"""The role under which a row itself is found."""

_WIDTH: Final = 240
_HEIGHT: Final = 72
_SHARE: Final = 0.35
_LEAST: Final = 300
_MOST: Final = 440


@dataclass(frozen=True, slots=True)
class Telling(Generic[R]):
    """What a list says of a row: the key it is known by, its name, and how it is read out."""

    key: Callable[[R], Hashable]
    title: Callable[[R], str]
    spoken: Callable[[R], str]


class RowModel(QAbstractListModel, Generic[R]):
    """Rows in the order in which they are shown."""

    def __init__(self, telling: Telling[R], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._telling = telling
        self._rows: list[R] = []

    def show_rows(self, rows: list[R]) -> None:
        """Show these rows and no others; where only some changed, the list stays in place."""
        if list(map(self._telling.key, rows)) == list(map(self._telling.key, self._rows)):
            changed = [n for n, row in enumerate(rows) if row != self._rows[n]]
            self._rows = rows
            for number in changed:
                self.dataChanged.emit(self.index(number), self.index(number))
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def append(self, rows: list[R]) -> None:
        """Add rows at the end."""
        if rows:
            first = len(self._rows)
            self.beginInsertRows(QModelIndex(), first, first + len(rows) - 1)
            self._rows = [*self._rows, *rows]
            self.endInsertRows()

    def key_at(self, index: Index) -> Hashable:
        """Give the key of a row."""
        return self._telling.key(self._rows[index.row()])

    def number_of(self, key: Hashable) -> int | None:
        """Say in which place a row stands."""
        keys = map(self._telling.key, self._rows)
        return next((number for number, one in enumerate(keys) if one == key), None)

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._telling.title(row)
            case Qt.ItemDataRole.AccessibleTextRole:
                return self._telling.spoken(row)
            case Qt.ItemDataRole.UserRole:
                return row
        return None


class RowDelegate(QStyledItemDelegate, Generic[R]):
    """Paints the ground of a row, with the ring of the keyboard, and has its words painted."""

    def __init__(self, look: Look, view: QListView, paint_row: Paint[R]) -> None:
        super().__init__(view)
        self._look = look
        self._view = view
        self._paint_row = paint_row

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        look = self._look
        words = 2 * QFontMetricsF(look.font(Type.BODY_STRONG)).lineSpacing() + look.dp(theme.L)
        least = max(look.metrics.touch, look.dp(_HEIGHT))
        return QSize(look.dp(_WIDTH), max(least, round(words)))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        look, colours = self._look, self._look.theme
        painter.save()
        side, end = look.dp(theme.XS + theme.XXS), look.dp(theme.XXS)
        rect = QRectF(option.rect).adjusted(side, end, -side, -end)
        if self._view.currentIndex() == index:
            edge = colours.accent if self._view.hasFocus() else None
            radius, width = look.dp(theme.RADIUS_M), look.dp(theme.RING)
            ground(painter, rect, radius, colours.accent_soft, edge, width)
        pad = look.dp(theme.M - theme.XXS)
        self._paint_row(painter, index.data(ROW), rect.adjusted(pad, pad, -pad, -pad))
        painter.restore()


class RowList(QListView, Generic[R]):
    """Rows to choose from.

    Signals:
        row_chosen (object): The row with this key is to be shown.
        more_wanted: The end of the list is near.
    """

    row_chosen = Signal(object)
    more_wanted = Signal()

    def __init__(self, look: Look, telling: Telling[R], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = RowModel(telling, self)
        self.setModel(self._model)
        set_up_list(self, look)
        self._hint = ScrollHint(look, self)
        self.selectionModel().currentChanged.connect(self._on_current)
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)

    @property
    def rows(self) -> RowModel[R]:
        """Give the model behind the list."""
        return self._model

    def choose(self, key: Hashable) -> None:
        """Mark a row of the list, or none where it is not in it."""
        number = self._model.number_of(key)
        self.setCurrentIndex(self._model.index(number) if number is not None else QModelIndex())

    def refill(self, rows: list[R], chosen: Hashable) -> None:
        """Show these rows with that one marked, and scroll nowhere."""
        top = self.verticalScrollBar().value()
        self._model.show_rows(rows)
        self.choose(chosen)
        self.doItemsLayout()
        self.verticalScrollBar().setValue(top)

    def focus_current(self) -> None:
        """Take the keyboard, at the row that is shown or at the first."""
        if not self.currentIndex().isValid() and self._model.rowCount():
            self.setCurrentIndex(self._model.index(0))
        self.setFocus(Qt.FocusReason.TabFocusReason)

    def _on_current(self, current: QModelIndex) -> None:
        self.viewport().update()
        if current.isValid():
            self.row_chosen.emit(self._model.key_at(current))

    def _on_scrolled(self, value: int) -> None:
        bar = self.verticalScrollBar()
        if bar.maximum() - value < 2 * bar.pageStep():
            self.more_wanted.emit()


class ListCard(Card):
    """A list on its card; words stand in its place where there is nothing to choose from."""

    def __init__(self, look: Look, view: QListView, words: str = "") -> None:
        super().__init__(look)
        self.words = ElidedText(look, words, colour="text_muted", lines=3, centred=True)
        empty = QWidget()
        centred = QVBoxLayout(empty)
        centred.addStretch(1)
        centred.addWidget(self.words)
        centred.addStretch(1)
        self._stack = QStackedWidget()
        self._stack.addWidget(view)
        self._stack.addWidget(empty)
        self._column = QVBoxLayout(self)
        self._column.addWidget(self._stack)
        self.on_look_changed()

    def show_list(self, has_any: bool) -> None:
        """Show the list, or the words in its place."""
        self._stack.setCurrentIndex(0 if has_any else 1)

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        # What is marked has as much room above it as beside it.
        end = self.look.dp(theme.XS)
        self._column.setContentsMargins(0, end, 0, end)
        super().on_look_changed()


def list_width(look: Look, width: int) -> int:
    """Say how wide a list is beside what was chosen, where both have so much room."""
    return max(look.dp(_LEAST), min(round(width * _SHARE), look.dp(_MOST)))
