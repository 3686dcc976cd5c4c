"""What a widget paints, word by word: a paint device that writes down instead of painting.

Pictures cannot say which text was meant; this can: each piece of text with its place, font and
colour, and each icon with its place. A widget is recorded without its children, so that every
piece is known by the widget that painted it.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QPaintDevice,
    QPaintEngine,
    QPaintEngineState,
    QPixmap,
    QRegion,
    QTextItem,
)
from PySide6.QtWidgets import QWidget


@dataclass(frozen=True)
class PaintedText:
    """A piece of text on one line. `ink` is the box around its strokes, in the widget's pixels."""

    widget: QWidget
    text: str
    ink: QRectF
    colour: QColor
    pixel_size: int
    weight: int

    @property
    def is_large(self) -> bool:
        """Say whether it is large as WCAG 2 has it: 24 px, or 18.66 px in bold."""
        return self.pixel_size >= 24 or (self.pixel_size >= 18.66 and self.weight >= 700)


@dataclass(frozen=True)
class PaintedIcon:
    """A pixmap of one single colour."""

    widget: QWidget
    place: QRectF
    colour: QColor


class _Engine(QPaintEngine):
    def __init__(self, widget: QWidget) -> None:
        super().__init__(QPaintEngine.PaintEngineFeature.AllFeatures)
        self._widget = widget
        self.texts: list[PaintedText] = []
        self.icons: list[PaintedIcon] = []

    def begin(self, device: QPaintDevice) -> bool:
        return True

    def end(self) -> bool:
        return True

    def updateState(self, state: QPaintEngineState) -> None:
        return

    def type(self) -> QPaintEngine.Type:
        return QPaintEngine.Type.User

    def drawTextItem(self, point: QPointF, item: QTextItem) -> None:  # type: ignore[override]
        text = seen_letters(item.text())
        if not text:
            return
        painter = self.painter()
        font = QFont(item.font())
        box = QFontMetricsF(font).tightBoundingRect(text)
        # The width is the shaped one; the height that of the strokes.
        ink = QRectF(point.x(), point.y() + box.top(), item.width(), box.height())
        ink = painter.combinedTransform().mapRect(ink)
        size = round(font.pixelSize() * painter.combinedTransform().m22())
        colour = painter.pen().color()
        piece = PaintedText(self._widget, text, ink, colour, size, font.weight())
        if self.texts and (whole := _joined(self.texts[-1], piece)) is not None:
            self.texts[-1] = whole
        else:
            self.texts.append(piece)

    def drawPixmap(  # type: ignore[override]
        self, place: QRectF, pixmap: QPixmap, source: QRectF
    ) -> None:
        colour = _only_colour(pixmap)
        if colour is not None:
            ink = self.painter().combinedTransform().mapRect(place)
            self.icons.append(PaintedIcon(self._widget, ink, colour))

    def drawImage(self, *arguments: object) -> None:
        return

    def drawTiledPixmap(self, *arguments: object) -> None:
        return

    def drawPath(self, *arguments: object) -> None:
        return

    def drawPolygon(self, *arguments: object) -> None:
        return

    def drawRects(self, *arguments: object) -> None:
        return

    def drawLines(self, *arguments: object) -> None:
        return

    def drawPoints(self, *arguments: object) -> None:
        return

    def drawEllipse(self, *arguments: object) -> None:
        return


class _Device(QPaintDevice):
    def __init__(self, widget: QWidget) -> None:
        super().__init__()
        self.engine = _Engine(widget)
        metric = QPaintDevice.PaintDeviceMetric
        self._metrics = {
            metric.PdmWidth: widget.width(),
            metric.PdmHeight: widget.height(),
            metric.PdmWidthMM: max(1, round(widget.width() * 25.4 / 96)),
            metric.PdmHeightMM: max(1, round(widget.height() * 25.4 / 96)),
            metric.PdmDpiX: widget.logicalDpiX(),
            metric.PdmDpiY: widget.logicalDpiY(),
            metric.PdmPhysicalDpiX: widget.physicalDpiX(),
            metric.PdmPhysicalDpiY: widget.physicalDpiY(),
            metric.PdmDepth: 32,
            metric.PdmDevicePixelRatio: 1,
            metric.PdmDevicePixelRatioScaled: round(QPaintDevice.devicePixelRatioFScale()),
        }

    def paintEngine(self) -> QPaintEngine:
        return self.engine

    def metric(self, metric: QPaintDevice.PaintDeviceMetric) -> int:
        return self._metrics.get(metric, 0)


