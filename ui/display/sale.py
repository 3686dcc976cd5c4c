"""The faces of a sale that is under way: the cart as it grows, and the code to be scanned."""

from typing import Final

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.clock import Clock
from app.domain.money import Money
from ui import theme
from ui.display.fittext import FitText
from ui.display.lines import DisplayLines
from ui.display.model import DisplayCart, DisplayModel
from ui.display.parts import Figure, Mark
from ui.i18n import _, ngettext
from ui.kit.base import Part
from ui.kit.card import Card, Rule
from ui.kit.icon import Icon
from ui.look import Look
from ui.pay.countdown import Countdown
from ui.pay.qr import MOST_OF_SIDE, QrView
from ui.pay.recurring import then_words
from ui.pay.scan import lead_icon, scan_words
from ui.sell.pictures import Pictures
from ui.theme import Type

_PANEL: Final = 300
_PANEL_SHARE: Final = 0.48
_WORDS_SHARE: Final = 0.3


class CartFace(Part):
    """The lines as they are rung up; beside them the figures, the total largest."""

    def __init__(self, look: Look, pictures: Pictures, logo: str) -> None:
        super().__init__(look)
        self._logo = logo
        self.lines = DisplayLines(look)
        self._panel = Card(look, "surface")
        self._mark = Mark(look, pictures, 56)
        self._name = FitText(look, Type.TITLE, Type.BODY, lines=2)
        self._pieces = FitText(look, Type.TITLE, Type.BODY, colour="text_muted")
        self._subtotal = Figure(look, _("Subtotal"))
        self._discount = Figure(look, _("Discount"), colour="good")
        self._tax = Figure(look, _("Tax"))
        self._tip = Figure(look, _("Tip"))
        self._figures = (self._subtotal, self._discount, self._tax, self._tip)
        self._word = FitText(look, Type.HEADLINE, Type.TITLE)
        self._word.set_text(_("Total"))
        self.total = FitText(look, Type.HERO, Type.BODY, tabular=True)
        self._head = QHBoxLayout()
        self._head.addWidget(self._mark)
        self._head.addWidget(self._name, 1)
        self._column = QVBoxLayout(self._panel)
        self._column.addLayout(self._head)
        self._column.addStretch(1)
        self._column.addWidget(self._pieces)
        for row in self._figures:
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
        across = max(1, self.width() - 2 * self.look.dp(theme.L))
        if is_tall:
            self._row.setDirection(QBoxLayout.Direction.TopToBottom)
            self._panel.setFixedWidth(across)
            return
        self._row.setDirection(QBoxLayout.Direction.LeftToRight)
        shown = (row.sizeHint().width() for row in self._figures if not row.isHidden())
        wanted = max(shown, default=0) + 2 * self.look.dp(theme.L)
        most = round(across * _PANEL_SHARE)
        self._panel.setFixedWidth(min(max(self.look.dp(_PANEL), wanted), most))

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
            row.set_amount(money(amount))
            row.setVisible(is_shown)
        self.total.set_text(money(cart.total))
        self._arrange()


class Strip(Card):
    """A sentence on a ground that makes it seen."""

    def __init__(self, look: Look, text: str) -> None:
        super().__init__(look, "warning_soft", border=None, radius=theme.RADIUS_M)
        self.words = FitText(look, Type.HEADLINE, Type.BODY, lines=5, colour="warning")
        self._column = QVBoxLayout(self)
        self._column.addWidget(self.words)
        self.tell(text)
        self.on_look_changed()

    def tell(self, text: str) -> None:
        """Say this."""
        self.words.set_text(text)
        self.setAccessibleName(text)

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        pad = self.look.dp(theme.M)
        self._column.setContentsMargins(pad, pad, pad, pad)
        super().on_look_changed()


class CodeFace(Part):
    """The code, as large as it may be, with the amount and what to do with it."""

    def __init__(self, look: Look, clock: Clock) -> None:
        super().__init__(look)
        self.qr = QrView(look)
        self._shop = FitText(look, Type.TITLE, Type.BODY, lines=2, colour="text_muted")
        self.amount = FitText(look, Type.HERO, Type.BODY, tabular=True)
        self.terms = FitText(look, Type.HEADLINE, Type.BODY, lines=2)
        self._scan = FitText(look, Type.TOTAL, Type.TITLE, lines=3)
        self._scan.set_text(scan_words(None))
        self._host = FitText(look, Type.TITLE, Type.CAPTION, lines=2, colour="text_muted")
        self.lock = Icon(look, "lock", 22, "text_muted")
        self._page = QHBoxLayout()
        self._page.addWidget(self.lock)
        self._page.addWidget(self._host, 1)
        self.declined = Strip(look, declined_words(is_for_card=False))
        self._countdown = Countdown(look, clock, step=Type.TITLE)
        self._panel = QWidget()
        self._panel.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._column = QVBoxLayout(self._panel)
        self._column.addWidget(self._shop)
        self._column.addWidget(self.amount)
        self._column.addWidget(self.terms)
        self._column.addStretch(1)
        self._column.addWidget(self.declined)
        self._column.addWidget(self._scan)
        self._column.addLayout(self._page)
        self._column.addWidget(self._countdown)
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.addWidget(self.qr)
        self._row.addWidget(self._panel, 1)
        self.on_look_changed()

    def show_model(self, model: DisplayModel) -> None:
        """Show the code and what it is for; without one, take the last one away."""
        code = model.code
        self.qr.set_url("" if code is None else code.url)
        if code is not None and code.is_for_card:
            self.qr.setAccessibleName(_("QR code of the page for the card"))
        self._countdown.set_deadline(None if code is None else code.ends_at)
        if code is None:
            self._host.set_text("")
            return
        self._shop.set_text(model.shop)
        self._host.set_text(code.host)
        self._scan.set_text(scan_words(code.url))
        self.lock.set_icon(lead_icon(code.url), "text_muted")
        amount = "" if model.amount is None else self.look.formats.money(model.amount)
        self.amount.set_text(_("Save your card") if code.is_for_card else amount)
        after = then_words(model.recurring, self.look.formats)
        self.terms.set_text(_("Nothing is charged") if code.is_for_card else after)
        self.terms.setVisible(code.is_for_card or bool(after))
        self.declined.tell(declined_words(is_for_card=code.is_for_card))
        self.declined.setVisible(code.was_declined)
        self._scan.setVisible(not code.was_declined)

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        dp = self.look.dp
        self._row.setContentsMargins(dp(theme.L), dp(theme.M), dp(theme.XL), dp(theme.M))
        self._row.setSpacing(dp(theme.XL))
        self._column.setSpacing(dp(theme.M))
        self._page.setSpacing(dp(theme.S))
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
        beneath = self.height() - side - dp(2 * theme.M + theme.XL)
        room = round(_WORDS_SHARE * (beneath if is_tall else down - 2 * over))
        self._scan.set_room(room)
        self.declined.words.set_room(room - 2 * dp(theme.M))
        # On a tall screen the words begin where the code does.
        beside = max(0, (across - round(self.qr.side)) // 2) if is_tall else 0
        self._column.setContentsMargins(beside, over, beside, over)


def declined_words(*, is_for_card: bool) -> str:
    """Tell a customer that the last try did not work."""
    if is_for_card:
        return _("That did not work. Please try again or use another card.")
    return _("That did not work. Nothing was paid; please try again or use another card.")
