"""A field to type into, with an icon, a way to clear it and a visible focus."""

from typing import Final

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QSpacerItem, QWidget

from ui import theme
from ui.i18n import _
from ui.kit.base import Part
from ui.kit.button import Button, Kind
from ui.kit.paint import ground, is_flipped, mirrored
from ui.look import Look
from ui.theme import Type

_WIDTH: Final = 260
_LEAST: Final = 160


class Field(Part):
    """A line of text to type. The text itself is `edit`, a QLineEdit.

    Signals:
        text_changed (str): At each key, with no delay.
        submitted (str): Enter was pressed.
    """

    text_changed = Signal(str)
    submitted = Signal(str)

    def __init__(
        self, look: Look, placeholder: str, *, icon: str = "search", parent: QWidget | None = None
    ) -> None:
        super().__init__(look, parent)
        self._icon = icon
        self.edit = QLineEdit(self)
        self.edit.setPlaceholderText(placeholder)
        self.edit.setAccessibleName(placeholder)
        self.edit.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.edit.textChanged.connect(self.text_changed)
        self.edit.returnPressed.connect(lambda: self.submitted.emit(self.edit.text()))
        self.edit.installEventFilter(self)
        self._clear = Button(look, _("Clear"), Kind.QUIET, icon="close", parent=self)
        self._clear.set_icon_only(True)
        self._clear.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._clear.clicked.connect(self.clear)
        self._clear.hide()
        self.edit.textChanged.connect(lambda text: self._clear.setVisible(bool(text)))
        self._row = QHBoxLayout(self)
        self._row.setSpacing(0)
        # A spacer and not a margin: it changes sides with the reading direction.
        self._icon_room = QSpacerItem(0, 0)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.addItem(self._icon_room)
        self._row.addWidget(self.edit, 1)
        self._row.addWidget(self._clear)
        self.setFocusProxy(self.edit)
        self._align()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.on_look_changed()

    @property
    def text(self) -> str:
        """Give what was typed."""
        return self.edit.text()

    def clear(self) -> None:
        """Empty the field."""
        self.edit.clear()

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        look = self.look
        self.edit.setFont(look.font(Type.BODY))
        self._icon_room.changeSize(look.dp(theme.M + theme.ICON_M + theme.S), 0)
        self._row.invalidate()
        super().on_look_changed()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.LayoutDirectionChange:
            self._align()

    def _align(self) -> None:
        """Begin at the icon, whatever direction what is typed has; Qt would follow the text."""
        right, left = Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignLeft
        side = right if is_flipped(self) else left
        self.edit.setAlignment(
            side | Qt.AlignmentFlag.AlignAbsolute | Qt.AlignmentFlag.AlignVCenter
        )

    def sizeHint(self) -> QSize:
        return QSize(self.look.dp(_WIDTH), self.look.metrics.touch)

    def minimumSizeHint(self) -> QSize:
        return QSize(self.look.dp(_LEAST), self.look.metrics.touch)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in {QEvent.Type.FocusIn, QEvent.Type.FocusOut}:
            self.update()
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        look, colours = self.look, self.look.theme
        rect = QRectF(self.rect())
        radius = look.dp(theme.RADIUS_M)
        if self.edit.hasFocus():
            ground(painter, rect, radius, colours.surface, colours.accent, look.dp(theme.RING))
        else:
            ground(painter, rect, radius, colours.surface, colours.line_strong)
        side = look.dp(theme.ICON_M)
        place = QRectF(look.dp(theme.M), (self.height() - side) // 2, side, side)
        look.icons.paint(painter, self._icon, colours.text_muted, mirrored(self, rect, place))
