"""Opens the customer's page on this computer, in training."""

import math
from typing import Final

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from app.clock import Clock

_ONE_PRESS_S: Final = 1.0


class CustomerPage:
    """The page behind the code, opened in this computer's browser."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._asked_at = -math.inf

    def open(self, url: str) -> bool:
        """Open the page and say whether a browser took it; a double press opens it once."""
        now = self._clock.monotonic()
        if now - self._asked_at < _ONE_PRESS_S:
            return True
        self._asked_at = now
        return QDesktopServices.openUrl(QUrl(url))
