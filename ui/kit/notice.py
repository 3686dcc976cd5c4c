"""News that floats above a screen: never a dialog, never in the way of the next tap for long."""

from collections.abc import Callable
from enum import StrEnum

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, QTimer
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import (
    QGraphicsDropShadowEffect,
    QHBoxLayout,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from ui import theme
from ui.i18n import _
from ui.kit.button import Button, Kind
from ui.kit.card import Card
from ui.kit.icon import Icon
from ui.kit.paint import is_flipped
from ui.kit.text import Text
from ui.look import Look
from ui.theme import Tone, Type

_GOOD_NEWS_MS = 6000
_WIDTH = 520

_ICONS = {
    Tone.GOOD: "done",
    Tone.DANGER: "alert",
    Tone.WARNING: "alert",
    Tone.NEUTRAL: "info",
    Tone.ACCENT: "info",
    Tone.BUSY: "info",
}


class Corner(StrEnum):
    """Where the news stands, so that it covers neither what is paid nor what is pressed."""

    BOTTOM_LEADING = "bottom_leading"
    TOP_TRAILING = "top_trailing"


class Notice(Card):
    """One piece of news in a corner of `host`. Bad news stays until it is closed.

    `taken` says how much at the lower edge is taken by something that has to be seen, too.
    """

    def __init__(self, look: Look, host: QWidget, taken: Callable[[], int] = lambda: 0) -> None:
        super().__init__(look, "raised", border="line_strong", radius=theme.RADIUS_M, parent=host)
        self.setObjectName("notice")
        self._host = host
        self._taken = taken
        self._corner = Corner.BOTTOM_LEADING
        self._above: Callable[[], QRect] | None = None
        self._icon = Icon(look, "info", theme.ICON_L)
        self._title = Text(look, "", Type.BODY_STRONG, wraps=True)
        self._detail = Text(look, "", Type.BODY, wraps=True)
        self._close = Button(look, _("Close"), Kind.QUIET, icon="close")
        self._close.set_icon_only(True)
        self._close.setObjectName("notice_close")
        self._close.clicked.connect(self.hide)
        self._words = QVBoxLayout()
        self._words.addWidget(self._title)
        self._words.addWidget(self._detail)
        self._row = QHBoxLayout(self)
        self._lead = QVBoxLayout()
        self._lead.addWidget(self._icon)
        self._lead.addStretch(1)
        self._row.addLayout(self._lead)
        self._row.addLayout(self._words, 1)
        self._row.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_GOOD_NEWS_MS)
        self._timer.timeout.connect(self.hide)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        shadow = QGraphicsDropShadowEffect(self)
        shadow.setBlurRadius(look.dp(theme.XL))
        shadow.setOffset(0, look.dp(theme.XS))
        self._shadow = shadow
        self.setGraphicsEffect(shadow)
        host.installEventFilter(self)
        self.hide()
        self.on_look_changed()

    @property
    def title(self) -> str:
        """Give the news in its first line."""
        return self._title.text()

    @property
    def detail(self) -> str:
        """Give the rest of the news."""
        return self._detail.text()

    def tell(self, title: str, detail: str, tone: Tone) -> None:
        """Show a piece of news in place of the last one."""
        self._icon.set_icon(_ICONS[tone], "text_muted" if tone is Tone.NEUTRAL else tone.value)
        self._title.setText(title)
        self._detail.setText(detail)
        self._detail.setVisible(bool(detail))
        self.setAccessibleName(f"{title}. {detail}")
        if tone in {Tone.DANGER, Tone.WARNING}:
            self._timer.stop()
        else:
            self._timer.start()
        self.show()
        self.raise_()
        self._place()

    def set_corner(self, corner: Corner, above: Callable[[], QRect] | None = None) -> None:
        """Move to another corner, or just above something, as wide as that is.

        `above` gives its place in the host; its corner is for where there is no room.
        """
        self._corner, self._above = corner, above
        if self.isVisible():
            self._place()

    def settle(self) -> None:
        """Find its place anew."""
        if self.isVisible():
            self._place()

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        dp = self.look.dp
        self._row.setContentsMargins(dp(theme.M), dp(theme.S), dp(theme.M), dp(theme.S))
        self._row.setSpacing(dp(theme.M))
        # The icon stands in the middle of the first line.
        line = QFontMetrics(self.look.font(Type.BODY_STRONG)).height()
        over = (line - self._icon.sizeHint().height()) // 2
        self._lead.setContentsMargins(0, max(0, dp(theme.S) + over), 0, 0)
        self._words.setContentsMargins(0, dp(theme.S), 0, dp(theme.S))
        self._words.setSpacing(dp(theme.XXS))
        colour = self.look.colour("shadow")
        colour.setAlphaF(0.35)
        self._shadow.setColor(colour)
        super().on_look_changed()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._host and event.type() is QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        margin = self.look.dp(theme.M)
        below = self._above() if self._above is not None else QRect()
        most = self._host.width() - 2 * margin
        width = below.width() if not below.isEmpty() else min(self.look.dp(_WIDTH), most)
        self.setFixedWidth(width)
        self.setFixedHeight(self._row.totalHeightForWidth(width))
        if below.top() > self.height() + margin:
            self.move(below.left(), below.top() - self.height() - self.look.metrics.gap)
            return
        top = margin
        if self._corner is Corner.BOTTOM_LEADING:
            top = self._host.height() - self.height() - margin - self._taken()
        is_left = (self._corner is Corner.BOTTOM_LEADING) is not is_flipped(self)
        self.move(QPoint(margin if is_left else self._host.width() - width - margin, top))
