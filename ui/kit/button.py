"""Buttons: painted, at least 10 mm wide and high, with icon, label and the key that does it."""

from enum import StrEnum
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QShortcut,
    QShowEvent,
)
from PySide6.QtWidgets import QAbstractButton, QApplication, QSizePolicy, QWidget

from ui import theme
from ui.kit.paint import elided, ground, is_flipped, key_cap, key_cap_width, mixed, ring, text_in
from ui.look import Look
from ui.theme import Type


class Kind(StrEnum):
    """How loud a button is. A screen has one primary button at most."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    QUIET = "quiet"
    DANGER = "danger"
    INVERSE = "inverse"


_CAP_HEIGHT: Final = 22
_STEPS: Final = (Type.TITLE, Type.BODY_STRONG, Type.CAPTION_STRONG)
"""A label that is larger than a button's usual one steps down before it is cut."""

_LOUD: Final = frozenset({Kind.PRIMARY, Kind.DANGER, Kind.INVERSE})


def press_by_key(button: QAbstractButton, key: str) -> None:
    """Have a key press a button, once however long it is held down.

    A button's own shortcut repeats: held for half a second it would be a second tap on Void.
    """
    shortcut = QShortcut(QKeySequence(key), button)
    shortcut.setAutoRepeat(False)
    shortcut.activated.connect(button.animateClick)


def pressed_by_enter(event: QKeyEvent) -> bool:
    """Press the button that has the keyboard, if it was Enter that came; say whether it was."""
    at = QApplication.focusWidget()
    is_enter = event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}
    if is_enter and isinstance(at, QAbstractButton) and not event.isAutoRepeat():
        at.click()
        return True
    return False


