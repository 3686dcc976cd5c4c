"""By when an entry wants an answer, as a field of its own: the day, and how much time is left."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ui import theme
from ui.i18n import _
from ui.kit.base import Part
from ui.kit.chip import StateChip
from ui.kit.icon import Icon
from ui.kit.text import Text
from ui.look import Look
from ui.orders.dispute_words import Due
from ui.theme import Type


class DueField(Part):
    """The last day in large letters, and what is left of the time on its tone."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._icon = Icon(look, "clock", theme.ICON_L)
        self._label = Text(look, _("To be answered by"), Type.CAPTION_STRONG, colour="text_muted")
        self._date = Text(look, "", Type.BODY_STRONG, tabular=True)
        self._chip = StateChip(look)
        self._words = QVBoxLayout()
        self._words.addWidget(self._label)
        self._words.addWidget(self._date)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        middle = Qt.AlignmentFlag.AlignVCenter
        self._row.addWidget(self._icon, 0, middle)
        self._row.addLayout(self._words)
        self._row.addWidget(self._chip, 0, middle)
        self._row.addStretch(1)
        self.hide()
        self.on_look_changed()

    @property
    def words(self) -> str:
        """Give all that is said, or nothing where no answer is due."""
        return "" if self.isHidden() else self.accessibleName()

    def show_due(self, due: Due | None) -> None:
        """Say by when to answer; where nothing is due, take no room."""
        self.setVisible(due is not None)
        if due is not None:
            self._icon.set_icon("clock", due.tone.value)
            self._date.setText(due.date)
            self._chip.set_state(due.left, due.tone)
            self.setAccessibleName(f"{self._label.text()} {due.date}, {due.left}")

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        self._row.setSpacing(self.look.dp(theme.M))
        self._words.setSpacing(0)
        super().on_look_changed()
