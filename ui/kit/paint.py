"""Strokes that several parts share: rounded grounds, focus rings, text in few lines, mirroring."""

import re

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QPainter,
    QPen,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QWidget

from ui.look import Look


def ground(
    painter: QPainter,
    rect: QRectF,
    radius: float,
    fill: str | QColor,
    border: str | QColor | None = None,
    border_width: float = 1.0,
) -> None:
    """Paint a rounded ground; the border lies inside `rect`."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QColor(fill))
    if border is None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawRoundedRect(rect, radius, radius)
        return
    half = border_width / 2
    painter.setPen(QPen(QColor(border), border_width))
    inner = rect.adjusted(half, half, -half, -half)
    painter.drawRoundedRect(inner, max(0.0, radius - half), max(0.0, radius - half))


def ring(
    painter: QPainter, rect: QRectF, radius: float, colour: str | QColor, width: float
) -> None:
    """Paint the ring of the keyboard's focus, inside `rect`."""
    ground(painter, rect, radius, QColor(Qt.GlobalColor.transparent), colour, width)


def mixed(one: str, other: str, share: float) -> QColor:
    """Mix two colours: `share` of the other in the one."""
    a, b = QColor(one), QColor(other)
    return QColor(
        round(a.red() + (b.red() - a.red()) * share),
        round(a.green() + (b.green() - a.green()) * share),
        round(a.blue() + (b.blue() - a.blue()) * share),
    )


def mirrored(widget: QWidget, within: QRectF, place: QRectF) -> QRectF:
    """Give a place measured from the leading edge, where the reading direction has it."""
    if widget.layoutDirection() is not Qt.LayoutDirection.RightToLeft:
        return place
    left = within.left() + within.right() - place.right()
    return QRectF(left, place.top(), place.width(), place.height())


def _one_line(text: str) -> str:
    """Make every run of white space one space; a no-break space stays what it is."""
    return re.sub(r"[ \t\r\n\v\f\u2028\u2029]+", " ", text).strip()


def elided(text: str, font: QFont, width: float) -> str:
    """Shorten a one-line text so that it fits, with an ellipsis."""
    plain = _one_line(text)
    return QFontMetricsF(font).elidedText(plain, Qt.TextElideMode.ElideRight, width)


def in_lines(text: str, font: QFont, width: float, lines: int) -> list[str]:
    """Break a text into at most so many lines that fit; the last one is shortened."""
    plain = _one_line(text)
    if width <= 0 or not plain:
        return []
    layout = QTextLayout(plain, font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    made: list[str] = []
    layout.beginLayout()
    while len(made) < lines:
        line = layout.createLine()
        if not line.isValid():
            break
        line.setLineWidth(width)
        start = line.textStart()
        if len(made) == lines - 1:
            made.append(elided(plain[start:], font, width))
        else:
            made.append(plain[start : start + line.textLength()].strip())
    layout.endLayout()
    return made


def key_cap_width(look: Look, font: QFont, key: str) -> int:
    """Say how wide the cap of a key is."""
    return round(QFontMetricsF(font).horizontalAdvance(key)) + 2 * look.dp(6)


def key_cap(painter: QPainter, look: Look, rect: QRectF, key: str, colour: QColor) -> None:
    """Paint a key of the keyboard as a small cap in `colour`."""
    faint = QColor(colour)
    faint.setAlphaF(0.55)
    ring(painter, rect, look.dp(5), faint, 1.0)
    painter.setPen(colour)
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, key)


def text_in(
    painter: QPainter,
    rect: QRectF,
    text: str,
    font: QFont,
    colour: str | QColor,
    *,
    end: bool = False,
) -> None:
    """Paint one line at the leading (or the other) edge, centred in height and shortened."""
    painter.setFont(font)
    painter.setPen(QColor(colour))
    side = Qt.AlignmentFlag.AlignRight if end else Qt.AlignmentFlag.AlignLeft
    painter.drawText(rect, side | Qt.AlignmentFlag.AlignVCenter, elided(text, font, rect.width()))


def dot(painter: QPainter, centre: QPointF, radius: float, colour: str) -> None:
    """Paint a filled dot."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    painter.drawEllipse(centre, radius, radius)
