"""How long the code still stands: a bar and minutes:seconds."""

from datetime import timedelta

from PySide6.QtCore import QRectF, QSize, QTimer
from PySide6.QtGui import QFontMetricsF, QHideEvent, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.clock import Clock
from ui import theme
from ui.i18n import _
from ui.kit.base import Part
from ui.kit.paint import ground, mirrored, text_in
from ui.look import Look
from ui.theme import Type

_SHORT = timedelta(minutes=2)
_TICK_MS = 500
_WIDTH = 240


class Countdown(Part):
    """Counts down to a deadline while it is seen; the last two minutes stand out."""

    def __init__(
        self,
        look: Look,
        clock: Clock,
        parent: QWidget | None = None,
        *,
        step: Type = Type.CAPTION_STRONG,
    ) -> None:
        super().__init__(look, parent)
        self._step = step
        self._clock = clock
        self._deadline: float | None = None
        self._whole = timedelta(minutes=15)
        self._words = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._on_tick)

    def set_deadline(self, deadline: float | None) -> None:
        """Count down to this second of `Clock.elapsed`, which nobody can set; or show nothing."""
        if deadline != self._deadline:
            self._deadline = deadline
            if deadline is not None:
                self._whole = max(self.left, timedelta(minutes=1))
        self._on_tick()
        self._run()

    @property
    def left(self) -> timedelta:
        """Say how much time is left."""
        if self._deadline is None:
            return timedelta(0)
        return timedelta(seconds=max(0.0, self._deadline - self._clock.elapsed()))

    def sizeHint(self) -> QSize:
        words = QFontMetricsF(self.look.font(self._step)).lineSpacing()
        return QSize(self.look.dp(_WIDTH), round(words) + self.look.dp(theme.M))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._run()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._deadline is None:
            return
        painter = QPainter(self)
        look, colours = self.look, self.look.theme
        is_short = self.left <= _SHORT
        font = look.font(self._step, tabular=True)
        height = QFontMetricsF(font).lineSpacing()
        colour = look.colour("warning" if is_short else "text_muted")
        text_in(painter, QRectF(0, 0, self.width(), height), self._words, font, colour)
        thick = look.dp(theme.XS)
        track = QRectF(0, self.height() - thick, self.width(), thick)
        ground(painter, track, thick / 2, colours.sunken)
        share = min(1.0, self.left / self._whole)
        bar = QRectF(track)
        bar.setWidth(max(thick, track.width() * share))
        bar = mirrored(self, track, bar)
        ground(painter, bar, thick / 2, colours.warning if is_short else colours.accent)

    def _run(self) -> None:
        if self._deadline is not None and self.isVisible():
            self._timer.start()
        else:
            self._timer.stop()

    def _on_tick(self) -> None:
        words = _("Time left {time}").format(time=self.look.formats.countdown(self.left))
        if words != self._words:
            self._words = words
            self.setAccessibleName(words)
            self.update()
