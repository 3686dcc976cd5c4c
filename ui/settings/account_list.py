"""The list of accounts as it is painted and tapped."""

from PySide6.QtCore import QRectF
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import QWidget

from app.account_desk import AccountStanding
from ui import theme
from ui.format import Formats
from ui.i18n import _
from ui.kit.chip import chip_size, paint_chip
from ui.kit.paint import mirrored, text_in
from ui.kit.rows import RowDelegate, RowList, Telling
from ui.look import Look
from ui.settings.words import name_of, row_words, state_of
from ui.theme import Type


class AccountList(RowList[AccountStanding]):
    """Accounts to choose from: the name above, the kind and whether it is ready below."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        self._all: list[AccountStanding] = []
        super().__init__(look, self._telling(look.formats), parent)
        self._look = look
        self.setObjectName("account_list")
        self.setAccessibleName(_("Accounts"))
        self.setItemDelegate(RowDelegate(look, self, self._paint_account))

    def show_accounts(self, accounts: list[AccountStanding], chosen: str | None) -> None:
        """Show these, with that one marked."""
        self._all = accounts
        self.refill(accounts, chosen)

    def _paint_account(self, painter: QPainter, row: AccountStanding, inner: QRectF) -> None:
        look, colours = self._look, self._look.theme
        strong = look.font(Type.BODY_STRONG)
        height = QFontMetricsF(strong).lineSpacing()
        above = QRectF(inner.left(), inner.top(), inner.width(), height)
        text_in(painter, above, name_of(row, self._all), strong, colours.text)
        word, tone = state_of(row)
        size = chip_size(look, word)
        top = inner.bottom() - size.height()
        chip = QRectF(inner.right() - size.width(), top, size.width(), size.height())
        paint_chip(painter, look, mirrored(self, inner, chip), word, tone)
        room = inner.width() - size.width() - look.dp(theme.S)
        below = mirrored(self, inner, QRectF(inner.left(), top, room, size.height()))
        words = row_words(row, name_of(row, self._all), look.formats)
        text_in(painter, below, words, look.font(Type.CAPTION), colours.text_muted)

    def _telling(self, formats: Formats) -> Telling[AccountStanding]:
        def spoken(row: AccountStanding) -> str:
            name = name_of(row, self._all)
            return ", ".join(filter(None, (name, row_words(row, name, formats), state_of(row)[0])))

        return Telling(lambda row: row.account, lambda row: name_of(row, self._all), spoken)
