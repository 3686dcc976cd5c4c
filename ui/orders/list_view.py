"""The list of orders, newest first, as it is painted and tapped."""

from PySide6.QtCore import QRectF
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QPainter
from PySide6.QtWidgets import QWidget

from app.clock import Clock
from app.orders import OrderRow
from ui import theme
from ui.format import Formats
from ui.i18n import _, ngettext
from ui.kit.chip import chip_size, paint_chip
from ui.kit.paint import mirrored, text_in
from ui.kit.rows import RowDelegate, RowList, Telling
from ui.look import Look
from ui.orders.words import state_words
from ui.sell.search import typed_text
from ui.theme import Tone, Type


class OrderList(RowList[OrderRow]):
    """Orders to choose from: number and amount above, time and state below."""

    def __init__(self, look: Look, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(look, _telling(look.formats), parent)
        self._look = look
        self._clock = clock
        self.setObjectName("order_list")
        self.setAccessibleName(_("Orders"))
        self.setItemDelegate(RowDelegate(look, self, self._paint_order))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if typed_text(event):
            event.ignore()
            return
        super().keyPressEvent(event)

    def _paint_order(self, painter: QPainter, row: OrderRow, inner: QRectF) -> None:
        look, colours = self._look, self._look.theme
        strong = look.font(Type.BODY_STRONG, tabular=True)
        height = QFontMetricsF(strong).lineSpacing()
        above = QRectF(inner.left(), inner.top(), inner.width(), height)
        number = _("Order {number}").format(number=row.number)
        text_in(painter, above, number, strong, colours.text)
        text_in(painter, above, look.formats.money(row.total), strong, colours.text, end=True)
        word, tone = _state(row)
        size = chip_size(look, word)
        top = inner.bottom() - size.height()
        chip = QRectF(inner.right() - size.width(), top, size.width(), size.height())
        paint_chip(painter, look, mirrored(self, inner, chip), word, tone)
        room = inner.width() - size.width() - look.dp(theme.S)
        below = mirrored(self, inner, QRectF(inner.left(), top, room, size.height()))
        when = look.formats.moment(row.created_at, self._clock.now())
        items = ngettext("{count} item", "{count} items", row.item_count)
        words = f"{when} · {items.format(count=row.item_count)}"
        caption = look.font(Type.CAPTION, tabular=True)
        if QFontMetricsF(caption).horizontalAdvance(words) > room:
            # Half a number of items would say another one.
            words = when
        text_in(painter, below, words, caption, colours.text_muted)


def _state(row: OrderRow) -> tuple[str, Tone]:
    """Say how an order stands; that somebody has to look at it comes before that."""
    return (_("Needs a person"), Tone.DANGER) if row.needs_person else state_words(row.state)


def _telling(formats: Formats) -> Telling[OrderRow]:
    def spoken(row: OrderRow) -> str:
        return _("Order {number}, {amount}, {state}").format(
            number=row.number, amount=formats.money(row.total), state=_state(row)[0]
        )

    return Telling(lambda row: row.id, lambda row: str(row.number), spoken)
