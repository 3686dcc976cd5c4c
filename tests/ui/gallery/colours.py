"""Can it be read? The contrast of text and icons with the ground that is really behind them."""

from typing import Final

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel, QMessageBox, QWidget

from tests.ui.gallery.painted import (
    Painted,
    PaintedIcon,
    PaintedText,
    all_painted,
    name_of,
    place_in,
    seen_part,
)
from tests.ui.gallery.pixels import (
    Measured,
    apart,
    contrast,
    ground_of,
    hexadecimal,
    nearest,
    over,
)
from tests.ui.gallery.targets import is_off

TEXT: Final = 4.5
LARGE: Final = 3.0
PART: Final = 3.0
DISABLED: Final = 1.5
"""WCAG 2 asks nothing of what cannot be used; it should still be seen that something is there."""
DECORATION: Final = frozenset({"EmptyCart"})
"""Pictures that say nothing which does not also stand beside them in words."""
_SEEN: Final = 48
"""So far may the nearest colour of the picture be from the colour that was painted with."""


def faults(window: QWidget, painted: Painted | None = None) -> list[str]:
    """Name every text and icon of a window that does not stand out enough, with the figures.

    `painted` is all that the window paints, if it was recorded before.
    """
    picture = Measured(window)
    texts, icons = painted or all_painted(window)
    found = [fault for text in texts if (fault := _of_text(window, picture, text))]
    return found + [fault for icon in icons if (fault := _of_icon(window, picture, icon))]


def _of_text(window: QWidget, picture: Measured, text: PaintedText) -> str:
    least = LARGE if text.is_large else TEXT
    if not text.widget.isEnabled():
        least = DISABLED
    what = f"{name_of(text.widget)}: “{text.text}”"
    return _fault(window, picture, text.widget, text.ink, text.colour, least, what)


def _of_icon(window: QWidget, picture: Measured, icon: PaintedIcon) -> str:
    if type(icon.widget).__name__ in DECORATION or _is_system_icon(icon.widget):
        return ""
    is_on = icon.widget.isEnabled() and not is_off(icon.widget, icon.place)
    least = PART if is_on else DISABLED
    what = f"{name_of(icon.widget)}: an icon"
    return _fault(window, picture, icon.widget, icon.place, icon.colour, least, what)


def _fault(
    window: QWidget,
    picture: Measured,
    widget: QWidget,
    ink: QRectF,
    painted_in: QColor,
    least: float,
    what: str,
) -> str:
    place = place_in(window, widget, ink)
    seen = place.intersected(seen_part(window, widget))
    if seen.width() < place.width() * 0.6 or seen.height() < place.height() * 0.9:
        # Scrolled away; what is wrongly cut off is found by looking at the texts.
        return ""
    colours = picture.colours(seen.adjusted(-1, -1, 1, 1))
    ground = ground_of(colours)
    wanted = over(ground, painted_in)
    mark = nearest(colours, wanted)
    if apart(mark, wanted) > _SEEN:
        if _is_under_news(window, widget, seen):
            return ""
        return f"{what} in {hexadecimal(wanted)} is not to be seen"
    measured = contrast(mark, ground)
    if measured >= least:
        return ""
    figures = f"{hexadecimal(mark)} on {hexadecimal(ground)}"
    return f"{what}: {figures} is {measured:.2f}:1, {least}:1 is the least"


def _is_system_icon(widget: QWidget) -> bool:
    """Say whether it is the sign of the system's own message window, beside its words."""
    return isinstance(widget, QLabel) and isinstance(widget.parentWidget(), QMessageBox)


def _is_under_news(window: QWidget, widget: QWidget, seen: QRectF) -> bool:
    notice = window.findChild(QWidget, "notice")
    if notice is None or not notice.isVisible() or notice.isAncestorOf(widget):
        return False
    return place_in(window, notice, notice.rect()).intersects(seen)
