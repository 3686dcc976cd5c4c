"""The way that a payment takes, with its reason, and the list of the others to choose from."""

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.domain.capabilities import Method
from app.routing import Choice, LeftOut
from ui import theme
from ui.i18n import _
from ui.kit.base import Part
from ui.kit.button import Button, Kind
from ui.kit.chip import Chip
from ui.kit.flow import FlowLayout
from ui.kit.paint import (
    ground,
    in_lines,
    is_flipped,
    key_cap,
    key_cap_width,
    mirrored,
    ring,
    text_in,
)
from ui.kit.scroll import ScrolledColumn
from ui.kit.text import ElidedText, Text
from ui.look import Look
from ui.pay.choosing import WaysModel, method_label, way_words
from ui.theme import Type

_KEY: Final = "F9"
_MOST_KEYS: Final = 9
_CAP_HEIGHT: Final = 22
_REASON_LINES: Final = 2
_LINES_BESIDE: Final = 3
"""Beside the button a reason has half the width."""
_MOST_LINES: Final = 3
"""A long name takes a second line, and its reason one less."""


class WayLine(Part):
    """Names the way that is taken and says why; beside it stands what leads to the others."""

    def __init__(self, look: Look, button: Button, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self.setObjectName("way")
        self._name = ElidedText(look, "", Type.BODY_STRONG)
        self._why = ElidedText(look, "", Type.CAPTION, colour="text_muted", lines=_LINES_BESIDE)
        self._words = QVBoxLayout()
        self._words.addWidget(self._name)
        self._words.addWidget(self._why)
        self._row = QHBoxLayout(self)
        self._row.addLayout(self._words, 1)
        self._row.addWidget(button)
        self.on_look_changed()

    @property
    def text(self) -> str:
        """Give what is said, with its reason."""
        return f"{self._name.text}. {self._why.text}"

    def show_way(self, model: WaysModel) -> None:
        """Say it."""
        name, why = way_words(model, self.look.formats)
        self._name.set_text(name)
        self._why.set_text(why)
        self._why.setVisible(bool(why))
        self.setAccessibleName(self.text)

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(self.look.dp(theme.M))
        self._words.setSpacing(0)
        super().on_look_changed()


class WayButton(Button):
    """A way to choose: its name, and what is to be said of it, in three lines together."""

    def __init__(self, look: Look, model: WaysModel, choice: Choice, key: str) -> None:
        super().__init__(look, model.label(choice.account), key=key)
        self._said = look.formats.message(choice.reason)
        self._is_taken = choice.account == model.account
        if self._is_taken:
            self._said = _("Taken now. {reason}").format(reason=self._said)
        self.setObjectName(f"way_{choice.account}")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleDescription(self._said)

    def sizeHint(self) -> QSize:
        look = self.look
        strong = QFontMetricsF(look.font(Type.BODY_STRONG)).lineSpacing()
        small = QFontMetricsF(look.font(Type.CAPTION)).lineSpacing()
        words = round(strong + _REASON_LINES * small) + look.dp(theme.M)
        hint = super().sizeHint()
        return QSize(hint.width(), max(hint.height(), words))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        look, colours = self.look, self.look.theme
        rect = QRectF(self.rect())
        radius = look.dp(theme.RADIUS_M)
        fill, text, border = self._colours()
        if self._is_taken:
            fill, border = QColor(colours.accent_soft), QColor(colours.accent)
        ground(painter, rect, radius, fill, border)
        if self.hasFocus():
            ring(painter, rect, radius, QColor(colours.accent), look.dp(theme.RING))
        start, end = look.dp(theme.M), rect.width() - look.dp(theme.M)
        if self._key:
            font = look.font(Type.CAPTION_STRONG)
            width, height = key_cap_width(look, font, self._key), look.dp(_CAP_HEIGHT)
            top = round((rect.height() - height) / 2) + 0.5
            cap = QRectF(round(end - width) + 0.5, top, width, height)
            key_cap(painter, look, mirrored(self, rect, cap), self._key, font, text)
            end -= width + look.dp(theme.S)
        self._paint_words(painter, rect, QRectF(start, 0, end - start, rect.height()), text)

    def _paint_words(self, painter: QPainter, rect: QRectF, room: QRectF, ink: QColor) -> None:
        look = self.look
        strong, small = look.font(Type.BODY_STRONG), look.font(Type.CAPTION, tabular=True)
        names = in_lines(self._label, strong, room.width(), _MOST_LINES - 1)
        said = in_lines(self._said, small, room.width(), _MOST_LINES - len(names))
        heights = QFontMetricsF(strong).lineSpacing(), QFontMetricsF(small).lineSpacing()
        top = (rect.height() - heights[0] * len(names) - heights[1] * len(said)) / 2
        muted = QColor(look.theme.text_muted)
        for lines, font, height, colour, whole in (
            (names, strong, heights[0], ink, self._label),
            (said, small, heights[1], muted, self._said),
        ):
            for words in lines:
                line = mirrored(self, rect, QRectF(room.left(), top, room.width(), height))
                text_in(painter, line, words, font, colour, whole=whole)
                top += height


class LeftOutLine(Part):
    """A way that cannot be taken, greyed, with its reason."""

    def __init__(self, look: Look, model: WaysModel, left: LeftOut) -> None:
        super().__init__(look)
        name = model.label(left.account)
        said = look.formats.message(left.reason)
        self._name = ElidedText(look, name, Type.BODY, colour="text_muted")
        self._said = Text(look, said, Type.CAPTION, colour="text_muted", wraps=True)
        self._column = QVBoxLayout(self)
        self._column.addWidget(self._name)
        self._column.addWidget(self._said)
        self.setObjectName(f"left_out_{left.account}")
        self.setAccessibleName(f"{name}. {said}")
        self.on_look_changed()

    def paintEvent(self, event: QPaintEvent) -> None:
        rect = QRectF(self.rect())
        ground(QPainter(self), rect, self.look.dp(theme.RADIUS_M), self.look.theme.sunken)

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        pad = self.look.dp(theme.M)
        self._column.setContentsMargins(pad, self.look.dp(theme.S), pad, self.look.dp(theme.S))
        self._column.setSpacing(0)
        super().on_look_changed()


class Wishes(Part):
    """How the customer wishes to pay, to be tapped; not there where there is nothing to wish.

    Signals:
        wished (Method | None): This way, or any.
    """

    wished = Signal(object)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._methods: tuple[Method, ...] = ()
        self._chips: dict[Method | None, Chip] = {}
        self._group = QButtonGroup(self)
        self._flow = FlowLayout(look, self)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName(_("How the customer wishes to pay"))
        self.hide()

    def show_wish(self, model: WaysModel) -> None:
        """Offer what can be wished, and mark what is."""
        if model.methods != self._methods:
            self._methods = model.methods
            self._refill()
        self.setVisible(bool(self._methods))
        if model.method in self._chips:
            self._chips[model.method].setChecked(True)

    def _refill(self) -> None:
        while self._flow.takeAt(0) is not None:
            continue
        for chip in self._chips.values():
            chip.hide()
            chip.deleteLater()
        self._chips = {}
        for method in (None, *self._methods):
            chip = self._chips[method] = Chip(self.look, method_label(method), self)
            chip.setObjectName(f"wish_{method or 'any'}")
            chip.clicked.connect(lambda _=False, method=method: self.wished.emit(method))
            self._group.addButton(chip)
            self._flow.addWidget(chip)
            chip.show()
        self.updateGeometry()


class WaysList(Part):
    """Every way there is: those to choose from with a key each, and the others with why not.

    Signals:
        chosen (str): This account is to be taken.
        wished (Method | None): The customer wishes to pay so; None is any way.
        left: The list is to be closed again.
    """

    chosen = Signal(str)
    wished = Signal(object)
    left = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self.setObjectName("ways")
        self._model: WaysModel | None = None
        self._title = Text(look, _("Ways to pay"), Type.TITLE)
        self._wishes = Wishes(look)
        self._wishes.wished.connect(self.wished)
        self._rows = QWidget()
        self._list = QVBoxLayout(self._rows)
        self._area = ScrolledColumn(look, self._rows)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.back = Button(look, _("Back"), Kind.SECONDARY, icon="undo", key=_KEY, height_mm=11)
        self.back.setObjectName("ways_back")
        self.back.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.back.clicked.connect(self.left)
        self._column = QVBoxLayout(self)
        self._column.addWidget(self._title)
        self._column.addWidget(self._wishes)
        self._column.addWidget(self._area, 1)
        self._column.addWidget(self.back)
        self.on_look_changed()

    def show_ways(self, model: WaysModel) -> None:
        """Show these ways; what is shown already stays in place."""
        if model == self._model:
            return
        self._model = model
        self._wishes.show_wish(model)
        while (item := self._list.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for number, choice in enumerate(model.choices, start=1):
            key = str(number) if number <= _MOST_KEYS else ""
            row = WayButton(self.look, model, choice, key)
            row.clicked.connect(lambda *_, account=choice.account: self.chosen.emit(account))
            self._list.addWidget(row)
        if not model.choices:
            words = _("Nobody takes it like this just now, for these reasons:")
            self._list.addWidget(Text(self.look, words, colour="text_muted", wraps=True))
        for left in model.left_out:
            self._list.addWidget(LeftOutLine(self.look, model, left))
        self._list.addStretch(1)

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(self.look.dp(theme.M))
        # The mark of where one is stands at the trailing edge, whichever that is.
        side, is_left = self.look.dp(theme.S), is_flipped(self)
        self._list.setContentsMargins(side if is_left else 0, 0, 0 if is_left else side, 0)
        self._list.setSpacing(self.look.metrics.gap)
        super().on_look_changed()
