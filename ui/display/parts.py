"""Small parts of the display: a figure with its word, the shop's mark, a round icon."""

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui import theme
from ui.display.type import draw_line, fitted, leading, trailing, width_of
from ui.kit.base import Part
from ui.kit.paint import ground, mirrored
from ui.look import Look
from ui.sell.pictures import Pictures
from ui.theme import Tone, Type

_MOST_OF_ROW: Final = 0.66


class Figure(Part):
    """A word at the leading edge and an amount at the other; both are always shown whole."""

    def __init__(self, look: Look, word: str, *, colour: str = "text_muted") -> None:
        super().__init__(look)
        self._word = word
        self._amount = ""
        self._colour = colour
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def amount(self) -> str:
        """Give the amount as it is shown."""
        return self._amount

    def set_amount(self, amount: str) -> None:
        """Show another amount."""
        if amount != self._amount:
            self._amount = amount
            self.setAccessibleName(f"{self._word} {amount}")
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        font = self.look.font(Type.TITLE, tabular=True)
        words = width_of(self._word, font) + width_of(self._amount, font)
        height = QFontMetricsF(font).lineSpacing()
        return QSize(round(words) + 2 + self.look.dp(theme.M), round(height + 0.5))

    def minimumSizeHint(self) -> QSize:
        return QSize(self.look.dp(80), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.look.colour(self._colour))
        rect = QRectF(self.rect())
        font = fitted(self._amount, Type.TITLE, self.look, rect.width() * _MOST_OF_ROW)
        room = rect.width() - width_of(self._amount, font) - self.look.dp(theme.S)
        draw_line(painter, rect, self._amount, font, trailing(self))
        place = mirrored(self, rect, QRectF(0, 0, max(1.0, room), rect.height()))
        font = fitted(self._word, Type.TITLE, self.look, place.width())
        draw_line(painter, place, self._word, font, leading(self))


class Mark(Part):
    """The shop's logo; where there is none, the first letter of its name."""

    def __init__(
        self, look: Look, pictures: Pictures, side: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(look, parent)
        self._pictures = pictures
        self._side = side
        self._logo = ""
        self._letter = ""
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        pictures.drawn.connect(self.update)

    def set_mark(self, logo: str, shop: str) -> None:
        """Show another logo, or the letter of another shop."""
        self._logo = logo
        self._letter = next((sign for sign in shop if sign.isalnum()), "").upper()
        self.setAccessibleName(shop)
        self.update()

    def sizeHint(self) -> QSize:
        side = self.look.dp(self._side)
        return QSize(side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        side = self.width()
        logo = self._pictures.pixmap(self._logo, side, self.devicePixelRatioF())
        if logo is not None:
            size = logo.deviceIndependentSize()
            place = QRectF(0, 0, size.width(), size.height())
            place.moveCenter(QRectF(self.rect()).center())
            painter.drawPixmap(place.topLeft(), logo)
            return
        ground(painter, QRectF(self.rect()), side * 0.26, self.look.colour("accent"))
        font = QFont(self.look.font(Type.HERO))
        font.setPixelSize(max(8, round(side * 0.52)))
        painter.setFont(font)
        painter.setPen(self.look.colour("on_accent"))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._letter)


class RoundIcon(Part):
    """An icon on a round ground of its tone."""

    def __init__(self, look: Look, side: int, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._side = side
        self._icon = "clock"
        self._tone = Tone.NEUTRAL
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_icon(self, icon: str, tone: Tone) -> None:
        """Show another icon."""
        self._icon, self._tone = icon, tone
        self.update()

    def sizeHint(self) -> QSize:
        side = self.look.dp(self._side)
        return QSize(side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        colour, soft = self.look.theme.tone(self._tone)
        rect = QRectF(self.rect())
        ground(painter, rect, rect.width() / 2, soft)
        side = round(rect.width() * 0.52)
        place = QRectF(0, 0, side, side)
        place.moveCenter(rect.center())
        self.look.icons.paint(painter, self._icon, colour, place.toRect().toRectF())
