"""Where the display stands: the monitor that the operator's window is not on, or a window."""

from dataclasses import dataclass, replace
from typing import Final

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QScreen
from PySide6.QtWidgets import QMainWindow

from app.clock import Clock
from app.settings import Mode
from ui.counter import Counter
from ui.display.feed import DisplayFeed
from ui.display.model import DisplayModel
from ui.display.operator import OperatorPlace
from ui.display.window import DisplayWindow
from ui.look import Look
from ui.sell.pictures import Pictures

_WINDOW_SIZE: Final = (1024, 600)


@dataclass(frozen=True, slots=True)
class DisplayOptions:
    """What the settings say. `place`: "auto" (another monitor or none), "window" or "off".

    `line` is the text of the idle display; `logo` a picture below the catalog's folder.
    """

    place: str = "off"
    line: str = ""
    logo: str = ""


class CustomerDisplay(QObject):
    """Keeps the display where it belongs while monitors come and go. Call `start` once.

    The sale knows nothing of it: it follows the counter whether it is seen or not, and what is
    shown on a monitor that comes back is what holds then. What the operator closes stays closed
    until it is asked for, or until a monitor is plugged in for it. It never takes the focus, and
    lies behind the operator's window where there is no room beside it, unless it was asked for.

    Signals:
        open_changed (bool): The display is seen now, or no longer.
    """

    open_changed = Signal(bool)

    def __init__(
        self,
        operator: QMainWindow,
        counter: Counter,
        shop: str,
        look: Look,
        clock: Clock,
        mode: Mode,
        pictures: Pictures,
        options: DisplayOptions,
    ) -> None:
        super().__init__()
        self._operator = operator
        self._counter = counter
        self._shop = shop
        self._look = look
        self._clock = clock
        self._mode = mode
        self._pictures = pictures
        self._options = options
        self._operator_place = OperatorPlace(operator)
        self._screen_name = ""
        self._is_wanted = True
        self._is_asked_for = False
        self._was_open = False
        self.feed: DisplayFeed | None = None
        self.window: DisplayWindow | None = None
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(0)
        self._settle.timeout.connect(self._place)

    @property
    def model(self) -> DisplayModel | None:
        """Give what is shown, or None where there is no display at all."""
        return None if self.feed is None else self.feed.model

    @property
    def is_possible(self) -> bool:
        """Say whether the settings allow a display at all."""
        return self._options.place != "off"

    @property
    def is_open(self) -> bool:
        """Say whether the display is there to be seen."""
        return self.window is not None and self.window.isVisible()

    def toggle(self) -> None:
        """Open the display, in a window if there is no monitor for it, or close it."""
        if self.feed is None:
            return
        self._is_wanted = self._is_asked_for = not self.is_open
        self._place()
        if self.is_open and self.window is not None and _can_stack():
            self.window.raise_()

    def start(self) -> None:
        """Follow the counter and the monitors."""
        if not self.is_possible or self.feed is not None:
            return
        self.feed = DisplayFeed(self._counter, self._shop)
        application = QGuiApplication.instance()
        assert isinstance(application, QGuiApplication)  # noqa: S101 - there is a window already
        application.screenAdded.connect(self._on_screen_added)
        application.screenRemoved.connect(self._on_screen_removed)
        for screen in QGuiApplication.screens():
            screen.geometryChanged.connect(self._settle.start)
        handle = self._operator.windowHandle()
        if handle is not None:
            handle.screenChanged.connect(self._settle.start)
        self._look.changed.connect(self._on_look)
        self._place()

    def set_logo(self, logo: str) -> None:
        """Show another logo, or none: another shop's catalog is in use now."""
        if logo == self._options.logo:
            return
        self._options = replace(self._options, logo=logo)
        if self.window is not None and self.feed is not None:
            self.feed.changed.disconnect(self.window.show_model)
            self.window.hide()
            self.window.deleteLater()
            self.window = None
            self._place()

    def leave(self) -> None:
        """Let the customer see nothing any more, in this same turn."""
        self._is_wanted = self._is_asked_for = False
        self._hide()

    def stop(self) -> None:
        """Take the display away."""
        self._settle.stop()
        if self.feed is None:
            return
        application = QGuiApplication.instance()
        if isinstance(application, QGuiApplication):
            application.screenAdded.disconnect(self._on_screen_added)
            application.screenRemoved.disconnect(self._on_screen_removed)
        self._look.changed.disconnect(self._on_look)
        self.feed.stop()
        self.feed = None
        if self.window is not None:
            self.window.hide()
            self.window.deleteLater()
            self.window = None

    def _on_screen_added(self, screen: QScreen) -> None:
        screen.geometryChanged.connect(self._settle.start)
        if not self._screen_name:
            self._is_wanted = True
        self._settle.start()

    def _on_screen_removed(self, screen: QScreen) -> None:
        # Off at once: Qt would move it over the operator's window, or that one beneath it.
        if self._screen_name == screen.name() or self._operator_place.is_on(screen):
            self._hide()
        self._operator_place.leave(screen)
        self._settle.start()

    def _on_closed(self) -> None:
        """The operator has closed the window of the display."""
        self._is_wanted = self._is_asked_for = False
        self._settle.start()

    def _hide(self) -> None:
        if self.window is not None:
            self.window.hide()
        self._screen_name = ""

    def _tell(self) -> None:
        if self.is_open is not self._was_open:
            self._was_open = self.is_open
            self.open_changed.emit(self.is_open)

    def _on_look(self) -> None:
        if self.window is not None:
            self.window.look.set_theme(self._look.theme)

    def _place(self) -> None:
        """Put the display on the other monitor, into a window, or away."""
        if self.feed is None:
            return  # a monitor changes while the till is being closed
        self._operator_place.settle()
        screen = self._other_screen()
        if not self._is_wanted:
            self._hide()
        elif screen is not None:
            self._fill(screen)
        elif self._options.place == "window" or self._is_asked_for:
            self._float()
        else:
            self._hide()
        self._tell()

    def _other_screen(self) -> QScreen | None:
        """Find the monitor for the customer: not the operator's, and no mirror of it."""
        own = self._operator.screen()
        others = [
            screen
            for screen in QGuiApplication.screens()
            if screen.name() != own.name() and not screen.geometry().intersects(own.geometry())
        ]
        kept = [screen for screen in others if screen.name() == self._screen_name]
        return next(iter(kept or others), None)

    def _fill(self, screen: QScreen) -> None:
        window = self._made()
        is_there = window.isVisible() and window.isFullScreen()
        if is_there and window.geometry() == screen.geometry():
            return
        self._screen_name = screen.name()
        window.setCursor(Qt.CursorShape.BlankCursor)
        window.setScreen(screen)
        window.setGeometry(screen.geometry())
        # Not showFullScreen, which asks for the focus.
        window.setWindowState(Qt.WindowState.WindowFullScreen)
        window.show()
        # Without a window manager nobody else gives it the size of the monitor.
        window.setGeometry(screen.geometry())

    def _float(self) -> None:
        window = self._made()
        self._screen_name = ""
        if window.isVisible() and not window.isFullScreen():
            return
        free = self._operator.screen().availableGeometry()
        width, height = _WINDOW_SIZE
        window.unsetCursor()
        window.setScreen(self._operator.screen())
        window.setWindowState(Qt.WindowState.WindowNoState)
        window.show()
        window.resize(min(width, free.width()), min(height, free.height()))
        beside = self._operator.frameGeometry().right() + 1
        left = beside if beside + width <= free.right() + 1 else free.right() + 1 - window.width()
        window.move(left, free.top())
        if _can_stack() and window.frameGeometry().intersects(self._operator.frameGeometry()):
            window.lower()

    def _made(self) -> DisplayWindow:
        """Make the window when it is first needed."""
        if self.window is None:
            self.window = DisplayWindow(
                self._look.theme,
                self._look.formats,
                self._clock,
                self._mode,
                self._pictures,
                logo=self._options.logo,
                line=self._options.line,
            )
            self.window.closed.connect(self._on_closed)
            if self.feed is not None:
                self.window.show_model(self.feed.model)
                self.feed.changed.connect(self.window.show_model)
        return self.window


def _can_stack() -> bool:
    """Say whether this platform lets a program order its windows; Wayland does not."""
    return QGuiApplication.platformName() in {"xcb", "windows", "cocoa"}
