"""The keypad for cash: figures and the notes that a customer is likely to give."""

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.domain.money import Money
from ui.i18n import _
from ui.kit.base import Part
from ui.kit.button import Button, Kind
from ui.look import Look
from ui.theme import Type

KEY_MM: Final = 15.0
_FIGURES: Final = (("7", "8", "9"), ("4", "5", "6"), ("1", "2", "3"), ("00", "0"))
_MOST_NOTES: Final = 4


class Keypad(Part):
    """Keys at least 15 mm wide and high; above them the notes.

    Signals:
        figures_typed (str): One or two figures.
        back_pressed: The last figure is to go.
        note_chosen (Money): So much was received.
    """

    figures_typed = Signal(str)
    back_pressed = Signal()
    note_chosen = Signal(object)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._amounts: tuple[Money, ...] = ()
        self.notes = [self._note(number) for number in range(_MOST_NOTES)]
        self.keys: dict[str, Button] = {}
        figures_only = QWidget()
        # Figures stand on a keypad as they do everywhere, whatever direction is read in.
        figures_only.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self._grid = QGridLayout(figures_only)
        self._grid.setContentsMargins(0, 0, 0, 0)
        for row, figures in enumerate(_FIGURES):
            for column, figure in enumerate(figures):
                self._grid.addWidget(self._key(figure), row, column)
        self.back = self._made("", _("Delete the last figure"), "back", icon="backspace")
        self.back.set_icon_only(True)
        self.back.clicked.connect(self.back_pressed)
        self._grid.addWidget(self.back, len(_FIGURES) - 1, 2)
        self._row = QHBoxLayout()
        self._row.setContentsMargins(0, 0, 0, 0)
        for note in self.notes:
            self._row.addWidget(note, 1)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addLayout(self._row)
        self._column.addWidget(figures_only, 1)
        self.on_look_changed()

    def show_notes(self, amounts: tuple[Money, ...]) -> None:
        """Offer these amounts, the exact one first."""
        self._amounts = amounts
        for number, note in enumerate(self.notes):
            is_there = number < len(amounts)
            note.setVisible(is_there)
            if is_there:
                note.set_label(self.look.formats.money(amounts[number]))

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        gap = self.look.metrics.gap
        for layout in (self._grid, self._row, self._column):
            layout.setSpacing(gap)
        side = self.look.metrics.mm(KEY_MM)
        for key in (*self.keys.values(), self.back):
            key.setMinimumSize(side, side)
        self.show_notes(self._amounts)
        super().on_look_changed()

    def _note(self, number: int) -> Button:
        note = Button(self.look, "", Kind.SECONDARY, step=Type.BODY_STRONG, parent=self)
        note.setObjectName(f"note_{number}")
        note.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        note.clicked.connect(lambda: self.note_chosen.emit(self._amounts[number]))
        return note

    def _key(self, figures: str) -> Button:
        key = self.keys[figures] = self._made(figures, figures, f"key_{figures}")
        key.clicked.connect(lambda: self.figures_typed.emit(figures))
        return key

    def _made(self, label: str, name: str, object_name: str, *, icon: str = "") -> Button:
        key = Button(
            self.look,
            label or name,
            Kind.SECONDARY,
            icon=icon,
            height_mm=KEY_MM,
            step=Type.HEADLINE,
            parent=self,
        )
        key.setObjectName(object_name)
        key.setAccessibleName(name)
        key.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        return key
