"""An entry in words: what happened, whether money moved, and what to do."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ui import theme
from ui.kit.card import Card
from ui.kit.icon import Icon
from ui.kit.text import Text
from ui.look import Look
from ui.needs_person.words import TroubleWords
from ui.theme import Type


class TroubleStatement(Card):
    """The words on their tone; what the books say besides stands below in small letters."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, "warning_soft", border=None, radius=theme.RADIUS_M, parent=parent)
        self._icon = Icon(look, "person", theme.ICON_L)
        self._happened = Text(look, "", wraps=True)
        self._to_do = Text(look, "", Type.BODY_STRONG, wraps=True)
        self._detail = Text(look, "", Type.CAPTION, wraps=True)
        self._words = QVBoxLayout()
        for part in (self._happened, self._to_do, self._detail):
            self._words.addWidget(part)
        self._row = QHBoxLayout(self)
        self._row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        self._row.addLayout(self._words, 1)
        self.on_look_changed()

    @property
    def text(self) -> str:
        """Give all that is said."""
        shown = (part for part in (self._happened, self._to_do, self._detail) if part.text())
        return "\n".join(part.text() for part in shown)

    def show_words(self, words: TroubleWords, detail: str, decided: str) -> None:
        """Show an entry's words; `decided` says how it was cleared up, if it was."""
        self.set_fill(f"{words.tone.value}_soft")
        self._icon.set_icon(words.icon, words.tone.value)
        happened = " ".join(part for part in (words.happened, words.money) if part)
        self._happened.setText(happened)
        self._to_do.setText(decided or words.to_do)
        self._to_do.setVisible(bool(self._to_do.text()))
        self._detail.setText(detail)
        self._detail.setVisible(bool(detail))
        self.setAccessibleName(self.text)

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        dp = self.look.dp
        self._row.setContentsMargins(dp(theme.M), dp(theme.M), dp(theme.M), dp(theme.M))
        self._row.setSpacing(dp(theme.M))
        self._words.setSpacing(dp(theme.XS))
        super().on_look_changed()
