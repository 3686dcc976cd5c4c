"""An icon with a text beside it, on one line."""

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui import theme
from ui.kit.base import Part
from ui.kit.paint import is_flipped, text_in
from ui.look import Look
from ui.theme import Type


class IconLabel(Part):
    """A line of text behind an icon of its height; shortened where there is no room.

    One that `is_firm` is never shortened: others beside it give way.
    """

    def __init__(
        self,
        look: Look,
        icon: str,
        text: str,
        step: Type = Type.BODY,
        *,
        colour: str = "text",
        icon_colour: str = "",
        is_firm: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(look, parent)
        self._icon = icon
        self._text = text
        self._step = step
        self._colour = colour
        self._icon_colour = icon_colour
        self._is_firm = is_firm
        self.setAccessibleName(text)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    @property
    def text(self) -> str:
        """Give the whole text."""
        return self._text

    def set_text(self, text: str) -> None:
        """Show another text."""
        if text != self._text:
            self._text = text
            self.setAccessibleName(text)
            self.updateGeometry()
            self.update()

    def set_icon(self, icon: str, colour: str = "") -> None:
        """Show another icon, in a colour of its own if one is named."""
        if (icon, colour) != (self._icon, self._icon_colour):
            self._icon, self._icon_colour = icon, colour
            self.update()

    def set_colour(self, token: str) -> None:
        """Use another colour of the theme."""
        if token != self._colour:
            self._colour = token
            self.update()

    def sizeHint(self) -> QSize:
        metrics = QFontMetricsF(self._font())
        width = (
            self._side() + self.look.dp(theme.S) + round(metrics.horizontalAdvance(self._text)) + 2
        )
        return QSize(width, max(self._side(), round(metrics.lineSpacing())))

    def minimumSizeHint(self) -> QSize:
        hint = self.sizeHint()
        return hint if self._is_firm else QSize(self._side() * 3, hint.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        look = self.look
        side = self._side()
        flipped = is_flipped(self)
        top = (self.height() - side) // 2
        place = QRectF(self.width() - side if flipped else 0, top, side, side)
        colour = look.colour(self._icon_colour or self._colour).name()
        look.icons.paint(painter, self._icon, colour, place)
        room = side + look.dp(theme.S)
        rect = QRectF(self.rect()).adjusted(0 if flipped else room, 0, -room if flipped else 0, 0)
        text_in(painter, rect, self._text, self._font(), look.colour(self._colour))

    def _font(self) -> QFont:
        return self.look.font(self._step, tabular=True)

    def _side(self) -> int:
        return round(QFontMetricsF(self._font()).height() * 1.12)
