"""Refunds as they are listed: how much, how it stands, who asked for it and why."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from app.domain.refund import Refund, RefundState
from ui import theme
from ui.bidi import isolated
from ui.decide.words import refund_words
from ui.format import Formats
from ui.i18n import _
from ui.kit.base import Part
from ui.kit.chip import StateChip
from ui.kit.text import Text
from ui.look import Look
from ui.theme import Type


def about(refund: Refund, formats: Formats) -> str:
    """Say who asked for a refund, why and when; and why it failed, if it did."""
    when = f"{formats.date(refund.seen_at)}, {formats.time(refund.seen_at)}"
    who = isolated(refund.asked_by) or _("Made at the provider")
    parts = [who, isolated(formats.message(refund.reason)), when]
    words = " · ".join(part for part in parts if part)
    if refund.state is not RefundState.FAILED:
        return words
    why = formats.message(refund.words) or _("The provider gave no reason.")
    not_there = _("The customer does not have this money.")
    return f"{words}\n{isolated(why)} {not_there}"


class RefundRows(Part):
    """The refunds of an order or of an entry, oldest first, under a title."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._title = Text(look, _("Refunds"), Type.BODY_STRONG)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setColumnStretch(2, 1)
        self._grid.addWidget(self._title, 0, 0, 1, 3)
        self._parts: list[QWidget] = []
        self.refunds: tuple[Refund, ...] = ()
        self.hide()
        self.on_look_changed()

    def show_refunds(self, refunds: tuple[Refund, ...]) -> None:
        """Show these refunds; none takes no room."""
        self.setVisible(bool(refunds))
        if refunds == self.refunds:
            return
        self.refunds = refunds
        for part in self._parts:
            self._grid.removeWidget(part)
            part.hide()
            part.deleteLater()
        self._parts = []
        look, formats = self.look, self.look.formats
        for number, refund in enumerate(refunds):
            amount = Text(look, formats.money(refund.amount), Type.BODY_STRONG, tabular=True)
            chip = StateChip(look, *refund_words(refund.state))
            words = Text(
                look, about(refund, formats), Type.CAPTION, colour="text_muted", wraps=True
            )
            first, last = 3 * number + 1, 3 * number + 2
            self._grid.setRowMinimumHeight(last + 1, look.dp(theme.XS))
            end = Qt.AlignmentFlag.AlignTrailing | Qt.AlignmentFlag.AlignVCenter
            self._grid.addWidget(amount, first, 0, end)
            self._grid.addWidget(chip, first, 1, Qt.AlignmentFlag.AlignLeading)
            self._grid.addWidget(words, last, 0, 1, 3)
            self._parts += [amount, chip, words]

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        self._grid.setHorizontalSpacing(self.look.dp(theme.M))
        self._grid.setVerticalSpacing(self.look.dp(theme.XS))
        super().on_look_changed()
