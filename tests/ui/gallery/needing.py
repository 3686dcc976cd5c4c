"""The scenes of money that needs a person, and of money that goes back."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from PySide6.QtCore import QPoint

from app.domain.dispute import Dispute, DisputeState
from app.domain.exceptions import ExceptionKind
from app.domain.money import Money
from app.domain.order import Order, OrderState
from app.domain.receipt import Tender
from app.domain.refund import RefundState
from app.domain.resolution import Action
from app.errors import CheckoutRefused, Message, MoneyMoved
from tests.ui.gallery.stage import Stage
from tests.ui.helpers import button
from ui.decide.form import DecisionForm

LONG_REASON = (
    "The customer came back on Saturday with the receipt and all three bags, unopened, and asked "
    "for the money; Mr Okonkwo-Featherstonehaugh agreed on the telephone."
)
_WANTED = DisputeState.NEEDS_RESPONSE
FOREIGN = "The payment is in USD, the order in EUR."


async def _come(stage: Stage) -> None:
    stage.window.rail.person.click()
    await stage.settled()


def late(stage: Stage, pieces: int = 2) -> Order:
    """Have money that came too late for an order that was cancelled."""
    stage.add_first(pieces)
    order = stage.till.orders.place(stage.window.counter.cart.content)
    stage.window.counter.void()
    stage.till.orders.end(order.id, OrderState.CANCELLED)
    order = stage.till.orders.orders[order.id]
    stage.till.money.hold(ExceptionKind.PAID_LATE, order)
    stage.clock.advance(minutes=12)
    return order


async def nothing_waits(stage: Stage) -> None:
    await _come(stage)


async def all_kinds(stage: Stage) -> None:
    order = await stage.paid_order(3)
    money = stage.till.money
    money.hold(ExceptionKind.UNKNOWN, order, has_payment=False)
    stage.clock.advance(hours=49)
    money.dispute(order, stage.clock.now() + timedelta(days=9), withdrawn_minor=990)
    stage.clock.advance(hours=3)
    short = late(stage)
    money.hold(ExceptionKind.UNDERPAID, short, Money(100, "EUR"))
    money.hold(ExceptionKind.OVERPAID, short, Money(123_456, "EUR"))
    money.hold(ExceptionKind.MISMATCH, short, Money(600, "USD"), detail=Message(FOREIGN))
    money.hold(ExceptionKind.REFUND_FAILED, order, Money(150, "EUR"))
    money.hold(ExceptionKind.SURPLUS, order)
    stage.clock.advance(minutes=4)
    await _come(stage)


async def dispute_due(stage: Stage, days: int = 2, state: DisputeState = _WANTED) -> None:
    """Look at a dispute that stands before newer entries."""
    order = await stage.paid_order(3)
    due_at = stage.clock.now() + timedelta(days=days, minutes=30)
    stage.till.money.dispute(order, due_at, state, withdrawn_minor=order.total.minor)
    late(stage)
    await _come(stage)


async def dispute_overdue(stage: Stage) -> None:
    await dispute_due(stage, -3)


async def dispute_lost(stage: Stage) -> None:
    await dispute_due(stage, 1, DisputeState.LOST)
    stage.window.needs_person.list.choose(1)
    await stage.settled()


async def many_entries(stage: Stage) -> None:
    """Look at a bad week, with amounts as long as amounts get."""
    order = await stage.paid_order(6)
    for number in range(60):
        kind = tuple(ExceptionKind)[number % 3]
        stage.till.money.hold(kind, order, Money(99_999_999_00 - number, "EUR"))
        stage.clock.advance(hours=5)
    stage.till.money.dispute(order, stage.clock.now() - timedelta(days=1))
    await _come(stage)


async def one_late(stage: Stage) -> None:
    late(stage)
    await _come(stage)


async def long_texts(stage: Stage) -> None:
    stage.add("coffee", "long", "markup", "long")
    order = stage.till.orders.place(stage.window.counter.cart.content)
    stage.window.counter.void()
    stage.till.orders.end(order.id, OrderState.EXPIRED)
    order = stage.till.orders.orders[order.id]
    entry = stage.till.money.hold(ExceptionKind.PAID_LATE, order)
    stage.till.money.add_refund(
        entry.payment_id, Money(200, "EUR"), RefundState.SUCCEEDED, reason=LONG_REASON
    )
    await _come(stage)


def form_of(stage: Stage) -> DecisionForm:
    """Give the form of the place that is shown."""
    return stage.window.needs_person.panel.form


def _deselect(form: DecisionForm) -> None:
    """Let the amount stand as it is: what is selected is painted twice, as a check would find."""
    form.amount.field.edit.deselect()


def _fill(form: DecisionForm, reason: str = "Goods came back") -> None:
    form.who.set_text("Eva")
    form.reason.set_text(reason)


def form(action: Action, *, filled: bool = True) -> Callable[[Stage], Awaitable[None]]:
    """Make the scene of one action's form."""

    async def bring(stage: Stage) -> None:
        await one_late(stage)
        button(stage.window, f"way_{action.value}").click()
        _deselect(form_of(stage))
        if filled:
            _fill(form_of(stage))
        await stage.settled()

    return bring


