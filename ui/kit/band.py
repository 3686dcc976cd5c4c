"""A band within a screen: what holds for as long as it stands there, and takes no room otherwise.

News that passes is a `Notice`; what can be read at leisure and has to be seen again is a band.
"""

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from ui import theme
from ui.kit.button import Button, Kind
from ui.kit.card import Card
from ui.kit.icon import Icon
from ui.kit.scroll import ScrolledColumn
from ui.kit.text import ElidedText, Text
from ui.look import Look
from ui.theme import Tone, Type

_ICONS = {Tone.WARNING: "alert", Tone.DANGER: "alert"}
_MORE_SHARE = 0.4


class Band(Card):
    """Title, some words and one line below; with `more` there is a button that shows all of it."""

    def __init__(
        self,
        look: Look,
        tone: Tone,
        *,
        show: str = "",
        hide: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(
            look, f"{tone.value}_soft", border=None, radius=theme.RADIUS_M, parent=parent
        )
        self._show, self._hide = show, hide
        self._room = look.metrics.touch
        self._icon = Icon(look, _ICONS.get(tone, "info"), theme.ICON_L, tone.value)
        self._title = Text(look, "", Type.BODY_STRONG, wraps=True)
        self._words = Text(look, "", Type.CAPTION, wraps=True)
        self._line = ElidedText(look, "", Type.CAPTION_STRONG)
        self._more = Text(look, "", Type.CAPTION, wraps=True)
        self._more.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._more.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeading)
        self._list = ScrolledColumn(look, self._more)
        self._list.hide()
        self.button = Button(look, show, Kind.SECONDARY)
        self.button.setObjectName("band_more")
        self.button.clicked.connect(self._on_button)
        self._column = QVBoxLayout()
        self._column.addWidget(self._title)
        self._column.addWidget(self._words)
        self._column.addWidget(self._line)
        self._column.addWidget(self._list)
        self._row = QHBoxLayout(self)
        self._row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        self._row.addLayout(self._column, 1)
        self._row.addWidget(self.button, 0, Qt.AlignmentFlag.AlignTop)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self.hide()
        self.on_look_changed()

    @property
    def title(self) -> str:
        """Give the first line."""
        return self._title.text()

    @property
    def words(self) -> str:
        """Give what stands below the title."""
        return "\n".join(part for part in (self._words.text(), self._line.text) if part)

    @property
    def more(self) -> str:
        """Give what the button shows."""
        return self._more.text()

    @property
    def is_open(self) -> bool:
        """Say whether all of it is shown."""
        return self._list.isVisibleTo(self)

    def tell(self, title: str, words: str, line: str = "", more: str = "") -> None:
        """Show these words, in place of others that may stand there."""
        self._title.setText(title)
        self._words.setText(words)
        self._words.setVisible(bool(words))
        self._line.set_text(line)
        self._more.setText(more)
        self.button.setVisible(bool(more))
        self._open(is_open=self.is_open and bool(more))
        self.setAccessibleName(" ".join(part for part in (title, words, line) if part))
        self.show()

    def clear(self) -> None:
        """Take the band away."""
        self._open(is_open=False)
        self.hide()

    def set_room(self, height: int) -> None:
        """Say how high the screen is, of which the open list takes a part at most."""
        self._room = max(self.look.metrics.touch, round(height * _MORE_SHARE))
        self._fit()

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        dp = self.look.dp
        self._row.setContentsMargins(dp(theme.M), dp(theme.S), dp(theme.S), dp(theme.S))
        self._row.setSpacing(dp(theme.M))
        self._column.setContentsMargins(0, dp(theme.XXS), 0, dp(theme.XXS))
        self._column.setSpacing(dp(theme.XXS))
        super().on_look_changed()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        needed = max(0, self._more.heightForWidth(max(1, self._title.width())))
        self._list.setFixedHeight(min(needed, self._room))

    def _on_button(self) -> None:
        self._open(is_open=not self.is_open)

    def _open(self, *, is_open: bool) -> None:
        self._fit()
        self._list.setVisible(is_open)
        self._line.setVisible(bool(self._line.text) and not is_open)
        self.button.set_label(self._hide if is_open else self._show)
