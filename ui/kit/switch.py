"""A switch: a button that stays on, says in words how it stands, and shows it with its knob."""

from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from ui import theme
from ui.kit.button import Button
from ui.kit.paint import dot, ground, key_cap, key_cap_width, mirrored, ring, text_in
from ui.look import Look
from ui.theme import Type

_TRACK: Final = (40, 24)
_KNOB_INSET: Final = 4
_CAP_HEIGHT: Final = 22


class Switch(Button):
    """A label, below it how things stand, and the track with its knob at the far end.

    A press only asks: whoever owns it says what came of that with `set_state`.
    """

    def __init__(
        self,
        look: Look,
        label: str,
        *,
        icon: str = "",
        key: str = "",
        height_mm: float = 0.0,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(look, label, icon=icon, key=key, height_mm=height_mm, parent=parent)
        self._is_on = False
        self._state = ""

    @property
    def is_on(self) -> bool:
        """Say whether it is on."""
        return self._is_on

    @property
    def state_words(self) -> str:
        """Give how things stand, in words."""
        return self._state

    def set_state(self, *, is_on: bool, words: str) -> None:
        """Show it on or off, and how things stand in words; both are read out, too."""
        if (is_on, words) != (self._is_on, self._state):
            self._is_on, self._state = is_on, words
            self.setAccessibleDescription(words)
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        look = self.look
        lines = (Type.BODY_STRONG, Type.CAPTION)
        words = sum(round(QFontMetricsF(look.font(step)).lineSpacing()) for step in lines)
        hint = super().sizeHint()
        return QSize(
            hint.width() + look.dp(_TRACK[0] + theme.M),
            max(hint.height(), words + look.dp(theme.M)),
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        look, colours = self.look, self.look.theme
        rect = QRectF(self.rect())
        radius = look.dp(theme.RADIUS_M)
        fill, text, border = self._colours()
        ground(painter, rect, radius, fill, border)
        if self.hasFocus():
            ring(painter, rect, radius, QColor(colours.accent), look.dp(theme.RING))
        self._paint_track(painter, rect)
        start, end = look.dp(theme.M), rect.width() - look.dp(theme.M + _TRACK[0] + theme.S)
        label = QFontMetricsF(look.font(Type.BODY_STRONG)).horizontalAdvance(self._label)
        icon_room = self._icon_side() + look.dp(theme.S)
        cap_room = key_cap_width(look, look.font(Type.CAPTION_STRONG), self._key) + look.dp(theme.S)
        spare = end - start - label - 1
        # The word is worth more than the picture of its key, and that more than the icon.
        if spare >= cap_room:
            self._paint_key(painter, rect, end - cap_room + look.dp(theme.S), text)
            end -= cap_room
            spare -= cap_room
        if spare >= icon_room:
            self._paint_icon(painter, rect, start, text)
            start += icon_room
        self._paint_words(painter, rect, QRectF(start, 0, end - start, rect.height()), text)

    def _paint_words(self, painter: QPainter, rect: QRectF, room: QRectF, colour: QColor) -> None:
        look = self.look
        fonts = look.font(Type.BODY_STRONG), look.font(Type.CAPTION, tabular=True)
        heights = [QFontMetricsF(font).lineSpacing() for font in fonts]
        top = (rect.height() - sum(heights)) / 2
        texts = (self._label, colour), (self._state, QColor(look.theme.text_muted))
        for (text, ink), font, height in zip(texts, fonts, heights, strict=True):
            line = QRectF(room.left(), top, room.width(), height)
            text_in(painter, mirrored(self, rect, line), text, font, ink)
            top += height

    def _paint_icon(self, painter: QPainter, rect: QRectF, left: float, colour: QColor) -> None:
        side = self._icon_side()
        place = QRectF(left, round((rect.height() - side) / 2), side, side)
        self.look.icons.paint(painter, self._icon, colour.name(), mirrored(self, rect, place))

    def _paint_key(self, painter: QPainter, rect: QRectF, left: float, colour: QColor) -> None:
        look = self.look
        font = look.font(Type.CAPTION_STRONG)
        width, height = key_cap_width(look, font, self._key), look.dp(_CAP_HEIGHT)
        place = QRectF(round(left) + 0.5, round((rect.height() - height) / 2) + 0.5, width, height)
        key_cap(painter, look, mirrored(self, rect, place), self._key, font, colour)

    def _paint_track(self, painter: QPainter, rect: QRectF) -> None:
        look, colours = self.look, self.look.theme
        width, height = look.dp(_TRACK[0]), look.dp(_TRACK[1])
        left = rect.width() - look.dp(theme.M) - width
        place = QRectF(round(left), round((rect.height() - height) / 2), width, height)
        track = mirrored(self, rect, place)
        knob = height / 2 - look.dp(_KNOB_INSET)
        middle = QRectF(
            place.right() - height if self._is_on else place.left(), place.top(), height, height
        )
        centre = mirrored(self, rect, middle).center()
        if not self._is_on:
            ground(
                painter, track, height / 2, colours.surface, colours.line_strong, look.dp(theme.XXS)
            )
            dot(painter, centre, knob, colours.line_strong)
            return
        ground(painter, track, height / 2, colours.accent)
        dot(painter, centre, knob, colours.on_accent)
        # A tick in the knob: the state is not told by colour and place alone.
        painter.setPen(
            QPen(
                QColor(colours.accent),
                look.dp(theme.XXS),
                Qt.PenStyle.SolidLine,
                Qt.PenCapStyle.RoundCap,
                Qt.PenJoinStyle.RoundJoin,
            )
        )
        painter.drawPolyline(
            [
                centre + QPointF(dx * knob, dy * knob)
                for dx, dy in ((-0.4, 0), (-0.1, 0.35), (0.45, -0.35))
            ]
        )
