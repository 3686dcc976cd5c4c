"""The list of accounts as it is painted and tapped."""

from typing import Final

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import QStyleOptionViewItem, QWidget

from app.account_desk import AccountStanding
from ui import theme
from ui.format import Formats
from ui.i18n import _
from ui.kit.chip import chip_size, paint_chip
from ui.kit.paint import in_lines, mirrored, text_in
from ui.kit.rows import Index, RowDelegate, RowList, Telling
from ui.look import Look
from ui.settings.words import name_of, row_words, state_of
from ui.theme import Type

_LINES: Final = 2
"""Why an account cannot be used takes the whole width, and a second line where it has to."""


class _Rows(RowDelegate[AccountStanding]):
    """As high as what is said of an account."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        hint, look = super().sizeHint(option, index), self._look
        name = QFontMetricsF(look.font(Type.BODY_STRONG)).lineSpacing()
        words = _LINES * QFontMetricsF(look.font(Type.CAPTION)).lineSpacing()
        around = look.dp(theme.XXS + 2 * theme.M)
        return QSize(hint.width(), max(hint.height(), round(name + words) + around))


class AccountList(RowList[AccountStanding]):
    """Accounts to choose from: the name above, the kind and whether it is ready below."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        self._all: list[AccountStanding] = []
        super().__init__(look, self._telling(look.formats), parent)
        self._look = look
        self.setObjectName("account_list")
        self.setAccessibleName(_("Accounts"))
        self.setItemDelegate(_Rows(look, self, self._paint_account))

    def show_accounts(self, accounts: list[AccountStanding], chosen: str | None) -> None:
        """Show these, with that one marked."""
        self._all = accounts
        self.refill(accounts, chosen)

    def _paint_account(self, painter: QPainter, row: AccountStanding, inner: QRectF) -> None:
        look, colours = self._look, self._look.theme
        strong, small = look.font(Type.BODY_STRONG), look.font(Type.CAPTION)
        height, step = QFontMetricsF(strong).lineSpacing(), QFontMetricsF(small).lineSpacing()
        name = name_of(row, self._all)
        words = row_words(row, name, look.formats)
        lines = in_lines(words, small, inner.width(), _LINES) if words else []
        gap = look.dp(theme.XXS)
        top = inner.top() + max(0.0, inner.height() - height - gap - step * len(lines)) / 2
        word, tone = state_of(row)
        size = chip_size(look, word)
        beside = top + (height - size.height()) / 2
        chip = QRectF(inner.right() - size.width(), beside, size.width(), size.height())
        paint_chip(painter, look, mirrored(self, inner, chip), word, tone)
        room = inner.width() - size.width() - look.dp(theme.S)
        above = mirrored(self, inner, QRectF(inner.left(), top, room, height))
        text_in(painter, above, name, strong, colours.text)
        top += height + gap
        for line in lines:
            below = QRectF(inner.left(), top, inner.width(), step)
            text_in(painter, below, line, small, colours.text_muted, whole=words)
            top += step

    def _telling(self, formats: Formats) -> Telling[AccountStanding]:
        def spoken(row: AccountStanding) -> str:
            name = name_of(row, self._all)
            return ", ".join(filter(None, (name, row_words(row, name, formats), state_of(row)[0])))

        return Telling(lambda row: row.account, lambda row: name_of(row, self._all), spoken)
