"""The Pay screen: the code on one side, and everything about it in words on the other."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.clock import Clock
from ui import theme
from ui.bidi import isolated
from ui.i18n import _
from ui.kit.base import Part
from ui.kit.button import Button, Kind
from ui.kit.iconlabel import IconLabel
from ui.kit.text import ElidedText, Text
from ui.look import Look
from ui.pay.countdown import Countdown
from ui.pay.qr import MOST_OF_SIDE, QrView
from ui.pay.state import Action, PayModel, Phase, action_label, wording
from ui.pay.statement import Statement
from ui.theme import Type

_KEYS = {
    Action.CHECK_NOW: "F5",
    Action.PAY_AS_CUSTOMER: "F6",
    Action.KEEP_WAITING: "F7",
    Action.NEW_CODE: "F7",
    Action.BACK_TO_CART: "F11",
    Action.CANCEL: "F10",
    Action.SET_ASIDE: "F11",
}
_ICONS = {Action.CHECK_NOW: "refresh", Action.PAY_AS_CUSTOMER: "open"}
_ORDER = (
    Action.PAY_AS_CUSTOMER,
    Action.NEW_CODE,
    Action.BACK_TO_CART,
    Action.KEEP_WAITING,
    Action.SET_ASIDE,
)
_MAIN = frozenset({Action.KEEP_WAITING, Action.NEW_CODE, Action.BACK_TO_CART})
_PANEL_LEAST = 330
_PANEL_MOST = 480
_SHORT = 640


class PayScreen(Part):
    """Shows one payment.

    Signals:
        action_wanted (Action): A button was pressed.
    """

    action_wanted = Signal(object)

    def __init__(
        self, look: Look, clock: Clock, *, is_training: bool, parent: QWidget | None = None
    ) -> None:
        super().__init__(look, parent)
        self._is_training = is_training
        self._is_short = False
        self.qr = QrView(look)
        self._caption = ElidedText(look, "", Type.BODY, colour="text_muted")
        self._amount = Text(look, "", Type.AMOUNT)
        self._scan = IconLabel(look, "phone", _("Scan with your phone's camera"), Type.TITLE)
        self._host = IconLabel(look, "lock", "", Type.BODY, colour="text_muted")
        self.countdown = Countdown(look, clock)
        self.statement = Statement(look)
        self.buttons = {action: self._make_button(action) for action in Action}
        self._guide = QWidget()
        self._guide_column = QVBoxLayout(self._guide)
        for part in (self._scan, self._host, self.countdown):
            self._guide_column.addWidget(part)
        panel = QWidget()
        panel.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self._panel = panel
        self._column = QVBoxLayout(panel)
        self._column.addWidget(self._caption)
        self._column.addWidget(self._amount)
        self._column.addWidget(self._guide)
        self._column.addWidget(self.statement)
        self._column.addStretch(1)
        self._actions = QVBoxLayout()
        for action in _ORDER:
            self._actions.addWidget(self.buttons[action])
        self._last = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._last.addWidget(self.buttons[Action.CHECK_NOW])
        self._last.addWidget(self.buttons[Action.CANCEL])
        self._actions.addLayout(self._last)
        self._column.addLayout(self._actions)
        self._row = QHBoxLayout(self)
        self._row.addStretch(1)
        self._row.addWidget(self.qr, 100)
        self._row.addWidget(panel)
        self._row.addStretch(1)
        self.on_look_changed()

    def show_payment(self, model: PayModel) -> None:
        """Show the payment as it is now; the code goes in this same turn if it must."""
        words = wording(model, is_training=self._is_training)
        self.qr.set_placeholder(words.icon, words.tone)
        self.qr.set_url(model.url or "")
        shop = model.shop
        self._caption.set_text(
            shop
            if model.order_number is None
            else _("{shop} · Order {number}").format(shop=isolated(shop), number=model.order_number)
        )
        self._amount.setText(self.look.formats.money(model.amount))
        self._guide.setVisible(model.url is not None)
        self._host.set_text(model.host)
        self.countdown.set_deadline(model.deadline_at)
        is_brief = self._is_short and model.phase in {Phase.WAITING, Phase.SLOW}
        self.statement.show_statement(words, model.error, is_brief=is_brief)
        for action, button in self.buttons.items():
            button.setVisible(action in words.actions)
        check = self.buttons[Action.CHECK_NOW]
        check.setEnabled(not model.is_busy)
        check.set_label(_("Asking …") if model.is_busy else action_label(Action.CHECK_NOW))
        is_unclear = model.phase in {Phase.UNKNOWN, Phase.CLOSING}
        check.set_kind(Kind.PRIMARY if is_unclear else Kind.SECONDARY)

    def clear(self) -> None:
        """Take the code off the screen."""
        self.qr.set_url("")
        self.countdown.set_deadline(None)

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        dp = self.look.dp
        self._row.setContentsMargins(dp(theme.XL), dp(theme.L), dp(theme.XL), dp(theme.L))
        self._row.setSpacing(dp(theme.XL))
        self._column.setSpacing(dp(theme.S))
        self._guide_column.setContentsMargins(0, dp(theme.XS), 0, dp(theme.S))
        self._guide_column.setSpacing(dp(theme.S))
        self._actions.setSpacing(self.look.metrics.gap)
        self._last.setSpacing(self.look.metrics.gap)
        self._arrange()
        super().on_look_changed()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()
        super().resizeEvent(event)

    def _arrange(self) -> None:
        """Give the code all it may have and the words the rest, the same in every phase."""
        dp = self.look.dp
        window = self.window().size()
        code = min(
            MOST_OF_SIDE * min(window.width(), window.height()), self.height() - 2 * dp(theme.L)
        )
        rest = self.width() - round(code) - dp(3 * theme.XL + theme.S)
        self._panel.setFixedWidth(max(dp(_PANEL_LEAST), min(rest, dp(_PANEL_MOST))))
        self.qr.setMaximumWidth(round(code) + dp(theme.S))
        over = max(0, (self.height() - 2 * dp(theme.L) - round(code)) // 2)
        self._column.setContentsMargins(0, over, 0, over)
        is_short = self._is_short = self.height() < dp(_SHORT)
        self._last.setDirection(
            QBoxLayout.Direction.LeftToRight if is_short else QBoxLayout.Direction.TopToBottom
        )
        self.buttons[Action.CHECK_NOW].set_icon("" if is_short else _ICONS[Action.CHECK_NOW])

    def _make_button(self, action: Action) -> Button:
        kind = Kind.PRIMARY if action in _MAIN else Kind.SECONDARY
        button = Button(
            self.look,
            action_label(action),
            kind,
            icon=_ICONS.get(action, ""),
            key=_KEYS[action],
            height_mm=11,
        )
        button.setObjectName(action.value)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        button.clicked.connect(lambda: self.action_wanted.emit(action))
        return button
