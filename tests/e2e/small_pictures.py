"""Pictures for the documents: small files, a ring where somebody tapped, screens side by side."""

from collections import Counter
from pathlib import Path
from typing import Final

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, qRgb

MOST_BYTES: Final = 150_000
_RING: Final = 9
_GAP: Final = 20
_COLOURS: Final = (256, 160, 96, 64)


def ringed(image: QImage, at: QRect) -> QImage:
    """Give a picture with a ring around what is tapped, so that its words can still be read."""
    made = image.convertToFormat(QImage.Format.Format_RGB32)
    made.setDevicePixelRatio(1)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    place = QRectF(at).adjusted(-_RING, -_RING, _RING, _RING)
    for colour, width in ((QColor("#ffffff"), 11), (QColor("#d6247a"), 6)):
        painter.setPen(QPen(colour, width))
        painter.drawRoundedRect(place, 2 * _RING, 2 * _RING)
    painter.end()
    return made


def side_by_side(images: list[QImage], height: int) -> QImage:
    """Put pictures beside each other on a quiet ground, all as high as the first."""
    smooth = Qt.TransformationMode.SmoothTransformation
    scaled = [
        image.convertToFormat(QImage.Format.Format_RGB32).scaledToHeight(height, smooth)
        for image in images
    ]
    width = sum(image.width() for image in scaled) + _GAP * (len(scaled) + 1)
    made = QImage(width, height + 2 * _GAP, QImage.Format.Format_RGB32)
    made.fill(QColor("#c9c6bf"))
    painter = QPainter(made)
    left = _GAP
    for image in scaled:
        painter.drawImage(left, _GAP, image)
        left += image.width() + _GAP
    painter.end()
    return made


def save_small(image: QImage, path: Path, width: int = 1000) -> None:
    """Save a picture as a PNG of at most `MOST_BYTES`, with as many colours as that allows."""
    smooth = Qt.TransformationMode.SmoothTransformation
    whole = image.convertToFormat(QImage.Format.Format_RGB32)
    whole.setDevicePixelRatio(1)
    if whole.width() > width:
        whole = whole.scaledToWidth(width, smooth)
    for colours in _COLOURS:
        few = with_colours(whole, colours)
        few.save(str(path), "PNG", 0)  # type: ignore[call-overload]
        if path.stat().st_size <= MOST_BYTES:
            return
    raise ValueError(f"{path.name} stays larger than {MOST_BYTES} bytes")


def with_colours(image: QImage, most: int) -> QImage:
    """Give a picture in its own most frequent colours."""
    pixels = Counter(memoryview(bytes(image.constBits())).cast("I"))
    # Neighbours are one colour, so that a soft edge does not take all places in the table.
    table: dict[int, int] = {}
    for pixel, _ in pixels.most_common():
        table.setdefault(pixel & 0xF8F8F8, pixel)
        if len(table) == most:
            break
    colours = [qRgb(p >> 16 & 255, p >> 8 & 255, p & 255) for p in table.values()]
    flags = Qt.ImageConversionFlag.ThresholdDither | Qt.ImageConversionFlag.AvoidDither
    return image.convertToFormat(QImage.Format.Format_Indexed8, colours, flags)
