"""The operator's window when monitors go: on one that is there, and home when its own is back."""

from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QGuiApplication, QScreen
from PySide6.QtWidgets import QMainWindow

_FILLING = Qt.WindowState.WindowMaximized | Qt.WindowState.WindowFullScreen


@dataclass(frozen=True, slots=True)
class _Home:
    """Where the window stood before its monitor went."""

    screen: str
    place: QRect
    state: Qt.WindowState


class OperatorPlace:
    """Brings the operator's window to a monitor that is there, and home when its own is back.

    Most systems do so by themselves; a bare X server does not, and then the till would be on no
    monitor at all. Where the operator has moved the window meanwhile, it stays.
    """

    def __init__(self, window: QMainWindow) -> None:
        self._window = window
        self._home: _Home | None = None
        self._lent: QRect | None = None

    def is_on(self, screen: QScreen) -> bool:
        """Say whether the window is on this monitor."""
        return self._window.screen().name() == screen.name()

    def leave(self, screen: QScreen) -> None:
        """Remember where the window stood on a monitor that goes."""
        if self._home is None and self.is_on(screen):
            window = self._window
            self._home = _Home(screen.name(), window.geometry(), window.windowState())

    def settle(self) -> None:
        """Put the window where it can be seen. To be called when the monitors have changed."""
        if self._home is not None and self._go_home(self._home):
            self._home = self._lent = None
        elif not self._is_seen():
            free = self._window.screen().availableGeometry()
            self._put(_within(self._window.geometry(), free), self._window.windowState())
            self._lent = self._window.geometry()

    def _go_home(self, home: _Home) -> bool:
        """Go back, and say whether the home is of no more use."""
        names = {screen.name(): screen for screen in QGuiApplication.screens()}
        screen = names.get(home.screen)
        if screen is None:
            return False
        was_moved = self._lent is not None and self._window.geometry() != self._lent
        if not was_moved:
            self._put(_within(home.place, screen.geometry()), home.state)
        return True

    def _is_seen(self) -> bool:
        """Say whether the middle of the window and most of its head are on a monitor."""
        place = self._window.frameGeometry()
        points = (place.center(), QPoint(place.center().x(), max(0, place.top())))
        screens = [screen.geometry() for screen in QGuiApplication.screens()]
        return all(any(screen.contains(point) for screen in screens) for point in points)

    def _put(self, place: QRect, state: Qt.WindowState) -> None:
        fills = state & _FILLING
        if fills:
            # A window that fills its monitor stays there, whatever place it is given.
            self._window.setWindowState(state & ~_FILLING)
        self._window.setGeometry(place)
        if fills:
            self._window.setWindowState(state)


def _within(place: QRect, free: QRect) -> QRect:
    """Move a place into a free one, smaller where it must be."""
    fitted = QRect(place)
    fitted.setSize(place.size().boundedTo(free.size()))
    fitted.moveLeft(max(free.left(), min(fitted.left(), free.right() + 1 - fitted.width())))
    fitted.moveTop(max(free.top(), min(fitted.top(), free.bottom() + 1 - fitted.height())))
    return fitted
