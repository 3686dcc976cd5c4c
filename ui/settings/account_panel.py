"""One account in full: whether it can be used or why not, its keys, and a test of them."""

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.account_desk import AccountsStanding, AccountStanding
from app.provider_check import Finding
from ui import theme
from ui.bidi import isolated
from ui.i18n import _
from ui.kit.band import Band
from ui.kit.button import Button, Kind, pressed_by_enter
from ui.kit.card import Card, Rule
from ui.kit.chip import StateChip
from ui.kit.scroll import ScrolledColumn
from ui.kit.text import Text
from ui.look import Look
from ui.settings.findings import Findings
from ui.settings.key_entry import KeyEntry
from ui.settings.words import about_words, keeping_words, name_of, state_of
from ui.theme import Tone, Type

_WIDEST = 860


class AccountPanel(Card):
    """Shows one account.

    Signals:
        key_given (str, str, str): This key of an account is to be kept: account, key, value.
        key_unwanted (str, str): What was set here of a key is to be removed: account, key.
        test_wanted (str): An account is to be tested.
        restart_wanted: The till is to start again, to use what was changed.
    """

    key_given = Signal(str, str, str)
    key_unwanted = Signal(str, str)
    test_wanted = Signal(str)
    restart_wanted = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent=parent)
        self._account: AccountStanding | None = None
        self.entries: dict[str, KeyEntry] = {}
        self._title = Text(look, "", Type.HEADLINE, wraps=True)
        self._chip = StateChip(look)
        self._about = Text(look, "", colour="text_muted", wraps=True)
        self.changed = Band(look, Tone.WARNING)
        self.restart = Button(look, _("Start again now"), Kind.PRIMARY, icon="refresh")
        self.restart.setObjectName("restart_till")
        self.restart.clicked.connect(self.restart_wanted)
        self.problem = Band(look, Tone.WARNING)
        self.fixed = Band(look, Tone.ACCENT)
        self.unsafe = Band(look, Tone.WARNING)
        self._by_hand = Text(
            look, _("You take it by hand: there is no key, and nothing to test."), wraps=True
        )
        self._keys_title = Text(look, _("Keys"), Type.TITLE)
        self._keeping = Text(look, "", Type.CAPTION, colour="text_muted", wraps=True)
        self._keys = QWidget()
        self._entries = QVBoxLayout(self._keys)
        self._entries.setContentsMargins(0, 0, 0, 0)
        self._rule = Rule(look)
        self._test_title = Text(look, _("Does it work?"), Type.TITLE)
        self._test_words = Text(
            look,
            _("Asks the provider with the keys as they are now. Nothing is charged."),
            Type.CAPTION,
            colour="text_muted",
            wraps=True,
        )
        self.test = Button(look, _("Test"), Kind.SECONDARY, icon="check")
        self.test.setObjectName("test_account")
        self.test.clicked.connect(self._on_test)
        self.findings = Findings(look)
        self._lay_out()
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.on_look_changed()

    @property
    def account(self) -> AccountStanding | None:
        """Give the account that is shown."""
        return self._account

    def show_account(self, account: AccountStanding, standing: AccountsStanding) -> None:
        """Show an account as it is now; what is being typed for it stays."""
        is_other = self._account is None or self._account.account != account.account
        self._account = account
        formats = self.look.formats
        self._content.show()
        self._title.setText(name_of(account, standing.accounts))
        self._chip.set_state(*state_of(account))
        self._about.setText(about_words(account, standing, formats))
        self._show_bands(account, standing)
        has_keys = bool(account.keys)
        for part in (self._keys_title, self._keeping, self._keys, self._rule):
            part.setVisible(has_keys)
        self._keeping.setText(keeping_words(standing))
        if is_other or [key.name for key in account.keys] != list(self.entries):
            self._make_entries(account)
            self._scroll.verticalScrollBar().setValue(0)
        else:
            for key in account.keys:
                self.entries[key.name].show_key(key)
        self._by_hand.setVisible(account.is_by_hand)
        for part in (self._test_title, self._test_words, self.test):
            part.setVisible(not account.is_by_hand)

    def show_findings(self, findings: Sequence[Finding], *, is_busy: bool) -> None:
        """Show what a test of this account has found so far."""
        had_keyboard = self.test.hasFocus()
        if is_busy and had_keyboard:
            self.setFocus(Qt.FocusReason.OtherFocusReason)
        self.test.setEnabled(not is_busy)
        was_shown = not self.findings.isHidden()
        self.findings.show_findings(findings, is_busy=is_busy)
        if is_busy or was_shown:
            # From within: the content has not heard yet how high its parts are.
            self._column.activate()
            self._scroll.bring_into_sight(self.findings, self.look.dp(theme.S))

    def forget_typed(self) -> bool:
        """Let no key stand in a field that nobody looks at; say whether any did."""
        # All of them: `any` would stop at the first.
        had_any = [entry.forget_typed() for entry in self.entries.values()]
        return any(had_any)

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        dp = self.look.dp
        self._column.setContentsMargins(dp(theme.XL), dp(theme.L), dp(theme.XL), dp(theme.L))
        self._column.setSpacing(dp(theme.M))
        self._head.setSpacing(dp(theme.XXS))
        self._header.setSpacing(dp(theme.M))
        self._entries.setSpacing(dp(theme.L))
        self._testing.setSpacing(dp(theme.M))
        for texts in (self._key_texts, self._test_texts):
            texts.setSpacing(dp(theme.XXS))
        self._content.setMaximumWidth(dp(_WIDEST))
        super().on_look_changed()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not pressed_by_enter(event):
            super().keyPressEvent(event)

    # --- construction ---------------------------------------------------------------------

    def _lay_out(self) -> None:
        self._content = QWidget()
        self._column = QVBoxLayout(self._content)
        self._header = QHBoxLayout()
        self._header.addWidget(self._title, 1)
        self._header.addWidget(self._chip, 0, Qt.AlignmentFlag.AlignVCenter)
        self._head = QVBoxLayout()
        self._head.addLayout(self._header)
        self._head.addWidget(self._about)
        self._column.addLayout(self._head)
        self._test_texts = QVBoxLayout()
        self._test_texts.addWidget(self._test_title)
        self._test_texts.addWidget(self._test_words)
        self._testing = QHBoxLayout()
        self._testing.addLayout(self._test_texts, 1)
        self._testing.addWidget(self.test)
        for part in (
            self.changed,
            self.fixed,
            self.problem,
            self._by_hand,
            self.unsafe,
            self._keys,
            self._rule,
        ):
            self._column.addWidget(part)
        self._key_texts = QVBoxLayout()
        self._key_texts.addWidget(self._keys_title)
        self._key_texts.addWidget(self._keeping)
        self._column.insertLayout(self._column.indexOf(self.unsafe), self._key_texts)
        below_changed = self._column.indexOf(self.changed) + 1
        self._column.insertWidget(below_changed, self.restart, 0, Qt.AlignmentFlag.AlignLeading)
        self._column.addLayout(self._testing)
        self._column.addWidget(self.findings)
        self._column.addStretch(1)
        page = QWidget()
        row = QHBoxLayout(page)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._content, 100)
        row.addStretch(1)
        self._scroll = ScrolledColumn(self.look, page)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._scroll)
        self._content.hide()

    def _make_entries(self, account: AccountStanding) -> None:
        for entry in self.entries.values():
            entry.hide()
            entry.deleteLater()
        self.entries = {}
        for key in account.keys:
            entry = self.entries[key.name] = KeyEntry(self.look, key)
            self._entries.addWidget(entry)
            entry.given.connect(lambda value, name=key.name: self._on_given(name, value))
            entry.unwanted.connect(lambda name=key.name: self._on_unwanted(name))
        # What is made anew would come last for Tab.
        order: list[QWidget] = []
        for entry in self.entries.values():
            order += [entry.field.edit, entry.paste, entry.save, entry.remove, entry.really]
        for one, following in pairwise([*order, self.test]):
            QWidget.setTabOrder(one, following)

    # --- how it stands --------------------------------------------------------------------

    def _show_bands(self, account: AccountStanding, standing: AccountsStanding) -> None:
        """Say what holds for the account, and what for every key that is set here."""
        formats = self.look.formats
        for band in (self.changed, self.problem, self.fixed, self.unsafe):
            band.clear()
        self.restart.setVisible(account.is_changed)
        if account.is_changed:
            self.changed.tell(
                _("Start the till again to use what was changed"),
                _(
                    "Until then it goes on with the keys that it was started with. Let open "
                    "payments finish first if a new key belongs to another account at the provider."
                ),
            )
        if account.problem:
            self.problem.tell(
                _("This account cannot be used as it is"), formats.message(account.problem)
            )
        if standing.why_fixed and not account.is_by_hand:
            self.fixed.tell(
                formats.message(standing.why_fixed),
                _(
                    "The built-in provider has its own. To set a shop's keys, start the till with "
                    "--mode test or --mode live."
                ),
            )
        elif account.keys and not standing.store:
            self.unsafe.tell(
                _("This computer has no key store that Scantill trusts"),
                _(
                    "What is saved here goes into {path}, which only your own user may read. "
                    "It is not encrypted there."
                ).format(path=isolated(str(standing.env_file))),
            )

    # --- what a person does ---------------------------------------------------------------

    def _on_given(self, key: str, value: str) -> None:
        if self._account is not None:
            self.key_given.emit(self._account.account, key, value)

    def _on_unwanted(self, key: str) -> None:
        if self._account is not None:
            self.key_unwanted.emit(self._account.account, key)

    def _on_test(self) -> None:
        if self._account is not None:
            self.test_wanted.emit(self._account.account)
