"""The figures under the cart: what was taken off, what tax it holds, and the total, large."""

from typing import Final

from PySide6.QtGui import QFontMetricsF, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.domain.money import Money
from app.domain.pricing import TaxTotal
from ui import theme
from ui.bidi import isolated
from ui.i18n import _
from ui.kit.base import Part
from ui.kit.text import ElidedText, Text
from ui.look import Look
from ui.sell.cart_model import CartModel
from ui.theme import Type

_TOTAL_STEPS: Final = (
    Type.TOTAL,
    Type.HEADLINE,
    Type.TITLE,
    Type.BODY_STRONG,
    Type.CAPTION_STRONG,
)


_ROUNDING: Final = 2
"""Pixels that a row of two loses where widths are rounded."""


class Figure(QWidget):
    """A word at one edge and an amount at the other."""

    def __init__(
        self, look: Look, word: str, step: Type = Type.BODY, *, colour: str = "text_muted"
    ) -> None:
        super().__init__()
        amount_step = Type.TOTAL if step is Type.TITLE else step
        self.word = ElidedText(look, word, step, colour=colour)
        self.amount = Text(
            look, "", amount_step, colour=colour, tabular=amount_step is not Type.TOTAL
        )
        row = self._row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(look.dp(theme.S))
        row.addWidget(self.word, 1)
        row.addWidget(self.amount)

    def fit(self, steps: tuple[Type, ...]) -> None:
        """Show the amount in the largest of these steps that leaves room for the word."""
        look, spacing = self.amount.look, self._row.spacing()
        room = self.width() - spacing - self.word.sizeHint().width()
        for step in steps:
            self.amount.set_step(step)
            words = QFontMetricsF(look.font(step)).horizontalAdvance(self.amount.text())
            if words + _ROUNDING <= room:
                return


class TotalsPanel(Part):
    """Subtotal, discount and tax where there are any; the total always."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._subtotal = Figure(look, _("Subtotal"))
        self._discount = Figure(look, _("Discount"), colour="good")
        self._tax = Figure(look, _("Tax"))
        self._tip = Figure(look, _("Tip"))
        self.total = Figure(look, _("Total"), Type.TITLE, colour="text")
        self._note = ElidedText(look, "", Type.CAPTION, colour="text_muted", lines=2, tabular=True)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(look.dp(theme.XS))
        for figure in (self._subtotal, self._discount, self._tax, self._tip, self.total):
            column.addWidget(figure)
        column.addWidget(self._note)

    def show_cart(self, cart: CartModel) -> None:
        """Show the cart's figures."""
        money = self.look.formats.money
        totals, currency = cart.totals, cart.currency
        has_tax_on_top = not cart.prices_include_tax and totals.tax_minor > 0
        self._subtotal.setVisible(bool(totals.discount_minor or totals.tip_minor or has_tax_on_top))
        self._subtotal.amount.setText(money(Money(totals.subtotal_minor, currency)))
        self._discount.setVisible(bool(totals.discount_minor))
        self._discount.amount.setText(money(Money(-totals.discount_minor, currency)))
        self._tax.setVisible(has_tax_on_top)
        self._tax.amount.setText(money(Money(totals.tax_minor, currency)))
        self._tip.setVisible(bool(totals.tip_minor))
        self._tip.amount.setText(money(Money(totals.tip_minor, currency)))
        self.total.amount.setText(money(cart.total))
        self.total.fit(_TOTAL_STEPS)
        self._note.set_text(self._tax_words(totals.taxes, cart))
        self._note.setVisible(bool(self._note.text))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.total.fit(_TOTAL_STEPS)

    def _tax_words(self, taxes: tuple[TaxTotal, ...], cart: CartModel) -> str:
        if not taxes:
            return ""
        money = self.look.formats.money
        # A tax stays on one line with its amount.
        parts = " · ".join(
            f"{isolated(tax.tax.name)} {money(Money(tax.tax_minor, cart.currency))}".replace(
                " ", "\xa0"
            )
            for tax in taxes
        )
        if cart.prices_include_tax:
            return _("Includes {taxes}").format(taxes=parts)
        return _("Tax: {taxes}").format(taxes=parts)
