"""The list of what needs a person as it is painted and tapped."""

from typing import Final

from PySide6.QtCore import QModelIndex, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from app.clock import Clock
from app.orders import Trouble
from ui import theme
from ui.i18n import _
from ui.kit.paint import ground, is_flipped, mirrored, text_in
from ui.kit.scroll import ScrollHint, scroll_by_finger
from ui.look import Look
from ui.needs_person.list_model import TroubleListModel, TroubleRole, order_words
from ui.needs_person.words import trouble_words
from ui.sell.tile_model import Index
from ui.theme import Type

_WIDTH: Final = 240
_ROW: Final = 72
_MINUTE_MS: Final = 60_000


class TroubleDelegate(QStyledItemDelegate):
    """Paints an entry: what it is above; which order, since when and how much below."""

    def __init__(self, look: Look, clock: Clock, parent: QListView) -> None:
        super().__init__(parent)
        self._look = look
        self._clock = clock
        self._view = parent

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(self._look.dp(_WIDTH), max(self._look.metrics.touch, self._look.dp(_ROW)))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        trouble: Trouble = index.data(TroubleRole.TROUBLE)
        look, colours = self._look, self._look.theme
        place: QRect = option.rect
        painter.save()
        side, end = look.dp(theme.XS + theme.XXS), look.dp(theme.XXS)
        rect = QRectF(place).adjusted(side, end, -side, -end)
        if self._view.currentIndex() == index:
            edge = colours.accent if self._view.hasFocus() else None
            radius, width = look.dp(theme.RADIUS_M), look.dp(theme.RING)
            ground(painter, rect, radius, colours.accent_soft, edge, width)
        pad = look.dp(theme.M - theme.XXS)
        self._paint_words(painter, trouble, rect.adjusted(pad, pad, -pad, -pad))
        painter.restore()

    def _paint_words(self, painter: QPainter, trouble: Trouble, inner: QRectF) -> None:
        look, colours = self._look, self._look.theme
        words = trouble_words(trouble.case)
        strong, small = look.font(Type.BODY_STRONG, tabular=True), look.font(Type.CAPTION)
        height = QFontMetricsF(strong).lineSpacing()
        side, gap = look.dp(theme.ICON_L), look.dp(theme.M - theme.XXS)
        icon = QRectF(inner.left(), inner.center().y() - side / 2, side, side)
        icon = mirrored(self._view, inner, icon).toRect().toRectF()
        look.icons.paint(painter, words.icon, colours.tone(words.tone)[0], icon)
        begin, room = inner.left() + side + gap, inner.width() - side - gap
        above = mirrored(self._view, inner, QRectF(begin, inner.top(), room, height))
        text_in(painter, above, words.title, strong, colours.text)
        amount = look.formats.money(trouble.case.exception.amount)
        width = QFontMetricsF(strong).horizontalAdvance(amount) + 1
        top = inner.bottom() - height
        right = QRectF(inner.right() - width, top, width, height)
        right = mirrored(self._view, inner, right)
        text_in(painter, right, amount, strong, colours.text, end=not is_flipped(painter))
        below = QRectF(begin, top, room - width - gap, height)
        below = mirrored(self._view, inner, below)
        fits = QFontMetricsF(small).horizontalAdvance
        order, rest = order_words(trouble), self._rest(trouble)
        # A long amount leaves room for the order alone; the panel says the rest.
        about = f"{order} · {rest}" if fits(f"{order} · {rest}") <= below.width() else order
        text_in(painter, below, about, small, colours.text_muted)

    def _rest(self, trouble: Trouble) -> str:
        if trouble.case.is_under_way:
            return _("being given back")
        return self._look.formats.ago(trouble.case.exception.opened_at, self._clock.now())


class TroubleList(QListView):
    """Entries to choose from.

    Signals:
        trouble_chosen (int): The entry with this id is to be shown.
        more_wanted: The end of the list is near.
    """

    trouble_chosen = Signal(int)
    more_wanted = Signal()

    def __init__(self, look: Look, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = TroubleListModel(look.formats, self)
        self.setObjectName("trouble_list")
        self.setAccessibleName(_("Needs a person"))
        self.setModel(self._model)
        self.setItemDelegate(TroubleDelegate(look, clock, self))
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
        # "5 minutes ago" becomes six.
        self._minute = QTimer(self)
        self._minute.setInterval(_MINUTE_MS)
        self._minute.timeout.connect(self.viewport().update)
        self._minute.start()

    @property
    def rows(self) -> TroubleListModel:
        """Give the model behind the list."""
        return self._model

    def choose(self, exception_id: int) -> None:
        """Mark an entry in the list, or none where it is not in it."""
        number = self._model.number_of(exception_id)
        self.setCurrentIndex(self._model.index(number) if number is not None else QModelIndex())

    def focus_current(self) -> None:
        """Take the keyboard, at the entry that is shown or at the first."""
        if not self.currentIndex().isValid() and self._model.rowCount():
            self.setCurrentIndex(self._model.index(0))
        self.setFocus(Qt.FocusReason.TabFocusReason)

    def _on_current(self, current: QModelIndex) -> None:
        self.viewport().update()
        if current.isValid():
            self.trouble_chosen.emit(self._model.row_at(current).case.exception.id)

    def _on_scrolled(self, value: int) -> None:
        bar = self.verticalScrollBar()
        if bar.maximum() - value < 2 * bar.pageStep():
            self.more_wanted.emit()
