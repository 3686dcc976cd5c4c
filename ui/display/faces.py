"""The faces of the display: idle, cart, code, words and paid. Each shows a model and knows no more.

Large type throughout: nothing is smaller than a TITLE, for it is read from a metre away.
"""

from typing import Final

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.clock import Clock
from app.domain.money import Money
from ui import theme
from ui.display.lines import DisplayLines
from ui.display.model import DisplayCart, DisplayModel
from ui.display.parts import FitText, Mark, RoundIcon
from ui.display.words import words_of
from ui.i18n import _, ngettext
from ui.kit.base import Part
from ui.kit.card import Card, Rule
from ui.kit.iconlabel import IconLabel
from ui.kit.text import ElidedText
from ui.look import Look
from ui.paid import Tick
from ui.pay.countdown import Countdown
from ui.pay.qr import MOST_OF_SIDE, QrView
from ui.sell.pictures import Pictures
from ui.theme import Type

_LARGE: Final = (Type.HERO, Type.AMOUNT, Type.TOTAL, Type.HEADLINE)
_PANEL: Final = 300
_CENTRE: Final = Qt.AlignmentFlag.AlignHCenter


class IdleFace(Part):
    """The shop's mark and name, and a line of text."""

    def __init__(self, look: Look, pictures: Pictures, logo: str, line: str) -> None:
        super().__init__(look)
        self._logo = logo
        self._mark = Mark(look, pictures, 148)
        self._name = FitText(look, _LARGE, centred=True)
        self._line = ElidedText(
            look, line or _("Welcome"), Type.HEADLINE, colour="text_muted", lines=2, centred=True
        )
        self._column = QVBoxLayout(self)
        self._column.addStretch(3)
        self._column.addWidget(self._mark, 0, _CENTRE)
        self._column.addSpacing(1)
        self._column.addWidget(self._name)
        self._column.addWidget(self._line)
        self._column.addStretch(4)
        self.on_look_changed()

    def show_model(self, model: DisplayModel) -> None:
        """Show the shop."""
        self._mark.set_mark(self._logo, model.shop)
        self._name.set_text(model.shop)
        self.setAccessibleName(f"{model.shop}. {self._line.text}")

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        dp = self.look.dp
        self._column.setContentsMargins(dp(theme.XXL), dp(theme.L), dp(theme.XXL), dp(theme.L))
        self._column.setSpacing(dp(theme.M))
        super().on_look_changed()


class Row(Part):
    """A word at one edge and an amount at the other."""

    def __init__(self, look: Look, word: str, *, colour: str = "text_muted") -> None:
        super().__init__(look)
        self._word = FitText(look, (Type.TITLE,), colour=colour)
        self.amount = FitText(look, (Type.TITLE,), colour=colour, end=True, tabular=True)
        self._word.set_text(word)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._word, 1)
        row.addWidget(self.amount, 1)


