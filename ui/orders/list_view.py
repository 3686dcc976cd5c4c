"""The list of orders as it is painted and tapped."""

from typing import Final

from PySide6.QtCore import QModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from app.clock import Clock
from app.orders import OrderRow
from ui import theme
from ui.i18n import _, ngettext
from ui.kit.chip import chip_size, paint_chip
from ui.kit.paint import ground, mirrored, text_in
from ui.kit.scroll import ScrollHint, scroll_by_finger
from ui.look import Look
from ui.orders.list_model import OrderListModel, OrderRole
from ui.orders.words import state_words
from ui.sell.search import typed_text
from ui.sell.tile_model import Index
from ui.theme import Tone, Type

_WIDTH: Final = 240
_ROW: Final = 72


class OrderDelegate(QStyledItemDelegate):
    """Paints an order: number and amount above, time and state below."""

    def __init__(self, look: Look, clock: Clock, parent: QListView) -> None:
        super().__init__(parent)
        self._look = look
        self._clock = clock
        self._view = parent

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(self._look.dp(_WIDTH), max(self._look.metrics.touch, self._look.dp(_ROW)))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: OrderRow = index.data(OrderRole.ROW)
        look, colours = self._look, self._look.theme
        place: QRect = option.rect
        painter.save()
        side, end = look.dp(theme.XS + theme.XXS), look.dp(theme.XXS)
        rect = QRectF(place).adjusted(side, end, -side, -end)
        if self._view.currentIndex() == index:
            edge = colours.accent if self._view.hasFocus() else None
            ground(
                painter,
                rect,
                look.dp(theme.RADIUS_M),
                colours.accent_soft,
                edge,
                look.dp(theme.RING),
            )
        pad = look.dp(theme.M - theme.XXS)
        inner = rect.adjusted(pad, pad, -pad, -pad)
        strong = look.font(Type.BODY_STRONG, tabular=True)
        height = QFontMetricsF(strong).lineSpacing()
        above = QRectF(inner.left(), inner.top(), inner.width(), height)
        number = _("Order {number}").format(number=row.number)
        text_in(painter, above, number, strong, colours.text)
        text_in(painter, above, look.formats.money(row.total), strong, colours.text, end=True)
        self._paint_below(painter, row, inner)
        painter.restore()

    def _paint_below(self, painter: QPainter, row: OrderRow, inner: QRectF) -> None:
        look, colours = self._look, self._look.theme
        word, tone = state_words(row.state)
        if row.needs_person:
            word, tone = _("Needs a person"), Tone.DANGER
        size = chip_size(look, word)
        top = inner.bottom() - size.height()
        chip = QRectF(inner.right() - size.width(), top, size.width(), size.height())
        paint_chip(painter, look, mirrored(self._view, inner, chip), word, tone)
        room = inner.width() - size.width() - look.dp(theme.S)
        below = QRectF(inner.left(), top, room, size.height())
        below = mirrored(self._view, inner, below)
        when = look.formats.moment(row.created_at, self._clock.now())
        items = ngettext("{count} item", "{count} items", row.item_count)
        words = f"{when} · {items.format(count=row.item_count)}"
        text_in(painter, below, words, look.font(Type.CAPTION, tabular=True), colours.text_muted)


class OrderList(QListView):
    """Orders to choose from.

    Signals:
        order_chosen (str): The order with this id is to be shown.
        more_wanted: The end of the list is near.
    """

    order_chosen = Signal(str)
    more_wanted = Signal()

    def __init__(self, look: Look, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = OrderListModel(look.formats, self)
        self.setObjectName("order_list")
        self.setAccessibleName(_("Orders"))
        self.setModel(self._model)
        self.setItemDelegate(OrderDelegate(look, clock, self))
        self.setUniformItemSizes(True)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        scroll_by_finger(self)
        self._hint = ScrollHint(look, self)
        self.selectionModel().currentChanged.connect(self._on_current)
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        look.changed.connect(self.scheduleDelayedItemsLayout)

    @property
    def rows(self) -> OrderListModel:
        """Give the model behind the list."""
        return self._model

    def choose(self, order_id: str) -> None:
        """Mark an order in the list."""
        number = self._model.number_of(order_id)
        if number is not None:
            self.setCurrentIndex(self._model.index(number))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if typed_text(event):
            event.ignore()
            return
        super().keyPressEvent(event)

    def _on_current(self, current: QModelIndex) -> None:
        self.viewport().update()
        if current.isValid():
            self.order_chosen.emit(self._model.row_at(current).id)

    def _on_scrolled(self, value: int) -> None:
        bar = self.verticalScrollBar()
        if bar.maximum() - value < 2 * bar.pageStep():
            self.more_wanted.emit()
