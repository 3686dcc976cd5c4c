"""The cart beside the tiles: lines, figures, Undo and Void above, Charge below."""

from PySide6.QtCore import QRectF, QTimer, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QSizePolicy,
    QSpacerItem,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from ui import theme
from ui.i18n import _, ngettext
from ui.kit.base import Part
from ui.kit.button import Button, Kind
from ui.kit.card import Card, Rule
from ui.kit.paint import mixed, paragraph_in, text_in
from ui.kit.text import ElidedText
from ui.look import Look
from ui.metrics import CHARGE_MM
from ui.sell.cart_model import CartModel
from ui.sell.lines import Lines
from ui.sell.totals import TotalsPanel
from ui.theme import Type

VOID_MS = 4000
"""For so long the second tap on Void counts."""


class EmptyCart(Part):
    """What stands where the lines will be: an invitation."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self.setAccessibleName(_("The cart is empty"))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        look, colours = self.look, self.look.theme
        side = look.dp(theme.ICON_XL)
        icon = QRectF(0, 0, side, side)
        icon.moveCenter(QRectF(self.rect()).center())
        icon.translate(0, -look.dp(theme.XXL))
        faint = mixed(colours.text_muted, colours.surface, theme.FADED).name()
        look.icons.paint(painter, "sell", faint, icon.toRect().toRectF())
        strong, body = look.font(Type.TITLE), look.font(Type.BODY)
        title = QRectF(0, icon.bottom() + look.dp(theme.M), self.width(), 0)
        title.setHeight(QFontMetricsF(strong).lineSpacing())
        ready = _("Ready for the next sale")
        text_in(painter, title, ready, strong, colours.text, centred=True)
        pad = look.dp(theme.L)
        words = QRectF(pad, title.bottom() + look.dp(theme.XS), self.width() - 2 * pad, 0)
        words.setBottom(self.height())
        hint = _("Tap an item, or just start typing.")
        paragraph_in(painter, words, hint, body, colours.text_muted, centred=True, from_top=True)


class CartPanel(Card):
    """The cart and what can be done with it.

    Signals:
        charge_wanted: Charge was pressed.
        undo_wanted: Undo was pressed.
        void_wanted: Void was pressed twice.
        quantity_wanted (int, int): The line with this id shall have so many pieces.
        removal_wanted (int): The line with this id shall go.
    """

    charge_wanted = Signal()
    undo_wanted = Signal()
    void_wanted = Signal()
    quantity_wanted = Signal(int, int)
    removal_wanted = Signal(int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent=parent)
        self.setObjectName("cart_panel")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self._title = ElidedText(look, _("Cart"), Type.TITLE)
        self.undo = Button(look, _("Undo"), Kind.QUIET, icon="undo", key="F8")
        self.undo.setObjectName("undo")
        self.undo.set_icon_only(True)
        self.undo.clicked.connect(self.undo_wanted)
        self.void = Button(look, _("Void"), Kind.QUIET, icon="trash", key="F9")
        self.void.setObjectName("void")
        self.void.set_icon_only(True)
        self.void.clicked.connect(self._on_void)
        self._void_timer = QTimer(self)
        self._void_timer.setSingleShot(True)
        self._void_timer.setInterval(VOID_MS)
        self._void_timer.timeout.connect(self._disarm_void)
        self.lines = Lines(look)
        self.lines.quantity_wanted.connect(self.quantity_wanted)
        self.lines.removal_wanted.connect(self.removal_wanted)
        self.totals = TotalsPanel(look)
        self._rule = Rule(look)
        self.charge = Button(
            look, _("Charge"), Kind.PRIMARY, key="F12", height_mm=CHARGE_MM, step=Type.TITLE
        )
        self.charge.setObjectName("charge")
        self.charge.clicked.connect(self.charge_wanted)
        self._header = QHBoxLayout()
        self._lead = QSpacerItem(0, 0)
        self._header.addItem(self._lead)
        self._header.addWidget(self._title, 1)
        self._header.addWidget(self.undo)
        self._header.addWidget(self.void)
        body = QWidget()
        self._body = QStackedLayout(body)
        self._body.addWidget(EmptyCart(look))
        self._body.addWidget(self.lines)
        self._foot = QVBoxLayout()
        self._foot.addWidget(self.totals)
        self._foot.addWidget(self.charge)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addLayout(self._header)
        self._column.addWidget(body, 1)
        self._column.addWidget(self._rule)
        self._column.addLayout(self._foot)
        self.on_look_changed()

    def show_cart(self, cart: CartModel) -> None:
        """Show the cart as it is now."""
        self._disarm_void()
        is_empty = not cart.content.lines
        count = sum(line.quantity for line in cart.content.lines)
        self._title.set_text(
            _("Cart")
            if is_empty
            else ngettext("Cart · {count} item", "Cart · {count} items", count).format(
                count=self.look.formats.count(count)
            )
        )
        self._body.setCurrentIndex(0 if is_empty else 1)
        self.lines.show_cart(cart)
        self.totals.show_cart(cart)
        self.totals.setVisible(not is_empty)
        self._rule.setVisible(not is_empty)
        self.undo.setEnabled(cart.can_undo)
        self.void.setEnabled(not is_empty)
        self.charge.setEnabled(not is_empty)
        self.charge.set_label(
            _("Charge")
            if is_empty
            else _("Charge {amount}").format(amount=self.look.formats.money(cart.total))
        )

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        dp = self.look.dp
        self._header.setContentsMargins(dp(theme.S), dp(theme.S), dp(theme.S), dp(theme.S))
        self._lead.changeSize(dp(theme.XS), 0)
        self._header.setSpacing(self.look.metrics.gap)
        self._foot.setContentsMargins(dp(theme.M), dp(theme.M), dp(theme.M), dp(theme.M))
        self._foot.setSpacing(dp(theme.M))
        super().on_look_changed()

    def _on_void(self) -> None:
        if self._void_timer.isActive():
            self._disarm_void()
            self.void_wanted.emit()
            return
        self.void.set_kind(Kind.DANGER)
        self.void.set_icon_only(False)
        self.void.set_label(_("Tap again to void"))
        self._title.hide()
        self._void_timer.start()

    def _disarm_void(self) -> None:
        self._void_timer.stop()
        self._title.show()
        self.void.set_kind(Kind.QUIET)
        self.void.set_label(_("Void"))
        self.void.set_icon_only(True)
