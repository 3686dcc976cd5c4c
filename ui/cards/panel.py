"""One card in full: how it stands, what is known of it, and what can still be done."""

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from app.clock import Clock
from app.domain.card_setup import CardSetup
from app.errors import ScantillError
from ui import theme
from ui.cards.words import name_of, particulars_of, standing_of
from ui.decide.result import ResultCard
from ui.decide.words import Outcome
from ui.errors import error_words
from ui.i18n import _
from ui.kit.base import Part
from ui.kit.button import Button, pressed_by_enter
from ui.kit.card import Card
from ui.kit.chip import StateChip
from ui.kit.icon import Icon
from ui.kit.scroll import ScrolledColumn
from ui.kit.text import ElidedText, Text
from ui.look import Look
from ui.theme import Tone, Type

_WIDEST = 860


class CardPanel(Card):
    """Shows one card, or says what stands here.

    Signals:
        code_wanted (CardSetup): Its code is to be shown to the customer.
        close_wanted (CardSetup): Its page is to be closed.
    """

    code_wanted = Signal(object)
    close_wanted = Signal(object)

    def __init__(self, look: Look, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(look, parent=parent)
        self._clock = clock
        self._accounts: tuple[str, ...] = ()
        self._setup: CardSetup | None = None
        self._title = Text(look, "", Type.HEADLINE, wraps=True)
        self._chip = StateChip(look)
        self._sentence = Text(look, "", wraps=True)
        self.fault = ResultCard(look)
        self.show_code = Button(look, _("Show the code again"), icon="phone", key="F6")
        self.show_code.setObjectName("show_card_code")
        self.show_code.clicked.connect(lambda: self._ask(self.code_wanted))
        self.close_page = Button(look, _("Close the page"), icon="close", key="F7")
        self.close_page.setObjectName("close_card")
        self.close_page.clicked.connect(lambda: self._ask(self.close_wanted))
        self._particulars = _Particulars(look)
        self._nothing = _Nothing(look)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._nothing)
        self._stack.addWidget(self._make_page())
        # The keyboard comes back here when a button goes.
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.on_look_changed()

    @property
    def setup(self) -> CardSetup | None:
        """Give the card that is shown."""
        return self._setup

    @property
    def said(self) -> str:
        """Give what is said of it."""
        return self._sentence.text()

    @property
    def particulars(self) -> list[tuple[str, str]]:
        """Give what is known of it."""
        return self._particulars.rows

    def set_accounts(self, accounts: tuple[str, ...]) -> None:
        """Say where cards are kept."""
        self._accounts = accounts

    def show_setup(self, setup: CardSetup | None, *, is_busy: bool = False) -> None:
        """Show a card as it is now. `is_busy`: it is being closed by a press of the button."""
        is_other = setup is None or self._setup is None or setup.id != self._setup.id
        self._setup = setup
        if is_other:
            self.fault.show_outcome(None)
        if setup is None:
            self._stack.setCurrentIndex(0)
            return
        standing = standing_of(setup)
        self._title.setText(name_of(setup))
        self._title.set_colour("text" if setup.label else "text_muted")
        self._chip.set_state(standing.word, standing.tone)
        self._sentence.setText(standing.sentence)
        can_close = setup.is_unfinished and setup.close_reason is None
        self._show_button(self.show_code, is_seen=setup.is_open)
        self._show_button(self.close_page, is_seen=can_close)
        self.close_page.set_label(_("One moment …") if is_busy else _("Close the page"))
        rows = particulars_of(setup, self._accounts, self._clock.now(), self.look.formats)
        self._particulars.show_rows(rows)
        self._stack.setCurrentIndex(1)
        if is_other:
            self._scroll.verticalScrollBar().setValue(0)

    def show_error(self, error: ScantillError | None) -> None:
        """Say why what was asked for was not done."""
        if error is None:
            self.fault.show_outcome(None)
            return
        words = error_words(error, self.look.formats)
        detail = " ".join(filter(None, (words.detail, words.action)))
        self.fault.show_outcome(Outcome(words.title, detail, Tone.WARNING, "alert"))

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        dp = self.look.dp
        self._column.setContentsMargins(dp(theme.XL), dp(theme.L), dp(theme.XL), dp(theme.L))
        self._column.setSpacing(dp(theme.L))
        self._head.setSpacing(dp(theme.S))
        self._header.setSpacing(dp(theme.M))
        self._buttons.setSpacing(self.look.metrics.gap)
        self._content.setMaximumWidth(dp(_WIDEST))
        super().on_look_changed()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not pressed_by_enter(event):
            super().keyPressEvent(event)

    def _make_page(self) -> QWidget:
        self._content = QWidget()
        self._column = QVBoxLayout(self._content)
        self._header = QHBoxLayout()
        self._header.addWidget(self._title, 1)
        self._header.addWidget(self._chip, 0, Qt.AlignmentFlag.AlignTop)
        self._head = QVBoxLayout()
        self._head.addLayout(self._header)
        self._head.addWidget(self._sentence)
        self._buttons = QHBoxLayout()
        self._buttons.addWidget(self.show_code)
        self._buttons.addWidget(self.close_page)
        self._buttons.addStretch(1)
        self._column.addLayout(self._head)
        self._column.addWidget(self.fault)
        self._column.addLayout(self._buttons)
        self._column.addWidget(self._particulars)
        self._column.addStretch(1)
        page = QWidget()
        row = QHBoxLayout(page)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._content, 100)
        row.addStretch(1)
        self._scroll = ScrolledColumn(self.look, page)
        return self._scroll

    def _show_button(self, button: Button, *, is_seen: bool) -> None:
        if not is_seen and button.hasFocus():
            # Qt would pass the keyboard on to the next button.
            self.setFocus(Qt.FocusReason.OtherFocusReason)
        button.setVisible(is_seen)

    def _ask(self, signal: SignalInstance) -> None:
        if self._setup is not None:
            self.show_error(None)
            signal.emit(self._setup)


