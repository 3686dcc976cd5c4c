"""A card: a quiet ground with round corners on which things stand together."""

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from ui import theme
from ui.kit.base import Part
from ui.kit.paint import ground
from ui.look import Look


class Card(Part):
    """A ground in a colour of the theme, with a fine line around it unless told otherwise."""

    def __init__(
        self,
        look: Look,
        fill: str = "surface",
        *,
        border: str | None = "line",
        radius: int = theme.RADIUS_L,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(look, parent)
        self._fill = fill
        self._border = border
        self._radius = radius

    def set_fill(self, token: str) -> None:
        """Use another colour of the theme."""
        self._fill = token
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        border = None if self._border is None else self.look.colour(self._border)
        ground(
            QPainter(self),
            QRectF(self.rect()),
            self.look.dp(self._radius),
            self.look.colour(self._fill),
            border,
        )


class Rule(Part):
    """A fine horizontal line between two parts."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self.setFixedHeight(1)

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), self.look.colour("line"))
