"""Is every text whole? Nothing is cut off by its widget, and nothing shortened but by design."""

from typing import Final

from PySide6.QtCore import QRectF, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QLabel,
    QLineEdit,
    QWidget,
)

from tests.ui.gallery.painted import (
    Painted,
    PaintedText,
    all_painted,
    name_of,
    place_in,
    seen_letters,
    seen_part,
    visible_widgets,
)
from ui.display.lines import DisplayLines

ELLIPSIS: Final = "…"
SLACK: Final = 1.5
"""Pixels that a stroke may stand over: the box around it is rounded outwards."""

LEAST_SHOWN: Final = {
    "SnapshotTable": 10,
    "DisplayLines": 10,
    "Tiles": 10,
    "Lines": 8,
    "cart_panel": 10,
    "status": 5,
    "sell_note": 30,
    "order_in_short": 10,
    "AccountList": 10,
    "CardList": 10,
}
"""What is shortened by design, by its type or by the name of what it stands in, and how much of it
is shown at least: names of any length, the cart's count, the quiet strip at a large scale, the
first of the faults beside a button that shows them all."""


def faults(window: QWidget, painted: Painted | None = None) -> list[str]:
    """Name every text of a window that is cut off or shortened; `painted` is all it paints."""
    texts, _ = painted or all_painted(window)
    found = [fault for text in texts if (fault := _cut(window, text))]
    found += [fault for text in texts if (fault := _shortened(text))]
    return found + _left_out(window, texts) + _written_over(window, texts)


def _cut(window: QWidget, text: PaintedText) -> str:
    """Say by how much a text stands over what is seen of its widget, or nothing."""
    widget = text.widget
    if isinstance(widget, QLineEdit) and widget.text():
        # What is typed may be longer than the field: it scrolls.
        return ""
    ink = place_in(window, widget, text.ink)
    seen = place_in(window, widget, widget.rect())
    area = _scroll_area_of(widget)
    if isinstance(widget, DisplayLines):
        # It fades out there; tests/ui/test_display_words.py holds the lines in view whole.
        seen = QRectF(seen.left(), -1e6, seen.width(), 2e6)
    elif area is None:
        seen = seen_part(window, widget)
    elif widget is area.viewport():
        # What lies above and below is a finger's breadth away; sideways it must fit.
        seen = QRectF(seen.left(), -1e6, seen.width(), 2e6)
    over = max(
        seen.left() - ink.left(),
        ink.right() - seen.right(),
        seen.top() - ink.top(),
        ink.bottom() - seen.bottom(),
    )
    if over <= SLACK:
        return ""
    return f"{name_of(widget)}: “{text.text}” is cut off by {over:.1f} px"


def _left_out(window: QWidget, texts: list[PaintedText]) -> list[str]:
    """Find labels of which lines are missing: Qt leaves out those that have no room at all."""
    shown: dict[QWidget, str] = {}
    for text in texts:
        shown[text.widget] = shown.get(text.widget, "") + text.text
    found = []
    for widget in visible_widgets(window):
        if isinstance(widget, QLabel) and widget.text():
            whole, seen = (_letters(each) for each in (widget.text(), shown.get(widget, "")))
            if sorted(whole) != sorted(seen):
                found.append(
                    f"{name_of(widget)}: {len(whole) - len(seen)} letters of “{widget.text()}”"
                    " are not painted"
                )
    return found


def _letters(text: str) -> str:
    return "".join(seen_letters(text).split())


def _shortened(text: PaintedText) -> str:
    """Say what is wrong with a shortened text, or nothing."""
    plain = " ".join(text.text.split())
    if not plain.startswith(ELLIPSIS) and not plain.endswith(ELLIPSIS):
        return ""
    whole = _whole_texts(text.widget)
    if any(plain in each for each in whole):
        return ""
    shown = plain.strip(ELLIPSIS).strip()
    owner = _owner(text.widget)
    parent = owner.parentWidget()
    may_give_way = parent is not None and not isinstance(owner, QAbstractButton)
    place = parent.objectName() if parent is not None and may_give_way else ""
    least = LEAST_SHOWN.get(type(owner).__name__, LEAST_SHOWN.get(place))
    if least is None:
        return f"{name_of(owner)}: “{plain}” is shortened"
    if len(shown) < least:
        return f"{name_of(owner)}: “{plain}” shows {len(shown)} letters, {least} are the least"
    if not any(shown in each for each in whole):
        return f"{name_of(owner)}: nothing says what “{plain}” stands for"
    return ""


def _written_over(window: QWidget, texts: list[PaintedText]) -> list[str]:
    """Find texts that are painted over each other."""
    placed = []
    for text in texts:
        ink = place_in(window, text.widget, text.ink).intersected(seen_part(window, text.widget))
        if not ink.isEmpty():
            placed.append((ink.adjusted(1, 1, -1, -1), text))
    found = []
    for number, (ink, text) in enumerate(placed):
        for other_ink, other in placed[number + 1 :]:
            if ink.intersects(other_ink) and not _lies_above(text.widget, other.widget):
                found.append(f"{name_of(text.widget)}: “{text.text}” lies over “{other.text}”")
    return found


def _lies_above(one: QWidget, other: QWidget) -> bool:
    """Say whether one of two is in a widget that floats: it has a ground of its own."""
    return _floats(one) is not _floats(other)


def _floats(widget: QWidget) -> QWidget | None:
    at: QWidget | None = widget
    while at is not None:
        if at.objectName() == "notice":
            return at
        at = at.parentWidget()
    return None


def _scroll_area_of(widget: QWidget) -> QAbstractScrollArea | None:
    """Give the nearest scroll area in which a widget can be brought into sight."""
    at = widget.parentWidget()
    while at is not None:
        if isinstance(at, QAbstractScrollArea):
            return at
        at = at.parentWidget()
    return None


def _owner(widget: QWidget) -> QWidget:
    parent = widget.parentWidget()
    is_viewport = isinstance(parent, QAbstractScrollArea) and parent.viewport() is widget
    return parent if is_viewport and parent is not None else widget


def _whole_texts(widget: QWidget) -> list[str]:
    """Give what a widget would say if there were room: names and tool tips."""
    owner = _owner(widget)
    texts = [owner.accessibleName(), owner.accessibleDescription(), owner.toolTip()]
    if isinstance(owner, QLineEdit):
        texts.append(owner.text())
    if isinstance(owner, QAbstractItemView):
        model = owner.model()
        roles = (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole)
        for row in range(model.rowCount()):
            texts += [str(model.data(model.index(row, 0), role) or "") for role in roles]
    return [" ".join(seen_letters(text).split()) for text in texts if text]
