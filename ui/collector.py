"""Collects garbage on the GUI's thread and on no other.

Python's collector runs on whichever thread happens to make an object: the writer's, the public
door's, the simulator's. A widget or a timer that is garbage would be taken apart there, and Qt
ends the process for less. So the collector is switched off, and a timer of the GUI does its work
by nearly the same rules.
"""

import gc
from typing import Final

from PySide6.QtCore import QObject, QTimer

INTERVAL_MS: Final = 1_000


def collect_what_is_due() -> int | None:
    """Collect as the collector itself would now; give the generation, or None for nothing due."""
    counts, thresholds = gc.get_count(), gc.get_threshold()
    for generation in (2, 1, 0):
        younger_are_due = generation == 0 or counts[0] > thresholds[0]
        if younger_are_due and counts[generation] > thresholds[generation]:
            gc.collect(generation)
            return generation
    return None


class Collector(QObject):
    """Takes the collector's place from `start` to `stop`; made and used on the GUI's thread."""

    def __init__(self) -> None:
        super().__init__()
        self._was_enabled = False
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL_MS)
        self._timer.timeout.connect(collect_what_is_due)

    def start(self) -> None:
        """Keep the collector off every other thread from now on."""
        self._was_enabled = gc.isenabled()
        gc.disable()
        self._timer.start()

    def stop(self) -> None:
        """Leave it to Python again."""
        self._timer.stop()
        if self._was_enabled:
            gc.enable()
