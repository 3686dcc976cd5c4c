"""The ways out of an entry, one row each: its button, and what it will do or why it is closed."""

from itertools import pairwise
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
    """All actions: the open ones first, then those that are closed; writing off stands apart.

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
        self._order = tuple(Action)
        for action in Action:
            self._add(action)
        self._arrange(self._order)
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
        is_open = {way.action: way.is_open for way in ways}
        self._arrange(tuple(sorted(Action, key=lambda action: not is_open[action])))

    def tab_after(self, part: QWidget) -> None:
        """Have Tab come here from a part, and go through the ways as they stand."""
        for one, following in pairwise((part, *map(self.buttons.__getitem__, self._order))):
            QWidget.setTabOrder(one, following)

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

    def _arrange(self, order: tuple[Action, ...]) -> None:
        """Put the rows into this order: what is open stands above the rest."""
        middle = Qt.AlignmentFlag.AlignVCenter
        for row, action in enumerate(order):
            for column, part in enumerate((self.buttons[action], self._words[action])):
                self._grid.removeWidget(part)
                self._grid.addWidget(part, 2 * row + 1, column, middle)
        last = order.index(Action.WRITE_OFF)
        self._grid.removeWidget(self._rule)
        self._grid.addWidget(self._rule, 2 * last, 0, 1, 2)
        self._rule.setVisible(last > 0)
        self._order = order

    def _add(self, action: Action) -> None:
        look = self.look
        button = Button(look, action_label(action), icon=ICONS[action], key=_KEYS[action])
        button.setObjectName(f"way_{action.value}")
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        button.clicked.connect(lambda _=False: self._on_pressed(action))
        words = Text(look, "", wraps=True)
        self.buttons[action], self._words[action] = button, words

    def _on_pressed(self, action: Action) -> None:
        self.chosen.emit(self._ways[action])
