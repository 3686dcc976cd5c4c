"""The parts of a form: a field with its label and a note, and reasons to be taken with one tap."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from ui import theme
from ui.kit.base import Part
from ui.kit.button import Button, Kind
from ui.kit.field import Field
from ui.kit.flow import FlowLayout
from ui.kit.text import Text
from ui.look import Look
from ui.theme import Type


class Entry(Part):
    """A field under its label; below it a note, which says what is wrong where something is.

    Signals:
        text_changed (str): At each key.
    """

    text_changed = Signal(str)

    def __init__(
        self, look: Look, label: str, *, icon: str, most: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(look, parent)
        self._label = Text(look, label, Type.CAPTION_STRONG, colour="text_muted")
        self.field = Field(look, "", icon=icon)
        self.field.edit.setAccessibleName(label)
        self.field.edit.setMaxLength(most)
        self.field.text_changed.connect(self.text_changed)
        self._note = Text(look, "", Type.CAPTION, colour="text_muted", wraps=True)
        self._note.hide()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        for part in (self._label, self.field, self._note):
            self._column.addWidget(part)
        self._column.addStretch(1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.on_look_changed()

    @property
    def text(self) -> str:
        """Give what was typed, without spaces around it."""
        return self.field.text.strip()

    @property
    def note(self) -> str:
        """Give what stands below the field."""
        return self._note.text()

    def set_text(self, text: str) -> None:
        """Write into the field."""
        self.field.edit.setText(text)

    def set_note(self, note: str, colour: str = "text_muted") -> None:
        """Say something below the field, or nothing."""
        self._note.setText(note)
        self._note.set_colour(colour)
        self._note.setVisible(bool(note))
        self.field.edit.setAccessibleDescription(note)

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        self._column.setSpacing(self.look.dp(theme.XS))
        super().on_look_changed()


class Suggestions(Part):
    """Words to be taken with one tap.

    Signals:
        taken (str): One was tapped.
    """

    taken = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._flow = FlowLayout(look, self)
        self.buttons: list[Button] = []
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_words(self, words: tuple[str, ...]) -> None:
        """Offer these words and no others."""
        while self._flow.takeAt(0) is not None:
            continue
        for button in self.buttons:
            button.hide()
            button.deleteLater()
        self.buttons = []
        for number, one in enumerate(words):
            button = Button(self.look, one, Kind.SECONDARY, step=Type.CAPTION_STRONG, parent=self)
            button.setObjectName(f"suggestion_{number}")
            button.clicked.connect(lambda _=False, one=one: self.taken.emit(one))
            self._flow.addWidget(button)
            button.show()
            self.buttons.append(button)
        self.updateGeometry()