class Button(QAbstractButton):
    """A button. `key` is a key's name as Qt writes it ("F12"); it is shown and it works.

    `cap` is a key that is shown only: the screen sees to it.

    Signals:
        clicked: Pressed and released, or its key was pressed.
    """

    def __init__(
        self,
        look: Look,
        label: str,
        kind: Kind = Kind.SECONDARY,
        *,
        icon: str = "",
        key: str = "",
        cap: str = "",
        height_mm: float = 0.0,
        step: Type = Type.BODY_STRONG,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.look = look
        self._label = ""
        self._kind = kind
        self._icon = icon
        self._key = key or cap
        self._height_mm = height_mm
        self._step = step
        self._tight = False
        self._is_new = True
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.set_label(label)
        if key:
            press_by_key(self, key)
        look.changed.connect(self.on_look_changed)

    @property
    def label(self) -> str:
        """Give what stands on the button."""
        return self._label

    @property
    def kind(self) -> Kind:
        """Say how loud the button is."""
        return self._kind

    def set_label(self, label: str) -> None:
        """Write another label; it is the accessible name too."""
        if label != self._label:
            self._label = label
            self.setAccessibleName(label)
            self.updateGeometry()
            self.update()

    def set_kind(self, kind: Kind) -> None:
        """Make the button louder or quieter."""
        if kind is not self._kind:
            self._kind = kind
            self.update()

    def set_icon(self, icon: str) -> None:
        """Show another icon."""
        if icon != self._icon:
            self._icon = icon
            self.update()

    def set_icon_only(self, tight: bool) -> None:
        """Show only the icon, where there is little room; the label is still read out."""
        if tight != self._tight:
            self._tight = tight
            self.setToolTip(self._label if tight else "")
            self.updateGeometry()
            self.update()

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        look = self.look
        height = max(look.metrics.touch, look.metrics.mm(self._height_mm))
        if self._tight:
            return QSize(height, height)
        text = QFontMetricsF(look.font(self._step, tabular=True)).horizontalAdvance(self._label)
        width = round(text) + 2 * look.dp(theme.L)
        if self._icon:
            width += self._icon_side() + look.dp(theme.S)
        if self._key:
            width += key_cap_width(look, look.font(Type.CAPTION_STRONG), self._key)
            width += look.dp(theme.M)
        return QSize(max(width, look.metrics.touch), height)

    def minimumSizeHint(self) -> QSize:
        hint = self.sizeHint()
        narrow = self._label == "" or self._tight
        return QSize(
            hint.height() if narrow else min(hint.width(), hint.height() * 2), hint.height()
        )

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._is_new = True

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._is_new = False
        super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        # The second of two quick taps, when the first was for what stood here before: Charge
        # tapped twice must not press Cancel.
        if not self._is_new:
            super().mouseDoubleClickEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        look = self.look
        rect = QRectF(self.rect())
        fill, text, border = self._colours()
        radius = look.dp(theme.RADIUS_M)
        ground(painter, rect, radius, fill, border)
        if self.hasFocus():
            is_loud = self._kind in _LOUD
            ring_colour = text if is_loud else QColor(look.theme.accent)
            inset = look.dp(theme.RING) if is_loud else 0
            ring(
                painter,
                rect.adjusted(inset, inset, -inset, -inset),
                radius - inset,
                ring_colour,
                look.dp(theme.RING),
            )
        self._paint_content(painter, rect, text)

    def _font_that_fits(self, room: float) -> QFont:
        """Give the button's step, or the largest one below it that has room for the label."""
        steps = _STEPS[_STEPS.index(self._step) :] if self._step in _STEPS else (self._step,)
        fonts = [self.look.font(step, tabular=True) for step in steps]
        fitting = (one for one in fonts if _width(one, self._label) <= room)
        return next(fitting, fonts[-1])

    def _icon_side(self) -> int:
        is_small = self._step in {Type.CAPTION, Type.CAPTION_STRONG}
        return self.look.dp(theme.ICON_S if is_small else theme.ICON_L)

    def _colours(self) -> tuple[QColor, QColor, QColor | None]:
        """Give ground, text and border as the button stands."""
        colours = self.look.theme
        down = self.isDown()
        if not self.isEnabled():
            if self._kind is Kind.QUIET:
                return (
                    QColor(0, 0, 0, 0),
                    mixed(colours.text_muted, colours.surface, theme.FADED),
                    None,
                )
            return (
                QColor(colours.sunken),
                mixed(colours.text_muted, colours.sunken, theme.FADED),
                None,
            )
        if self._kind is Kind.PRIMARY:
            primary = QColor(colours.accent_pressed if down else colours.accent)
            return primary, QColor(colours.on_accent), None
        if self._kind is Kind.DANGER:
            danger = mixed(colours.danger, colours.text, theme.PRESSED if down else 0.0)
            return danger, QColor(colours.on_danger), None
        if self._kind is Kind.INVERSE:
            inverse = mixed(colours.on_paid, colours.paid, theme.PRESSED if down else 0.0)
            return inverse, QColor(colours.paid), None
        if self._kind is Kind.QUIET:
            quiet = QColor(colours.sunken) if down else QColor(0, 0, 0, 0)
            return quiet, QColor(colours.text_muted), None
        plain = QColor(colours.sunken if down else colours.raised)
        return plain, QColor(colours.text), QColor(colours.line_strong)

    def _paint_content(self, painter: QPainter, rect: QRectF, colour: QColor) -> None:
        look = self.look
        side = self._icon_side()
        if self._tight or not self._label:
            self._paint_icon_alone(painter, rect, colour)
            return
        pad = look.dp(theme.M)
        cap_font = look.font(Type.CAPTION_STRONG)
        cap_room = 0
        if self._key:
            cap_room = key_cap_width(look, cap_font, self._key) + look.dp(theme.S)
        icon_room = side + look.dp(theme.S) if self._icon else 0
        room = rect.width() - 2 * pad - icon_room - cap_room
        font = look.font(self._step, tabular=True)
        if cap_room and _width(font, self._label) > room:
            # The word is worth more than the picture of its key.
            room += cap_room
            cap_room = 0
        font = self._font_that_fits(room)
        text = elided(self._label, font, room)
        text_width = QFontMetricsF(font).horizontalAdvance(text)
        start = (rect.width() - icon_room - text_width) / 2
        start = max(pad, min(start, rect.width() - pad - cap_room - icon_room - text_width))
        flipped = is_flipped(self)
        if self._icon:
            left = rect.width() - start - side if flipped else start
            top = (rect.height() - side) / 2
            look.icons.paint(
                painter, self._icon, colour.name(), QRectF(round(left), round(top), side, side)
            )
        left = rect.width() - start - icon_room - text_width if flipped else start + icon_room
        words = QRectF(left, 0, text_width + 1, rect.height())
        text_in(painter, words, text, font, colour, centred=True, whole=self._label)
        if cap_room:
            width = cap_room - look.dp(theme.S)
            height = look.dp(_CAP_HEIGHT)
            left = pad if flipped else rect.width() - pad - width
            cap = QRectF(
                round(left) + 0.5, round((rect.height() - height) / 2) + 0.5, width, height
            )
            key_cap(painter, look, cap, self._key, cap_font, colour)

    def _paint_icon_alone(self, painter: QPainter, rect: QRectF, colour: QColor) -> None:
        """Paint the icon, with its key in small letters below."""
        look = self.look
        side = look.dp(theme.ICON_M)
        font = look.font(Type.MICRO)
        words = QFontMetricsF(font).height() if self._key else 0
        place = QRectF((rect.width() - side) / 2, (rect.height() - side - words) / 2, side, side)
        look.icons.paint(painter, self._icon, colour.name(), place.toRect().toRectF())
        if self._key:
            below = QRectF(0, place.bottom(), rect.width(), words)
            text_in(painter, below, self._key, font, colour, centred=True)


def _width(font: QFont, text: str) -> float:
    return QFontMetricsF(font).horizontalAdvance(text)
