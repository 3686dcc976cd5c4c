"""The coloured bar on top of every screen: whose money is taken, or none."""

from typing import Final

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.settings import Mode
from ui import theme
from ui.i18n import _
from ui.kit.base import Part
from ui.kit.paint import mirrored, text_in
from ui.look import Look
from ui.theme import TYPE_SCALE, Type

_WIDTH: Final = 400


class ModeBar(Part):
    """Says in which mode the till is; the customer's own screen says nothing of live money."""

    def __init__(
        self,
        look: Look,
        mode: Mode,
        parent: QWidget | None = None,
        *,
        step: Type = Type.CAPTION_STRONG,
        is_customers: bool = False,
    ) -> None:
        super().__init__(look, parent)
        self._step = step
        self.setObjectName("mode_bar")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._token = mode.value
        self._icon = "card" if mode is Mode.LIVE else "school"
        self.text = {
            Mode.TRAINING: _("TRAINING: no real money"),
            Mode.TEST: _("TEST MODE: the provider's test keys, no real money"),
            Mode.LIVE: _("LIVE: real money"),
        }[mode]
        self.setAccessibleName(self.text)
        self.setVisible(not (is_customers and mode is Mode.LIVE))

    def sizeHint(self) -> QSize:
        return QSize(self.look.dp(_WIDTH), self.look.dp(TYPE_SCALE[self._step].size + theme.L))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        look = self.look
        painter.fillRect(self.rect(), look.colour(self._token))
        font = look.font(self._step)
        colour = look.colour(f"on_{self._token}")
        words = QFontMetricsF(font).horizontalAdvance(self.text)
        side, gap = look.dp(theme.ICON_S), look.dp(theme.S)
        start = (self.width() - words - side - gap) / 2
        icon = QRectF(round(start), (self.height() - side) // 2, side, side)
        text = QRectF(start + side + gap, 0, words + 2, self.height())
        within = QRectF(self.rect())
        look.icons.paint(painter, self._icon, colour.name(), mirrored(self, within, icon))
        text_in(painter, mirrored(self, within, text), self.text, font, colour)
