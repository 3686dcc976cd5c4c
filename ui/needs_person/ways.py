"""The ways out of an entry, one row each: its button, and what it will do or why it is closed."""

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from app.domain.resolution import Action, WayOut
from ui import theme
from ui.decide.words import ICONS, action_label
from ui.kit.base import Part
from ui.kit.button import Button, Kind
from ui.kit.card import Rule
from ui.kit.text import Text
from ui.look import Look

_KEYS: Final = {
    Action.ACCEPT: "F5",
    Action.REFUND: "F6",
    Action.ASSIGN: "F7",
    Action.WRITE_OFF: "F8",
}


class WaysOut(Part):
    """All actions in one order, open or closed; the one that gives money up stands apart.

    Signals:
        chosen (WayOut): A button was pressed.
    """

    chosen = Signal(object)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self.buttons: dict[Action, Button] = {}
        self._words: dict[Action, Text] = {}
        self._ways: dict[Action, WayOut] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setColumnStretch(1, 1)
        self._rule = Rule(look)
        for action in Action:
            if action is Action.WRITE_OFF:
                self._grid.addWidget(self._rule, self._grid.rowCount(), 0, 1, 2)
            self._add(action, self._grid.rowCount())
        self.on_look_changed()

    def show_ways(self, ways: tuple[WayOut, ...], recommended: Action | None = None) -> None:
        """Show what each will do, or why it is closed; the one that is recommended is louder."""
        message = self.look.formats.message
        for way in ways:
            self._ways[way.action] = way
            words = message(way.effect if way.is_open else way.objection)
            button = self.buttons[way.action]
            button.setEnabled(way.is_open)
            button.set_kind(Kind.PRIMARY if way.action is recommended else Kind.SECONDARY)
            button.setAccessibleDescription(words)
            self._words[way.action].setText(words)
            self._words[way.action].set_colour("text" if way.is_open else "text_muted")

    def words_of(self, action: Action) -> str:
        """Give what stands beside a button."""
        return self._words[action].text()

    def focus_at(self, action: Action) -> None:
        """Give the keyboard to one of the ways."""
        self.buttons[action].setFocus(Qt.FocusReason.OtherFocusReason)

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        self._grid.setHorizontalSpacing(self.look.dp(theme.L))
        self._grid.setVerticalSpacing(self.look.metrics.gap)
        super().on_look_changed()

    def _add(self, action: Action, row: int) -> None:
        look, middle = self.look, Qt.AlignmentFlag.AlignVCenter
        button = Button(look, action_label(action), icon=ICONS[action], key=_KEYS[action])
        button.setObjectName(f"way_{action.value}")
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        button.clicked.connect(lambda _=False: self._on_pressed(action))
        words = Text(look, "", wraps=True)
        self._grid.addWidget(button, row, 0, middle)
        self._grid.addWidget(words, row, 1, middle)
        self.buttons[action], self._words[action] = button, words

    def _on_pressed(self, action: Action) -> None:
        self.chosen.emit(self._ways[action])
