"""What all painted parts have in common: the look, and a fresh measure when it changes."""

from PySide6.QtWidgets import QWidget

from ui.look import Look


class Part(QWidget):
    """A widget that paints itself from the look."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        look.changed.connect(self.on_look_changed)

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        self.updateGeometry()
        self.update()
