"""The customer's list of lines: painted as far as it is seen, the newest line always in view."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QLinearGradient, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.domain.money import Money
from ui import theme
from ui.display.model import DisplayCart, DisplayLine
from ui.display.type import (
    Block,
    block,
    draw_block,
    draw_line,
    fitted,
    leading,
    trailing,
    width_of,
)
from ui.i18n import _
from ui.kit.base import Part
from ui.kit.paint import ground, mirrored
from ui.look import Look
from ui.sell.tile_delegate import interval_words
from ui.theme import Type

NAME: Final = Type.HEADLINE
SMALL: Final = Type.TITLE
_MOST_OF_ROW: Final = 0.6


@dataclass(frozen=True, slots=True)
class _Row:
    """A line as it is set; widths and heights in pixels."""

    name: Block
    total: str
    total_font: QFont
    total_width: float
    height: int


class DisplayLines(Part):
    """Shows the lines of a cart; nobody scrolls it, it follows the operator."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._lines: tuple[DisplayLine, ...] = ()
        self._newest: int | None = None
        self._tops = [0]
        self._top = 0
        self._rows: dict[DisplayLine, _Row] = {}
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
        bottom = self._top + max(self.height(), 1)
        first = bisect_left(self._tops, self._top)
        return range(first, max(first, bisect_right(self._tops, bottom) - 1))

    def place_of(self, row: int) -> QRectF:
        """Give where a row is painted; outside of the widget where it is not seen."""
        top = self._tops[row] - self._top
        return QRectF(0, top, self.width(), self._tops[row + 1] - self._tops[row])

    def sizeHint(self) -> QSize:
        return QSize(self.look.dp(440), self.look.dp(320))

    def minimumSizeHint(self) -> QSize:
        return QSize(self.look.dp(240), self._least_height())

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        self._rows.clear()
        self._follow()
        super().on_look_changed()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._rows.clear()
        self._follow()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        whole = self.rows_in_view
        seen = range(max(0, whole.start - 1), min(len(self._lines), whole.stop + 1))
        for row in seen:
            self._paint_line(painter, row, self.place_of(row))
        if seen.start < whole.start:
            self._fade(painter, self.place_of(seen.start).bottom(), is_top=True)
        if seen.stop > whole.stop:
            self._fade(painter, self.height() - self.place_of(whole.stop).top(), is_top=False)

    # --- measuring ------------------------------------------------------------------------

    def _set(self, row: int) -> _Row:
        """Set a line: all names in one size, on a second line where they are long."""
        line = self._lines[row]
        made = self._rows.get(line)
        if made is None:
            across = max(1.0, self.width() - 2 * self.look.dp(theme.L))
            total = self.look.formats.money(line.total)
            font = fitted(total, NAME, self.look, across * _MOST_OF_ROW)
            width = width_of(total, font) + 1
            room = across - width - self.look.dp(theme.L)
            name = block(line.name, self.look.font(NAME), room, 2, is_balanced=True)
            height = round(name.height + self._small_height()) + self.look.dp(theme.M)
            made = self._rows[line] = _Row(name, total, font, width, height)
        return made

    def _least_height(self) -> int:
        name = QFontMetricsF(self.look.font(NAME)).lineSpacing()
        return round(name + self._small_height()) + self.look.dp(theme.M)

    def _small_height(self) -> float:
        return QFontMetricsF(self.look.font(SMALL, tabular=True)).lineSpacing()

    def _follow(self) -> None:
        """Move as little as it takes to have the newest line in view, and no gap at the end.

        Its neighbours stay in view too, where there is room: a faded edge is not for it.
        """
        self._tops = list(
            accumulate((self._set(row).height for row in range(len(self._lines))), initial=0)
        )
        end, height = len(self._lines) - 1, self.height()
        if self._newest is not None and end >= 0:
            beyond = 1 if height >= 4 * self._least_height() else 0
            least = self._tops[min(end, self._newest + beyond) + 1] - height
            most = self._tops[max(0, self._newest - beyond)]
            self._top = max(least, min(self._top, most))
        self._top = max(0, min(self._top, self._tops[-1] - height))

    # --- painting -------------------------------------------------------------------------

    def _paint_line(self, painter: QPainter, row: int, place: QRectF) -> None:
        look, colours = self.look, self.look.theme
        pad, half = look.dp(theme.L), look.dp(theme.M) / 2
        if row == self._newest:
            ground(painter, place, look.dp(theme.RADIUS_M), colours.accent_soft)
        elif row and row - 1 != self._newest:
            rule = place.adjusted(pad, 0, -pad, 0)
            rule.setHeight(1)
            painter.fillRect(rule, look.colour("line"))
        inner = place.adjusted(pad, half, -pad, -half)
        made = self._set(row)
        name, width = made.name, made.total_width
        painter.setPen(look.colour("text"))
        price = QRectF(inner.right() - width, inner.top(), width, name.line_height)
        draw_line(
            painter,
            mirrored(self, place, price),
            made.total,
            made.total_font,
            trailing(self),
        )
        words = inner.adjusted(0, 0, -width - pad, 0)
        draw_block(painter, mirrored(self, place, words), name, leading(self))
        below = QRectF(inner.left(), inner.top() + name.height, inner.width(), self._small_height())
        self._paint_small(painter, row, below)

    def _paint_small(self, painter: QPainter, row: int, below: QRectF) -> None:
        """Paint how many at which price, and at the other edge what was taken off."""
        look, line = self.look, self._lines[row]
        place = QRectF(below)
        if line.discount.minor:
            off = look.formats.money(Money(-line.discount.minor, line.discount.currency))
            font = fitted(off, SMALL, look, below.width() * _MOST_OF_ROW / 2)
            width = width_of(off, font) + 1
            painter.setPen(look.colour("good"))
            spot = QRectF(below.right() - width, below.top(), width, below.height())
            draw_line(painter, mirrored(self, below, spot), off, font, trailing(self))
            place.setWidth(below.width() - width - look.dp(theme.M))
        words = self._how_many(line)
        font = fitted(words, SMALL, look, place.width())
        painter.setPen(look.colour("text" if row == self._newest else "text_muted"))
        draw_line(painter, mirrored(self, below, place), words, font, leading(self))

    def _how_many(self, line: DisplayLine) -> str:
        formats = self.look.formats
        each = formats.money(line.each)
        interval = interval_words(line.interval)
        count = formats.count(line.quantity)
        return f"{count} \N{MULTIPLICATION SIGN} {each} {interval}".rstrip()

    def _fade(self, painter: QPainter, deep: float, *, is_top: bool) -> None:
        """Let a row that is cut by an edge fade out there."""
        top = 0.0 if is_top else self.height() - deep
        rect = QRectF(0, top, self.width(), deep)
        solid, clear = self.look.colour("canvas"), self.look.colour("canvas")
        clear.setAlpha(0)
        gradient = QLinearGradient(rect.topLeft(), rect.bottomLeft())
        gradient.setColorAt(0.0 if is_top else 1.0, solid)
        gradient.setColorAt(1.0 if is_top else 0.0, clear)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.fillRect(rect, gradient)