async def form_empty(stage: Stage) -> None:
    await form(Action.REFUND, filled=False)(stage)


async def form_too_much(stage: Stage) -> None:
    await form(Action.REFUND)(stage)
    form_of(stage).amount.set_text("900.00")


async def form_long_reason(stage: Stage) -> None:
    await form(Action.REFUND)(stage)
    form_of(stage).reason.set_text(LONG_REASON)


async def form_assigned(stage: Stage) -> None:
    stage.add_first(2)
    stage.till.orders.place(stage.window.counter.cart.content)
    stage.window.counter.void()
    await form(Action.ASSIGN)(stage)
    form_of(stage).number.set_text("1")
    await stage.settled()


async def form_no_fit(stage: Stage) -> None:
    await stage.paid_order(2)
    await form(Action.ASSIGN)(stage)
    form_of(stage).number.set_text("1")
    await stage.settled()


async def write_off(stage: Stage) -> None:
    order = await stage.paid_order(3)
    stage.till.money.hold(ExceptionKind.SURPLUS, order)
    await _come(stage)
    button(stage.window, "way_write_off").click()
    _fill(form_of(stage), "Too little to pursue")


async def busy(stage: Stage) -> None:
    await form(Action.REFUND)(stage)
    gate = stage.till.money.gates["refund"] = asyncio.Event()
    stage.gates.append(gate)
    form_of(stage).confirm.click()


async def refused(stage: Stage) -> None:
    await form(Action.REFUND)(stage)
    stage.till.money.errors["refund"] = CheckoutRefused(
        Message("That is no way out of this"),
        Message("Money of it is being given back; wait for that."),
        money=MoneyMoved.UNKNOWN,
        action=Message("Choose another, or leave it on the list."),
    )
    form_of(stage).confirm.click()
    await stage.settled()


async def failed(stage: Stage) -> None:
    await form(Action.REFUND)(stage)
    stage.till.money.refunds_as = RefundState.FAILED
    stage.till.money.refused_with = "The card's bank does not take it back."
    form_of(stage).confirm.click()
    await stage.settled()


async def under_way(stage: Stage) -> None:
    await form(Action.REFUND)(stage)
    stage.till.money.refunds_as = RefundState.PENDING
    form_of(stage).confirm.click()
    await stage.settled()


async def given_back(stage: Stage) -> None:
    await form(Action.REFUND)(stage)
    form_of(stage).confirm.click()
    await stage.settled()


async def _paid_order_shown(stage: Stage) -> Order:
    order = await stage.paid_order(4)
    stage.window.rail.orders.click()
    await stage.settled()
    stage.window.orders.list.choose(order.id)
    await stage.settled()
    return order


