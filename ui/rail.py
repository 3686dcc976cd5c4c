"""The rail at the leading edge: where one is, and what waits there."""

from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeySequence, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QSizePolicy, QVBoxLayout, QWidget

from ui import theme
from ui.i18n import _, ngettext
from ui.kit.base import Part
from ui.kit.button import Button, Kind, press_by_key
from ui.kit.paint import ground, in_lines, is_flipped, mirrored, ring, text_in
from ui.look import Look
from ui.theme import Type

_DISPLAY_KEY: Final = "Ctrl+D"
_WIDTH: Final = 84
_BUTTON: Final = 76
_BADGE: Final = 20
_MOST_SHOWN: Final = 99
_LINES: Final = 2


class RailButton(QAbstractButton):
    """A place to go to: icon, word, key, and a count of what waits."""

    def __init__(self, look: Look, label: str, icon: str, key: str) -> None:
        super().__init__()
        self.look = look
        self._label = label
        self._icon = icon
        self._key = key
        self._waiting = 0
        self.setCheckable(True)
        self.setAccessibleName(label)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        press_by_key(self, key)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        look.changed.connect(self.updateGeometry)

    def set_waiting(self, count: int) -> None:
        """Show how many things wait there for a person."""
        if count != self._waiting:
            self._waiting = count
            waits = ngettext("{count} waits", "{count} wait", count).format(count=count)
            self.setAccessibleName(f"{self._label}, {waits}" if count else self._label)
            self.update()

    def sizeHint(self) -> QSize:
        look = self.look
        width = look.dp(_WIDTH - 2 * theme.S)
        caption = look.font(Type.CAPTION_STRONG)
        more = len(in_lines(self._label, caption, width, _LINES)) > 1
        height = look.dp(_BUTTON) + (look.dp(theme.M) if more else 0)
        return QSize(width, max(look.metrics.touch, height))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        look, colours = self.look, self.look.theme
        rect = QRectF(self.rect())
        radius = look.dp(theme.RADIUS_M + theme.XXS)
        colour = colours.text_muted
        if self.isChecked():
            ground(painter, rect, radius, colours.accent_soft)
            colour = colours.accent
        elif self.isDown():
            ground(painter, rect, radius, colours.sunken)
        if self.hasFocus():
            ring(painter, rect, radius, colours.accent, look.dp(theme.RING))
        side = look.dp(theme.ICON_L)
        caption = look.font(Type.CAPTION_STRONG)
        micro = look.font(Type.MICRO)
        words, key = QFontMetricsF(caption).height(), QFontMetricsF(micro).height()
        lines = in_lines(self._label, caption, rect.width(), _LINES)
        top = (rect.height() - side - words * len(lines) - key) / 2
        place = QRectF((rect.width() - side) / 2, top, side, side).toRect().toRectF()
        look.icons.paint(painter, self._icon, colour, place)
        below = QRectF(0, top + side, rect.width(), words)
        for number, line in enumerate(lines):
            below.moveTop(top + side + number * words)
            text_in(painter, below, line, caption, colour, centred=True, whole=self._label)
        last = QRectF(0, below.bottom(), rect.width(), key)
        text_in(painter, last, self._key, micro, colours.text_muted, centred=True)
        if self._waiting:
            self._paint_waiting(painter, place)

    def _paint_waiting(self, painter: QPainter, icon: QRectF) -> None:
        look, colours = self.look, self.look.theme
        font = look.font(Type.CAPTION_STRONG, tabular=True)
        words = str(self._waiting) if self._waiting <= _MOST_SHOWN else f"{_MOST_SHOWN}+"
        height = look.dp(_BADGE)
        width = max(height, QFontMetricsF(font).horizontalAdvance(words) + look.dp(theme.S))
        badge = QRectF(0, 0, width, height)
        badge.moveCenter(QPointF(icon.right() + look.dp(theme.XS), icon.top() + look.dp(theme.XXS)))
        badge = mirrored(self, QRectF(self.rect()), badge)
        ground(painter, badge, height / 2, colours.danger)
        text_in(painter, badge, words, font, colours.on_danger, centred=True)


class Rail(Part):
    """The places of the till, one under the other.

    Signals:
        place_wanted (int): A `ui.places.Place`.
        theme_wanted: Light shall become dark, or the other way round.
        display_wanted: The customer's display shall be opened, or closed.
    """

    place_wanted = Signal(int)
    theme_wanted = Signal()
    display_wanted = Signal()

    def __init__(
        self, look: Look, *, has_cards: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(look, parent)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.sell = RailButton(look, _("Sell"), "sell", "F1")
        self.sell.setObjectName("rail_sell")
        self.orders = RailButton(look, _("Orders"), "orders", "F2")
        self.orders.setObjectName("rail_orders")
        self.person = RailButton(look, _("Needs a person"), "person", "F3")
        self.person.setObjectName("rail_person")
        self.settings = RailButton(look, _("Settings"), "settings", "F4")
        self.settings.setObjectName("rail_settings")
        self.cards = RailButton(look, _("Cards"), "card", "Shift+F4")
        self.cards.setObjectName("rail_cards")
        self.cards.setVisible(has_cards)
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._column = QVBoxLayout(self)
        places = (self.sell, self.orders, self.person, self.settings, self.cards)
        for number, button in enumerate(places):
            self._group.addButton(button, number)
        for button in (self.sell, self.orders, self.person, self.cards, self.settings):
            self._column.addWidget(button)
        self.sell.setChecked(True)
        self._group.idClicked.connect(self.place_wanted)
        self._theme = Button(look, _("Dark theme"), Kind.QUIET, icon="moon")
        self._theme.set_icon_only(True)
        self._theme.setObjectName("theme")
        self._theme.clicked.connect(self.theme_wanted)
        self.display = Button(look, "", Kind.QUIET, icon="display_off")
        self.display.set_icon_only(True)
        self.display.setObjectName("customer_display")
        press_by_key(self.display, _DISPLAY_KEY)
        self.display.clicked.connect(self.display_wanted)
        self.show_display(is_open=False)
        self._column.addStretch(1)
        self._column.addWidget(self.display)
        self._column.addWidget(self._theme)
        self.on_look_changed()

    def show_place(self, number: int) -> None:
        """Mark where one is."""
        self._group.button(number).setChecked(True)

    def show_display(self, *, is_open: bool) -> None:
        """Show whether the customer's display is there to be seen."""
        label = _("Close the customer display") if is_open else _("Open the customer display")
        self.display.set_icon("display" if is_open else "display_off")
        self.display.set_label(label)
        key = QKeySequence(_DISPLAY_KEY).toString(QKeySequence.SequenceFormat.NativeText)
        self.display.setToolTip(f"{label} ({key})")

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        dp = self.look.dp
        self.setFixedWidth(max(dp(_WIDTH), self.look.metrics.touch + 2 * dp(theme.S)))
        self._column.setContentsMargins(dp(theme.S), dp(theme.M), dp(theme.S), dp(theme.S))
        self._column.setSpacing(self.look.metrics.gap)
        is_dark = self.look.theme.is_dark
        self._theme.set_icon("sun" if is_dark else "moon")
        self._theme.set_label(_("Light theme") if is_dark else _("Dark theme"))
        super().on_look_changed()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.look.colour("surface"))
        edge = 0 if is_flipped(self) else self.width() - 1
        painter.fillRect(edge, 0, 1, self.height(), self.look.colour("line"))
