"""What waits for a person, as an order's detail tells it, and the way to clear it up."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.domain.resolution import Action
from app.orders import Trouble
from ui import theme
from ui.i18n import _
from ui.kit.button import Button, Kind
from ui.kit.card import Card
from ui.kit.icon import Icon
from ui.kit.text import Text
from ui.look import Look
from ui.needs_person.words import trouble_words
from ui.theme import Type


class ExceptionCard(Card):
    """One entry: what happened, how much, whether money moved, and what leads on.

    Signals:
        trouble_wanted (int): The entry with this id is to be shown in full.
        refund_wanted (int): The money of this entry is to be given back.
    """

    trouble_wanted = Signal(int)
    refund_wanted = Signal(int)

    def __init__(self, look: Look, trouble: Trouble, parent: QWidget | None = None) -> None:
        words = trouble_words(trouble.case)
        tone = words.tone.value
        super().__init__(look, f"{tone}_soft", border=None, radius=theme.RADIUS_M, parent=parent)
        entry = trouble.case.exception
        column = QVBoxLayout()
        column.setSpacing(look.dp(theme.XS))
        amount = look.formats.money(entry.amount)
        column.addWidget(Text(look, f"{words.title} · {amount}", Type.BODY_STRONG, wraps=True))
        column.addWidget(Text(look, f"{words.happened} {words.money}", wraps=True))
        if entry.detail:
            detail = look.formats.message(entry.detail)
            column.addWidget(Text(look, detail, Type.CAPTION, wraps=True))
        clear_up = Button(look, _("Clear up"), Kind.SECONDARY)
        clear_up.setObjectName(f"clear_up_{entry.id}")
        clear_up.clicked.connect(lambda: self.trouble_wanted.emit(entry.id))
        buttons = QVBoxLayout()
        buttons.setSpacing(look.metrics.gap)
        buttons.addWidget(clear_up)
        if any(way.action is Action.REFUND and way.is_open for way in trouble.ways):
            refund = Button(look, _("Refund"), Kind.SECONDARY, icon="giveback")
            refund.setObjectName(f"refund_held_{entry.id}")
            refund.clicked.connect(lambda: self.refund_wanted.emit(entry.id))
            buttons.addWidget(refund)
        buttons.addStretch(1)
        row = QHBoxLayout(self)
        pad = look.dp(theme.M)
        row.setContentsMargins(pad, pad, pad, pad)
        row.setSpacing(pad)
        row.addWidget(Icon(look, words.icon, theme.ICON_L, tone), 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(column, 1)
        row.addLayout(buttons)