def painted(widget: QWidget) -> tuple[list[PaintedText], list[PaintedIcon]]:
    """Give what one widget paints itself, without its children."""
    device = _Device(widget)
    widget.render(device, QPoint(), QRegion(), QWidget.RenderFlag(0))
    texts = [text for text in device.engine.texts if text.text.strip()]
    return texts, device.engine.icons


def visible_widgets(window: QWidget) -> Iterator[QWidget]:
    """Give the window and everything in it that is shown and not empty."""
    for widget in (window, *window.findChildren(QWidget)):
        if widget.isVisible() and not widget.rect().isEmpty():
            yield widget


Painted = tuple[list[PaintedText], list[PaintedIcon]]


def all_painted(window: QWidget) -> Painted:
    """Give every text and icon that a window paints."""
    texts: list[PaintedText] = []
    icons: list[PaintedIcon] = []
    for widget in visible_widgets(window):
        its_texts, its_icons = painted(widget)
        texts += its_texts
        icons += its_icons
    return texts, icons


def place_in(window: QWidget, widget: QWidget, rect: QRectF | QRect) -> QRectF:
    """Give a place in a widget as a place in its window."""
    return QRectF(rect).translated(QPointF(widget.mapTo(window, QPoint(0, 0))))


def seen_part(window: QWidget, widget: QWidget) -> QRectF:
    """Give what the widget's parents leave of it, as a place in its window."""
    seen = place_in(window, widget, widget.rect())
    parent = widget.parentWidget()
    while parent is not None and widget is not window:
        seen = seen.intersected(place_in(window, parent, parent.rect()))
        if parent is window:
            break
        parent = parent.parentWidget()
    return seen


def name_of(widget: QWidget) -> str:
    """Name a widget for a person who looks for it."""
    words = widget.objectName() or widget.accessibleName()
    parent = widget.parentWidget()
    if not words and parent is not None:
        words = f"in {name_of(parent)}"
    return f"{type(widget).__name__}({words})"


def seen_letters(text: str) -> str:
    """Give a text without the marks that only say in which direction it is read."""
    if text.isascii():
        return text
    return "".join(sign for sign in text if unicodedata.category(sign) != "Cf")


_COLOURS: Final[dict[int, QColor | None]] = {}
"""What each pixmap was found to be, by the key that Qt gives to its pixels."""


def _only_colour(pixmap: QPixmap) -> QColor | None:
    """Give the one colour of an icon; None for a picture of several colours."""
    key = pixmap.cacheKey()
    if key not in _COLOURS:
        _COLOURS[key] = _colour_in(pixmap.toImage())
    return _COLOURS[key]


def _colour_in(image: QImage) -> QColor | None:
    found: QColor | None = None
    for y in range(0, image.height(), 2):
        for x in range(0, image.width(), 2):
            colour = image.pixelColor(x, y)
            if colour.alpha() < 250:
                continue
            if found is None:
                found = colour
            elif _apart(found, colour) > 4:
                return None
    return found


def _joined(before: PaintedText, piece: PaintedText) -> PaintedText | None:
    """Join two pieces of one line: Qt paints each direction and each font by itself."""
    is_alike = (before.pixel_size, before.weight) == (piece.pixel_size, piece.weight)
    if not is_alike or before.colour != piece.colour:
        return None
    down = min(before.ink.bottom(), piece.ink.bottom()) - max(before.ink.top(), piece.ink.top())
    if abs(before.ink.center().y() - piece.ink.center().y()) > before.pixel_size or down < -4:
        return None
    ink = before.ink.united(piece.ink)
    if abs(before.ink.right() - piece.ink.left()) <= 1:
        return replace(before, text=before.text + piece.text, ink=ink)
    if abs(piece.ink.right() - before.ink.left()) <= 1:
        return replace(before, text=piece.text + before.text, ink=ink)
    return None


def _apart(one: QColor, other: QColor) -> int:
    return max(
        abs(one.red() - other.red()),
        abs(one.green() - other.green()),
        abs(one.blue() - other.blue()),
    )
