"""Text on a screen: always plain, in a step of the type scale and a colour of the theme."""

import math

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from ui import theme
from ui.kit.base import Part
from ui.kit.paint import in_lines, paragraph_in, text_in
from ui.look import Look
from ui.theme import Type


class Text(QLabel):
    """A label that shows its text as it stands, markup included."""

    def __init__(
        self,
        look: Look,
        text: str = "",
        step: Type = Type.BODY,
        *,
        colour: str = "text",
        tabular: bool = False,
        wraps: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.look = look
        self._step = step
        self._colour = colour
        self._tabular = tabular
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(wraps)
        self.setText(text)
        look.changed.connect(self.on_look_changed)
        self.on_look_changed()

    def set_step(self, step: Type) -> None:
        """Use another step of the type scale."""
        if step is not self._step:
            self._step = step
            self.on_look_changed()

    def set_colour(self, token: str) -> None:
        """Use another colour of the theme."""
        if token != self._colour:
            self._colour = token
            self.on_look_changed()

    def on_look_changed(self) -> None:
        """Take font and colour from the look."""
        self.setFont(self.look.font(self._step, tabular=self._tabular))
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.WindowText, self.look.colour(self._colour))
        self.setPalette(palette)

    def sizeHint(self) -> QSize:
        if self.wordWrap():
            return super().sizeHint()
        # A letter of another script must not make the one line higher.
        metrics = QFontMetricsF(self.font())
        width = math.ceil(metrics.horizontalAdvance(self.text()))
        return QSize(width, math.ceil(metrics.height()))

    def minimumSizeHint(self) -> QSize:
        return super().minimumSizeHint() if self.wordWrap() else self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        # Qt's label takes the window's direction for the text's own.
        rect, text = QRectF(self.contentsRect()), self.text()
        paint = paragraph_in if self.wordWrap() else text_in
        paint(QPainter(self), rect, text, self.font(), self.look.colour(self._colour))


class ElidedText(Part):
    """A text that takes the width it is given and is shortened to a number of lines."""

    def __init__(
        self,
        look: Look,
        text: str = "",
        step: Type = Type.BODY,
        *,
        colour: str = "text",
        lines: int = 1,
        centred: bool = False,
        tabular: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(look, parent)
        self._text = ""
        self._step = step
        self._colour = colour
        self._lines = lines
        self._centred = centred
        self._tabular = tabular
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_text(text)

    @property
    def text(self) -> str:
        """Give the whole text."""
        return self._text

    def set_text(self, text: str) -> None:
        """Show another text; the whole of it is read out."""
        if text != self._text:
            self._text = text
            self.setAccessibleName(text)
            self.updateGeometry()
            self.update()

    def set_step(self, step: Type) -> None:
        """Use another step of the type scale."""
        if step is not self._step:
            self._step = step
            self.updateGeometry()
            self.update()

    def set_colour(self, token: str) -> None:
        """Use another colour of the theme."""
        if token != self._colour:
            self._colour = token
            self.update()

    def sizeHint(self) -> QSize:
        metrics = QFontMetricsF(self._font())
        width = round(metrics.horizontalAdvance(self._text)) + 2
        shown = in_lines(self._text, self._font(), max(1, self.width()), self._lines)
        return QSize(width, round(metrics.lineSpacing() * max(1, len(shown))) + 1)

    def minimumSizeHint(self) -> QSize:
        return QSize(self.look.dp(theme.XXXL), self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._lines > 1:
            self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        font, colour = self._font(), self.look.colour(self._colour)
        height = QFontMetricsF(font).lineSpacing()
        for place, line in enumerate(in_lines(self._text, font, self.width(), self._lines)):
            rect = QRectF(0, place * height, self.width(), height)
            text_in(painter, rect, line, font, colour, centred=self._centred, whole=self._text)

    def _font(self) -> QFont:
        return self.look.font(self._step, tabular=self._tabular)
