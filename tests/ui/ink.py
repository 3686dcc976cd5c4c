"""What a widget really writes: every text that reaches the painter, with the extents of its ink.

A paint engine of its own takes the place of the screen, so that nothing is clipped and nothing has
to be believed of the widget itself.
"""

import unicodedata
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QPoint, QPointF, QRectF
from PySide6.QtGui import (
    QFont,
    QFontMetricsF,
    QPaintDevice,
    QPaintEngine,
    QPaintEngineState,
    QPainter,
    QRegion,
    QTextItem,
)
from PySide6.QtWidgets import QWidget


@dataclass(frozen=True)
class Ink:
    """A run of text where it stands in the window: `ink` of its glyphs, `area` given to it."""

    text: str
    ink: QRectF
    area: QRectF
    pixels: int


def written(window: QWidget) -> list[Ink]:
    """Give all that the visible widgets of a window write, each within what is seen of it."""
    found: list[Ink] = []
    for widget in (window, *window.findChildren(QWidget)):
        if widget.isVisible():
            area = _seen_area(widget, window)
            corner = QPointF(widget.mapTo(window, QPoint(0, 0)))
            found += [
                Ink(text, ink.translated(corner), area, pixels)
                for text, ink, pixels in _texts_of(widget)
            ]
    return found


def _seen_area(widget: QWidget, window: QWidget) -> QRectF:
    """Give what is seen of a widget: its place, as far as its parents have room for it."""
    area = QRectF(widget.rect()).translated(QPointF(widget.mapTo(window, QPoint(0, 0))))
    above = widget.parentWidget()
    while above is not None and widget is not window:
        place = QRectF(above.rect()).translated(QPointF(above.mapTo(window, QPoint(0, 0))))
        area = area.intersected(place)
        above = None if above is window else above.parentWidget()
    return area


def _texts_of(widget: QWidget) -> list[tuple[str, QRectF, int]]:
    device = _Device(widget)
    painter = QPainter(device)
    widget.render(painter, QPoint(0, 0), QRegion(), QWidget.RenderFlag(0))
    painter.end()
    return device.engine.texts


class _Engine(QPaintEngine):
    def __init__(self) -> None:
        super().__init__(QPaintEngine.PaintEngineFeature.AllFeatures)
        self.texts: list[tuple[str, QRectF, int]] = []

    def begin(self, device: QPaintDevice) -> bool:
        return True

    def end(self) -> bool:
        return True

    def type(self) -> QPaintEngine.Type:
        return QPaintEngine.Type.User

    def updateState(self, state: QPaintEngineState) -> None:
        return

    def drawTextItem(self, point: Any, item: QTextItem) -> None:
        font = QFont(item.font())
        ink = QFontMetricsF(font).tightBoundingRect(item.text()).translated(QPointF(point))
        # The marks that set a text's direction leave no ink.
        text = "".join(sign for sign in item.text() if unicodedata.category(sign) != "Cf")
        if text.strip():
            self.texts.append((text, ink, font.pixelSize()))

    def _ignore(self, *_: Any) -> None:
        return


_SHAPES = ("Path", "Polygon", "Rects", "Lines", "Ellipse", "Points", "Pixmap", "Image")
for _shape in (*_SHAPES, "TiledPixmap"):
    setattr(_Engine, f"draw{_shape}", _Engine._ignore)


class _Device(QPaintDevice):
    def __init__(self, widget: QWidget) -> None:
        super().__init__()
        self.engine = _Engine()
        self._widget = widget

    def paintEngine(self) -> QPaintEngine:
        return self.engine

    def metric(self, metric: QPaintDevice.PaintDeviceMetric) -> int:
        kind = QPaintDevice.PaintDeviceMetric
        known = {
            kind.PdmWidth: self._widget.width(),
            kind.PdmHeight: self._widget.height(),
            kind.PdmDepth: 32,
            kind.PdmDevicePixelRatio: 1,
            kind.PdmDevicePixelRatioScaled: 1 << 16,
        }
        return known.get(metric, 96)
