"""One of several, as chips in a row: of the payments, or of the ends of a subscription."""

from collections.abc import Iterable

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QWidget

from ui.kit.chip import Chip
from ui.kit.flow import FlowLayout
from ui.look import Look


class Choices(QObject):
    """The chips, which the form lays out; the first is chosen until another is.

    Signals:
        changed: Another one was chosen.
    """

    changed = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.row = QWidget()
        self._flow = FlowLayout(look, self.row)
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._group.idToggled.connect(self._on_toggled)

    @property
    def chosen(self) -> int:
        """Give the place of the one that is chosen, 0 where nothing is offered."""
        return max(0, self._group.checkedId())

    @property
    def buttons(self) -> list[QAbstractButton]:
        """Give the chips, in their order."""
        return self._group.buttons()

    def offer(self, choices: Iterable[tuple[str, str]]) -> None:
        """Offer these and no others, each with its object's name and its words."""
        for chip in self._group.buttons():
            self._group.removeButton(chip)
            self._flow.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        for number, (name, words) in enumerate(choices):
            chip = Chip(self._look, words)
            chip.setObjectName(name)
            self._group.addButton(chip, number)
            self._flow.addWidget(chip)
            chip.setChecked(number == 0)
        self.row.setVisible(bool(self._group.buttons()))

    def _on_toggled(self, _number: int, is_chosen: bool) -> None:
        if is_chosen:
            self.changed.emit()
