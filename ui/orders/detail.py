"""One order in full: state, what needs a person, lines, how it was paid, and its story."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from app.clock import Clock
from app.domain.renewal import EndWanted, Subscription
from app.orders import OrderDetail
from ui import theme
from ui.accounts import account_label
from ui.bidi import isolated
from ui.decide.form import DecisionForm
from ui.decide.result import ResultCard
from ui.decide.words import Ask, Outcome, refund_of_order
from ui.i18n import _
from ui.kit.base import Part
from ui.kit.button import Button, Kind, pressed_by_enter
from ui.kit.card import Card
from ui.kit.chip import StateChip
from ui.kit.icon import Icon
from ui.kit.scroll import ScrolledColumn
from ui.kit.text import ElidedText, Text
from ui.look import Look
from ui.orders.exception_card import ExceptionCard
from ui.orders.heading import Heading
from ui.orders.records import RecordRows, dispute_record, refund_record, subscription_record
from ui.orders.rows import SnapshotTable, Story
from ui.orders.subscription_words import end_of_subscription
from ui.orders.words import state_words, story_of
from ui.pay.scan import has_page
from ui.theme import Type

EndsOf = Callable[[Subscription], tuple[EndWanted, ...]]
"""Says which ends of a subscription can be asked for now."""
_WIDEST = 860
"""A line longer than this is hard to follow from name to amount."""


class OrderPanel(Card):
    """Shows one order, or an invitation to choose one.

    Signals:
        continue_wanted (str): The payment of this order is to be taken up again.
        trouble_wanted (int): An entry of the list "needs a person" is to be shown in full.
        refund_wanted (int): The money that an entry of that list is about is to be given back.
    """

    continue_wanted = Signal(str)
    trouble_wanted = Signal(int)
    refund_wanted = Signal(int)

    def __init__(
        self, look: Look, clock: Clock, ends_of: EndsOf, parent: QWidget | None = None
    ) -> None:
        super().__init__(look, parent=parent)
        self._clock = clock
        self._ends_of = ends_of
        self._order_id = ""
        self._title = Text(look, "", Type.HEADLINE, tabular=True)
        self._chip = StateChip(look)
        self._when = ElidedText(look, "", Type.BODY, colour="text_muted", tabular=True)
        self.resume = Button(look, _("Continue payment"), Kind.PRIMARY, icon="forward", key="F5")
        self.resume.setObjectName("continue_payment")
        self.resume.clicked.connect(lambda: self.continue_wanted.emit(self._order_id))
        self.refund = Button(look, _("Refund"), Kind.SECONDARY, icon="giveback", key="F6")
        self.refund.setObjectName("refund")
        self.refund.clicked.connect(lambda: self._open_form(self._ask))
        self.end = Button(look, _("End subscription"), Kind.SECONDARY, icon="cancelled", key="F7")
        self.end.setObjectName("end_subscription")
        self.end.clicked.connect(lambda: self._open_form(self._end_ask))
        self.result = ResultCard(look)
        self.form = DecisionForm(look)
        self.form.ended.connect(self._on_ended)
        self.form.grown.connect(self._show_form)
        self.form.closed.connect(self._on_form_closed)
        self._ask: Ask | None = None
        self._end_ask: Ask | None = None
        self._opened_by: Button | None = None
        self._exceptions = QVBoxLayout()
        self.subscriptions = RecordRows(look, _("Subscription"))
        self.refunds = RecordRows(look, _("Refunds"))
        self.disputes = RecordRows(look, _("Disputes"))
        self._table = SnapshotTable(look)
        self._paid_by = Text(look, "", Type.BODY, colour="text_muted", tabular=True, wraps=True)
        self._story_title = Text(look, _("What happened"), Type.BODY_STRONG)
        self._story = Story(look)
        self._stack = QStackedLayout(self)
        self._nothing = _Nothing(look)
        self._stack.addWidget(self._nothing)
        self._stack.addWidget(self._make_page())
        # The keyboard comes back here once a form is done.
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.on_look_changed()

    @property
    def order_id(self) -> str:
        """Give the id of the order that is shown, or an empty text."""
        return self._order_id

    def invite(self, is_any: bool) -> None:
        """Ask to choose an order, as long as none is shown; not where there is none to choose."""
        self._nothing.set_inviting(is_any)

    def show_order(self, detail: OrderDetail | None) -> None:
        """Show an order; None shows none."""
        if detail is None or detail.order.id != self._order_id:
            self.form.close_form()
            self.result.show_outcome(None)
        if detail is None:
            self._order_id = ""
            self._stack.setCurrentIndex(0)
            return
        order, formats = detail.order, self.look.formats
        is_other = order.id != self._order_id
        self._order_id = order.id
        self._ask = refund_of_order(detail, formats)
        ends = {
            one.subscription.id: self._ends_of(one.subscription) for one in detail.subscriptions
        }
        self._end_ask = end_of_subscription(detail, ends, formats)
        self._show_asks()
        self._title.setText(_("Order {number}").format(number=order.number))
        self._chip.set_state(*state_words(order.state))
        when = f"{formats.date(order.created_at)}, {formats.time(order.created_at)}"
        if order.receipt_number is not None:
            receipt = _("Receipt {number}").format(number=order.receipt_number)
            when = f"{when} · {receipt}"
        self._when.set_text(when)
        self.resume.setVisible(detail.can_go_on)
        self._show_exceptions(detail)
        self.subscriptions.show_records(
            [subscription_record(one, formats) for one in detail.subscriptions]
        )
        self.refunds.show_records([refund_record(one, formats) for one in detail.refunds])
        now = self._clock.now()
        self.disputes.show_records([dispute_record(one, now, formats) for one in detail.disputes])
        self._table.show_snapshot(order.snapshot)
        paid_by = " · ".join(
            _("{amount} by {account}").format(
                amount=formats.money(tender.amount),
                account=isolated(account_label(tender.account)),
            )
            for tender in detail.tenders
        )
        self._paid_by.setText(paid_by)
        self._paid_by.setVisible(bool(paid_by))
        codes = {one.id for one in detail.attempts if one.url and not has_page(one.url)}
        self._story.show_entries(story_of(detail.history, formats, detail.decisions, codes))
        self._stack.setCurrentIndex(1)
        if is_other:
            self._scroll.verticalScrollBar().setValue(0)

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        dp = self.look.dp
        self._column.setContentsMargins(dp(theme.XL), dp(theme.L), dp(theme.XL), dp(theme.XL))
        self._column.setSpacing(dp(theme.L))
        self._content.setMaximumWidth(dp(_WIDEST))
        self._exceptions.setSpacing(dp(theme.S))
        self._subscribed.setSpacing(dp(theme.M))
        super().on_look_changed()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not pressed_by_enter(event):
            super().keyPressEvent(event)

    def _make_page(self) -> QWidget:
        content = QWidget()
        self._column = QVBoxLayout(content)
        words, buttons = (self._title, self._chip), (self.refund, self.resume)
        self.heading = Heading(self.look, words, buttons)
        self._column.addWidget(self.heading)
        self._column.addWidget(self._when)
        self._column.addWidget(self.result)
        self._column.addWidget(self.form)
        self._column.addLayout(self._exceptions)
        self._column.addWidget(self._table)
        self._column.addWidget(self._paid_by)
        self._subscribed = QHBoxLayout()
        self._subscribed.addWidget(self.subscriptions, 1)
        self._subscribed.addWidget(self.end, 0, Qt.AlignmentFlag.AlignTop)
        self._column.addLayout(self._subscribed)
        self._column.addWidget(self.refunds)
        self._column.addWidget(self.disputes)
        self._column.addWidget(self._story_title)
        self._column.addWidget(self._story)
        self._column.addStretch(1)
        page = QWidget()
        row = QHBoxLayout(page)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(content, 100)
        row.addStretch(1)
        self._content = content
        self._scroll = ScrolledColumn(self.look, page)
        return self._scroll

    def _show_exceptions(self, detail: OrderDetail) -> None:
        while (item := self._exceptions.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for trouble in detail.troubles:
            if trouble.case.exception.resolved_at is None:
                card = ExceptionCard(self.look, trouble)
                card.trouble_wanted.connect(self.trouble_wanted)
                card.refund_wanted.connect(self.refund_wanted)
                self._exceptions.addWidget(card)

    # --- giving money back, and ending what is paid again ----------------------------------

    def _show_asks(self) -> None:
        is_free = self.form.ask is None
        self.refund.setVisible(is_free and self._ask is not None)
        self.end.setVisible(is_free and self._end_ask is not None)

    def _open_form(self, ask: Ask | None) -> None:
        if ask is not None:
            self._opened_by = self.refund if ask is self._ask else self.end
            self.result.show_outcome(None)
            self.form.open(ask)
            self._show_asks()
            self._show_form()

    def _show_form(self) -> None:
        self._scroll.bring_into_sight(self.form, self.look.dp(theme.S))

    def _on_ended(self, outcome: Outcome) -> None:
        self.result.show_outcome(outcome)
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        self._scroll.verticalScrollBar().setValue(0)

    def _on_form_closed(self, had_keyboard: bool) -> None:
        self._show_asks()
        button = self._opened_by
        if had_keyboard and button is not None and not button.isHidden():
            button.setFocus(Qt.FocusReason.OtherFocusReason)


class _Nothing(Part):
    """What stands in the panel's place before an order is chosen."""

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        column = QVBoxLayout(self)
        column.addStretch(1)
        icon = Icon(look, "orders", theme.ICON_XL, "text_muted")
        self._words = ElidedText(
            look, _("Choose an order to see all of it"), colour="text_muted", centred=True
        )
        column.addWidget(icon, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self._words)
        column.addStretch(1)

    def set_inviting(self, is_inviting: bool) -> None:
        """Show the invitation, or the icon alone."""
        self._words.setVisible(is_inviting)
