"""What came of a decision, said where it was taken."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ui import theme
from ui.decide.words import Outcome
from ui.kit.card import Card
from ui.kit.icon import Icon
from ui.kit.text import Text
from ui.look import Look
from ui.theme import Type


class ResultCard(Card):
    """Icon, title and detail on the tone of the outcome; not there while there is none."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, "good_soft", border=None, radius=theme.RADIUS_M, parent=parent)
        self.setObjectName("result")
        self._icon = Icon(look, "done", theme.ICON_L)
        self._title = Text(look, "", Type.BODY_STRONG, wraps=True)
        self._detail = Text(look, "", wraps=True)
        self._words = QVBoxLayout()
        self._words.addWidget(self._title)
        self._words.addWidget(self._detail)
        self._row = QHBoxLayout(self)
        self._row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        self._row.addLayout(self._words, 1)
        self.hide()
        self.on_look_changed()

    @property
    def title(self) -> str:
        """Give the first line, or nothing where nothing is shown."""
        return "" if self.isHidden() else self._title.text()

    @property
    def detail(self) -> str:
        """Give the rest of the words."""
        return self._detail.text()

    def show_outcome(self, outcome: Outcome | None) -> None:
        """Say what came of it; None says nothing."""
        if outcome is None:
            self.hide()
            return
        self.set_fill(f"{outcome.tone.value}_soft")
        self._icon.set_icon(outcome.icon, outcome.tone.value)
        self._title.setText(outcome.title)
        self._detail.setText(outcome.detail)
        self._detail.setVisible(bool(outcome.detail))
        self.setAccessibleName(f"{outcome.title}. {outcome.detail}")
        self.show()

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        dp = self.look.dp
        self._row.setContentsMargins(dp(theme.M), dp(theme.M), dp(theme.M), dp(theme.M))
        self._row.setSpacing(dp(theme.M))
        self._words.setSpacing(dp(theme.XXS))
        super().on_look_changed()
