"""The place of saved cards: the list beside the card that was chosen, or the code of a new one."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QStackedWidget, QVBoxLayout, QWidget

from app.clock import Clock
from app.domain.card_setup import CardSetup
from app.errors import ScantillError
from ui import theme
from ui.cards.code import CardCode
from ui.cards.form import SaveForm
from ui.cards.list_view import CardList
from ui.cards.panel import CardPanel
from ui.cards.state import CardAction, CardModel
from ui.i18n import _
from ui.kit.base import Part
from ui.kit.button import Button, Kind
from ui.kit.rows import ListCard, list_width
from ui.look import Look


class CardsScreen(Part):
    """Cards that customers gave for later.

    Signals:
        new_wanted: Another card is to be saved.
    """

    new_wanted = Signal()

    def __init__(
        self, look: Look, clock: Clock, *, is_training: bool, parent: QWidget | None = None
    ) -> None:
        super().__init__(look, parent)
        self.new = Button(look, _("Save a card"), Kind.PRIMARY, icon="plus", key="F5")
        self.new.setObjectName("new_card")
        self.new.clicked.connect(self.new_wanted)
        self.list = CardList(look, clock)
        self.card = ListCard(look, self.list, _("No cards yet. The first one will stand here."))
        self.panel = CardPanel(look, clock)
        self.form = SaveForm(look)
        self.form.left.connect(self.leave_form)
        self.code = CardCode(look, clock, is_training=is_training)
        self._beside = QStackedWidget()
        self._beside.addWidget(self.panel)
        self._beside.addWidget(self.form)
        self._left = QVBoxLayout()
        self._left.addWidget(self.new)
        self._left.addWidget(self.card, 1)
        split = QWidget()
        self._row = QHBoxLayout(split)
        self._row.addLayout(self._left)
        self._row.addWidget(self._beside, 1)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(split)
        self._stack.addWidget(self.code)
        # The keyboard comes here with the place; the arrows then go to the list.
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.on_look_changed()

    @property
    def is_code_shown(self) -> bool:
        """Say whether a card that is being saved has the place to itself."""
        return self._stack.currentIndex() == 1

    @property
    def is_form_open(self) -> bool:
        """Say whether it is asked what the next customer is called."""
        return self._beside.currentWidget() is self.form

    def set_accounts(self, accounts: tuple[str, ...]) -> None:
        """Say where cards are kept."""
        self.list.set_accounts(accounts)
        self.panel.set_accounts(accounts)

    def show_rows(self, rows: list[CardSetup], chosen: int | None, _again: bool) -> None:
        """Show the newest cards and mark the one that was chosen; nothing moves."""
        self.list.refill(rows, chosen)
        self.card.show_list(bool(rows))

    def open_form(self, accounts: tuple[str, ...]) -> None:
        """Ask what a new one needs; what is being typed stays."""
        if self.is_form_open:
            self.form.label.field.edit.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self._show_form(is_open=True)
            self.form.open(accounts)

    def leave_form(self) -> bool:
        """Take the form away; say whether there was one."""
        if not self.is_form_open:
            return False
        self._show_form(is_open=False)
        self._take_keyboard(self)
        return True

    def show_error(self, error: ScantillError) -> None:
        """Say where it was asked for why it was not done."""
        if self.is_form_open:
            self.form.show_error(error)
        else:
            self.panel.show_error(error)

    def show_saving(self, model: CardModel | None) -> None:
        """Show the code in place of the list, or the list again."""
        self.code.show_model(model)
        was_shown = self.is_code_shown
        if model is not None and not was_shown:
            self._show_form(is_open=False)
            self._stack.setCurrentIndex(1)
            self._take_keyboard(self.code)
        elif model is None and was_shown:
            self._stack.setCurrentIndex(0)
            self._take_keyboard(self)

    def step_back(self) -> bool:
        """Leave the form, or what is over; say whether anything was left. A code stays."""
        if not self.is_code_shown:
            return self.leave_form()
        is_over = self.code.model is not None and self.code.model.is_over
        if is_over:
            self.code.action_wanted.emit(CardAction.LEAVE)
        return is_over

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        dp = self.look.dp
        self._row.setContentsMargins(dp(theme.M), dp(theme.M), dp(theme.M), dp(theme.M))
        self._row.setSpacing(dp(theme.M))
        self._left.setSpacing(dp(theme.M))
        super().on_look_changed()

    def resizeEvent(self, event: QResizeEvent) -> None:
        width = list_width(self.look, self.width())
        self.new.setFixedWidth(width)
        self.card.setFixedWidth(width)
        super().resizeEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_list = not self.is_code_shown and bool(self.list.rows.rowCount())
        if is_list and event.key() in {Qt.Key.Key_Up, Qt.Key.Key_Down}:
            self.list.focus_current()
            return
        super().keyPressEvent(event)

    def _show_form(self, *, is_open: bool) -> None:
        self._beside.setCurrentWidget(self.form if is_open else self.panel)
        # The form has a loud button of its own.
        self.new.set_kind(Kind.SECONDARY if is_open else Kind.PRIMARY)

    def _take_keyboard(self, part: QWidget) -> None:
        if self.isVisible():
            part.setFocus(Qt.FocusReason.OtherFocusReason)
