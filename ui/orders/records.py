"""Subscriptions, refunds and disputes as listed: how much, how it stands, what there is to it."""

from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from app.domain.dispute import Dispute
from app.domain.dispute_words import reason_words
from app.domain.money import Money
from app.domain.refund import Refund, RefundState
from app.domain.subscription import SubscriptionState
from app.orders import Subscribed
from ui import theme
from ui.bidi import isolated
from ui.decide.words import refund_words
from ui.format import Formats
from ui.i18n import _, ngettext
from ui.kit.base import Part
from ui.kit.chip import StateChip
from ui.kit.text import Text
from ui.look import Look
from ui.orders.dispute_words import dispute_words, due_of, due_sentence
from ui.orders.subscription_words import subscription_words, what_comes
from ui.orders.telling import joined
from ui.pay.declines import decline_words
from ui.pay.recurring import price_words
from ui.theme import Tone, Type


@dataclass(frozen=True, slots=True)
class Record:
    """One row: an amount, where it stands as a word on its tone, and the rest in words."""

    amount: str
    state: tuple[str, Tone]
    words: str


def refund_record(refund: Refund, formats: Formats) -> Record:
    """Say who asked for a refund, why and when; and why it failed, if it did."""
    when = f"{formats.date(refund.seen_at)}, {formats.time(refund.seen_at)}"
    who = isolated(refund.asked_by) or _("Made at the provider")
    parts = [who, isolated(formats.message(refund.reason)), when]
    words = " · ".join(part for part in parts if part)
    if refund.state is RefundState.FAILED:
        why = formats.message(refund.words) or _("The provider gave no reason.")
        not_there = _("The customer does not have this money.")
        words = f"{words}\n{isolated(why)} {not_there}"
    return Record(formats.money(refund.amount), refund_words(refund.state), words)


def dispute_record(dispute: Dispute, now: datetime, formats: Formats) -> Record:
    """Say why a payment is disputed, by when it is to be answered, and what the bank has taken."""
    due = due_of(dispute, now, formats)
    words = [formats.message(reason_words(dispute.reason))]
    if due is not None:
        words.append(due_sentence(due))
    if dispute.withdrawn_minor > 0:
        taken = formats.money(Money(dispute.withdrawn_minor, dispute.amount.currency))
        words.append(_("{amount} was taken from the shop.").format(amount=taken))
    return Record(formats.money(dispute.amount), dispute_words(dispute.state), " ".join(words))


def subscription_record(subscribed: Subscribed, formats: Formats) -> Record:
    """Say when a subscription is paid next or when it ends, and what came of it so far."""
    subscription = subscribed.subscription
    parts = [what_comes(subscription, formats)]
    if subscription.decline and subscription.state is SubscriptionState.PAST_DUE:
        parts.append(decline_words(subscription.decline))
    count = len(subscribed.renewals)
    if count:
        renewed = ngettext("{count} renewal, {amount}", "{count} renewals, {amount}", count)
        total = Money(
            sum(one.amount.minor for one in subscribed.renewals), subscription.amount.currency
        )
        parts.append(renewed.format(count=formats.count(count), amount=formats.money(total)))
    # Apart, so that no line ends with the dot before it: a provider's id is long and breaks badly.
    words = "\n".join(filter(None, (joined(*parts), isolated(subscription.subscription_id))))
    price = price_words(subscription.amount, subscription.interval, formats)
    return Record(price, subscription_words(subscription), words)


class RecordRows(Part):
    """Records under a title, oldest first; without any it takes no room."""

    def __init__(self, look: Look, title: str, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setColumnStretch(2, 1)
        self._grid.addWidget(Text(look, title, Type.BODY_STRONG), 0, 0, 1, 3)
        self._parts: list[QWidget] = []
        self.records: list[Record] = []
        self.hide()
        self.on_look_changed()

    def show_records(self, records: list[Record]) -> None:
        """Show these and no others."""
        self.setVisible(bool(records))
        if records == self.records:
            return
        self.records = records
        for part in self._parts:
            self._grid.removeWidget(part)
            part.hide()
            part.deleteLater()
        self._parts = []
        for number, record in enumerate(records):
            self._add(3 * number + 1, record)

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        self._grid.setHorizontalSpacing(self.look.dp(theme.M))
        self._grid.setVerticalSpacing(self.look.dp(theme.XS))
        super().on_look_changed()

    def _add(self, row: int, record: Record) -> None:
        look = self.look
        amount = Text(look, record.amount, Type.BODY_STRONG, tabular=True)
        chip = StateChip(look, *record.state)
        words = Text(look, record.words, Type.CAPTION, colour="text_muted", wraps=True)
        end = Qt.AlignmentFlag.AlignTrailing | Qt.AlignmentFlag.AlignVCenter
        self._grid.addWidget(amount, row, 0, end)
        self._grid.addWidget(chip, row, 1, Qt.AlignmentFlag.AlignLeading)
        self._grid.addWidget(words, row + 1, 0, 1, 3)
        self._grid.setRowMinimumHeight(row + 2, look.dp(theme.XS))
        self._parts += [amount, chip, words]
