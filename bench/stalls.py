"""How long the window's loop did not turn: a timer of 5 ms, and by how much it was late."""

import time
from typing import Final

from PySide6.QtCore import QObject, Qt, QTimer

_TICK_MS: Final = 5


class Stalls(QObject):
    """Ticks from its making until `stop`; `values_ms` has one value for each tick."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.values_ms: list[float] = []
        self._last = time.perf_counter()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._on_tick)
        self._timer.start()

    def stop(self) -> None:
        """Tick no more."""
        self._timer.stop()

    def _on_tick(self) -> None:
        now = time.perf_counter()
        self.values_ms.append(max(0.0, (now - self._last) * 1000 - _TICK_MS))
        self._last = now
