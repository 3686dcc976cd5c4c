"""A few amounts with their words, one below the other, with the decimals in one column."""

from typing import Final

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui import theme
from ui.kit.base import Part
from ui.kit.paint import is_flipped, mirrored, text_in
from ui.look import Look
from ui.theme import Type

_WIDTH: Final = 240


class Figures(Part):
    """Words at the leading edge, amounts at the other; the last one may be strong."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._rows: list[tuple[str, str]] = []

    @property
    def rows(self) -> list[tuple[str, str]]:
        """Give what is shown: words and amount of each line."""
        return self._rows

    def show_rows(self, rows: list[tuple[str, str]]) -> None:
        """Show these lines; the last is what it comes to."""
        self._rows = rows
        self.setAccessibleName(", ".join(f"{words} {amount}" for words, amount in rows))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self.look.dp(_WIDTH), round(self._height() * len(self._rows)))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        look, colours = self.look, self.look.theme
        height = self._height()
        wide = look.font(Type.BODY_STRONG, tabular=True)
        amounts = max(
            (QFontMetricsF(wide).horizontalAdvance(one[1]) for one in self._rows), default=0.0
        )
        for place, (words, amount) in enumerate(self._rows):
            is_last = place == len(self._rows) - 1
            font = wide if is_last else look.font(Type.BODY, tabular=True)
            row = QRectF(0, place * height, self.width(), height)
            left = mirrored(self, row, QRectF(0, row.top(), row.width() - amounts - 1, height))
            text_in(painter, left, words, font, colours.text if is_last else colours.text_muted)
            right = QRectF(row.width() - amounts - 1, row.top(), amounts + 1, height)
            text_in(
                painter,
                mirrored(self, row, right),
                amount,
                font,
                colours.text,
                end=not is_flipped(self),
            )

    def _height(self) -> float:
        font = self.look.font(Type.BODY_STRONG, tabular=True)
        return QFontMetricsF(font).lineSpacing() + self.look.dp(theme.XS)
