"""The section of the accounts: the list beside the account that was chosen."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.account_desk import AccountsStanding
from ui import theme
from ui.i18n import _
from ui.kit.base import Part
from ui.kit.rows import ListCard, list_width
from ui.look import Look
from ui.settings.account_list import AccountList
from ui.settings.account_panel import AccountPanel


class AccountsSection(Part):
    """Every account of the settings, and the keys of the one that was chosen.

    Signals:
        account_chosen (str): Another account is to be shown.
    """

    account_chosen = Signal(object)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self.list = AccountList(look)
        self.list.row_chosen.connect(self.account_chosen)
        self.panel = AccountPanel(look)
        self._card = ListCard(look, self.list, _("One moment …"))
        self._card.show_list(has_any=False)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.addWidget(self._card)
        self._row.addWidget(self.panel, 1)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.on_look_changed()

    def show_standing(self, standing: AccountsStanding, chosen: str) -> None:
        """Show how all accounts stand, and one of them in full."""
        accounts = list(standing.accounts)
        self._card.show_list(has_any=True)
        self.list.show_accounts(accounts, chosen)
        account = next(each for each in accounts if each.account == chosen)
        self.panel.show_account(account, standing)

    def leave(self) -> bool:
        """Let nothing secret stand on a screen that nobody looks at; say whether there was any."""
        return self.panel.forget_typed()

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        self._row.setSpacing(self.look.dp(theme.M))
        super().on_look_changed()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._card.setFixedWidth(list_width(self.look, self.width()))
        super().resizeEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Up, Qt.Key.Key_Down} and self.list.rows.rowCount():
            self.list.focus_current()
            return
        super().keyPressEvent(event)