async def order_with_refunds(stage: Stage) -> None:
    order = await stage.paid_order(6)
    payment = f"pi_{order.number}"
    for minor, state in enumerate(RefundState, 1):
        stage.till.money.add_refund(
            payment,
            Money(100 * minor, "EUR"),
            state,
            reason=LONG_REASON if state is RefundState.PENDING else "Goods came back",
            asked_by="" if state is RefundState.SUCCEEDED else "Eva",
            words="The card's bank does not take it back.",
        )
        stage.clock.advance(minutes=3)
    stage.till.orders.disputes[order.id] = (
        Dispute(
            dispute_id="dp_1",
            payment_id=payment,
            amount=order.total,
            reason="product_not_received",
            state=DisputeState.NEEDS_RESPONSE,
            due_at=stage.clock.now() + timedelta(days=7),
            withdrawn_minor=order.total.minor,
            version=1,
            told_at=stage.clock.now(),
        ),
    )
    stage.window.rail.orders.click()
    await stage.settled()
    stage.window.orders.list.choose(order.id)
    await stage.settled()


async def order_with_held_money(stage: Stage) -> None:
    """Look at a cancelled order for which money came all the same."""
    order = late(stage, 5)
    stage.window.rail.orders.click()
    await stage.settled()
    stage.window.orders.list.choose(order.id)
    await stage.settled()


async def order_of_200_lines(stage: Stage) -> None:
    """Look at an order that is longer than the screen, with a refund days later."""
    stage.add(*(f"p{number}" for number in range(200)))
    order = stage.till.orders.place(stage.window.counter.cart.content)
    stage.window.counter.void()
    stage.till.orders.end(order.id, OrderState.PAID)
    stage.clock.advance(days=3, minutes=4)
    about = {"amount_minor": 300, "currency": "EUR", "by": "Eva", "reason": LONG_REASON}
    stage.till.orders.note("refund.succeeded", order, data=about)
    stage.window.rail.orders.click()
    await stage.settled()
    stage.window.orders.list.choose(order.id)
    await stage.settled()
    stage.window.grab()
    bar = stage.window.orders.panel._scroll.verticalScrollBar()
    bar.setValue(bar.maximum())


async def order_with_a_dispute(stage: Stage) -> None:
    """Look at the lower end of it."""
    await order_with_refunds(stage)
    stage.window.grab()
    bar = stage.window.orders.panel._scroll.verticalScrollBar()
    bar.setValue(bar.maximum())


async def order_refund_form(stage: Stage) -> None:
    await _paid_order_shown(stage)
    button(stage.window, "refund").click()
    _deselect(stage.window.orders.panel.form)


async def order_refund_of_several(stage: Stage) -> None:
    order = await stage.paid_order(4)
    half = Money(order.total.minor // 2, "EUR")
    stage.till.orders.tenders[order.id] = (
        Tender("stripe_checkout", half, "pi_a"),
        Tender("paypal", order.total - half, "pi_b"),
    )
    stage.window.rail.orders.click()
    await stage.settled()
    stage.window.orders.list.choose(order.id)
    await stage.settled()
    button(stage.window, "refund").click()
    _deselect(stage.window.orders.panel.form)
    _fill(stage.window.orders.panel.form)


async def news_of_failure(stage: Stage) -> None:
    order = await stage.paid_order(2)
    await stage.charge()
    stage.till.tell_fact(
        "refund.failed",
        order.id,
        {"row": 7, "payment": "pi_1", "amount_minor": 340, "currency": "EUR"},
    )
    await stage.settled()


async def scrolled_to_ways(stage: Stage) -> None:
    """Look at the lower end of an entry on a low screen."""
    await one_late(stage)
    stage.window.grab()
    panel = stage.window.needs_person.panel
    bar = panel._scroll.verticalScrollBar()
    bar.setValue(bar.maximum())
    assert panel.ways.mapTo(panel, QPoint(0, 0)).y() < panel.height()