class CartFace(Part):
    """The lines as they are rung up; beside them the figures, the total largest."""

    def __init__(self, look: Look, pictures: Pictures, logo: str) -> None:
        super().__init__(look)
        self._logo = logo
        self.lines = DisplayLines(look)
        self._panel = Card(look, "surface")
        self._mark = Mark(look, pictures, 56)
        self._name = ElidedText(look, "", Type.TITLE, lines=2)
        self._pieces = FitText(look, (Type.TITLE,), colour="text_muted")
        self._subtotal = Row(look, _("Subtotal"))
        self._discount = Row(look, _("Discount"), colour="good")
        self._tax = Row(look, _("Tax"))
        self._tip = Row(look, _("Tip"))
        self._word = FitText(look, (Type.HEADLINE,))
        self._word.set_text(_("Total"))
        self.total = FitText(look, (*_LARGE[1:], Type.TITLE), tabular=True)
        self._head = QHBoxLayout()
        self._head.addWidget(self._mark)
        self._head.addWidget(self._name, 1)
        self._column = QVBoxLayout(self._panel)
        self._column.addLayout(self._head)
        self._column.addStretch(1)
        self._column.addWidget(self._pieces)
        for row in (self._subtotal, self._discount, self._tax, self._tip):
            self._column.addWidget(row)
        self._column.addWidget(Rule(look))
        self._column.addWidget(self._word)
        self._column.addWidget(self.total)
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.addWidget(self.lines, 1)
        self._row.addWidget(self._panel)
        self.on_look_changed()

    def show_model(self, model: DisplayModel) -> None:
        """Show the cart."""
        cart = model.cart
        if cart is None:
            return
        self._mark.set_mark(self._logo, model.shop)
        self._name.set_text(model.shop)
        self.lines.show_cart(cart)
        self._show_figures(cart)

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        dp = self.look.dp
        for margins in (self._row, self._column):
            margins.setContentsMargins(dp(theme.L), dp(theme.L), dp(theme.L), dp(theme.L))
        self._row.setSpacing(dp(theme.M))
        self._column.setSpacing(dp(theme.S))
        self._head.setSpacing(dp(theme.M))
        self._arrange()
        super().on_look_changed()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()
        super().resizeEvent(event)

    def _arrange(self) -> None:
        is_tall = self.height() > self.width()
        direction = QBoxLayout.Direction.TopToBottom if is_tall else None
        self._row.setDirection(direction or QBoxLayout.Direction.LeftToRight)
        self._panel.setFixedWidth(
            max(1, self.width() - 2 * self.look.dp(theme.L)) if is_tall else self.look.dp(_PANEL)
        )

    def _show_figures(self, cart: DisplayCart) -> None:
        money = self.look.formats.money
        count = self.look.formats.count(cart.pieces)
        self._pieces.set_text(
            ngettext("{count} item", "{count} items", cart.pieces).format(count=count)
        )
        off = Money(-cart.discount.minor, cart.discount.currency)
        has_parts = bool(cart.discount.minor or cart.tax.minor or cart.tip.minor)
        for row, amount, is_shown in (
            (self._subtotal, cart.subtotal, has_parts),
            (self._discount, off, bool(off.minor)),
            (self._tax, cart.tax, bool(cart.tax.minor)),
            (self._tip, cart.tip, bool(cart.tip.minor)),
        ):
            row.amount.set_text(money(amount))
            row.setVisible(is_shown)
        self.total.set_text(money(cart.total))


class Strip(Card):
    """A sentence on a ground that makes it seen."""

    def __init__(self, look: Look, text: str) -> None:
        super().__init__(look, "warning_soft", border=None, radius=theme.RADIUS_M)
        self._text = ElidedText(look, text, Type.TITLE, colour="warning", lines=4)
        column = QVBoxLayout(self)
        pad = look.dp(theme.M)
        column.setContentsMargins(pad, pad, pad, pad)
        column.addWidget(self._text)
        self.setAccessibleName(text)


