"""Small parts of the display: type that shrinks before it is cut, the shop's mark, a round icon."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.kit.base import Part
from ui.kit.paint import elided, ground
from ui.look import Look
from ui.sell.pictures import Pictures
from ui.theme import Tone, Type


class FitText(Part):
    """One line in the largest of `steps` that fits; the smallest is shortened at last."""

    def __init__(
        self,
        look: Look,
        steps: tuple[Type, ...],
        *,
        colour: str = "text",
        centred: bool = False,
        end: bool = False,
        tabular: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(look, parent)
        self._steps = steps
        self._colour = colour
        self._tabular = tabular
        self._side = Qt.AlignmentFlag.AlignLeft
        if centred:
            self._side = Qt.AlignmentFlag.AlignHCenter
        elif end:
            self._side = Qt.AlignmentFlag.AlignRight
        self._text = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def text(self) -> str:
        """Give the whole text."""
        return self._text

    def set_text(self, text: str) -> None:
        """Show another text; the whole of it is read out."""
        if text != self._text:
            self._text = text
            self.setAccessibleName(text)
            self.update()

    @property
    def step(self) -> Type:
        """Give the step in which the text is shown."""
        for step in self._steps:
            metrics = QFontMetricsF(self._font(step))
            if metrics.horizontalAdvance(self._text) <= self.width():
                return step
        return self._steps[-1]

    def sizeHint(self) -> QSize:
        metrics = QFontMetricsF(self._font(self._steps[0]))
        return QSize(self.look.dp(200), round(metrics.lineSpacing()))

    def minimumSizeHint(self) -> QSize:
        return QSize(self.look.dp(40), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        font = self._font(self.step)
        painter.setFont(font)
        painter.setPen(self.look.colour(self._colour))
        words = elided(self._text, font, self.width())
        painter.drawText(QRectF(self.rect()), self._side | Qt.AlignmentFlag.AlignVCenter, words)

    def _font(self, step: Type) -> QFont:
        return self.look.font(step, tabular=self._tabular)


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
