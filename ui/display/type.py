"""Setting type for the display: the largest size that fits, whole words, lines of like length.

What is set is measured as it is shaped, other scripts' fonts included. Each text runs its own way:
an amount or a name is not turned round because the screen is laid out from right to left.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QFont,
    QFontMetricsF,
    QPainter,
    QPaintEvent,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.fonts import font_for
from ui.kit.base import Part
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
    broken = _by_words(text, font, width, lines)
    if broken is not None and is_balanced and len(broken) > 1:
        broken = _balanced(text, font, width, len(broken)) or broken
    made = in_lines(text, font, width, lines) if broken is None else broken
    return Block(tuple(made), font, line_height(text, font))


def fitted(text: str, step: Type, look: Look, width: float, least: Type = Type.MICRO) -> QFont:
    """Give the tabular font of a step, smaller where one line of a text would be too long."""
    most, size = (look.metrics.type_px(TYPE_SCALE[one].size) for one in (step, least))

    def font(pixels: int) -> QFont:
        return font_for(step, pixels, tabular=True)

    return font(_largest(size, most, lambda px: width_of(text, font(px)) <= width))


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


class FitText(Part):
    """A text in the largest size from `most` down to `least` in which it fits whole.

    With more than one line allowed, one line is tried down to `wrapped` first. `set_room` limits
    the height. What does not even fit at `least` is shortened.
    """

    def __init__(
        self,
        look: Look,
        most: Type,
        least: Type,
        *,
        lines: int = 1,
        wrapped: Type | None = None,
        colour: str = "text",
        centred: bool = False,
        tabular: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(look, parent)
        self._most, self._least, self._wrapped = most, least, wrapped or most
        self._lines = lines
        self._colour = colour
        self._centred = centred
        self._tabular = tabular
        self._text = ""
        self._room: int | None = None
        self._made: tuple[int, Block] | None = None
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    @property
    def text(self) -> str:
        """Give the whole text."""
        return self._text

    @property
    def pixels(self) -> int:
        """Give the size in which the text is shown."""
        return self._block(self.width()).font.pixelSize()

    @property
    def natural_width(self) -> int:
        """Give how wide the text is on one line in its largest size."""
        return round(width_of(self._text, self._font(self._px(self._most)))) + 2

    def set_text(self, text: str) -> None:
        """Show another text; the whole of it is read out."""
        if text != self._text:
            self._text = text
            self.setAccessibleName(text)
            self._forget()

    def set_room(self, height: int | None) -> None:
        """Say how high the text may stand, in pixels; None for as high as it likes."""
        if height != self._room:
            self._room = height
            self._forget()

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        self._forget()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return round(self._block(width).height + 0.5)

    def sizeHint(self) -> QSize:
        return QSize(self.natural_width, self.heightForWidth(max(1, self.width())))

    def minimumSizeHint(self) -> QSize:
        return QSize(self.look.dp(40), 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.look.colour(self._colour))
        side = Qt.AlignmentFlag.AlignHCenter if self._centred else leading(self)
        made = self._block(self.width())
        over = max(0.0, (self.height() - made.height) / 2)
        draw_block(painter, QRectF(self.rect()).adjusted(0, over, 0, 0), made, side)

    def _forget(self) -> None:
        self._made = None
        self.updateGeometry()
        self.update()

    def _px(self, step: Type) -> int:
        return self.look.metrics.type_px(TYPE_SCALE[step].size)

    def _font(self, pixels: int) -> QFont:
        return font_for(self._most, pixels, tabular=self._tabular)

    def _block(self, width: int) -> Block:
        if self._made is None or self._made[0] != width:
            self._made = (width, self._set(max(1, width)))
        return self._made[1]

    def _set(self, width: int) -> Block:
        most, wrapped, least = map(self._px, (self._most, self._wrapped, self._least))

        def fits(pixels: int, lines: int) -> bool:
            font = self._font(pixels)
            made = _by_words(self._text, font, width, lines)
            if made is None or self._room is None:
                return made is not None
            return line_height(self._text, font) * len(made) <= self._room

        lines = 1 if fits(wrapped, 1) else self._lines
        ends = (wrapped, most) if lines == 1 and fits(wrapped, 1) else (least, wrapped)
        pixels = _largest(*ends, lambda px: fits(px, lines))
        return block(self._text, self._font(pixels), width, lines, is_balanced=self._centred)


def _largest(least: int, most: int, fits: Callable[[int], bool]) -> int:
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


def _by_words(text: str, font: QFont, width: float, lines: int) -> list[str] | None:
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
        made = _by_words(text, font, middle, lines)
        if made is None:
            low = middle
        else:
            best, high = made, middle
    return best