class CodeFace(Part):
    """The code, as large as it may be, with the amount and what to do with it."""

    def __init__(self, look: Look, clock: Clock) -> None:
        super().__init__(look)
        self.qr = QrView(look)
        self._shop = ElidedText(look, "", Type.TITLE, colour="text_muted")
        self.amount = FitText(look, _LARGE)
        self._scan = ElidedText(look, _("Scan with your phone's camera"), Type.HEADLINE, lines=3)
        self._host = IconLabel(look, "lock", "", Type.TITLE, colour="text_muted")
        self.declined = Strip(
            look, _("That did not work. Nothing was paid; please try again or use another card.")
        )
        self._countdown = Countdown(look, clock, step=Type.TITLE)
        self._panel = QWidget()
        self._panel.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._column = QVBoxLayout(self._panel)
        self._column.addWidget(self._shop)
        self._column.addWidget(self.amount)
        self._column.addStretch(1)
        for part in (self.declined, self._scan, self._host, self._countdown):
            self._column.addWidget(part)
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.addWidget(self.qr)
        self._row.addWidget(self._panel, 1)
        self.on_look_changed()

    def show_model(self, model: DisplayModel) -> None:
        """Show the code and what it is for; without one, take the last one away."""
        code = model.code
        self.qr.set_url("" if code is None else code.url)
        self._countdown.set_deadline(None if code is None else code.deadline_at)
        if code is None:
            self._host.set_text("")
            return
        self._shop.set_text(model.shop)
        self._host.set_text(code.host)
        self.amount.set_text("" if model.amount is None else self.look.formats.money(model.amount))
        self.declined.setVisible(code.was_declined)
        self._scan.setVisible(not code.was_declined)

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        dp = self.look.dp
        self._row.setContentsMargins(dp(theme.L), dp(theme.M), dp(theme.XL), dp(theme.M))
        self._row.setSpacing(dp(theme.XL))
        self._column.setSpacing(dp(theme.M))
        self._arrange()
        super().on_look_changed()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()
        super().resizeEvent(event)

    def _arrange(self) -> None:
        """Give the code all that it may have, on a tall screen above the words."""
        dp = self.look.dp
        window = self.window().size()
        is_tall = self.height() > self.width()
        across = self.width() - dp(theme.L + theme.XL)
        down = self.height() - 2 * dp(theme.M)
        most = round(MOST_OF_SIDE * min(window.width(), window.height())) + dp(theme.S)
        side = min(most, across if is_tall else down)
        self._row.setDirection(
            QBoxLayout.Direction.TopToBottom if is_tall else QBoxLayout.Direction.LeftToRight
        )
        self.qr.setFixedSize(max(1, across if is_tall else side), max(1, side))
        over = 0 if is_tall else max(0, (down - round(self.qr.side)) // 2)
        self._column.setContentsMargins(0, over, 0, over)


class WordsFace(Part):
    """An icon, a few calm words, and the amount that it is about."""

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self._icon = RoundIcon(look, 124)
        self._title = ElidedText(look, "", Type.AMOUNT, lines=2, centred=True)
        self._sentence = ElidedText(
            look, "", Type.HEADLINE, colour="text_muted", lines=3, centred=True
        )
        self._column = QVBoxLayout(self)
        self._column.addStretch(3)
        self._column.addWidget(self._icon, 0, _CENTRE)
        self._column.addWidget(self._title)
        self._column.addWidget(self._sentence)
        self._column.addStretch(4)
        self.on_look_changed()

    @property
    def said(self) -> str:
        """Give title and sentence as they are shown."""
        return f"{self._title.text}. {self._sentence.text}"

    def show_model(self, model: DisplayModel) -> None:
        """Say what is known."""
        words = words_of(model)
        self._icon.set_icon(words.icon, words.tone)
        self._title.set_text(words.title)
        self._sentence.set_text(words.sentence)
        self.setAccessibleName(self.said)

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        dp = self.look.dp
        self._column.setContentsMargins(dp(theme.XL), dp(theme.L), dp(theme.XL), dp(theme.L))
        self._column.setSpacing(dp(theme.L))
        super().on_look_changed()


class PaidFace(Part):
    """Tick, word and amount: nothing else matters now."""

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.tick = Tick(look)
        self._word = FitText(look, (Type.AMOUNT,), colour="on_paid", centred=True)
        self.amount = FitText(look, _LARGE, colour="on_paid", centred=True)
        self._thanks = ElidedText(
            look, _("Thank you!"), Type.HEADLINE, colour="on_paid", centred=True
        )
        self._word.set_text(_("Paid"))
        self._column = QVBoxLayout(self)
        self._column.addStretch(3)
        self._column.addWidget(self.tick, 0, _CENTRE)
        self._column.addWidget(self._word)
        self._column.addWidget(self.amount)
        self._column.addWidget(self._thanks)
        self._column.addStretch(3)
        self.on_look_changed()

    def show_model(self, model: DisplayModel) -> None:
        """Show what was paid."""
        self.amount.set_text("" if model.amount is None else self.look.formats.money(model.amount))
        self.setAccessibleName(f"{self._word.text} {self.amount.text}")

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        dp = self.look.dp
        self._column.setContentsMargins(dp(theme.L), dp(theme.L), dp(theme.L), dp(theme.L))
        self._column.setSpacing(dp(theme.S))
        super().on_look_changed()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.tick.draw_itself()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.tick.rest()

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(QRectF(self.rect()), self.look.colour("paid"))
