"""The code by which a customer gives a card: as on the Pay screen, but that nothing is taken."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.clock import Clock
from ui import theme
from ui.cards.state import (
    CardAction,
    CardModel,
    CardPhase,
    card_action_label,
    card_wording,
)
from ui.i18n import _
from ui.kit.base import Part
from ui.kit.button import Button, Kind, pressed_by_enter
from ui.kit.iconlabel import IconLabel
from ui.kit.text import ElidedText, Text
from ui.look import Look
from ui.pay.countdown import Countdown
from ui.pay.qr import MOST_OF_SIDE, QrView
from ui.pay.scan import lead_icon, scan_words
from ui.pay.state import Wording
from ui.pay.statement import Statement
from ui.theme import Type

_KEYS = {
    CardAction.CHECK_NOW: "F5",
    CardAction.SAVE_AS_CUSTOMER: "F6",
    CardAction.NEW_CODE: "F7",
    CardAction.CANCEL: "F10",
    CardAction.LEAVE: "F11",
}
_ICONS = {CardAction.CHECK_NOW: "refresh", CardAction.SAVE_AS_CUSTOMER: "open"}
_UNCLEAR = frozenset({CardPhase.UNKNOWN, CardPhase.CLOSING})
_PANEL_LEAST = 330
_PANEL_MOST = 480
_SHORT = 640


class CardCode(Part):
    """Shows one card that is being saved.

    Signals:
        action_wanted (CardAction): A button was pressed.
    """

    action_wanted = Signal(object)

    def __init__(
        self, look: Look, clock: Clock, *, is_training: bool, parent: QWidget | None = None
    ) -> None:
        super().__init__(look, parent)
        self._is_training = is_training
        self._model: CardModel | None = None
        self._is_short = False
        self.qr = QrView(look)
        self._caption = ElidedText(look, "", colour="text_muted", lines=3)
        self._title = Text(look, _("Save a card"), Type.TOTAL, wraps=True)
        self._free = IconLabel(look, "info", _("No money is taken now"), Type.BODY_STRONG)
        self._scan = IconLabel(look, "phone", scan_words(None), Type.TITLE)
        self._host = IconLabel(look, "lock", "", colour="text_muted")
        self.countdown = Countdown(look, clock)
        self.statement = Statement(look)
        self.buttons = {action: self._made(action) for action in CardAction}
        self._guide = QWidget()
        self._guide_column = QVBoxLayout(self._guide)
        for part in (self._scan, self._host, self.countdown):
            self._guide_column.addWidget(part)
        self._panel = QWidget()
        self._panel.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self._column = QVBoxLayout(self._panel)
        for words in (self._caption, self._title, self._free, self._guide, self.statement):
            self._column.addWidget(words)
        self._column.addStretch(1)
        self._actions = QVBoxLayout()
        for action in (CardAction.SAVE_AS_CUSTOMER, CardAction.NEW_CODE, CardAction.LEAVE):
            self._actions.addWidget(self.buttons[action])
        self._last = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        for action in (CardAction.CHECK_NOW, CardAction.CANCEL):
            self._last.addWidget(self.buttons[action])
        self._actions.addLayout(self._last)
        self._column.addLayout(self._actions)
        self._row = QHBoxLayout(self)
        self._row.addWidget(self.qr, 1)
        self._row.addWidget(self._panel)
        # The keyboard comes here with the code; Tab then goes to the buttons.
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.on_look_changed()

    @property
    def model(self) -> CardModel | None:
        """Give what is shown."""
        return self._model

    def show_model(self, model: CardModel | None) -> None:
        """Show how it stands; without one, or without its code, nothing can be scanned."""
        self._model = model
        self.qr.set_url("" if model is None else model.url or "")
        self.countdown.set_deadline(None if model is None else model.ends_at)
        if model is None:
            return
        words = card_wording(model, is_training=self._is_training)
        self.qr.set_placeholder(words.icon, words.tone)
        if model.url is not None:
            self.qr.setAccessibleName(_("QR code of the page for the card"))
        self._caption.set_text(model.label or model.shop)
        self._guide.setVisible(model.url is not None)
        self._free.setVisible(model.has_screens)
        self._host.set_text(model.host)
        self._host.set_icon(_host_icon(model))
        self._scan.set_text(scan_words(model.url))
        is_brief = self._is_short and model.url is not None
        said = Wording(words.title, words.sentence, words.tone, words.icon, ())
        self.statement.show_statement(said, model.error, is_brief=is_brief)
        self._show_buttons(model, words.actions)

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

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not pressed_by_enter(event):
            super().keyPressEvent(event)

    def _show_buttons(self, model: CardModel, actions: tuple[CardAction, ...]) -> None:
        for action, button in self.buttons.items():
            if button.hasFocus() and action not in actions:
                # Qt would pass the keyboard on to the next button: a second press would cancel.
                self.setFocus(Qt.FocusReason.OtherFocusReason)
            button.setVisible(action in actions)
            button.set_label(card_action_label(action, model))
        # Not disabled meanwhile, for the same reason; a second press does nothing.
        check = self.buttons[CardAction.CHECK_NOW]
        if model.is_busy:
            check.set_label(_("Asking …"))
        check.set_kind(Kind.PRIMARY if model.phase in _UNCLEAR else Kind.SECONDARY)
        is_done = model.phase in {CardPhase.SAVED, CardPhase.PROCESSING}
        self.buttons[CardAction.LEAVE].set_kind(Kind.PRIMARY if is_done else Kind.SECONDARY)

    def _arrange(self) -> None:
        """Give the code all it may have and the words the rest, as the Pay screen does."""
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
        was_short = self._is_short
        self._is_short = self.height() < dp(_SHORT)
        across, down = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._last.setDirection(across if self._is_short else down)
        check = self.buttons[CardAction.CHECK_NOW]
        check.set_icon("" if self._is_short else _ICONS[CardAction.CHECK_NOW])
        if self._is_short is not was_short and self._model is not None:
            # How much is said depends on the room.
            self.show_model(self._model)

    def _made(self, action: CardAction) -> Button:
        kind = Kind.PRIMARY if action is CardAction.NEW_CODE else Kind.SECONDARY
        button = Button(
            self.look,
            card_action_label(action),
            kind,
            icon=_ICONS.get(action, ""),
            key=_KEYS[action],
            height_mm=11,
        )
        button.setObjectName(action.value)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        button.clicked.connect(lambda: self.action_wanted.emit(action))
        return button


def _host_icon(model: CardModel) -> str:
    """Give what a code leads to its icon: the simulator's page on this computer is no network's."""
    icon = lead_icon(model.url)
    return "info" if icon == "network" else icon
