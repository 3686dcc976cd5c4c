"""Can a finger hit it? Every target is large enough and far enough from the next."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QLineEdit, QMessageBox, QWidget

from tests.ui.gallery.painted import name_of, place_in, seen_part, visible_widgets
from ui.kit.field import Field
from ui.metrics import CHARGE_MM, GAP_MM, TILE_MM, TOUCH_MM, Metrics
from ui.sell.line_delegate import LinePart
from ui.sell.line_model import LineRole
from ui.sell.lines import Lines
from ui.sell.tiles import Tiles

SLACK: Final = 0.5


@dataclass(frozen=True)
class Target:
    """Something to tap: its place in the window and its least sides in millimetres."""

    name: str
    place: QRectF
    widget: QWidget
    least_mm: tuple[float, float] = (TOUCH_MM, TOUCH_MM)
    belongs_to: QWidget | None = None
    """What it is a part of: a field's own button needs no distance from the field."""


def faults(window: QWidget, metrics: Metrics) -> list[str]:
    """Name every target that is too small or too near to another, with its figures."""
    targets = list(targets_of(window, metrics))
    found = []
    for target in targets:
        width, height = (metrics.mm(side) for side in target.least_mm)
        if target.place.width() < width - SLACK or target.place.height() < height - SLACK:
            found.append(
                f"{target.name} is {target.place.width():.0f} x {target.place.height():.0f} px,"
                f" {width} x {height} px are the least"
            )
    gap = metrics.mm(GAP_MM)
    for number, one in enumerate(targets):
        for other in targets[number + 1 :]:
            is_part = one.belongs_to is other.widget or other.belongs_to is one.widget
            apart = distance(one.place, other.place)
            if apart < gap - SLACK and not is_part and not _is_above(one, other):
                found.append(
                    f"{one.name} and {other.name} are {apart:.0f} px apart, {gap} are the least"
                )
    return found


def targets_of(window: QWidget, metrics: Metrics) -> Iterator[Target]:
    """Give everything in a window that can be tapped and is wholly in sight."""
    for widget in visible_widgets(window):
        if isinstance(widget, QAbstractItemView):
            for target in _targets_in(widget, metrics):
                place = place_in(window, widget.viewport(), target.place)
                if _is_whole(place, seen_part(window, widget.viewport())):
                    yield Target(target.name, place, widget, target.least_mm)
            continue
        if not isinstance(widget, (QAbstractButton, Field, QLineEdit)):
            continue
        parent = widget.parentWidget()
        if isinstance(widget, QLineEdit) and isinstance(parent, Field):
            continue
        place = place_in(window, widget, widget.rect())
        if not _is_whole(place, seen_part(window, widget)):
            continue
        least = (TOUCH_MM, CHARGE_MM if widget.objectName() == "charge" else TOUCH_MM)
        belongs_to = parent if isinstance(parent, Field) else None
        yield Target(name_of(widget), place, widget, least, belongs_to)


def distance(one: QRectF, other: QRectF) -> float:
    """Say how far two places lie apart, in the direction in which they lie apart the most."""
    across = max(one.left(), other.left()) - min(one.right(), other.right())
    down = max(one.top(), other.top()) - min(one.bottom(), other.bottom())
    return max(across, down)


def is_off(widget: QWidget, place: QRectF) -> bool:
    """Say whether a place in a list's viewport is a part of it that cannot be used now."""
    view = widget.parentWidget()
    if not isinstance(view, Lines):
        return False
    index = view.indexAt(place.center().toPoint())
    if not index.isValid() or index.data(LineRole.LINE).quantity > 1:
        return False
    fewer = view._delegate.parts(view.visualRect(index))[LinePart.FEWER]
    return fewer.contains(place.center().toPoint())


def _targets_in(view: QAbstractItemView, metrics: Metrics) -> Iterator[Target]:
    """Give the targets of a list, in its viewport's own pixels."""
    model = view.model()
    for row in range(model.rowCount()):
        index = model.index(row, 0)
        rect = view.visualRect(index)
        if not rect.intersects(view.viewport().rect()):
            continue
        if isinstance(view, Tiles):
            place = QRectF(view._delegate.tile_rect(rect))
            yield Target(f"tile {row}", place, view, (TILE_MM, TILE_MM))
        elif isinstance(view, Lines):
            for part, where in view._delegate.parts(rect).items():
                yield Target(f"{part} of line {row}", QRectF(where), view)
        else:
            # Rows touch each other: what is asked of their distance is in their height.
            inset = metrics.mm(GAP_MM) / 2
            yield Target(f"row {row}", QRectF(rect).adjusted(0, inset, 0, -inset), view)


def _is_whole(place: QRectF, seen: QRectF) -> bool:
    return seen.adjusted(-SLACK, -SLACK, SLACK, SLACK).contains(place)


def _is_above(one: Target, other: Target) -> bool:
    """Say whether exactly one of two is on the news, which floats above a screen."""
    return _on_notice(one.widget) is not _on_notice(other.widget)


def _on_notice(widget: QWidget) -> bool:
    at: QWidget | None = widget
    while at is not None:
        if at.objectName() == "notice" or isinstance(at, QMessageBox):
            return True
        at = at.parentWidget()
    return False
