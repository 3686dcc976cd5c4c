"""The Pay screen: the code on one side, and everything about it in words on the other."""

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.clock import Clock
from ui import theme
from ui.bidi import isolated
from ui.i18n import _
from ui.kit.base import Part
from ui.kit.button import Button, Kind, pressed_by_enter
from ui.kit.iconlabel import IconLabel
from ui.kit.switch import Switch
from ui.kit.text import ElidedText, Text
from ui.look import Look
from ui.pay.countdown import Countdown
from ui.pay.hand import HandView
from ui.pay.handed import Handed
from ui.pay.phones import phones_words
from ui.pay.qr import MOST_OF_SIDE, QrView
from ui.pay.recurring import then_words
from ui.pay.scan import has_page, lead_icon, scan_words
from ui.pay.state import Action, PayModel, Phase, action_label, wording
from ui.pay.statement import Statement
from ui.pay.ways import WayLine, WaysList
from ui.theme import Type

_KEYS = {
    Action.CHECK_NOW: "F5",
    Action.PAY_AS_CUSTOMER: "F6",
    Action.KEEP_WAITING: "F7",
    Action.ALLOW_PHONES: "F8",
    Action.NEW_CODE: "F7",
    Action.BACK_TO_CART: "F11",
    Action.CANCEL: "F10",
    Action.CONFIRM: "F12",
    Action.SET_ASIDE: "F11",
    Action.OTHER_WAYS: "F9",
}
_ICONS = {
    Action.CONFIRM: "check",
    Action.CHECK_NOW: "refresh",
    Action.PAY_AS_CUSTOMER: "open",
    Action.ALLOW_PHONES: "phone",
}
_ORDER = (
    Action.CONFIRM,
    Action.PAY_AS_CUSTOMER,
    Action.ALLOW_PHONES,
    Action.NEW_CODE,
    Action.BACK_TO_CART,
    Action.KEEP_WAITING,
    Action.SET_ASIDE,
)
_MAIN = frozenset({Action.CONFIRM, Action.KEEP_WAITING, Action.NEW_CODE, Action.BACK_TO_CART})
_PANEL_LEAST = 330
_HAND_LEAST = 480
_PANEL_MOST = 480
_SHORT = 640


