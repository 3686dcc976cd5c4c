"""Chips: one of several choices in a row, and the small coloured word for a state."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from ui import theme
from ui.kit.base import Part
from ui.kit.paint import ground, ring, text_in
from ui.look import Look
from ui.theme import Tone, Type


class Chip(QAbstractButton):
    """A choice that stays chosen; put several into a QButtonGroup.

    Signals:
        toggled: Chosen or no longer chosen.
    """

    def __init__(self, look: Look, label: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.label = label
        self.setCheckable(True)
        self.setAccessibleName(label)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        look.changed.connect(self.on_look_changed)

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        text = QFontMetricsF(self.look.font(Type.BODY_STRONG)).horizontalAdvance(self.label)
        touch = self.look.metrics.touch
        return QSize(max(touch, round(text) + 2 * self.look.dp(theme.L)), touch)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        colours = self.look.theme
        rect = QRectF(self.rect())
        radius = rect.height() / 2
        if self.isChecked():
            ground(painter, rect, radius, colours.text)
            text = colours.canvas
            if self.hasFocus():
                # The ring's own colour is too near to the ground of a chip that is chosen.
                inset = self.look.dp(theme.RING)
                inner = rect.adjusted(inset, inset, -inset, -inset)
                ring(painter, inner, radius - inset, colours.canvas, inset)
        else:
            fill = colours.sunken if self.isDown() else colours.surface
            ground(painter, rect, radius, fill, colours.line_strong)
            text = colours.text
        if self.hasFocus():
            ring(painter, rect, radius, colours.accent, self.look.dp(theme.RING))
        pad = self.look.dp(theme.XS + theme.XXS)
        within = rect.adjusted(pad, 0, -pad, 0)
        font = self.look.font(Type.BODY_STRONG)
        text_in(painter, within, self.label, font, text, centred=True)


class StateChip(Part):
    """A state in one word on its colour."""

    def __init__(
        self, look: Look, word: str = "", tone: Tone = Tone.NEUTRAL, parent: QWidget | None = None
    ) -> None:
        super().__init__(look, parent)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._word = ""
        self._tone = tone
        self.set_state(word, tone)

    def set_state(self, word: str, tone: Tone) -> None:
        """Show another state."""
        self._word, self._tone = word, tone
        self.setAccessibleName(word)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return chip_size(self.look, self._word)

    def paintEvent(self, event: QPaintEvent) -> None:
        paint_chip(QPainter(self), self.look, QRectF(self.rect()), self._word, self._tone)


def chip_size(look: Look, word: str) -> QSize:
    """Say how large the chip of a word is."""
    metrics = QFontMetricsF(look.font(Type.CAPTION_STRONG))
    width = round(metrics.horizontalAdvance(word)) + 2 * look.dp(theme.M - theme.XXS)
    return QSize(width, round(metrics.height()) + look.dp(theme.S))


def paint_chip(painter: QPainter, look: Look, rect: QRectF, word: str, tone: Tone) -> None:
    """Paint the chip of a word, as lists do."""
    text, soft = look.theme.tone(tone)
    ground(painter, rect, rect.height() / 2, soft)
    text_in(painter, rect, word, look.font(Type.CAPTION_STRONG), text, centred=True)
