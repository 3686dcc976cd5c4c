"""The figures beside the keypad: what was received, and large what goes back or is missing."""

from typing import Final

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.domain.money import Money
from ui import theme
from ui.i18n import _
from ui.kit.base import Part
from ui.kit.text import ElidedText, Text
from ui.look import Look
from ui.pay.taking import Taking, difference_words, rounding_words
from ui.theme import Type

_NOTHING: Final = "\N{EN DASH}"


class Handed(Part):
    """Rounding, received, and large what is to be given back."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._rounding = ElidedText(look, "", Type.CAPTION, colour="text_muted")
        self._received_label = Text(look, _("Received"), Type.BODY, colour="text_muted")
        self._received = Text(look, "", Type.TITLE, tabular=True)
        self._change_label = Text(look, _("Change"), Type.BODY_STRONG)
        self._change = Text(look, "", Type.AMOUNT, tabular=True)
        self._row = QHBoxLayout()
        self._row.addWidget(self._received_label)
        self._row.addStretch(1)
        self._row.addWidget(self._received)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addWidget(self._rounding)
        self._column.addLayout(self._row)
        self._column.addWidget(self._change_label)
        self._column.addWidget(self._change)
        self.on_look_changed()

    @property
    def said(self) -> str:
        """Give the last lines as they are shown."""
        return f"{self._change_label.text()} {self._change.text()}"

    @property
    def rounding(self) -> str:
        """Give what is said of rounding."""
        return self._rounding.text

    def set_short(self, is_short: bool) -> None:
        """Make do with little height."""
        self._change.set_step(Type.TOTAL if is_short else Type.AMOUNT)

    def show_handed(self, taking: Taking, received: Money | None) -> None:
        """Show what was received for what is due."""
        money = self.look.formats.money
        label, amount = difference_words(taking, received)
        rounding = rounding_words(taking, self.look.formats)
        self._rounding.set_text(rounding)
        self._rounding.setVisible(bool(rounding))
        self._received.setText(_NOTHING if received is None else money(received))
        self._received.set_colour("text_muted" if received is None else "text")
        self._change_label.setText(label)
        self._change.setText(_NOTHING if amount is None else money(amount))
        is_missing = received is not None and received < taking.due
        colour = "danger" if is_missing else "text_muted" if received is None else "good"
        self._change.set_colour(colour)
        given = f"{self._received_label.text()} {self._received.text()}"
        self.setAccessibleName(f"{given}, {self.said}")
        self.updateGeometry()

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        self._column.setSpacing(self.look.dp(theme.XXS))
        super().on_look_changed()