class PayScreen(Part):
    """Shows one payment.

    Signals:
        action_wanted (Action): A button was pressed.
        way_wanted (str): Another way of payment was chosen, by its account.
        method_wanted (Method | None): The customer wishes to pay so; None is any way.
        confirm_wanted (Money | None, str): The money was taken by hand: what was received in cash,
            or the reference of the machine's slip.
    """

    action_wanted = Signal(object)
    way_wanted = Signal(str)
    method_wanted = Signal(object)
    confirm_wanted = Signal(object, str)

    def __init__(
        self, look: Look, clock: Clock, *, is_training: bool, parent: QWidget | None = None
    ) -> None:
        super().__init__(look, parent)
        self._is_training = is_training
        self._is_short = False
        self._model: PayModel | None = None
        self.qr = QrView(look)
        self.hand = HandView(look)
        self.hand.changed.connect(self._on_typed)
        self.hand.entry.field.submitted.connect(self._confirm)
        self.handed = Handed(look)
        self._caption = ElidedText(look, "", Type.BODY, colour="text_muted")
        self._amount = Text(look, "", Type.AMOUNT)
        self._then = Text(look, "", Type.BODY_STRONG, wraps=True)
        self._scan = IconLabel(look, "phone", _("Scan with your phone's camera"), Type.TITLE)
        self._host = IconLabel(look, "lock", "", Type.BODY, colour="text_muted")
        self.countdown = Countdown(look, clock)
        self.statement = Statement(look)
        self.phones = Switch(
            look,
            action_label(Action.ALLOW_PHONES),
            icon=_ICONS[Action.ALLOW_PHONES],
            key=_KEYS[Action.ALLOW_PHONES],
            height_mm=11,
        )
        self.buttons: dict[Action, Button] = {Action.ALLOW_PHONES: self.phones}
        for action in Action:
            self._connect(action)
        self._guide = QWidget()
        self._guide_column = QVBoxLayout(self._guide)
        for part in (self._scan, self._host, self.countdown):
            self._guide_column.addWidget(part)
        panel = QWidget()
        panel.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self._panel = panel
        self._told = QWidget()
        self._ways = WaysList(look)
        self._ways.hide()
        self._ways.chosen.connect(self._on_way)
        self._ways.wished.connect(self.method_wanted)
        self._ways.left.connect(self._close_ways)
        self.buttons[Action.OTHER_WAYS].clicked.connect(self._open_ways)
        self._way = WayLine(look, self.buttons[Action.OTHER_WAYS])
        self._whole = QVBoxLayout(panel)
        self._whole.addWidget(self._told)
        self._whole.addWidget(self._ways)
        self._column = QVBoxLayout(self._told)
        self._column.addWidget(self._caption)
        self._column.addWidget(self._amount)
        self._column.addWidget(self._then)
        self._column.addWidget(self._way)
        self._column.addWidget(self._guide)
        self._column.addWidget(self.handed)
        self._column.addWidget(self.statement)
        self._phones_words = Text(look, "", Type.CAPTION, colour="text_muted", wraps=True)
        self._column.addWidget(self._phones_words)
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
        self._row.addWidget(self.hand, 100)
        self._row.addWidget(panel)
        self._row.addStretch(1)
        self.on_look_changed()

    def show_payment(self, model: PayModel) -> None:
        """Show the payment as it is now; the code goes in this same turn if it must."""
        self._model = model
        words = wording(model, is_training=self._is_training)
        self.qr.set_placeholder(words.icon, words.tone)
        self.qr.set_url(model.url or "")
        shop = model.shop
        self._caption.set_text(
            shop
            if model.order_number is None
            else _("{shop} · Order {number}").format(shop=isolated(shop), number=model.order_number)
        )
        due = model.amount if model.taking is None else model.taking.due
        self._amount.setText(self.look.formats.money(due))
        self._then.setText(then_words(model.recurring, self.look.formats))
        self._then.setVisible(model.recurring is not None)
        self._show_taking(model)
        self._guide.setVisible(model.url is not None)
        self._host.set_text(model.host)
        self._host.set_icon(_host_icon(model))
        self._scan.set_text(scan_words(model.url))
        self.countdown.set_deadline(model.ends_at)
        is_brief = self._is_short and model.phase in {Phase.WAITING, Phase.SLOW}
        self.statement.show_statement(words, model.error, is_brief=is_brief)
        self._show_phones(model)
        self._show_ways(model)
        for action, button in self.buttons.items():
            if button.hasFocus() and action not in words.actions:
                # Qt would pass the keyboard on to the next button: a second press would cancel.
                self.setFocus(Qt.FocusReason.OtherFocusReason)
            button.setVisible(action in words.actions)
        # Not disabled meanwhile, for the same reason; a second press does nothing.
        check = self.buttons[Action.CHECK_NOW]
        check.set_label(_("Asking …") if model.is_busy else action_label(Action.CHECK_NOW))
        is_unclear = model.phase in {Phase.UNKNOWN, Phase.CLOSING}
        check.set_kind(Kind.PRIMARY if is_unclear else Kind.SECONDARY)

    def take_key(self, event: QKeyEvent) -> bool:
        """Take what is typed while money is taken by hand; say whether it was of use."""
        is_choosing = not self._ways.isHidden()
        if self._model is None or self._model.taking is None or is_choosing:
            return False
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            if not pressed_by_enter(event) and not event.isAutoRepeat():
                self._confirm()
            return True
        return self.hand.take_key(event)

    def clear(self) -> None:
        """Take the code off the screen."""
        self._model = None
        self.hand.show_taking(None)
        self.qr.set_url("")
        self.countdown.set_deadline(None)
        self._close_ways()

    def buttons_in(self, host: QWidget) -> QRect:
        """Give where the buttons are, in the coordinates of a widget that the screen is in."""
        part, place = self._told, self._actions.geometry()
        if not self._ways.isHidden():
            part, place = self._ways, self._ways.rect()
        return QRect(part.mapTo(host, place.topLeft()), place.size())

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        dp = self.look.dp
        self._row.setContentsMargins(dp(theme.XL), dp(theme.L), dp(theme.XL), dp(theme.L))
        self._row.setSpacing(dp(theme.XL))
        self._whole.setSpacing(0)
        self._column.setContentsMargins(0, 0, 0, 0)
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
        self.hand.setMaximumWidth(max(dp(_HAND_LEAST), round(code) + dp(theme.S)))
        is_by_hand = self._model is not None and self._model.taking is not None
        beside = min(round(code), self.hand.most_high) if is_by_hand else round(code)
        over = max(0, (self.height() - 2 * dp(theme.L) - beside) // 2)
        self._whole.setContentsMargins(0, over, 0, over)
        was_short = self._is_short
        is_short = self._is_short = self.height() < dp(_SHORT)
        self.handed.set_short(is_short)
        self._last.setDirection(
            QBoxLayout.Direction.LeftToRight if is_short else QBoxLayout.Direction.TopToBottom
        )
        self.buttons[Action.CHECK_NOW].set_icon("" if is_short else _ICONS[Action.CHECK_NOW])
        if is_short is not was_short and self._model is not None:
            # How much is said depends on the room.
            self.show_payment(self._model)

    def _show_ways(self, model: PayModel) -> None:
        """Say which way is taken; the list is closed where nothing can be chosen any more."""
        self._way.setVisible(model.ways is not None)
        if model.ways is None or not model.may_change_way:
            self._close_ways()
        if model.ways is not None:
            self._way.show_way(model.ways)
            self._ways.show_ways(model.ways)
        # Who was declined has scanned it already.
        is_known = self._is_short and model.ways is not None and model.phase is Phase.DECLINED
        self._scan.setVisible(not is_known)

    def _open_ways(self) -> None:
        self._told.hide()
        self._ways.show()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def _close_ways(self) -> None:
        if not self._ways.isHidden():
            self._ways.hide()
            self._told.show()
            self.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_way(self, account: str) -> None:
        """Take another way; the one that shows its code stays."""
        model = self._model
        self._close_ways()
        is_shown = model is not None and (model.url is not None or model.taking is not None)
        if model is None or model.ways is None or (is_shown and model.ways.account == account):
            return
        self.way_wanted.emit(account)

    def _show_taking(self, model: PayModel) -> None:
        """Have what is taken by hand in the code's place."""
        taking = model.taking
        self.hand.show_taking(taking)
        if self.hand.isHidden() is (taking is not None):
            self._arrange()
        self.hand.setVisible(taking is not None)
        self.qr.setVisible(taking is None)
        self.handed.setVisible(taking is not None and taking.is_cash)
        # The machine's amount stands large beside it.
        self._amount.setVisible(taking is None or taking.is_cash)
        self._on_typed()

    def _on_typed(self) -> None:
        """Follow what is typed: the change, and whether it is enough."""
        model = self._model
        if model is None or model.taking is None:
            return
        if model.taking.is_cash:
            self.handed.show_handed(model.taking, self.hand.received)
        button = self.buttons[Action.CONFIRM]
        is_possible = self.hand.is_complete and not model.is_busy
        if button.hasFocus() and not is_possible:
            # Qt would pass the keyboard on to the next button: a second press would cancel.
            self.setFocus(Qt.FocusReason.OtherFocusReason)
        button.setEnabled(is_possible)

    def _confirm(self) -> None:
        if self.buttons[Action.CONFIRM].isEnabled():
            self.confirm_wanted.emit(self.hand.received, self.hand.reference)

    def _show_phones(self, model: PayModel) -> None:
        """Say whether phones may come; where there is little room the switch says most of it."""
        is_page = model.taking is None and (model.url is None or has_page(model.url))
        phones = model.phones if is_page else None
        is_seen = phones is not None and model.url is not None
        is_tight = self._is_short and phones is not None
        self._amount.set_step(Type.TOTAL if is_tight else Type.AMOUNT)
        self._host.setVisible(not is_tight)
        sentence = ""
        if phones is not None:
            line, sentence, hint = phones_words(phones, self.look.formats)
            self.phones.set_state(is_on=phones.is_allowed, words=line)
            if hint and not self._is_short:
                sentence = f"{sentence} {hint}"
            self._phones_words.set_colour("warning" if phones.problem else "text_muted")
        has_room = not self._is_short or model.phase is Phase.WAITING
        self._phones_words.setText(sentence)
        self._phones_words.setVisible(is_seen and has_room and bool(sentence))

    def _connect(self, action: Action) -> None:
        """Make an action's button, unless it is made, and have it ask for the action."""
        if action not in self.buttons:
            self.buttons[action] = Button(
                self.look,
                action_label(action),
                _kind_of(action),
                icon=_ICONS.get(action, ""),
                key=_KEYS[action],
                height_mm=15 if action is Action.CONFIRM else 11,
                step=Type.TITLE if action is Action.CONFIRM else Type.BODY_STRONG,
            )
        button = self.buttons[action]
        button.setObjectName(action.value)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        if action is Action.CONFIRM:
            button.clicked.connect(self._confirm)
        else:
            button.clicked.connect(lambda: self.action_wanted.emit(action))


def _kind_of(action: Action) -> Kind:
    if action is Action.OTHER_WAYS:
        return Kind.QUIET
    return Kind.PRIMARY if action in _MAIN else Kind.SECONDARY


def _host_icon(model: PayModel) -> str:
    """Give what a code leads to its icon: the simulator's page on this computer is no network's."""
    icon = lead_icon(model.url)
    is_here = model.phones is None or not model.phones.address
    return "info" if icon == "network" and is_here else icon
