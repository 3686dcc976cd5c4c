"""Is everything in its place? Nothing lies over anything else or outside the window."""

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QLineEdit,
    QMessageBox,
    QWidget,
)

from tests.ui.gallery.painted import name_of, visible_widgets


def faults(window: QWidget) -> list[str]:
    """Name what overlaps, what stands outside, what the news covers and what has no name."""
    return [
        *_outside(window),
        *_overlapping(window),
        *_covered_by_news(window),
        *_nameless(window),
    ]


def _outside(window: QWidget) -> list[str]:
    found = []
    for widget in visible_widgets(window):
        if widget is window or _is_scrolled(widget, window):
            continue
        place = QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())
        if not window.rect().contains(place):
            found.append(f"{name_of(widget)} at {_figures(place)} stands outside the window")
    return found


def _overlapping(window: QWidget) -> list[str]:
    """Find neighbours in one parent that lie over each other."""
    found = []
    neighbours: dict[QWidget, list[QWidget]] = {}
    for widget in visible_widgets(window):
        parent = widget.parentWidget()
        floats = widget.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        if widget is not window and parent is not None and not floats and not widget.isWindow():
            neighbours.setdefault(parent, []).append(widget)
    for siblings in neighbours.values():
        for number, one in enumerate(siblings):
            for other in siblings[number + 1 :]:
                shared = one.geometry().intersected(other.geometry())
                if not shared.isEmpty() and "notice" not in {one.objectName(), other.objectName()}:
                    found.append(f"{name_of(one)} and {name_of(other)} share {_figures(shared)}")
    return found


def _covered_by_news(window: QWidget) -> list[str]:
    """Find buttons and large words under the news: those must stay free."""
    notice = window.findChild(QWidget, "notice")
    if notice is None or not notice.isVisible():
        return []
    place = QRect(notice.mapTo(window, QPoint(0, 0)), notice.size())
    found = []
    for widget in visible_widgets(window):
        is_press = isinstance(widget, QAbstractButton)
        if not is_press or notice.isAncestorOf(widget):
            continue
        covered = QRect(widget.mapTo(window, QPoint(0, 0)), widget.size()).intersected(place)
        if not covered.isEmpty():
            found.append(f"the news covers {name_of(widget)}: {_figures(covered)}")
    return found


def _nameless(window: QWidget) -> list[str]:
    """Find controls of which a screen reader could say nothing."""
    found = []
    for widget in visible_widgets(window):
        if isinstance(widget, QAbstractButton) and isinstance(window, QMessageBox):
            name = widget.accessibleName() or widget.text()
        elif isinstance(widget, (QAbstractButton, QLineEdit, QAbstractItemView)):
            name = widget.accessibleName()
        else:
            continue
        if not name.strip():
            found.append(f"{name_of(widget)} has no accessible name")
        if isinstance(widget, QAbstractItemView):
            model = widget.model()
            role = Qt.ItemDataRole.AccessibleTextRole
            found += [
                f"row {row} of {name_of(widget)} has no accessible text"
                for row in range(model.rowCount())
                if not str(model.data(model.index(row, 0), role) or "").strip()
            ]
    return found


def _is_scrolled(widget: QWidget, window: QWidget) -> bool:
    at = widget.parentWidget()
    while at is not None and at is not window:
        if isinstance(at, QAbstractScrollArea):
            return True
        at = at.parentWidget()
    return False


def _figures(place: QRect) -> str:
    return f"{place.x()},{place.y()} {place.width()} x {place.height()}"
