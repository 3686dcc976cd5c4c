"""The till's own icons: stroke drawings on a 24 px grid, tinted and rendered as they are needed."""

from pathlib import Path
from typing import Final

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from ui.fonts import RESOURCES

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
        self._drawn: dict[tuple[str, str, int, float], QPixmap] = {}

    @property
    def names(self) -> frozenset[str]:
        """Give the names of all icons."""
        return frozenset(self._drawings)

    def pixmap(self, name: str, colour: str, side: int, ratio: float) -> QPixmap:
        """Draw an icon `side` pixels wide in `colour` (#rrggbb); raises KeyError for no such."""
        key = (name, colour, side, ratio)
        made = self._drawn.get(key)
        if made is None:
            made = self._drawn[key] = self._draw(name, colour, side, ratio)
        return made

    def paint(self, painter: QPainter, name: str, colour: str, place: QRectF) -> None:
        """Paint an icon over `place`, which is square."""
        ratio = painter.device().devicePixelRatio()
        pixmap = self.pixmap(name, colour, round(place.width()), ratio)
        painter.drawPixmap(place.topLeft(), pixmap)

    def _draw(self, name: str, colour: str, side: int, ratio: float) -> QPixmap:
        source = self._drawings[name].replace(_PLACEHOLDER, colour)
        pixmap = QPixmap(round(side * ratio), round(side * ratio))
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        QSvgRenderer(QByteArray(source.encode())).render(painter, QRectF(pixmap.rect()))
        painter.end()
        pixmap.setDevicePixelRatio(ratio)
        return pixmap
