"""What is known about a payment, said on a ground of its tone; an error says its whole mind."""

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.errors import ScantillError
from ui import theme
from ui.errors import error_words
from ui.kit.card import Card
from ui.kit.icon import Icon
from ui.kit.text import Text
from ui.look import Look
from ui.pay.state import Wording
from ui.theme import Type


class Statement(Card):
    """A title, a sentence, and below them an error's title, detail, money and what to do."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, "sunken", border=None, radius=theme.RADIUS_M, parent=parent)
        self.setObjectName("statement")
        self._icon = Icon(look, "clock", 24)
        self._title = Text(look, "", Type.BODY_STRONG, wraps=True)
        self._sentence = Text(look, "", Type.BODY, wraps=True)
        self._error = Text(look, "", Type.CAPTION, wraps=True)
        self._words = QVBoxLayout()
        for text in (self._title, self._sentence, self._error):
            self._words.addWidget(text)
        self._row = QHBoxLayout(self)
        self._row.addWidget(self._icon)
        self._row.addLayout(self._words, 1)
        self.on_look_changed()

    @property
    def title(self) -> str:
        """Give the title as it is shown."""
        return self._title.text()

    @property
    def sentence(self) -> str:
        """Give the sentence as it is shown."""
        return self._sentence.text()

    @property
    def error_text(self) -> str:
        """Give what is said of an error, or an empty text."""
        return self._error.text()

    def show_statement(
        self, words: Wording, error: ScantillError | None, *, is_brief: bool = False
    ) -> None:
        """Say what is known. `is_brief` lets an error take the sentence's place."""
        self.set_fill("sunken" if words.tone is theme.Tone.NEUTRAL else f"{words.tone}_soft")
        self._icon.set_icon(words.icon, _text_token(words.tone))
        self._title.setText(words.title)
        self._sentence.setText(words.sentence)
        said = ""
        if error is not None:
            error_says = error_words(error, self.look.formats)
            said = f"{error_says.title}. {error_says.below_title}"
        self._error.setText(said)
        self._error.setVisible(bool(said))
        self._sentence.setVisible(not (is_brief and said))
        self.setAccessibleName(f"{words.title}. {words.sentence} {said}".strip())
        self.updateGeometry()

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        dp = self.look.dp
        self._row.setContentsMargins(dp(theme.M), dp(theme.M), dp(theme.M), dp(theme.M))
        self._row.setSpacing(dp(theme.M))
        self._words.setSpacing(dp(theme.XS))
        super().on_look_changed()


def _text_token(tone: theme.Tone) -> str:
    return "text_muted" if tone is theme.Tone.NEUTRAL else tone.value
