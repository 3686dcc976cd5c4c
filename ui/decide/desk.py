"""Carries out what a form was confirmed with, and says what came of it as the books have it."""

from PySide6.QtCore import QObject, Signal

from app.domain.order import owed
from app.domain.refund import Refund, RefundState
from app.domain.renewal import EndWanted
from app.domain.resolution import Action, objection_to_target
from app.errors import InvariantError
from app.events import Fact
from app.orders import OrderDetail, Trouble
from ui.decide.form import DecisionForm
from ui.decide.words import (
    Ask,
    Draft,
    Outcome,
    Target,
    outcome_of_decision,
    outcome_of_error,
    outcome_of_refund,
)
from ui.format import Formats
from ui.i18n import _
from ui.orders.subscription_words import outcome_of_end
from ui.orders.words import state_words
from ui.tasks import Tasks, as_ours
from ui.till import OrderBook, Till


class Desk(QObject):
    """Serves the window's forms; it remembers who decided last, for as long as it is open.

    Signals:
        told (Outcome): What came of a form that nobody looks at any more.
    """

    told = Signal(object)

    def __init__(self, till: Till, tasks: Tasks, formats: Formats) -> None:
        super().__init__()
        self._till = till
        self._tasks = tasks
        self._formats = formats
        self._name = ""
        self._asked = 0
        self._under_way: list[Draft] = []
        self._told_failures: set[int] = set()

    def serve(self, form: DecisionForm) -> None:
        """Do what this form asks for from now on."""
        form.opened.connect(lambda: form.set_name(self._name))
        form.number_changed.connect(lambda text: self._on_number(form, text))
        form.confirmed.connect(lambda draft: self._on_confirmed(form, draft))

    def tells(self, fact: Fact) -> bool:
        """Say whether a form tells of a failed refund by itself, or has done so just now."""
        payment_id, row = fact.data.get("payment"), fact.data.get("row")
        is_asked = any(draft.payment_id == payment_id for draft in self._under_way)
        return is_asked or row in self._told_failures

    def _on_confirmed(self, form: DecisionForm, draft: Draft) -> None:
        self._name = draft.by
        self._under_way.append(draft)
        self._tasks.start(self._carry_out(form, draft))

    async def _carry_out(self, form: DecisionForm, draft: Draft) -> None:
        try:
            outcome = await self._done(draft)
        except Exception as error:  # noqa: BLE001 - said in the form, and logged if it is ours
            outcome = outcome_of_error(as_ours(error), self._formats)
        finally:
            self._under_way.remove(draft)
        was_seen = form.press == draft.press and form.isVisible()
        if form.press == draft.press:
            form.end(outcome)
        if not was_seen:
            self.told.emit(outcome)

    async def _done(self, draft: Draft) -> Outcome:
        ask, formats = draft.ask, self._formats
        if ask.subscription_id:
            return await self._ended(draft)
        if ask.action is None or not ask.exception_id:
            return self._told_of(await self._refunded(draft))
        await self._till.resolutions.resolve(
            ask.exception_id,
            ask.action,
            by=draft.by,
            reason=draft.reason,
            order_id=draft.order_id or None,
            amount=draft.amount,
            press=draft.press,
        )
        if ask.action is Action.REFUND:
            return self._told_of(await self._refund_of(draft))
        target = await self._till.orders.detail(draft.order_id) if draft.order_id else None
        return outcome_of_decision(draft, target.order.number if target else None, formats)

    async def _ended(self, draft: Draft) -> Outcome:
        subscription = await self._till.subscriptions.cancel(
            draft.ask.subscription_id,
            at_period_end=draft.end is EndWanted.PERIOD_END,
            by=draft.by,
            reason=draft.reason,
        )
        return outcome_of_end(subscription, self._formats)

    def _told_of(self, refund: Refund) -> Outcome:
        if refund.state is RefundState.FAILED:
            self._told_failures.add(refund.id)
        return outcome_of_refund(refund, self._formats)

    async def _refunded(self, draft: Draft) -> Refund:
        return await self._till.refunds.ask(
            draft.payment_id,
            draft.amount or draft.ask.amount,
            press=draft.press,
            by=draft.by,
            reason=draft.reason,
        )

    async def _refund_of(self, draft: Draft) -> Refund:
        """Read how the refund of this press stands."""
        trouble = await trouble_of(self._till.orders, draft.ask.exception_id)
        refunds = trouble.refunds if trouble is not None else ()
        for refund in refunds:
            if refund.press.endswith(draft.press):
                return refund
        raise InvariantError(f"The refund of entry {draft.ask.exception_id} is not in the books")

    # --- the order that money is assigned to ----------------------------------------------

    def _on_number(self, form: DecisionForm, text: str) -> None:
        self._asked += 1
        number = text.strip().lstrip("#")
        if number.isascii() and number.isdecimal():
            self._tasks.start(self._look_up(form, int(number), self._asked))
        else:
            form.show_target(None, _("Type the number of the order.") if number else "")

    async def _look_up(self, form: DecisionForm, number: int, asked: int) -> None:
        press, ask = form.press, form.ask
        rows = await self._till.orders.page(search=str(number))
        row = next((one for one in rows if one.number == number), None)
        detail = None if row is None else await self._till.orders.detail(row.id)
        if asked != self._asked or form.press != press or ask is None:
            return
        if detail is None:
            form.show_target(None, _("There is no order {number}.").format(number=number))
            return
        form.show_target(self._target(ask, detail))

    def _target(self, ask: Ask, detail: OrderDetail) -> Target:
        order, formats = detail.order, self._formats
        accepted = sum(
            tender.amount.minor
            for tender in detail.tenders
            if tender.amount.currency == order.total.currency
        )
        words = _("Order {number} · {state} · {amount} to pay").format(
            number=order.number,
            state=state_words(order.state)[0],
            amount=formats.money(owed(order.total, accepted)),
        )
        objection = ""
        if ask.payment is not None:
            objection = formats.message(objection_to_target(ask.payment, order, accepted))
        return Target(order.id, order.number, words, objection)


async def trouble_of(book: OrderBook, exception_id: int) -> Trouble | None:
    """Read one entry of the list, resolved or not."""
    found = await book.troubles(before=exception_id + 1, limit=1, with_resolved=True)
    return next((one for one in found if one.case.exception.id == exception_id), None)
