"""What a person has to know of the till's own books: a band on top for as long as it holds."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.errors import BooksDamaged
from app.status import BooksState
from ui import theme
from ui.i18n import _
from ui.kit.band import Band
from ui.look import Look
from ui.theme import Tone


class BooksBanner(QWidget):
    """Says that the books cannot be written, or wait to be reconciled: nothing is sold then."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.trouble = Band(look, Tone.DANGER)
        self.restored = Band(look, Tone.WARNING)
        self._column = QVBoxLayout(self)
        for band in (self.trouble, self.restored):
            band.setObjectName("books_banner")
            self._column.addWidget(band)
        self.hide()
        look.changed.connect(self._measure)
        self._measure()

    def show_books(self, books: BooksState) -> None:
        """Tell how they stand; where all is well, take no room."""
        trouble = books.trouble
        if trouble is None:
            self.trouble.clear()
        else:
            words = self._look.formats.message(trouble.action)
            if isinstance(trouble, BooksDamaged):
                words = _("Nothing is sold with them. Start the till again: it offers a backup.")
            self.trouble.tell(self._look.formats.message(trouble.title), words)
        if books.must_reconcile and trouble is None:
            self.restored.tell(
                _("The books were restored"),
                _(
                    "The till asks the provider what is missing in them before it sells. "
                    "That takes a network and some moments."
                ),
            )
        else:
            self.restored.clear()
        self.setVisible(not (self.trouble.isHidden() and self.restored.isHidden()))

    def _measure(self) -> None:
        dp = self._look.dp
        self._column.setContentsMargins(dp(theme.M), dp(theme.S), dp(theme.M), dp(theme.S))
        self._column.setSpacing(self._look.metrics.gap)
