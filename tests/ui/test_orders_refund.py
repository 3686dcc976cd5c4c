"""Giving money back from an order's detail, and what its story and its lists say of it."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from app.domain.dispute import Dispute, DisputeState
from app.domain.exceptions import ExceptionKind
from app.domain.money import Money
from app.domain.order import Order, OrderState
from app.domain.receipt import Tender
from app.domain.refund import RefundState
from app.errors import Message
from app.events import Fact
from tests.ui.fakes import START, FakeTill
from tests.ui.helpers import button, until
from tests.ui.test_orders import place
from ui.decide.form import DecisionForm
from ui.decide.words import refund_words
from ui.format import Formats
from ui.orders.dispute_words import dispute_words
from ui.orders.records import dispute_record, refund_record
from ui.orders.words import story_of
from ui.theme import Tone
from ui.window import Window

Run = Callable[[Coroutine[Any, Any, None]], None]


async def show(window: Window, order: Order) -> None:
    window.rail.orders.click()
    await window.counter.tasks.settled()
    window.orders.list.choose(order.id)
    await window.counter.tasks.settled()


def fill(form: DecisionForm) -> None:
    form.who.set_text("Eva")
    form.reason.set_text("Goods came back")


def labels(window: Window) -> list[str]:
    found = window.orders.panel.refunds.findChildren(QLabel)
    return [label.text() for label in found if label.isVisible()]


@pytest.mark.parametrize("state", sorted(set(OrderState) - {OrderState.PAID}))
def test_only_a_paid_order_can_be_refunded(
    run: Run, window: Window, till: FakeTill, state: OrderState
) -> None:
    async def look() -> None:
        await show(window, place(till, state))
        assert not button(window, "refund").isVisible()

    run(look())


def test_half_of_an_order_is_given_back(run: Run, window: Window, till: FakeTill) -> None:
    async def look() -> None:
        order = place(till, OrderState.PAID)
        await show(window, order)
        button(window, "refund").click()
        form = window.orders.panel.form
        assert not button(window, "refund").isVisible()
        assert form.amount.text == "6.80"
        fill(form)
        form.amount.set_text("3.40")
        form.confirm.click()
        await window.counter.tasks.settled()
        assert till.money.asked == [(Money(340, "EUR"), "Eva", "Goods came back")]
        assert window.orders.panel.result.title == "€3.40 was given back"
        window.places.orders_reader.read_again()
        await window.counter.tasks.settled()
        assert "€3.40" in labels(window)
        button(window, "refund").click()
        # What went back is not offered again.
        assert form.amount.text == "3.40"

    run(look())


def test_enter_opens_the_form_and_escape_leads_back(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def look() -> None:
        await show(window, place(till, OrderState.PAID))
        refund = button(window, "refund")
        refund.setFocus()
        QTest.keyClick(refund, Qt.Key.Key_Return)
        form = window.orders.panel.form
        assert form.isVisible()
        assert form.amount.field.edit.hasFocus()
        QTest.keyClick(form.amount.field.edit, Qt.Key.Key_Escape)
        assert form.press == ""
        assert refund.hasFocus()

    run(look())


def test_nothing_is_offered_where_nothing_is_left(run: Run, window: Window, till: FakeTill) -> None:
    async def look() -> None:
        order = place(till, OrderState.PAID)
        payment = f"pi_{order.number}"
        till.money.add_refund(payment, Money(300, "EUR"), RefundState.PENDING)
        till.money.add_refund(payment, Money(380, "EUR"), RefundState.SUCCEEDED)
        till.money.add_refund(payment, Money(680, "EUR"), RefundState.FAILED)
        await show(window, order)
        assert not button(window, "refund").isVisible()

    run(look())


def test_with_several_payments_one_says_which(run: Run, window: Window, till: FakeTill) -> None:
    async def look() -> None:
        order = place(till, OrderState.PAID)
        till.orders.tenders[order.id] = (
            Tender("stripe_checkout", Money(200, "EUR"), "pi_a"),
            Tender("paypal", Money(480, "EUR"), "pi_b"),
        )
        await show(window, order)
        button(window, "refund").click()
        form = window.orders.panel.form
        fill(form)
        assert form.amount.text == "2.00"
        chip = button(window, "source_1")
        assert chip.accessibleName() == "€4.80 by PayPal"
        QTest.mouseClick(chip, Qt.MouseButton.LeftButton)
        assert form.confirm.label == "Give back €4.80"
        form.confirm.click()
        await window.counter.tasks.settled()
        assert [(r.payment_id, r.amount.minor) for r in till.money.refunds] == [("pi_b", 480)]

    run(look())


def test_a_double_tap_gives_one_refund(run: Run, window: Window, till: FakeTill) -> None:
    async def look() -> None:
        gate = till.money.gates["ask"] = asyncio.Event()
        await show(window, place(till, OrderState.PAID))
        button(window, "refund").click()
        form = window.orders.panel.form
        fill(form)
        for _tap in range(3):
            QTest.mouseClick(form.confirm, Qt.MouseButton.LeftButton)
        await until(lambda: till.money.calls["ask"] > 0)
        gate.set()
        await window.counter.tasks.settled()
        assert till.money.calls["ask"] == 1
        assert len(till.money.refunds) == 1

    run(look())


def test_every_state_of_a_refund_has_its_word(run: Run, window: Window, till: FakeTill) -> None:
    async def look() -> None:
        order = place(till, OrderState.PAID)
        for minor, state in enumerate(RefundState, 1):
            words = "The card is gone." if state is RefundState.FAILED else ""
            till.money.add_refund(
                f"pi_{order.number}", Money(minor, "EUR"), state, words=words, asked_by=""
            )
        await show(window, order)
        said = labels(window)
        assert [one for one in said if "€" in one] == ["€0.01", "€0.02", "€0.03", "€0.04"]
        assert any("The card is gone. The customer does not have this money." in s for s in said)
        assert any(one.startswith("Made at the provider · Goods came back") for one in said)
        assert len({refund_words(state)[0] for state in RefundState}) == len(RefundState)

    run(look())


def test_a_failure_without_words_is_not_silent(till: FakeTill) -> None:
    refund = till.money.add_refund("pi_1", Money(1, "EUR"), RefundState.FAILED)
    assert "The provider gave no reason." in refund_record(refund, Formats("en")).words


def test_a_dispute_says_how_much_why_and_by_when(run: Run, window: Window, till: FakeTill) -> None:
    dispute = Dispute(
        dispute_id="dp_1",
        payment_id="pi_1",
        amount=Money(680, "EUR"),
        reason="duplicate",
        state=DisputeState.NEEDS_RESPONSE,
        due_at=START + timedelta(days=7),
        withdrawn_minor=680,
        version=1,
        told_at=START,
    )

    async def look() -> None:
        order = place(till, OrderState.PAID)
        till.orders.disputes[order.id] = (dispute,)
        await show(window, order)
        (record,) = window.orders.panel.disputes.records
        assert (record.amount, record.state[0]) == ("€6.80", "To be answered")
        assert record.words == (
            "The customer says that they were charged twice. Answer it by March 21, 2026. "
            "7 days left. "
            "€6.80 was taken from the shop."
        )
        assert window.orders.panel.disputes.isVisible()

    run(look())
    over = replace(dispute, state=DisputeState.WON, withdrawn_minor=0)
    assert dispute_record(over, START, Formats("en")).words == (
        "The customer says that they were charged twice."
    )
    assert len({dispute_words(state)[0] for state in DisputeState}) == len(DisputeState)


def test_another_order_closes_the_form_and_the_words_of_the_last_one(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def look() -> None:
        first, second = place(till, OrderState.PAID), place(till, OrderState.PAID)
        await show(window, first)
        button(window, "refund").click()
        fill(window.orders.panel.form)
        window.orders.panel.form.confirm.click()
        await window.counter.tasks.settled()
        assert window.orders.panel.result.title
        await show(window, second)
        assert not window.orders.panel.result.title
        button(window, "refund").click()
        await show(window, first)
        assert window.orders.panel.form.ask is None

    run(look())


# --- news -----------------------------------------------------------------------------------


def failed(till: FakeTill, order_id: str, row: int = 7) -> None:
    data = {"row": row, "payment": "pi_1", "amount_minor": 340, "currency": "EUR"}
    till.tell_fact("refund.failed", order_id, data)


def test_a_refund_that_fails_later_is_told(run: Run, window: Window, till: FakeTill) -> None:
    async def look() -> None:
        failed(till, place(till, OrderState.PAID).id)
        await window.counter.tasks.settled()
        assert window.notice.title == "A refund of €3.40 failed"
        assert window.notice.detail == (
            "Order 1. The customer does not have this money. You find it under Needs a person."
        )
        window.rail.person.click()
        assert not window.notice.isVisible()

    run(look())


def test_one_that_was_refused_in_the_form_is_not_told_twice(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def look() -> None:
        order = place(till, OrderState.PAID)
        till.money.refunds_as = RefundState.FAILED
        await show(window, order)
        button(window, "refund").click()
        fill(window.orders.panel.form)
        window.orders.panel.form.confirm.click()
        await window.counter.tasks.settled()
        (refund,) = till.money.refunds
        failed(till, order.id, refund.id)
        await window.counter.tasks.settled()
        assert not window.notice.isVisible()
        failed(till, order.id, refund.id + 1)
        await window.counter.tasks.settled()
        assert window.notice.isVisible()

    run(look())


def test_a_dispute_is_told_and_not_over_the_code(run: Run, window: Window, till: FakeTill) -> None:
    async def look() -> None:
        order = place(till, OrderState.PAID)
        button_of = window.sell.tiles.rect_of("coffee").center()
        QTest.mouseClick(
            window.sell.tiles.viewport(),
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
            button_of,
        )
        button(window, "charge").click()
        await window.counter.tasks.settled()
        till.money.hold(ExceptionKind.DISPUTED, order)
        await window.counter.tasks.settled()
        assert window.notice.title == "A payment of €6.80 is disputed"
        code = window.pay.qr
        at = code.rect().translated(code.mapTo(window, code.rect().topLeft()))
        news = window.notice.rect().translated(
            window.notice.mapTo(window, window.notice.rect().topLeft())
        )
        assert code.isVisible() and not at.intersects(news)

    run(look())


# --- the story ------------------------------------------------------------------------------


def told(*facts: tuple[str, dict[str, Any]]) -> list[tuple[str, str, Tone]]:
    history = tuple(
        Fact(seq, START, name, "o", data=data) for seq, (name, data) in enumerate(facts)
    )
    return [(one.title, one.detail, one.tone) for one in story_of(history, Formats("en"))]


ABOUT = {"amount_minor": 340, "currency": "EUR"}


def test_a_refund_is_told_from_its_beginning_to_its_end() -> None:
    asked = {**ABOUT, "by": "Eva", "reason": "Goods came back"}
    assert told(
        ("refund.requested", asked),
        ("refund.pending", asked),
        ("refund.succeeded", asked),
        ("refund.failed", {**asked, "detail": Message("The account is closed.")}),
        ("refund.succeeded", ABOUT),
        ("exception.changed", {**ABOUT, "kind": "surplus"}),
    ) == [
        ("Refund asked for", "€3.40 · Eva: Goods came back", Tone.NEUTRAL),
        ("Refund on its way", "€3.40", Tone.BUSY),
        ("Given back", "€3.40", Tone.GOOD),
        ("Refund failed", "€3.40 · The account is closed.", Tone.DANGER),
        ("Given back", "€3.40 · Somebody did it at the provider.", Tone.GOOD),
        ("Still needs a person", "€3.40", Tone.WARNING),
    ]


@pytest.mark.parametrize(
    "action, words",
    [
        ("accept", "Eva accepted it: As agreed"),
        ("refund", "Eva gave it back: As agreed"),
        ("assign", "Eva assigned it to another order: As agreed"),
        ("write_off", "Eva wrote it off: As agreed"),
        ("", "As agreed"),
    ],
)
def test_a_decision_is_told_with_who_and_why(action: str, words: str) -> None:
    data = {"action": action, "by": "Eva", "resolution": "As agreed"}
    assert told(("exception.resolved", data)) == [("Cleared up", words, Tone.GOOD)]


def test_who_wants_it_back_is_told_before_it_is() -> None:
    assert told(("exception.refunding", {"by": "Eva", "reason": "As agreed"})) == [
        ("It is to be given back", "Eva: As agreed", Tone.NEUTRAL)
    ]


def test_an_order_that_a_person_made_paid_says_so() -> None:
    decided = ("exception.resolved", {"action": "accept", "by": "Eva", "resolution": "ok"})
    assert told(("order.paid", {"receipt_number": 7}), decided)[0] == (
        "Order paid, as a person decided",
        "Receipt 7",
        Tone.GOOD,
    )
    assigned = ("payment.assigned", {**ABOUT, "by": "Eva"})
    titles = [one[0] for one in told(assigned, ("order.paid", {}))]
    assert titles == ["Money was assigned to this order", "Order paid, as a person decided"]


def test_an_order_that_was_paid_by_itself_says_nothing_of_a_person() -> None:
    later = START + timedelta(seconds=1)
    by_eva = {"action": "accept", "by": "Eva"}
    history = (Fact(1, START, "order.paid"), Fact(2, later, "exception.resolved", data=by_eva))
    assert story_of(history, Formats("en"))[0].title == "Order paid"
