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

_NOTHING: Final = "\N{EM DASH}"


class Handed(Part):
    """Rounding, received and change."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._rounding = ElidedText(look, "", Type.CAPTION, colour="text_muted")
        self._received_label = Text(look, _("Received"), Type.BODY, colour="text_muted")
        self._received = Text(look, "", Type.TITLE, tabular=True)
        self._change_label = Text(look, _("Change"), Type.BODY_STRONG)
        self._change = Text(look, "", Type.TOTAL, tabular=True)
        self._rows = [QHBoxLayout(), QHBoxLayout()]
        parts = ((self._received_label, self._received), (self._change_label, self._change))
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addWidget(self._rounding)
        for row, (label, amount) in zip(self._rows, parts, strict=True):
            row.addWidget(label)
            row.addStretch(1)
            row.addWidget(amount)
            self._column.addLayout(row)
        self.on_look_changed()

    @property
    def said(self) -> str:
        """Give the last line as it is shown."""
        return f"{self._change_label.text()} {self._change.text()}"

    @property
    def rounding(self) -> str:
        """Give what is said of rounding."""
        return self._rounding.text

    def show_handed(self, taking: Taking, received: Money | None) -> None:
        """Show what was received for what is due."""
        money = self.look.formats.money
        label, amount = difference_words(taking, received)
        rounding = rounding_words(taking, self.look.formats)
        self._rounding.set_text(rounding)
        self._rounding.setVisible(bool(rounding))
        self._received.setText(_NOTHING if received is None else money(received))
        self._change_label.setText(label)
        self._change.setText(_NOTHING if amount is None else money(amount))
        is_missing = received is not None and received < taking.due
        colour = "danger" if is_missing else "text_muted" if received is None else "good"
        self._change.set_colour(colour)
        self.setAccessibleName(
            f"{self._received_label.text()} {self._received.text()}, {self.said}"
        )
        self.updateGeometry()

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        self._column.setSpacing(self.look.dp(theme.XS))
        super().on_look_changed()
