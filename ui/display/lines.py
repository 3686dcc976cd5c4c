"""The customer's list of lines: painted as far as it is seen, the newest line always in view."""

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QLinearGradient, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.domain.money import Money
from ui import theme
from ui.display.model import DisplayCart, DisplayLine
from ui.i18n import _
from ui.kit.base import Part
from ui.kit.paint import ground, mirrored, text_in
from ui.look import Look
from ui.sell.tile_delegate import interval_words
from ui.theme import Type

NAME: Final = Type.HEADLINE
SMALL: Final = Type.TITLE


class DisplayLines(Part):
    """Shows the lines of a cart; nobody scrolls it, it follows the operator."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._lines: tuple[DisplayLine, ...] = ()
        self._newest: int | None = None
        self._first = 0
        self.setObjectName("display_lines")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_cart(self, cart: DisplayCart) -> None:
        """Show the cart's lines."""
        self._lines = cart.lines
        self._newest = cart.newest
        self.setAccessibleName(_("Cart"))
        money = self.look.formats.money
        self.setAccessibleDescription(
            ", ".join(
                _("{quantity} times {name}, {total}").format(
                    quantity=line.quantity, name=line.name, total=money(line.total)
                )
                for line in cart.lines
            )
        )
        self._follow()
        self.update()

    @property
    def rows_in_view(self) -> range:
        """Give the rows that are wholly seen."""
        return range(self._first, min(len(self._lines), self._first + self._room()))

    def sizeHint(self) -> QSize:
        return QSize(self.look.dp(440), self.look.dp(320))

    def minimumSizeHint(self) -> QSize:
        return QSize(self.look.dp(240), self._row_height())

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        self._follow()
        super().on_look_changed()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._follow()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        height = self._row_height()
        last = min(len(self._lines), self._first + self._room() + 1)
        for row in range(self._first, last):
            place = QRectF(0, (row - self._first) * height, self.width(), height)
            self._paint_line(painter, row, place)
        if self._first:
            self._fade(painter, is_top=True)
        if last < len(self._lines) or last > self.rows_in_view.stop:
            self._fade(painter, is_top=False)

    def _row_height(self) -> int:
        name = QFontMetricsF(self.look.font(NAME)).lineSpacing()
        small = QFontMetricsF(self.look.font(SMALL)).lineSpacing()
        return round(name + small) + self.look.dp(theme.M)

    def _room(self) -> int:
        return max(1, self.height() // self._row_height())

    def _follow(self) -> None:
        """Move as little as it takes to have the newest line in view, and no gap at the end.

        A line beyond it stays in view too, where there is one: the faded edge is not for it.
        """
        room = self._room()
        most = max(0, len(self._lines) - room)
        if self._newest is not None:
            beyond = 1 if room > 2 else 0
            least = max(0, self._newest - room + 1 + beyond)
            self._first = max(least, min(self._first, max(0, self._newest - beyond)))
        self._first = min(self._first, most)

    def _paint_line(self, painter: QPainter, row: int, place: QRectF) -> None:
        look, colours, line = self.look, self.look.theme, self._lines[row]
        pad, half = look.dp(theme.L), look.dp(theme.M) / 2
        if row == self._newest:
            ground(painter, place, look.dp(theme.RADIUS_M), colours.accent_soft)
        elif row > self._first and row - 1 != self._newest:
            rule = place.adjusted(pad, 0, -pad, 0)
            rule.setHeight(1)
            painter.fillRect(rule, look.colour("line"))
        strong, small = look.font(NAME, tabular=True), look.font(SMALL, tabular=True)
        above = place.adjusted(pad, half, -pad, 0)
        above.setHeight(QFontMetricsF(strong).lineSpacing())
        total = look.formats.money(line.total)
        width = QFontMetricsF(strong).horizontalAdvance(total) + 1
        price = QRectF(above.right() - width, above.top(), width, above.height())
        name = above.adjusted(0, 0, -width - pad, 0)
        text_in(painter, mirrored(self, place, price), total, strong, colours.text, end=True)
        font = self._name_font(line.name, name.width())
        text_in(painter, mirrored(self, place, name), line.name, font, colours.text)
        below = QRectF(above.left(), above.bottom(), above.width(), 0)
        below.setHeight(QFontMetricsF(small).lineSpacing())
        muted = colours.text if row == self._newest else colours.text_muted
        text_in(painter, below, self._how_many(line), small, muted)
        if line.discount.minor:
            self._paint_discount(painter, line, below, small)

    def _paint_discount(
        self, painter: QPainter, line: DisplayLine, below: QRectF, font: QFont
    ) -> None:
        off = self.look.formats.money(Money(-line.discount.minor, line.discount.currency))
        width = QFontMetricsF(font).horizontalAdvance(off) + 1
        place = QRectF(below.right() - width, below.top(), width, below.height())
        within = QRectF(self.rect())
        text_in(painter, mirrored(self, within, place), off, font, self.look.theme.good, end=True)

    def _name_font(self, name: str, width: float) -> QFont:
        """Write a long name smaller before it is cut."""
        font = self.look.font(NAME)
        fits = QFontMetricsF(font).horizontalAdvance(name) <= width
        return font if fits else self.look.font(SMALL)

    def _how_many(self, line: DisplayLine) -> str:
        formats = self.look.formats
        each = formats.money(line.each)
        interval = interval_words(line.interval)
        count = formats.count(line.quantity)
        return f"{count} \N{MULTIPLICATION SIGN} {each} {interval}".rstrip()

    def _fade(self, painter: QPainter, *, is_top: bool) -> None:
        """Let an edge behind which there is more fade out."""
        deep = self._row_height() * 0.5
        top = 0.0 if is_top else self.height() - deep
        rect = QRectF(0, top, self.width(), deep)
        solid, clear = self.look.colour("canvas"), self.look.colour("canvas")
        clear.setAlpha(0)
        gradient = QLinearGradient(rect.topLeft(), rect.bottomLeft())
        gradient.setColorAt(0.0 if is_top else 1.0, solid)
        gradient.setColorAt(1.0 if is_top else 0.0, clear)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.fillRect(rect, gradient)
