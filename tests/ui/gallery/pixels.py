"""Colours as they stand in a picture, and the contrast between them."""

from collections import Counter

from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QWidget

RATIO = 2
"""Pictures to measure are drawn at twice the size: there the strokes of small type are solid."""


class Measured:
    """A picture of a window to measure colours in; places are the window's own pixels."""

    def __init__(self, window: QWidget) -> None:
        effects = [
            effect
            for widget in (window, *window.findChildren(QWidget))
            if (effect := widget.graphicsEffect()) is not None and effect.isEnabled()
        ]
        # An effect is drawn from a picture of its own, at the size of the screen's pixels.
        for effect in effects:
            effect.setEnabled(False)
        size = window.size() * RATIO
        self.image = QImage(size, QImage.Format.Format_RGB32)
        self.image.setDevicePixelRatio(RATIO)
        window.render(self.image)
        self.image.setDevicePixelRatio(1)
        for effect in effects:
            effect.setEnabled(True)

    def colours(self, place: QRectF) -> Counter[int]:
        """Count the colours in a place, as 0xffrrggbb."""
        scaled = QRectF(
            place.x() * RATIO, place.y() * RATIO, place.width() * RATIO, place.height() * RATIO
        )
        return colours_of(self.image, scaled.toAlignedRect())


def colours_of(image: QImage, place: QRect) -> Counter[int]:
    """Count the colours in a part of a picture, as 0xffrrggbb."""
    part = image.copy(place.intersected(image.rect())).convertToFormat(QImage.Format.Format_RGB32)
    if part.isNull():
        return Counter()
    return Counter(memoryview(bytes(part.constBits())).cast("I"))


def ground_of(colours: Counter[int]) -> int:
    """Give the colour that there is most of."""
    return colours.most_common(1)[0][0]


def nearest(colours: Counter[int], wanted: int) -> int:
    """Give the colour in a picture that comes nearest to one."""
    if wanted in colours:
        return wanted
    return min(colours, key=lambda colour: apart(colour, wanted))


def over(ground: int, ink: QColor) -> int:
    """Give what an ink makes on a ground: it may let the ground shine through."""
    share = ink.alphaF()
    mixed = 0xFF000000
    for shift in (16, 8, 0):
        below, above = ground >> shift & 255, ink.rgb() >> shift & 255
        mixed |= round(below + (above - below) * share) << shift
    return mixed


def apart(one: int, other: int) -> int:
    """Say how far two colours lie apart: the largest difference of a channel, 0 to 255."""
    return max(abs((one >> shift & 255) - (other >> shift & 255)) for shift in (0, 8, 16))


def contrast(one: int, other: int) -> float:
    """Compute the contrast of two colours as WCAG 2 defines it."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def hexadecimal(colour: int) -> str:
    """Write a colour as #rrggbb."""
    return f"#{colour & 0xFFFFFF:06x}"


def _luminance(colour: int) -> float:
    parts = []
    for shift in (16, 8, 0):
        value = (colour >> shift & 255) / 255
        parts.append(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)
    red, green, blue = parts
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
