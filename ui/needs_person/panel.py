"""One entry in full: what happened, the amounts, its order, and the ways out with their form."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.clock import Clock
from app.domain.resolution import Action, WayOut
from app.orders import Trouble
from ui import theme
from ui.bidi import isolated
from ui.decide.form import DecisionForm
from ui.decide.result import ResultCard
from ui.decide.words import Outcome, asked_of
from ui.i18n import _
from ui.kit.button import Button, Kind, pressed_by_enter
from ui.kit.card import Card
from ui.kit.chip import StateChip
from ui.kit.figures import Figures
from ui.kit.scroll import ScrolledColumn
from ui.kit.text import ElidedText, Text
from ui.look import Look
from ui.needs_person.due_field import DueField
from ui.needs_person.statement import TroubleStatement
from ui.needs_person.ways import WaysOut
from ui.needs_person.words import (
    TroubleWords,
    figures,
    recommended,
    resolution_words,
    told_of_dispute,
    trouble_words,
)
from ui.orders.dispute_words import due_of
from ui.orders.records import RecordRows, refund_record
from ui.orders.words import state_words
from ui.theme import Type

_WIDEST = 860


class TroublePanel(Card):
    """Shows one entry of the list.

    Signals:
        order_wanted (str): The order of the entry is to be shown in full.
    """

    order_wanted = Signal(str)

    def __init__(self, look: Look, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(look, parent=parent)
        self._clock = clock
        self._trouble: Trouble | None = None
        self._chosen = Action.ACCEPT
        self._title = Text(look, "", Type.HEADLINE, wraps=True)
        self._chip = StateChip(look)
        self._since = Text(look, "", colour="text_muted", tabular=True, wraps=True)
        self.result = ResultCard(look)
        self.statement = TroubleStatement(look)
        self.due = DueField(look)
        self.figures = Figures(look)
        self._order_title = Text(look, "", Type.BODY_STRONG, wraps=True)
        self._order_lines = ElidedText(look, "", Type.CAPTION, colour="text_muted", lines=2)
        self.order_button = Button(look, _("Show order"), Kind.SECONDARY, icon="orders", key="F9")
        self.order_button.setObjectName("show_order")
        self.order_button.clicked.connect(self._on_order)
        self.refunds = RecordRows(look, _("Refunds"))
        self._ways_title = Text(look, _("What can be done"), Type.BODY_STRONG)
        self.ways = WaysOut(look)
        self.ways.chosen.connect(self._on_way)
        self.form = DecisionForm(look)
        self.form.ended.connect(self._on_ended)
        self.form.closed.connect(self._on_closed)
        self.form.grown.connect(self._show_form)
        self._lay_out()
        # The keyboard comes back here once a form is done; Tab goes on from the first button.
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.on_look_changed()

    @property
    def trouble(self) -> Trouble | None:
        """Give the entry that is shown."""
        return self._trouble

    def show_trouble(self, trouble: Trouble | None) -> None:
        """Show an entry as it is now; a form that is open on it stays open."""
        is_other = _id(trouble) != _id(self._trouble)
        self._trouble = trouble
        if is_other:
            self.form.close_form()
            self.result.show_outcome(None)
        self._content.setVisible(trouble is not None)
        if trouble is None:
            return
        entry, formats = trouble.case.exception, self.look.formats
        words = self._show_statement(trouble)
        self._title.setText(words.title)
        self._chip.set_state(words.state, words.tone)
        since = f"{formats.date(entry.opened_at)}, {formats.time(entry.opened_at)}"
        self._since.setText(_("Since {moment}").format(moment=since))
        self.figures.show_rows(figures(trouble.case, formats))
        self._show_order(trouble)
        self.refunds.show_records([refund_record(one, formats) for one in trouble.refunds])
        self.ways.show_ways(trouble.ways, recommended(trouble.case.exception.kind))
        self.ways.tab_after(self.order_button)
        self._close_what_is_closed(trouble)
        self._show_ways()
        if is_other:
            self._scroll.verticalScrollBar().setValue(0)

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        dp = self.look.dp
        self._column.setContentsMargins(dp(theme.XL), dp(theme.L), dp(theme.XL), dp(theme.L))
        self._column.setSpacing(dp(theme.M))
        self._head.setSpacing(dp(theme.XXS))
        self._header.setSpacing(dp(theme.M))
        self._beside.setSpacing(dp(theme.XL))
        # Its first line stands level with the first of the figures beside it.
        self._order_words.setContentsMargins(0, dp(theme.XXS), 0, 0)
        self._order_words.setSpacing(dp(theme.XS + theme.XXS))
        self._content.setMaximumWidth(dp(_WIDEST))
        super().on_look_changed()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not pressed_by_enter(event):
            super().keyPressEvent(event)

    # --- construction ---------------------------------------------------------------------

    def _lay_out(self) -> None:
        self._content = QWidget()
        self._column = QVBoxLayout(self._content)
        self._header = QHBoxLayout()
        self._header.addWidget(self._title, 1)
        self._header.addWidget(self._chip, 0, Qt.AlignmentFlag.AlignVCenter)
        self._head = QVBoxLayout()
        self._head.addLayout(self._header)
        self._head.addWidget(self._since)
        self._column.addLayout(self._head)
        self._order = QWidget()
        self._order.setObjectName("order_in_short")
        self._order_words = QVBoxLayout(self._order)
        self._order_words.addWidget(self._order_title)
        self._order_words.addWidget(self._order_lines)
        self._order_words.addWidget(self.order_button, 0, Qt.AlignmentFlag.AlignLeading)
        self._order_words.addStretch(1)
        self._beside = QHBoxLayout()
        self._beside.addWidget(self.figures, 1, Qt.AlignmentFlag.AlignTop)
        self._beside.addWidget(self._order, 1)
        for part in (
            self.result,
            self.statement,
            self.due,
            self.refunds,
            self._ways_title,
            self.ways,
            self.form,
        ):
            self._column.addWidget(part)
        self._column.insertLayout(self._column.indexOf(self.refunds), self._beside)
        self._column.addStretch(1)
        page = QWidget()
        row = QHBoxLayout(page)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._content, 100)
        row.addStretch(1)
        self._scroll = ScrolledColumn(self.look, page)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._scroll)
        self._content.hide()

    # --- how it stands --------------------------------------------------------------------

    def _show_statement(self, trouble: Trouble) -> TroubleWords:
        """Say what happened; of a dispute, what its own record says of it today."""
        entry, dispute, formats = trouble.case.exception, trouble.dispute, self.look.formats
        words, detail, due = trouble_words(trouble.case), formats.message(entry.detail), None
        if dispute is not None and entry.resolved_at is None:
            due = due_of(dispute, self._clock.now(), formats)
            words = told_of_dispute(words, dispute, due, formats)
            detail = _("Dispute {id}").format(id=isolated(dispute.dispute_id))
        self.due.show_due(due)
        self.statement.show_words(words, detail, resolution_words(trouble, formats))
        return words

    def _show_order(self, trouble: Trouble) -> None:
        order, formats = trouble.case.order, self.look.formats
        self._order.setVisible(order is not None)
        if order is None:
            return
        self._order_title.setText(
            _("Order {number} · {state} · {amount}").format(
                number=order.number,
                state=state_words(order.state)[0],
                amount=formats.money(order.total),
            )
        )
        self._order_lines.set_text(
            ", ".join(
                f"{formats.count(line.quantity)}\N{NO-BREAK SPACE}\N{MULTIPLICATION SIGN}"
                f"\N{NO-BREAK SPACE}{isolated(line.name)}"
                for line in order.snapshot.lines
            )
        )

    def _close_what_is_closed(self, trouble: Trouble) -> None:
        """Take the form away where somebody else was quicker; one that is busy tells itself."""
        ask = self.form.ask
        if ask is None or self.form.is_busy:
            return
        way = next(way for way in trouble.ways if way.action is ask.action)
        if not way.is_open:
            self.form.close_form()

    def _show_ways(self) -> None:
        """Show the ways, or in their place the form that one of them opened."""
        trouble = self._trouble
        is_asking = self.form.ask is not None
        # While money of it is on its way back, nothing can be done but wait; that is said above.
        can_choose = trouble is not None and any(way.is_open for way in trouble.ways)
        for part in (self._ways_title, self.ways):
            part.setVisible(can_choose and not is_asking)

    # --- what a person does ---------------------------------------------------------------

    def open_way(self, action: Action) -> None:
        """Open the form of one of the ways, where it is open and nothing is asked already."""
        ways = self._trouble.ways if self._trouble is not None else ()
        way = next((way for way in ways if way.action is action and way.is_open), None)
        if way is not None and self.form.ask is None:
            self._on_way(way)

    def _on_order(self) -> None:
        if self._trouble is not None and self._trouble.case.order is not None:
            self.order_wanted.emit(self._trouble.case.order.id)

    def _on_way(self, way: WayOut) -> None:
        if self._trouble is None:
            return
        self._chosen = way.action
        self.result.show_outcome(None)
        self.form.open(asked_of(self._trouble.case, way.action, way.effect, self.look.formats))
        self._show_ways()
        self._show_form()

    def _on_closed(self, had_keyboard: bool) -> None:
        self._show_ways()
        if had_keyboard and not self.ways.isHidden():
            self.ways.focus_at(self._chosen)

    def _on_ended(self, outcome: Outcome) -> None:
        self.result.show_outcome(outcome)
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        self._scroll.verticalScrollBar().setValue(0)

    def _show_form(self) -> None:
        self._scroll.bring_into_sight(self.form, self.look.dp(theme.S))


def _id(trouble: Trouble | None) -> int | None:
    return None if trouble is None else trouble.case.exception.id
