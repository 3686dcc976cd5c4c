"""The form that begins to save a card: what the customer is called, and where it is kept."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.domain.card_setup import MAX_LABEL
from app.errors import ScantillError
from ui import theme
from ui.accounts import label_among
from ui.decide.choices import Choices
from ui.decide.fields import Entry
from ui.decide.result import ResultCard
from ui.decide.words import Outcome
from ui.errors import error_words
from ui.i18n import _
from ui.kit.button import Button, Kind, pressed_by_enter
from ui.kit.card import Card
from ui.kit.iconlabel import IconLabel
from ui.kit.scroll import ScrolledColumn
from ui.kit.text import Text
from ui.look import Look
from ui.theme import Tone, Type

_WIDEST = 620
_ENTER = frozenset({Qt.Key.Key_Return, Qt.Key.Key_Enter})


class SaveForm(Card):
    """Asks what a card for later needs, which may be nothing.

    Signals:
        confirmed (str, str | None): The code is wanted: label, and the account where there are
            several.
        left: It is to be closed.
    """

    confirmed = Signal(str, object)
    left = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent=parent)
        self._accounts: tuple[str, ...] = ()
        self._title = Text(look, _("Save a card"), Type.HEADLINE, wraps=True)
        self._about = Text(
            look,
            _("The customer scans a code and gives the card on the provider's own page."),
            wraps=True,
        )
        self._free = IconLabel(look, "info", _("No money is taken now"), Type.BODY_STRONG)
        self.label = Entry(look, _("What you call the customer"), icon="person", most=MAX_LABEL)
        self.label.field.setObjectName("card_label")
        self.label.set_note(_("May stay empty. It is kept in this till's books alone."))
        self._where = Text(look, _("Where it is kept"), Type.CAPTION_STRONG, colour="text_muted")
        self.accounts = Choices(look)
        self.fault = ResultCard(look)
        key = QKeySequence(Qt.Key.Key_Escape).toString(QKeySequence.SequenceFormat.NativeText)
        self.cancel = Button(look, _("Cancel"), Kind.QUIET, cap=key)
        self.cancel.setObjectName("card_form_cancel")
        self.cancel.clicked.connect(self.left)
        self.confirm = Button(look, _("Show the code"), Kind.PRIMARY, icon="phone", key="F12")
        self.confirm.setObjectName("card_form_confirm")
        self.confirm.clicked.connect(self._on_confirm)
        self._lay_out()
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.on_look_changed()

    def open(self, accounts: tuple[str, ...]) -> None:
        """Ask anew; what was typed before is gone."""
        self._accounts = accounts
        self.label.set_text("")
        self.fault.show_outcome(None)
        several = accounts if len(accounts) > 1 else ()
        self.accounts.offer((f"keep_at_{name}", label_among(name, accounts)) for name in several)
        self._where.setVisible(bool(several))
        self.label.field.edit.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_error(self, error: ScantillError) -> None:
        """Say why it was not begun; what was typed stays."""
        words = error_words(error, self.look.formats)
        detail = " ".join(filter(None, (words.detail, words.action)))
        self.fault.show_outcome(Outcome(words.title, detail, Tone.WARNING, "alert"))
        self._column.activate()
        self._scroll.bring_into_sight(self.fault, self.look.dp(theme.S))

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        dp = self.look.dp
        self._column.setContentsMargins(dp(theme.XL), dp(theme.L), dp(theme.XL), dp(theme.L))
        self._column.setSpacing(dp(theme.L))
        self._head.setSpacing(dp(theme.S))
        self._keeping.setSpacing(dp(theme.XS))
        self._last.setSpacing(self.look.metrics.gap)
        self._content.setMaximumWidth(dp(_WIDEST))
        super().on_look_changed()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() not in _ENTER:
            super().keyPressEvent(event)
        elif not pressed_by_enter(event) and not event.isAutoRepeat():
            self._on_confirm()

    def _lay_out(self) -> None:
        self._content = QWidget()
        self._column = QVBoxLayout(self._content)
        self._head = QVBoxLayout()
        for part in (self._title, self._about, self._free):
            self._head.addWidget(part)
        self._keeping = QVBoxLayout()
        self._keeping.addWidget(self._where)
        self._keeping.addWidget(self.accounts.row)
        self._last = QHBoxLayout()
        self._last.addStretch(1)
        self._last.addWidget(self.cancel)
        self._last.addWidget(self.confirm)
        self._column.addLayout(self._head)
        self._column.addWidget(self.label)
        self._column.addLayout(self._keeping)
        self._column.addWidget(self.fault)
        self._column.addLayout(self._last)
        self._column.addStretch(1)
        page = QWidget()
        row = QHBoxLayout(page)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._content, 100)
        row.addStretch(1)
        self._scroll = ScrolledColumn(self.look, page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._scroll)

    def _on_confirm(self) -> None:
        are_several = len(self._accounts) > 1
        account = self._accounts[self.accounts.chosen] if are_several else None
        self.fault.show_outcome(None)
        self.confirmed.emit(self.label.text, account)