class _Particulars(Part):
    """Words and what they are about, a line each."""

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.rows: list[tuple[str, str]] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setColumnStretch(1, 1)
        self._parts: list[Text] = []
        self.on_look_changed()

    def show_rows(self, rows: list[tuple[str, str]]) -> None:
        """Show these lines and no others."""
        if rows == self.rows:
            return
        self.rows = rows
        self.setAccessibleName(", ".join(f"{words}: {what}" for words, what in rows))
        for part in self._parts:
            self._grid.removeWidget(part)
            part.hide()
            part.deleteLater()
        self._parts = []
        top = Qt.AlignmentFlag.AlignTop
        for number, (words, what) in enumerate(rows):
            about = Text(self.look, words, colour="text_muted")
            known = Text(self.look, what, tabular=True, wraps=True)
            self._grid.addWidget(about, number, 0, top)
            self._grid.addWidget(known, number, 1, top)
            self._parts += [about, known]

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        self._grid.setHorizontalSpacing(self.look.dp(theme.XL))
        self._grid.setVerticalSpacing(self.look.dp(theme.S))
        super().on_look_changed()


class _Nothing(Part):
    """What stands in the panel's place before there is any card: what this is for."""

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        centre = Qt.AlignmentFlag.AlignHCenter
        self._column = QVBoxLayout(self)
        self._column.addStretch(1)
        self._column.addWidget(Icon(look, "card", theme.ICON_XL, "text_muted"), 0, centre)
        self._column.addWidget(Text(look, _("Cards for later"), Type.TITLE), 0, centre)
        self._words = ElidedText(
            look,
            _(
                "The customer scans a code and gives the card on the provider's own page. "
                "No money is taken, and this till never sees the card's number."
            ),
            colour="text_muted",
            lines=6,
            centred=True,
        )
        self._column.addWidget(self._words)
        self._column.addStretch(1)
        self.on_look_changed()

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        dp = self.look.dp
        self._column.setContentsMargins(dp(theme.XXXL), dp(theme.L), dp(theme.XXXL), dp(theme.L))
        self._column.setSpacing(dp(theme.S))
        super().on_look_changed()
