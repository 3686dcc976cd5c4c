"""Strokes that several parts share: rounded grounds, focus rings, text in few lines, mirroring.

All text is painted here, because two directions meet in it: the window's says at which edge a
text begins, and the text's own says in which direction it is read.
"""

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

from ui import theme
from ui.bidi import reading_direction
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
    """Give a place measured from the leading edge, where the window's direction has it."""
    return flipped(within, place) if is_flipped(widget) else place


def is_flipped(on: QWidget | QPainter) -> bool:
    """Say whether a widget, or what a painter paints on, begins at the right."""
    return on.layoutDirection() is Qt.LayoutDirection.RightToLeft


def flipped(within: QRectF, place: QRectF) -> QRectF:
    """Give the mirror image of a place."""
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
    return round(QFontMetricsF(font).horizontalAdvance(key)) + 2 * look.dp(theme.XS + theme.XXS)


def key_cap(
    painter: QPainter, look: Look, rect: QRectF, key: str, font: QFont, colour: QColor
) -> None:
    """Paint a key of the keyboard as a small cap in `colour`."""
    faint = QColor(colour)
    faint.setAlphaF(0.55)
    ring(painter, rect, look.dp(theme.RADIUS_S), faint, 1.0)
    text_in(painter, rect, key, font, colour, centred=True)


def text_in(
    painter: QPainter,
    rect: QRectF,
    text: str,
    font: QFont,
    colour: str | QColor,
    *,
    end: bool = False,
    centred: bool = False,
    whole: str = "",
) -> None:
    """Paint one line at the leading edge, the other one or between, shortened to fit.

    Its baseline is the font's own, whatever typeface its letters come from, so that texts of two
    scripts stand level. `whole` is the text that it is a line of, if it is not all of it.
    """
    shown = elided(text, font, rect.width())
    metrics = QFontMetricsF(font)
    spare = rect.width() - metrics.horizontalAdvance(shown)
    if centred:
        left = rect.left() + spare / 2
    else:
        left = rect.left() + (spare if end is not is_flipped(painter) else 0.0)
    top = rect.top() + (rect.height() - metrics.ascent() - metrics.descent()) / 2
    outer = painter.layoutDirection()
    painter.setFont(font)
    painter.setPen(QColor(colour))
    painter.setLayoutDirection(reading_direction(whole or shown))
    painter.drawText(QPointF(left, top + metrics.ascent()), shown)
    painter.setLayoutDirection(outer)


def paragraph_in(
    painter: QPainter,
    rect: QRectF,
    text: str,
    font: QFont,
    colour: str | QColor,
    *,
    centred: bool = False,
    from_top: bool = False,
) -> None:
    """Paint a text in as many lines as it takes, at the leading edge or centred."""
    side = Qt.AlignmentFlag.AlignHCenter
    if not centred:
        right = Qt.AlignmentFlag.AlignRight
        side = right if is_flipped(painter) else Qt.AlignmentFlag.AlignLeft
    top = Qt.AlignmentFlag.AlignTop if from_top else Qt.AlignmentFlag.AlignVCenter
    option = QTextOption(side | Qt.AlignmentFlag.AlignAbsolute | top)
    option.setTextDirection(reading_direction(text))
    option.setWrapMode(QTextOption.WrapMode.WordWrap)
    painter.setFont(font)
    painter.setPen(QColor(colour))
    painter.drawText(rect, text, option)


def dot(painter: QPainter, centre: QPointF, radius: float, colour: str) -> None:
    """Paint a filled dot."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    painter.drawEllipse(centre, radius, radius)
