"""How a line of the cart is painted, and where its three buttons are."""

from enum import StrEnum
from typing import Final

from PySide6.QtCore import QRect, QRectF, QSize
from PySide6.QtGui import QColor, QFontMetricsF, QPainter
from PySide6.QtWidgets import QListView, QStyledItemDelegate, QStyleOptionViewItem

from app.domain.cart import CartLine
from app.domain.money import Money
from ui import theme
from ui.i18n import _
from ui.kit.paint import ground, mirrored, mixed, ring, text_in
from ui.kit.rows import Index
from ui.look import Look
from ui.sell.line_model import LineRole
from ui.sell.tile_delegate import interval_words
from ui.theme import Type

_WIDTH: Final = 240


class LinePart(StrEnum):
    """A part of a line that can be tapped."""

    FEWER = "fewer"
    MORE = "more"
    REMOVE = "remove"


class LineDelegate(QStyledItemDelegate):
    """Paints a line: name and price above, unit price and buttons below.

    `pressed` is the row and the part under the finger.
    """

    def __init__(self, look: Look, parent: QListView) -> None:
        super().__init__(parent)
        self._look = look
        self._view = parent
        self.pressed: tuple[int, LinePart] | None = None

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(self._look.dp(_WIDTH), self.row_height())

    def row_height(self) -> int:
        """Say how high every line is."""
        look = self._look
        name = QFontMetricsF(look.font(Type.BODY_STRONG)).lineSpacing()
        return round(name) + look.metrics.touch + look.dp(theme.M + theme.S + theme.XS)

    def parts(self, row: QRect) -> dict[LinePart, QRect]:
        """Give the places of the buttons in a row, mirrored where one reads from the right."""
        look = self._look
        touch, gap = look.metrics.touch, look.metrics.gap
        top = row.bottom() - look.dp(theme.S) - touch + 1
        end = row.right() + 1 - look.dp(theme.M)
        remove = QRect(end - touch, top, touch, touch)
        more = QRect(remove.left() - gap - touch, top, touch, touch)
        fewer = QRect(more.left() - self._count_width() - touch, top, touch, touch)
        places = {LinePart.FEWER: fewer, LinePart.MORE: more, LinePart.REMOVE: remove}
        within = QRectF(row)
        return {
            part: mirrored(self._view, within, QRectF(place)).toRect()
            for part, place in places.items()
        }

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        line: CartLine = index.data(LineRole.LINE)
        look, colours = self._look, self._look.theme
        row: QRect = option.rect
        painter.save()
        if index.row():
            painter.fillRect(
                row.left() + look.dp(theme.M),
                row.top(),
                row.width() - 2 * look.dp(theme.M),
                1,
                QColor(colours.line),
            )
        if self._view.hasFocus() and self._view.currentIndex() == index:
            inset = look.dp(theme.XXS)
            focus = QRectF(row).adjusted(inset, inset, -inset, -inset)
            ring(painter, focus, look.dp(theme.RADIUS_S), colours.accent, look.dp(theme.RING))
        self._paint_words(painter, line, row)
        self._paint_buttons(painter, line, index.row(), row)
        painter.restore()

    def _count_width(self) -> int:
        metrics = QFontMetricsF(self._look.font(Type.BODY_STRONG, tabular=True))
        return round(metrics.horizontalAdvance("000")) + self._look.dp(theme.S)

    def _paint_words(self, painter: QPainter, line: CartLine, row: QRect) -> None:
        look, colours = self._look, self._look.theme
        strong = look.font(Type.BODY_STRONG, tabular=True)
        currency = line.product.price.currency
        price = look.formats.money(Money(line.net_of_discount_minor, currency))
        price_width = QFontMetricsF(strong).horizontalAdvance(price) + 1
        height = QFontMetricsF(strong).lineSpacing()
        pad = look.dp(theme.M)
        within = QRectF(row)
        above = within.adjusted(pad, look.dp(theme.M - theme.XXS), -pad, 0)
        above.setHeight(height)
        name_rect = above.adjusted(0, 0, -price_width - look.dp(theme.S), 0)
        name_rect = mirrored(self._view, within, name_rect)
        text_in(painter, above, price, strong, colours.text, end=True)
        name_font = look.font(Type.BODY_STRONG)
        text_in(painter, name_rect, line.product.name, name_font, colours.text)
        # Where the buttons are, seen from the leading edge.
        fewer = mirrored(self._view, within, QRectF(self.parts(row)[LinePart.FEWER]))
        below = QRectF(
            row.left() + pad, fewer.top(), fewer.left() - row.left() - pad, fewer.height()
        )
        below = mirrored(self._view, within, below)
        self._paint_small(painter, line, below)

    def _paint_small(self, painter: QPainter, line: CartLine, rect: QRectF) -> None:
        """Paint the unit price and, under it, what the line's discount takes off."""
        look, colours = self._look, self._look.theme
        caption = look.font(Type.CAPTION, tabular=True)
        unit = look.formats.money(line.product.price)
        interval = interval_words(line.product.billing_interval)
        words = f"{unit} {interval}" if interval else _("{price} each").format(price=unit)
        if not line.discount_minor:
            text_in(painter, rect, words, caption, colours.text_muted)
            return
        height = QFontMetricsF(caption).lineSpacing()
        middle = rect.center().y()
        upper = QRectF(rect.left(), middle - height, rect.width(), height)
        text_in(painter, upper, words, caption, colours.text_muted)
        off = look.formats.money(Money(-line.discount_minor, line.product.price.currency))
        strong = look.font(Type.CAPTION_STRONG, tabular=True)
        text_in(painter, upper.translated(0, height), off, strong, colours.good)

    def _paint_buttons(self, painter: QPainter, line: CartLine, number: int, row: QRect) -> None:
        look, colours = self._look, self._look.theme
        places = self.parts(row)
        side = look.dp(theme.ICON_M)
        icons = {
            LinePart.FEWER: "minus",
            LinePart.MORE: "plus",
            LinePart.REMOVE: "trash",
        }
        for part, place in places.items():
            is_pressed = self.pressed == (number, part)
            can = self._view.isEnabled() and (part is not LinePart.FEWER or line.quantity > 1)
            if part is not LinePart.REMOVE:
                fill = colours.accent_soft if is_pressed else colours.sunken
                ground(painter, QRectF(place), look.dp(theme.RADIUS_M), fill)
            elif is_pressed:
                ground(painter, QRectF(place), look.dp(theme.RADIUS_M), colours.danger_soft)
            colour = colours.text if part is not LinePart.REMOVE else colours.text_muted
            if not can:
                colour = mixed(colours.text_muted, colours.sunken, theme.FADED).name()
            icon = QRectF(0, 0, side, side)
            icon.moveCenter(QRectF(place).center())
            look.icons.paint(painter, icons[part], colour, icon.toRect().toRectF())
        between = places[LinePart.FEWER].united(places[LinePart.MORE])
        font = look.font(Type.BODY_STRONG, tabular=True)
        touch = look.metrics.touch
        room = QRectF(between).adjusted(touch, 0, -touch, 0)
        count = look.formats.count(line.quantity)
        text_in(painter, room, count, font, colours.text, centred=True)
