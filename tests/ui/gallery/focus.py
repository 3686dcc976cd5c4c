"""Is it seen where the keyboard is? Every control shows its focus, and stands out by it."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Final

from PySide6.QtCore import QPoint, QRect, QSignalBlocker, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QAbstractItemView, QApplication, QLineEdit, QScrollArea, QWidget

from tests.ui.gallery.painted import name_of, seen_part, visible_widgets
from tests.ui.gallery.pixels import contrast
from ui.kit.field import Field

STANDS_OUT: Final = 3.0
_PIECE: Final = 64
"""Bytes that are compared at once: most of a picture is the same in both."""


def faults(window: QWidget) -> list[str]:
    """Name every control that takes the keyboard and does not show it."""
    found = []
    before = QApplication.focusWidget()
    for widget in list(visible_widgets(window)):
        takes_keys = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
        if not takes_keys or not widget.isEnabled() or widget is window:
            continue
        if isinstance(widget, Field) or seen_part(window, widget).isEmpty():
            # A field passes it on to its line of text.
            continue
        with _brought_into_sight(widget):
            found += _unseen(window, widget)
    if before is not None:
        before.setFocus()
    else:
        window.setFocus()
    return found


@contextmanager
def _brought_into_sight(widget: QWidget) -> Iterator[None]:
    """Scroll to a control as Tab does, and back."""
    at = widget.parentWidget()
    while at is not None and not isinstance(at, QScrollArea):
        at = at.parentWidget()
    if at is None:
        yield
        return
    before = at.verticalScrollBar().value()
    at.ensureWidgetVisible(widget, 0, 0)
    yield
    at.verticalScrollBar().setValue(before)


def _unseen(window: QWidget, widget: QWidget) -> list[str]:
    parent = widget.parentWidget()
    ringed = parent if isinstance(widget, QLineEdit) and isinstance(parent, Field) else widget
    assert ringed is not None
    place = QRect(ringed.mapTo(window, QPoint(0, 0)), ringed.size()).adjusted(-4, -4, 4, 4)
    place = place.intersected(window.rect())
    window.setFocus(Qt.FocusReason.OtherFocusReason)
    without = window.grab(place).toImage()
    if isinstance(widget, QAbstractItemView):
        model = widget.model()
        if not model.rowCount():
            return []
        # The second: the first of what a search found is marked, focus or no.
        without = _without_focus(window, widget, place)
    widget.setFocus(Qt.FocusReason.TabFocusReason)
    if QApplication.focusWidget() is not widget:
        return [f"{name_of(widget)} cannot be reached by the keyboard"]
    changed = standing_out(without, window.grab(place).toImage())
    # A line along its shorter side is the least that can be called a mark.
    least = min(ringed.width(), ringed.height())
    if isinstance(widget, QAbstractItemView):
        item = widget.visualRect(widget.currentIndex())
        least = min(item.width(), item.height())
    if changed >= least:
        return []
    return [
        f"{name_of(widget)} shows the keyboard's focus in {changed} px that stand out by"
        f" {STANDS_OUT}:1, {least} px are the least"
    ]


def _without_focus(window: QWidget, view: QAbstractItemView, place: QRect) -> QImage:
    """Move a list to a row in sight, telling nobody, and look at it without the focus.

    To the second one: the first of what a search found is marked, focus or no.
    """
    model, seen = view.model(), view.viewport().rect()
    rows = (model.index(row, 0) for row in range(model.rowCount()))
    second = next(
        islice((row for row in rows if seen.contains(view.visualRect(row))), 1, None), None
    )
    with QSignalBlocker(view.selectionModel()), QSignalBlocker(view.verticalScrollBar()):
        scrolled = view.verticalScrollBar().value()
        view.setCurrentIndex(second or model.index(0, 0))
        view.verticalScrollBar().setValue(scrolled)
    view.viewport().update()
    return window.grab(place).toImage()


def standing_out(before: QImage, after: QImage) -> int:
    """Count the pixels that changed, and by so much that it is seen."""
    changes: Counter[tuple[int, int]] = Counter()
    one, other = _pixels(before), _pixels(after)
    assert len(one) == len(other)
    for start in range(0, len(one), _PIECE):
        piece, changed = one[start : start + _PIECE], other[start : start + _PIECE]
        if piece != changed:
            pairs = zip(memoryview(piece).cast("I"), memoryview(changed).cast("I"), strict=True)
            changes.update(pairs)
    return sum(
        count
        for (one_colour, other_colour), count in changes.items()
        if one_colour != other_colour and contrast(one_colour, other_colour) >= STANDS_OUT
    )


def _pixels(image: QImage) -> bytes:
    return bytes(image.convertToFormat(QImage.Format.Format_RGB32).constBits())
