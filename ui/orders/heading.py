"""The head of an order: its number and state, and beside or below them what can be done."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ui import theme
from ui.kit.base import Part
from ui.look import Look


class Heading(Part):
    """Shows the buttons at the end of the line, or below it where they would be cut off."""

    def __init__(self, look: Look, words: Sequence[QWidget], buttons: Sequence[QWidget]) -> None:
        super().__init__(look)
        self._words, self._buttons = tuple(words), tuple(buttons)
        self._first, self._second = QHBoxLayout(), QHBoxLayout()
        for part in self._words:
            self._first.addWidget(part, 0, Qt.AlignmentFlag.AlignVCenter)
        for row in (self._first, self._second):
            row.addStretch(1)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addLayout(self._first)
        self._column.addLayout(self._second)
        self._holder: QHBoxLayout | None = None
        self._hold(self._first)
        self.on_look_changed()

    @property
    def is_in_two_lines(self) -> bool:
        """Say whether the buttons stand below."""
        return self._holder is self._second

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        self._column.setSpacing(self.look.dp(theme.S))
        for row in (self._first, self._second):
            row.setSpacing(self.look.dp(theme.M))
        super().on_look_changed()

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() is QEvent.Type.LayoutRequest:
            self._arrange()
        return done

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        shown = [part for part in (*self._words, *self._buttons) if not part.isHidden()]
        # The stretch between them has a gap of its own.
        needed = sum(part.sizeHint().width() for part in shown)
        needed += len(shown) * self.look.dp(theme.M)
        has_buttons = any(not button.isHidden() for button in self._buttons)
        self._hold(self._second if has_buttons and needed > self.width() else self._first)

    def _hold(self, row: QHBoxLayout) -> None:
        if row is self._holder:
            return
        for button in self._buttons:
            if self._holder is not None:
                self._holder.removeWidget(button)
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
        self._holder = row
