"""How long the window took to be painted and to be usable, told to whoever started the till.

`make bench` and the package's build ask for it: they set `SCANTILL_TIMINGS` to their own
`time.monotonic_ns()` at the moment in which they start the process. That clock is one for the
whole computer, so what loading the program took is in the figures.
"""

import json
import os
import sys
import time
from typing import Final

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QWidget

VARIABLE: Final = "SCANTILL_TIMINGS"


class Timings(QObject):
    """Watches a window that is about to be shown; writes one line of JSON to stdout, then ends.

    The line holds `first_paint_ms` (all of the window is painted and handed to the screen) and
    `usable_ms` (the till runs, and an event went through the loop behind all that waited in it).
    """

    def __init__(self, window: QWidget, began_ns: int) -> None:
        super().__init__(window)
        self._window = window
        self._began_ns = began_ns
        self._first_paint_ms: float | None = None
        self._is_painting = False
        self._has_started = False
        self._probe = QEvent.Type(QEvent.registerEventType())
        window.installEventFilter(self)

    @classmethod
    def of(cls, window: QWidget) -> "Timings | None":
        """Watch a window where the environment asks for it."""
        began = os.environ.get(VARIABLE, "")
        return cls(window, int(began)) if began.isdecimal() else None

    def note_started(self) -> None:
        """Take note that the till behind the window runs."""
        self._has_started = True
        self._send_probe()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Paint and not self._is_painting:
            self._is_painting = True
            # Qt flushes what was painted before it comes back to its loop.
            QTimer.singleShot(0, self, self._on_painted)
        elif event.type() == self._probe:
            self._tell()
        return super().eventFilter(watched, event)

    def _on_painted(self) -> None:
        self._first_paint_ms = self._elapsed_ms()
        self._send_probe()

    def _send_probe(self) -> None:
        if self._has_started and self._first_paint_ms is not None:
            QCoreApplication.postEvent(
                self._window, QEvent(self._probe), Qt.EventPriority.LowEventPriority.value
            )

    def _tell(self) -> None:
        line = {"first_paint_ms": self._first_paint_ms, "usable_ms": self._elapsed_ms()}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
        self._window.removeEventFilter(self)
        self.deleteLater()

    def _elapsed_ms(self) -> float:
        return round((time.monotonic_ns() - self._began_ns) / 1e6, 1)
