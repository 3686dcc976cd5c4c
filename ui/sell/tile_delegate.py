"""How a product's tile is painted."""

from typing import Final

from PySide6.QtCore import QRect, QRectF, QSize
from PySide6.QtGui import QFont, QFontMetricsF, QPainter
from PySide6.QtWidgets import QListView, QStyledItemDelegate, QStyleOptionViewItem

from app.domain.catalog import BillingInterval, Product
from ui import theme
from ui.i18n import _, ngettext
from ui.kit.paint import ground, in_lines, is_flipped, mirrored, ring, text_in
from ui.kit.rows import Index
from ui.look import Look
from ui.sell.pictures import Pictures
from ui.sell.tile_model import TileRole
from ui.theme import Type

_MAX_COUNT: Final = 999
_FEW_LEFT: Final = 3
_BADGE: Final = 28


def interval_words(interval: BillingInterval) -> str:
    """Say how often a price is charged, as it stands behind the price."""
    return {
        BillingInterval.ONETIME: "",
        BillingInterval.WEEKLY: _("/ week"),
        BillingInterval.MONTHLY: _("/ month"),
        BillingInterval.YEARLY: _("/ year"),
    }[interval]


class TileDelegate(QStyledItemDelegate):
    """Paints tiles: picture or initial, name in two lines, price, stock, count in the cart.

    `pressed_row` is the tile under the finger, `marked_row` the one that Enter adds.
    """

    def __init__(self, look: Look, pictures: Pictures, parent: QListView) -> None:
        super().__init__(parent)
        self._look = look
        self._pictures = pictures
        self._view = parent
        self.cell = QSize(150, 170)
        self.pressed_row = -1
        self.marked_row = -1

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return self.cell

    def tile_rect(self, cell: QRect) -> QRect:
        """Give the tile within its cell; what is left over is the gap to the next."""
        gap = self._look.metrics.gap
        if is_flipped(self._view):
            return cell.adjusted(gap, 0, 0, -gap)
        return cell.adjusted(0, 0, -gap, -gap)

    def text_height(self) -> int:
        """Say how much of a tile its text takes."""
        look = self._look
        name = QFontMetricsF(look.font(Type.BODY)).lineSpacing()
        price = QFontMetricsF(look.font(Type.BODY_STRONG, tabular=True)).lineSpacing()
        return round(2 * name + price) + look.dp(theme.XS + 2 * theme.S)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        product: Product = index.data(TileRole.PRODUCT)
        count: int = index.data(TileRole.COUNT)
        look, colours = self._look, self._look.theme
        cell: QRect = option.rect
        rect = QRectF(self.tile_rect(cell))
        is_pressed = index.row() == self.pressed_row
        painter.save()
        radius = look.dp(theme.RADIUS_M + theme.XXS)
        fill = colours.accent_soft if is_pressed else colours.surface
        ground(painter, rect, radius, fill, colours.line)
        text_rect = rect.adjusted(
            look.dp(theme.M - theme.XXS),
            rect.height() - self.text_height(),
            -look.dp(theme.M - theme.XXS),
            0,
        )
        stage = QRectF(rect.left(), rect.top(), rect.width(), text_rect.top() - rect.top())
        self._paint_picture(painter, product, stage)
        self._paint_text(painter, product, index.data(TileRole.STOCK), text_rect)
        if count:
            self._paint_badge(painter, count, rect)
        if self._has_ring(index):
            ring(painter, rect, radius, colours.accent, look.dp(theme.RING))
        painter.restore()

    def _has_ring(self, index: Index) -> bool:
        if index.row() == self.marked_row:
            return True
        view = self._view
        return view.hasFocus() and view.currentIndex() == index

    def _paint_picture(self, painter: QPainter, product: Product, stage: QRectF) -> None:
        look = self._look
        inset = look.dp(theme.S)
        side = round(min(stage.width(), stage.height() - inset / 2) - inset)
        if side < look.dp(theme.ICON_L):
            return
        place = QRectF(0, 0, side, side)
        place.moveCenter(stage.center())
        place.translate(0, inset / 4)
        ratio = painter.device().devicePixelRatio()
        pixmap = self._pictures.pixmap(product.image, side, ratio)
        if pixmap is not None:
            painter.drawPixmap(place.toRect().topLeft(), pixmap)
        elif not product.image:
            self._paint_initial(painter, product, place)

    def _paint_initial(self, painter: QPainter, product: Product, place: QRectF) -> None:
        look, colours = self._look, self._look.theme
        side = place.width() * 0.78
        disc = QRectF(0, 0, side, side)
        disc.moveCenter(place.center())
        tint = colours.pictures[sum(map(ord, product.category)) % len(colours.pictures)]
        ground(painter, disc, side / 2, tint)
        initial = next((char for char in product.name if char.isalnum()), "?").upper()
        font = look.font(Type.HEADLINE)
        text_in(painter, disc, initial, font, colours.text_muted, centred=True)

    def _paint_text(
        self, painter: QPainter, product: Product, left: int | None, rect: QRectF
    ) -> None:
        look, colours = self._look, self._look.theme
        font = look.font(Type.BODY)
        line_height = QFontMetricsF(font).lineSpacing()
        lines = in_lines(product.name, font, rect.width(), 2)
        first = rect.top() + (2 - len(lines)) * line_height
        for place, line in enumerate(lines):
            row = QRectF(rect.left(), first + place * line_height, rect.width(), line_height)
            text_in(painter, row, line, font, colours.text, whole=product.name)
        strong = look.font(Type.BODY_STRONG, tabular=True)
        height = QFontMetricsF(strong).lineSpacing()
        bottom = QRectF(
            rect.left(), rect.bottom() - height - look.dp(theme.S), rect.width(), height
        )
        strong = self._price_font(product, rect.width())
        price = look.formats.money(product.price)
        interval = interval_words(product.billing_interval)
        text_in(painter, bottom, price, strong, colours.text)
        used = QFontMetricsF(strong).horizontalAdvance(price + " ")
        rest = mirrored(self._view, bottom, bottom.adjusted(used, 0, 0, 0))
        self._paint_rest(painter, rest, interval, left)

    def _paint_rest(self, painter: QPainter, rest: QRectF, interval: str, left: int | None) -> None:
        """Paint what stands beside the price: the interval at once, the stock at the far edge."""
        look, colours = self._look, self._look.theme
        caption = look.font(Type.CAPTION)
        if interval and QFontMetricsF(caption).horizontalAdvance(interval) > rest.width():
            caption = look.font(Type.MICRO)
        if interval:
            text_in(painter, rest, interval, caption, colours.text_muted)
        elif left is not None:
            colour = colours.text_muted
            if left <= _FEW_LEFT:
                colour = colours.danger if left <= 0 else colours.warning
            words = (
                ngettext("{left} left", "{left} left", left).format(left=left)
                if left > 0
                else _("Sold out")
            )
            if QFontMetricsF(caption).horizontalAdvance(words) > rest.width():
                words = str(left)
            text_in(painter, rest, words, caption, colour, end=True)

    def _price_font(self, product: Product, room: float) -> QFont:
        """Give the price's type: smaller where the interval would not stand whole beside it."""
        look = self._look
        strong = look.font(Type.BODY_STRONG, tabular=True)
        interval = interval_words(product.billing_interval)
        price = look.formats.money(product.price)
        beside = QFontMetricsF(look.font(Type.CAPTION)).horizontalAdvance(interval)
        if interval and QFontMetricsF(strong).horizontalAdvance(price + " ") + beside > room:
            return look.font(Type.CAPTION_STRONG, tabular=True)
        return strong

    def _paint_badge(self, painter: QPainter, count: int, rect: QRectF) -> None:
        look, colours = self._look, self._look.theme
        font = look.font(Type.BODY_STRONG, tabular=True)
        words = str(count) if count <= _MAX_COUNT else f"{_MAX_COUNT}+"
        height = look.dp(_BADGE)
        width = max(height, round(QFontMetricsF(font).horizontalAdvance(words)) + look.dp(theme.M))
        inset = look.dp(theme.S)
        place = QRectF(rect.right() - inset - width, rect.top() + inset, width, height)
        badge = mirrored(self._view, rect, place)
        ground(painter, badge, height / 2, colours.accent)
        text_in(painter, badge, words, font, colours.on_accent, centred=True)
