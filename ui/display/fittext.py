"""A text of the display that takes the largest size in which it fits."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import (
    QFont,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.display.type import (
    Block,
    block,
    by_words,
    draw_block,
    largest,
    leading,
    line_height,
    width_of,
)
from ui.fonts import font_for
from ui.kit.base import Part
from ui.look import Look
from ui.theme import TYPE_SCALE, Type


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
            made = by_words(self._text, font, width, lines)
            if made is None or self._room is None:
                return made is not None
            return line_height(self._text, font) * len(made) <= self._room

        lines = 1 if fits(wrapped, 1) else self._lines
        ends = (wrapped, most) if lines == 1 and fits(wrapped, 1) else (least, wrapped)
        pixels = largest(*ends, lambda px: fits(px, lines))
        return block(self._text, self._font(pixels), width, lines, is_balanced=self._centred)
