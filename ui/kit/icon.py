"""An icon by itself."""

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.kit.base import Part
from ui.look import Look


class Icon(Part):
    """An icon of a fixed size at the upper edge of its place."""

    def __init__(
        self,
        look: Look,
        name: str,
        side: int,
        colour: str = "text",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(look, parent)
        self._name, self._side, self._colour = name, side, colour
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)

    @property
    def name(self) -> str:
        """Say which icon it is."""
        return self._name

    def set_icon(self, name: str, colour: str) -> None:
        """Show another icon in a colour of the theme."""
        if (name, colour) != (self._name, self._colour):
            self._name, self._colour = name, colour
            self.update()

    def sizeHint(self) -> QSize:
        side = self.look.dp(self._side)
        return QSize(side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        side = self.look.dp(self._side)
        colour = self.look.colour(self._colour).name()
        self.look.icons.paint(QPainter(self), self._name, colour, QRectF(0, 0, side, side))
