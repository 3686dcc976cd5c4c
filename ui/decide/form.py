"""The form in which a person decides: who, why and, where it is needed, how much or which order.

It stands in the panel that it is about. Nothing is done before its one button is pressed, and
nothing is said to be done before the books have it.
"""

import uuid
from itertools import pairwise
from typing import Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from app.domain.resolution import Action
from ui import theme
from ui.decide.choices import Choices
from ui.decide.fields import Entry, Suggestions
from ui.decide.how_much import HowMuch
from ui.decide.result import ResultCard
from ui.decide.words import Ask, Draft, Outcome, Target, assigning, giving_back, suggestions
from ui.i18n import _
from ui.kit.button import Button, Kind
from ui.kit.card import Card
from ui.kit.text import Text
from ui.look import Look
from ui.theme import Type

_MOST_NAME: Final = 60
_MOST_REASON: Final = 200
_MOST_FIGURES: Final = 18
_ENTER: Final = frozenset({Qt.Key.Key_Return, Qt.Key.Key_Enter})


class DecisionForm(Card):
    """Asks what a decision needs, and hands it over once.

    Signals:
        opened: It was opened and has no name yet.
        number_changed (str): Another order's number was typed.
        confirmed (Draft): Its button was pressed; it is busy until `end` is called.
        ended (Outcome): What came of it; the form is closed.
        closed (bool): It was closed, or is done; true where the keyboard was in it.
        grown: It says why it was not done, and takes more room.
    """

    opened = Signal()
    number_changed = Signal(str)
    confirmed = Signal(object)
    ended = Signal(object)
    closed = Signal(bool)
    grown = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, "canvas", radius=theme.RADIUS_M, parent=parent)
        self.setObjectName("decision_form")
        self._ask: Ask | None = None
        self._press = ""
        self._is_busy = False
        self._target: Target | None = None
        self._title = Text(look, "", Type.TITLE)
        self._effect = Text(look, "", wraps=True)
        self.how_much = HowMuch(look)
        self.amount = self.how_much.entry
        self.ends = Choices(look)
        self.who = Entry(look, _("Who decides"), icon="person", most=_MOST_NAME)
        self.number = Entry(look, _("Order number"), icon="orders", most=_MOST_FIGURES)
        self.reason = Entry(look, _("Why"), icon="pen", most=_MOST_REASON)
        self.suggestions = Suggestions(look)
        self.fault = ResultCard(look)
        self._missing = Text(look, "", Type.CAPTION, colour="text_muted", wraps=True)
        self.cancel = Button(look, _("Cancel"), Kind.QUIET, cap=_key_name(Qt.Key.Key_Escape))
        self.cancel.setObjectName("form_cancel")
        self.confirm = Button(look, "", Kind.PRIMARY)
        self.confirm.setObjectName("form_confirm")
        self._inputs: list[QWidget] = [
            self.how_much.chips, self.ends.row, self.who, self.amount, self.number, self.reason,
            self.suggestions, self.cancel,
        ]  # fmt: skip
        self._lay_out()
        self._connect()
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.hide()
        self.on_look_changed()

    @property
    def ask(self) -> Ask | None:
        """Give what is asked for, while the form is open."""
        return self._ask

    @property
    def press(self) -> str:
        """Give the token of this opening of the form; it is empty while it is closed."""
        return self._press

    @property
    def is_busy(self) -> bool:
        """Say whether what was confirmed is still being done."""
        return self._is_busy

    @property
    def missing(self) -> str:
        """Say what is missing before it can be confirmed, or nothing."""
        ask = self._ask
        if ask is None:
            return ""
        if not self.who.text or not self.reason.text:
            return _("Say who decides it, and why.")
        if ask.action is Action.REFUND and self.how_much.amount is None:
            return _("Type how much goes back.")
        if ask.action is Action.ASSIGN and (self._target is None or self._target.objection):
            return _("Type the number of an order that the money fits.")
        return ""

    def open(self, ask: Ask) -> None:
        """Ask anew; what was typed before is gone, and so is the press before."""
        self._ask, self._press, self._target = ask, uuid.uuid4().hex, None
        self._title.setText(ask.title)
        self.setAccessibleName(ask.title)
        self._effect.setText(ask.effect)
        self._effect.setVisible(bool(ask.effect))
        self.how_much.show_sources(ask.sources)
        self.ends.offer((f"end_{end.wanted.value}", end.words) for end in ask.ends)
        self.number.setVisible(ask.action is Action.ASSIGN)
        self.number.set_text("")
        self.number.set_note(_("The money counts for that order then."))
        self.reason.set_text("")
        self.suggestions.show_words(suggestions(ask.action))
        self._order_keys()
        self.fault.show_outcome(None)
        self._set_busy(is_busy=False)
        self.opened.emit()
        self.show()
        self._check()
        first = next(entry for entry in self._entries() if not entry.text or entry is self.amount)
        first.field.edit.setFocus(Qt.FocusReason.OtherFocusReason)
        if first is self.amount:
            self.amount.field.edit.selectAll()

    def set_name(self, name: str) -> None:
        """Fill in who decided last."""
        self.who.set_text(name)

    def show_target(self, target: Target | None, note: str = "") -> None:
        """Say which order has the number that was typed, and whether the money fits it."""
        self._target = target
        if target is None:
            self.number.set_note(note)
        elif target.objection:
            self.number.set_note(target.objection, "danger")
        else:
            self.number.set_note(target.words, "good")
        self._check()

    def end(self, outcome: Outcome) -> None:
        """Take what came of it: say why it was not done, or close."""
        self._set_busy(is_busy=False)
        if outcome.is_settled:
            self.close_form()
            self.ended.emit(outcome)
            return
        self.fault.show_outcome(outcome)
        self._check()
        self.confirm.setFocus(Qt.FocusReason.OtherFocusReason)
        self.grown.emit()

    @Slot()
    def close_form(self) -> None:
        """Take the form away; what is being done goes on."""
        if self._ask is not None:
            self._ask, self._press, self._is_busy = None, "", False
            at = QApplication.focusWidget()
            had_keyboard = at is not None and (at is self or self.isAncestorOf(at))
            self.hide()
            self.closed.emit(had_keyboard)

    def on_look_changed(self) -> None:
        """Measure and paint anew."""
        dp = self.look.dp
        self._column.setContentsMargins(dp(theme.L), dp(theme.M), dp(theme.L), dp(theme.L))
        self._column.setSpacing(dp(theme.M))
        self._words.setSpacing(dp(theme.XXS))
        self._first.setSpacing(dp(theme.M))
        self._why.setSpacing(self.look.metrics.gap)
        self._last.setSpacing(self.look.metrics.gap)
        super().on_look_changed()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            if not self._is_busy:
                self.close_form()
        elif event.key() in _ENTER and not event.isAutoRepeat():
            self._on_enter()
        else:
            super().keyPressEvent(event)

    # --- construction ---------------------------------------------------------------------

    def _lay_out(self) -> None:
        self._column = QVBoxLayout(self)
        self._words = QVBoxLayout()
        self._words.addWidget(self._title)
        self._words.addWidget(self._effect)
        self._column.addLayout(self._words)
        self._column.addWidget(self.how_much.chips)
        self._column.addWidget(self.ends.row)
        # Side by side; of the first two there is one at most.
        self._first = QHBoxLayout()
        for entry in (self.amount, self.number, self.who):
            self._first.addWidget(entry, 1)
        self._column.addLayout(self._first)
        self._why = QVBoxLayout()
        self._why.addWidget(self.reason)
        self._why.addWidget(self.suggestions)
        self._column.addLayout(self._why)
        self._column.addWidget(self.fault)
        self._last = QHBoxLayout()
        self._last.addWidget(self._missing, 1)
        self._last.addWidget(self.cancel)
        self._last.addWidget(self.confirm)
        self._column.addLayout(self._last)

    def _connect(self) -> None:
        for entry in (self.who, self.reason):
            entry.text_changed.connect(self._check)
        self.how_much.changed.connect(self._check)
        self.number.text_changed.connect(self._on_number)
        self.suggestions.taken.connect(self._on_suggestion)
        self.cancel.clicked.connect(self.close_form)
        self.confirm.clicked.connect(self._on_confirm)

    def _order_keys(self) -> None:
        """Have Tab go through it as it stands: what is made anew would come last."""
        fields = (self.amount, self.number, self.who, self.reason)
        order: list[QWidget] = [
            *self.how_much.chips.findChildren(QAbstractButton),
            *self.ends.buttons,
            *(entry.field.edit for entry in fields),
            *self.suggestions.buttons,
            self.cancel,
            self.confirm,
        ]
        for one, following in pairwise(order):
            QWidget.setTabOrder(one, following)

    # --- what a person does ---------------------------------------------------------------

    def _on_number(self, text: str) -> None:
        self._target = None
        self._check()
        self.number_changed.emit(text)

    def _on_suggestion(self, words: str) -> None:
        self.reason.set_text(words)
        self.reason.field.edit.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_enter(self) -> None:
        """Press what has the keyboard; in a field, confirm, or go to what is missing."""
        at = QApplication.focusWidget()
        if isinstance(at, QAbstractButton) and at is not self.confirm:
            at.click()
        elif not self.missing:
            self._on_confirm()
        else:
            empty = (entry for entry in self._entries() if not entry.text)
            entry = next(empty, self.number if not self.number.isHidden() else self.amount)
            entry.field.edit.setFocus(Qt.FocusReason.TabFocusReason)

    def _on_confirm(self) -> None:
        ask = self._ask
        if ask is None or self._is_busy or self.missing:
            return
        source = self.how_much.source
        draft = Draft(
            ask,
            self.who.text,
            self.reason.text,
            self._press,
            amount=self.how_much.amount if ask.action is Action.REFUND else None,
            payment_id=source.payment_id if source is not None else "",
            order_id=self._target.order_id if self._target is not None else "",
            end=ask.ends[self.ends.chosen].wanted if ask.ends else None,
        )
        self.fault.show_outcome(None)
        self._set_busy(is_busy=True)
        self.confirmed.emit(draft)

    # --- how it stands --------------------------------------------------------------------

    def _entries(self) -> list[Entry]:
        """Give the fields that are asked for, as they are gone through."""
        entries = (self.amount, self.number, self.who, self.reason)
        return [entry for entry in entries if not entry.isHidden()]

    def _set_busy(self, *, is_busy: bool) -> None:
        if is_busy:
            # Else the keyboard would go to whatever comes next, outside of the form.
            self.setFocus(Qt.FocusReason.OtherFocusReason)
        self._is_busy = is_busy
        for part in self._inputs:
            part.setEnabled(not is_busy)
        self.confirm.set_icon("hourglass" if is_busy else "")
        self._check()

    def _check(self) -> None:
        """Say what the button will do, and whether it can be pressed."""
        ask = self._ask
        if ask is None:
            return
        missing = self.missing
        self.how_much.check()
        self.confirm.set_label(self._confirmation(ask))
        self.confirm.setEnabled(not missing and not self._is_busy)
        self._missing.setText("" if self._is_busy else missing)
        self.confirm.setAccessibleDescription(missing)

    def _confirmation(self, ask: Ask) -> str:
        formats = self.look.formats
        if self._is_busy:
            return _("One moment …")
        if ask.action is Action.REFUND:
            return giving_back(self.how_much.amount, formats)
        if ask.action is Action.ASSIGN:
            target = self._target
            fits = target is not None and not target.objection
            return assigning(ask.amount, target if fits else None, formats)
        return ask.confirm


def _key_name(key: Qt.Key) -> str:
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)
