"""The till's own icons: stroke drawings on a 24 px grid, tinted and rendered as they are needed."""

from pathlib import Path
from typing import Final

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from ui.fonts import RESOURCES

POINTING: Final = frozenset({"assign", "forward", "open", "undo"})
"""What points along the line that is read, and so points the other way from right to left.

Not a clock's hand, a tick, a magnifying glass or anything else that is a thing and not a way.
"""
_PLACEHOLDER: Final = "currentColor"


class Icons:
    """Gives an icon as a pixmap in a colour, a size and a device pixel ratio; each drawn once.

    All drawings are read when it is made: they are few and small, and nothing reads the disk
    later on.
    """

    def __init__(self, folder: Path = RESOURCES / "icons") -> None:
        self._drawings = {
            file.stem: file.read_text(encoding="utf-8") for file in folder.glob("*.svg")
        }
        self._drawn: dict[tuple[str, str, int, float, bool], QPixmap] = {}

    @property
    def names(self) -> frozenset[str]:
        """Give the names of all icons."""
        return frozenset(self._drawings)

    def pixmap(
        self, name: str, colour: str, side: int, ratio: float, *, flipped: bool = False
    ) -> QPixmap:
        """Draw an icon `side` pixels wide in `colour` (#rrggbb); raises KeyError for no such.

        `flipped` turns one that points the other way.
        """
        key = (name, colour, side, ratio, flipped and name in POINTING)
        made = self._drawn.get(key)
        if made is None:
            made = self._drawn[key] = self._draw(*key)
        return made

    def paint(self, painter: QPainter, name: str, colour: str, place: QRectF) -> None:
        """Paint an icon over `place`, which is square, as the window's direction has it."""
        ratio = painter.device().devicePixelRatio()
        flipped = painter.layoutDirection() is Qt.LayoutDirection.RightToLeft
        pixmap = self.pixmap(name, colour, round(place.width()), ratio, flipped=flipped)
        painter.drawPixmap(place.topLeft(), pixmap)

    def _draw(self, name: str, colour: str, side: int, ratio: float, flipped: bool) -> QPixmap:
        source = self._drawings[name].replace(_PLACEHOLDER, colour)
        pixmap = QPixmap(round(side * ratio), round(side * ratio))
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        if flipped:
            painter.translate(pixmap.width(), 0)
            painter.scale(-1, 1)
        QSvgRenderer(QByteArray(source.encode())).render(painter, QRectF(pixmap.rect()))
        painter.end()
        pixmap.setDevicePixelRatio(ratio)
        return pixmap
