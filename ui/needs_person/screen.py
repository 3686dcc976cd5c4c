"""The place "needs a person": the list beside the entry that was chosen."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from app.clock import Clock
from app.orders import Trouble
from ui import theme
from ui.i18n import _
from ui.kit.base import Part
from ui.kit.icon import Icon
from ui.kit.rows import ListCard, list_width
from ui.kit.text import Text
from ui.look import Look
from ui.needs_person.list_view import TroubleList
from ui.needs_person.panel import TroublePanel
from ui.theme import Type


class NeedsPersonScreen(Part):
    """What waits for a person, and what can be done about it.

    Signals:
        order_wanted (str): An order is to be shown in full.
    """

    order_wanted = Signal(str)

    def __init__(self, look: Look, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self.list = TroubleList(look, clock)
        self.panel = TroublePanel(look, clock)
        self.panel.order_wanted.connect(self.order_wanted)
        self._card = ListCard(look, self.list, _("Nothing else waits."))
        split = QWidget()
        self._row = QHBoxLayout(split)
        self._row.addWidget(self._card)
        self._row.addWidget(self.panel, 1)
        self._empty = _AllIsWell(look)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(split)
        self._stack.addWidget(self._empty)
        # The keyboard comes here with the place; the arrows then go to the list.
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.on_look_changed()

    @property
    def is_empty(self) -> bool:
        """Say whether it is shown that nothing waits."""
        return self._stack.currentIndex() == 1

    def show_rows(self, rows: list[Trouble], chosen: int | None) -> None:
        """Show the first entries and mark the one that was chosen; nothing moves."""
        self.list.refill(rows, chosen)
        self._arrange()

    def show_trouble(self, trouble: Trouble | None) -> None:
        """Show one entry in full."""
        self.panel.show_trouble(trouble)
        self._arrange()

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        dp = self.look.dp
        self._row.setContentsMargins(dp(theme.M), dp(theme.M), dp(theme.M), dp(theme.M))
        self._row.setSpacing(dp(theme.M))
        super().on_look_changed()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._card.setFixedWidth(list_width(self.look, self.width()))
        super().resizeEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Up, Qt.Key.Key_Down} and self.list.rows.rowCount():
            self.list.focus_current()
            return
        super().keyPressEvent(event)

    def _arrange(self) -> None:
        """Say that all is well where nothing waits and nothing is looked at."""
        has_any = bool(self.list.rows.rowCount())
        self._card.show_list(has_any)
        self._stack.setCurrentIndex(0 if has_any or self.panel.trouble is not None else 1)


class _AllIsWell(Part):
    """What stands here on a good day."""

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        centre = Qt.AlignmentFlag.AlignHCenter
        title = Text(look, _("All is well"), Type.TITLE)
        words = Text(
            look, _("No money waits for a decision. What does will stand here."),
            colour="text_muted",
        )  # fmt: skip
        self._column = QVBoxLayout(self)
        self._column.addStretch(1)
        self._column.addWidget(Icon(look, "done", theme.ICON_XL, "good"), 0, centre)
        self._column.addWidget(title, 0, centre)
        self._column.addWidget(words, 0, centre)
        self._column.addStretch(1)
        self.on_look_changed()

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        self._column.setSpacing(self.look.dp(theme.S))
        super().on_look_changed()
