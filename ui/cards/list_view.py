"""The list of cards, newest first, as it is painted and tapped."""

from PySide6.QtCore import QRectF
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import QWidget

from app.clock import Clock
from app.domain.card_setup import CardSetup
from ui import theme
from ui.cards.words import name_of, row_words, standing_of
from ui.i18n import _
from ui.kit.chip import chip_size, paint_chip
from ui.kit.paint import is_flipped, mirrored, text_in
from ui.kit.rows import RowDelegate, RowList, Telling
from ui.look import Look
from ui.theme import Type


class CardList(RowList[CardSetup]):
    """Cards to choose from: a sign, the customer and the time above; card and state below."""

    def __init__(self, look: Look, clock: Clock, parent: QWidget | None = None) -> None:
        self._accounts: tuple[str, ...] = ()
        super().__init__(look, self._telling(look), parent)
        self._look = look
        self._clock = clock
        self.setObjectName("card_list")
        self.setAccessibleName(_("Cards"))
        self.setItemDelegate(RowDelegate(look, self, self._paint_card))

    def set_accounts(self, accounts: tuple[str, ...]) -> None:
        """Say where cards are kept; with several each row names its own."""
        self._accounts = accounts
        self.viewport().update()

    def _paint_card(self, painter: QPainter, row: CardSetup, inner: QRectF) -> None:
        look, colours = self._look, self._look.theme
        standing = standing_of(row)
        strong, small = look.font(Type.BODY_STRONG), look.font(Type.CAPTION, tabular=True)
        height = QFontMetricsF(strong).lineSpacing()
        side, gap = look.dp(theme.ICON_L), look.dp(theme.M - theme.XXS)
        icon = QRectF(inner.left(), inner.center().y() - side / 2, side, side)
        icon = mirrored(self, inner, icon).toRect().toRectF()
        look.icons.paint(painter, standing.icon, colours.tone(standing.tone)[0], icon)
        begin, room = inner.left() + side + gap, inner.width() - side - gap
        when = look.formats.moment(row.created_at, self._clock.now())
        wide = QFontMetricsF(small).horizontalAdvance(when) + 1
        top = QRectF(inner.right() - wide, inner.top(), wide, height)
        place = mirrored(self, inner, top)
        text_in(painter, place, when, small, colours.text_muted, end=not is_flipped(painter))
        above = QRectF(begin, inner.top(), room - wide - gap, height)
        text_in(painter, mirrored(self, inner, above), name_of(row), strong, colours.text)
        size = chip_size(look, standing.word)
        line = inner.bottom() - size.height()
        chip = QRectF(inner.right() - size.width(), line, size.width(), size.height())
        paint_chip(painter, look, mirrored(self, inner, chip), standing.word, standing.tone)
        below = QRectF(begin, line, room - size.width() - gap, size.height())
        words = row_words(row, self._accounts)
        text_in(painter, mirrored(self, inner, below), words, small, colours.text_muted)

    def _telling(self, look: Look) -> Telling[CardSetup]:
        def spoken(row: CardSetup) -> str:
            when = f"{look.formats.date(row.created_at)}, {look.formats.time(row.created_at)}"
            said = (name_of(row), standing_of(row).word, row_words(row, self._accounts), when)
            return ", ".join(filter(None, said))

        return Telling(lambda row: row.id, name_of, spoken)
