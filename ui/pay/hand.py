"""What stands in the code's place while the operator takes the money: keypad, or the slip's field.

It holds what is typed until it is confirmed; `received` and `reference` say what that is.
"""

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QSizePolicy, QStackedLayout, QVBoxLayout, QWidget

from app.domain.confirmation import MAX_REFERENCE
from app.domain.money import Money
from ui import theme
from ui.decide.fields import Entry
from ui.i18n import _
from ui.kit.base import Part
from ui.kit.card import Card
from ui.kit.iconlabel import IconLabel
from ui.kit.text import ElidedText, Text
from ui.look import Look
from ui.pay.keypad import Keypad
from ui.pay.taking import Figures, Taking, received_by, suffices
from ui.sell.search import typed_text
from ui.theme import Type

_MOST_HIGH: Final = 560


class HandView(Part):
    """Shows one payment by hand.

    Signals:
        changed: What is typed is another.
    """

    changed = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._taking: Taking | None = None
        self._figures = Figures()
        self.keypad = Keypad(look)
        self.keypad.figures_typed.connect(self._on_figures)
        self.keypad.back_pressed.connect(self._on_back)
        self.keypad.note_chosen.connect(self._on_note)
        self._machine = Card(look, "surface")
        self._step = IconLabel(
            look, "card", _("Type this into the card machine"), Type.TITLE, colour="text_muted"
        )
        self._due = ElidedText(look, "", Type.HERO, tabular=True)
        self._then = Text(
            look,
            _("When the machine says that it is paid, type in the reference of its slip."),
            Type.BODY,
            colour="text_muted",
            wraps=True,
        )
        self.entry = Entry(look, _("Reference of the slip"), icon="pen", most=MAX_REFERENCE)
        self.entry.field.edit.setObjectName("slip")
        self.entry.text_changed.connect(self.changed)
        self._column = QVBoxLayout(self._machine)
        self._column.addStretch(1)
        for part in (self._step, self._due, self._then, self.entry):
            self._column.addWidget(part)
        self._column.addStretch(2)
        # A keypad as large as a large screen would be slow to type on.
        self._held = QWidget()
        self._stack = QStackedLayout(self._held)
        self._stack.addWidget(self.keypad)
        self._stack.addWidget(self._machine)
        centred = QVBoxLayout(self)
        centred.setContentsMargins(0, 0, 0, 0)
        centred.addStretch(1)
        centred.addWidget(self._held, 100)
        centred.addStretch(1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.on_look_changed()

    @property
    def most_high(self) -> int:
        """Give the height that is never needed more of."""
        return max(self.look.dp(_MOST_HIGH), self.keypad.minimumSizeHint().height())

    @property
    def received(self) -> Money | None:
        """Give what was received in cash, or None where nothing is typed."""
        return None if self._taking is None else received_by(self._taking, self._figures)

    @property
    def reference(self) -> str:
        """Give the reference as it is typed."""
        return self.entry.text

    @property
    def is_complete(self) -> bool:
        """Say whether it can be confirmed."""
        if self._taking is None:
            return False
        return (
            suffices(self._taking, self.received) if self._taking.is_cash else bool(self.reference)
        )

    def show_taking(self, taking: Taking | None) -> None:
        """Show what is to be taken; another payment begins with nothing typed."""
        if taking == self._taking:
            return
        self._taking = taking
        self._figures = Figures()
        self.entry.set_text("")
        if taking is not None:
            self.keypad.show_notes(taking.notes)
            self._due.set_text(self.look.formats.money(taking.due))
            self._stack.setCurrentWidget(self.keypad if taking.is_cash else self._machine)
        self.changed.emit()

    def take_key(self, event: QKeyEvent) -> bool:
        """Take what is typed anywhere on the screen; say whether it was of use."""
        text = typed_text(event)
        if self._taking is None:
            return False
        if not self._taking.is_cash:
            if text:
                self.entry.field.edit.setFocus(Qt.FocusReason.ShortcutFocusReason)
                self.entry.field.edit.insert(text)
            return bool(text)
        if event.key() == Qt.Key.Key_Backspace:
            self._on_back()
            return True
        if text.isdecimal():
            self._on_figures(str(int(text)))
            return True
        return False

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        dp = self.look.dp
        self._column.setContentsMargins(dp(theme.XL), dp(theme.L), dp(theme.XL), dp(theme.L))
        self._column.setSpacing(dp(theme.M))
        self._held.setMaximumHeight(self.most_high)
        super().on_look_changed()

    def _on_figures(self, figures: str) -> None:
        self._set(self._figures.typed(figures))

    def _on_back(self) -> None:
        self._set(self._figures.without_last())

    def _on_note(self, amount: Money) -> None:
        self._set(Figures.of(amount))

    def _set(self, figures: Figures) -> None:
        if figures != self._figures:
            self._figures = figures
            self.changed.emit()
