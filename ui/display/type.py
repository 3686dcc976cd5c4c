"""Setting type for the display: the largest size that fits, whole words, lines of like length.

What is set is measured as it is shaped, other scripts' fonts included. Each text runs its own way:
an amount or a name is not turned round because the screen is laid out from right to left.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QFont,
    QFontMetricsF,
    QPainter,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QWidget

from ui.fonts import font_for
from ui.kit.paint import elided, in_lines
from ui.look import Look
from ui.theme import TYPE_SCALE, Type

_HALVINGS: Final = 7
_SPACES: Final = re.compile(r"[ \t\r\n\v\f\u2028\u2029]+")
_WORDS: Final = QTextOption.WrapMode.WordWrap


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of one font; `height` is what they take together, in pixels."""

    lines: tuple[str, ...]
    font: QFont
    line_height: float

    @property
    def height(self) -> float:
        """Give the height of all lines."""
        return self.line_height * len(self.lines)


def block(text: str, font: QFont, width: float, lines: int, *, is_balanced: bool = False) -> Block:
    """Break a text into at most so many lines of `width`; what is too long is shortened."""
    broken = by_words(text, font, width, lines)
    if broken is not None and is_balanced and len(broken) > 1:
        broken = _balanced(text, font, width, len(broken)) or broken
    made = in_lines(text, font, width, lines) if broken is None else broken
    return Block(tuple(made), font, line_height(text, font))


def fitted(text: str, step: Type, look: Look, width: float, least: Type = Type.MICRO) -> QFont:
    """Give the tabular font of a step, smaller where one line of a text would be too long."""
    most, size = (look.metrics.type_px(TYPE_SCALE[one].size) for one in (step, least))

    def font(pixels: int) -> QFont:
        return font_for(step, pixels, tabular=True)

    return font(largest(size, most, lambda px: width_of(text, font(px)) <= width))


def width_of(text: str, font: QFont) -> float:
    """Measure one line as it is shaped."""
    return QFontMetricsF(font).horizontalAdvance(text)


def line_height(text: str, font: QFont) -> float:
    """Measure the height that a line of this text needs; some scripts stand taller."""
    layout = QTextLayout(text, font)
    layout.beginLayout()
    line = layout.createLine()
    layout.endLayout()
    tallest = line.height() if line.isValid() else 0.0
    return max(tallest, QFontMetricsF(font).lineSpacing())


def draw_line(
    painter: QPainter, place: QRectF, text: str, font: QFont, side: Qt.AlignmentFlag
) -> None:
    """Draw one line in the painter's colour, at a side of its place as it is seen; shortened."""
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.NoWrap)
    option.setAlignment(side | Qt.AlignmentFlag.AlignAbsolute)
    layout = QTextLayout(elided(text, font, place.width() + 0.5), font)
    layout.setTextOption(option)
    layout.beginLayout()
    line = layout.createLine()
    if line.isValid():
        line.setLineWidth(place.width())
    layout.endLayout()
    height = line.height() if line.isValid() else 0.0
    layout.draw(painter, QPointF(place.left(), place.top() + (place.height() - height) / 2))


def draw_block(painter: QPainter, place: QRectF, made: Block, side: Qt.AlignmentFlag) -> None:
    """Draw the lines of a block, from the top of its place."""
    for number, line in enumerate(made.lines):
        top = place.top() + number * made.line_height
        spot = QRectF(place.left(), top, place.width(), made.line_height)
        draw_line(painter, spot, line, made.font, side)


def leading(widget: QWidget) -> Qt.AlignmentFlag:
    """Give the side at which reading begins on the screen."""
    is_flipped = widget.layoutDirection() is Qt.LayoutDirection.RightToLeft
    return Qt.AlignmentFlag.AlignRight if is_flipped else Qt.AlignmentFlag.AlignLeft


def trailing(widget: QWidget) -> Qt.AlignmentFlag:
    """Give the side at which reading ends on the screen."""
    is_left = leading(widget) is Qt.AlignmentFlag.AlignLeft
    return Qt.AlignmentFlag.AlignRight if is_left else Qt.AlignmentFlag.AlignLeft


def largest(least: int, most: int, fits: Callable[[int], bool]) -> int:
    """Find the largest number that fits, or the least one."""
    if fits(most):
        return most
    low, high = least, most
    while high - low > 1:
        middle = (low + high) // 2
        if fits(middle):
            low = middle
        else:
            high = middle
    return low


def by_words(text: str, font: QFont, width: float, lines: int) -> list[str] | None:
    """Break a text between words, or give None where it does not fit whole."""
    plain = _SPACES.sub(" ", text).strip()
    layout = QTextLayout(plain, font)
    option = QTextOption()
    option.setWrapMode(_WORDS)
    layout.setTextOption(option)
    made: list[str] = []
    layout.beginLayout()
    while (line := layout.createLine()).isValid():
        line.setLineWidth(width)
        start = line.textStart()
        words = plain[start : start + line.textLength()].strip()
        if len(made) == lines or width_of(words, font) > width:
            layout.endLayout()
            return None
        made.append(words)
    layout.endLayout()
    return made


def _balanced(text: str, font: QFont, width: float, lines: int) -> list[str] | None:
    """Break a text into the same number of lines with the least difference between them."""
    low, high = width / lines / 2, width
    best = None
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        made = by_words(text, font, middle, lines)
        if made is None:
            low = middle
        else:
            best, high = made, middle
    return best
