"""The Orders screen and the words of an order's story."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.domain.attempt import AttemptState
from app.domain.cart import Cart
from app.domain.exceptions import ExceptionKind, OrderException
from app.domain.money import Money
from app.domain.order import Order, OrderState
from app.events import Fact
from tests.ui.fakes import START, FakeTill
from tests.ui.helpers import button, stage_of
from ui.accounts import account_label
from ui.counter import Stage
from ui.format import Formats
from ui.kit.button import Button
from ui.kit.chip import StateChip
from ui.kit.rows import ROW
from ui.kit.text import Text
from ui.look import Look
from ui.orders.dispute_words import DISPUTE_TELLERS
from ui.orders.heading import Heading
from ui.orders.words import exception_words, state_words, story_entry
from ui.pay.state import Phase
from ui.places import Place
from ui.theme import Tone
from ui.window import Window

Run = Callable[[Coroutine[Any, Any, None]], None]


def place(till: FakeTill, state: OrderState = OrderState.OPEN) -> Order:
    cart = Cart()
    cart.add(till.catalog.on_sale()[0], 2)
    order = till.orders.place(cart.content)
    till.orders.attempt(order.id, AttemptState.OPEN)
    if state is not OrderState.OPEN:
        order = till.orders.end(order.id, state)
    return order


async def open_orders(window: Window) -> None:
    window.rail.orders.click()
    await window.counter.tasks.settled()


def numbers(window: Window) -> list[str]:
    rows = window.orders.list.rows
    return [rows.index(row).data() for row in range(rows.rowCount())]


def test_the_story_says_that_a_upi_code_is_open_where_the_code_is_one(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def look() -> None:
        order = place(till)
        (attempt,) = till.orders.attempts_of(order.id)
        till.orders.change(attempt.id, url="upi://pay?pa=shop@razorpay&am=2.60")
        till.orders.note("attempt.open", order, attempt)
        await open_orders(window)
        story = window.orders.panel._story.accessibleName()
        assert "UPI code is open" in story and "Payment page is open" not in story

    run(look())


@pytest.mark.parametrize("width, is_narrow", [(900, False), (360, True)])
def test_buttons_that_have_no_room_beside_the_number_stand_below_it(
    look: Look, width: int, is_narrow: bool
) -> None:
    words = [Text(look, "Order 12345"), StateChip(look, "Cancelled", Tone.NEUTRAL)]
    buttons = [Button(look, "Refund", key="F6"), Button(look, "Continue payment", key="F5")]
    heading = Heading(look, words, buttons)
    heading.resize(width, 200)
    heading.show()
    QApplication.processEvents()
    assert heading.is_in_two_lines is is_narrow
    assert all(each.width() >= each.sizeHint().width() for each in buttons)
    for each in buttons:
        each.hide()
    QApplication.processEvents()
    assert not heading.is_in_two_lines
    buttons[0].show()
    QApplication.processEvents()
    assert not heading.is_in_two_lines
    heading.close()


def test_orders_are_listed_newest_first_and_the_newest_is_shown(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def look() -> None:
        for state in (OrderState.PAID, OrderState.CANCELLED, OrderState.OPEN):
            place(till, state)
        await open_orders(window)
        assert numbers(window) == ["3", "2", "1"]
        assert window.orders.panel._title.text() == "Order 3"
        assert not window.grab().isNull()

    run(look())


def test_no_orders_yet_is_said_kindly(run: Run, window: Window) -> None:
    async def look() -> None:
        await open_orders(window)
        assert window.orders.card.words.text == "No orders yet. The first sale will stand here."
        assert window.orders.panel.order_id == ""
        # There is nothing to choose from.
        assert not window.orders.panel._nothing._words.isVisible()

    run(look())


def test_an_order_is_found_by_its_number(run: Run, window: Window, till: FakeTill) -> None:
    async def look() -> None:
        for _ in range(12):
            place(till, OrderState.PAID)
        await open_orders(window)
        QTest.keyClicks(window.orders.search.edit, "12")
        await window.counter.tasks.settled()
        assert numbers(window) == ["12"]
        QTest.keyClicks(window.orders.search.edit, "99")
        await window.counter.tasks.settled()
        assert window.orders.card.words.text == "No order has the number “1299”"

    run(look())


def test_an_older_answer_does_not_overwrite_a_newer_search(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def look() -> None:
        for _ in range(12):
            place(till)
        read = till.orders.page

        async def slow_at_first(**asked: Any) -> Any:
            rows = await read(**asked)
            await asyncio.sleep(0.05 if asked["search"] == "1" else 0)
            return rows

        till.orders.page = slow_at_first  # type: ignore[method-assign]
        window.places.show_place(Place.ORDERS)
        window.orders.search.edit.setText("1")
        window.orders.search.edit.setText("12")
        await window.counter.tasks.settled()
        assert numbers(window) == ["12"]

    run(look())


def test_a_long_list_is_read_page_by_page(run: Run, window: Window, till: FakeTill) -> None:
    async def look() -> None:
        for _ in range(150):
            place(till, OrderState.PAID)
        await open_orders(window)
        assert len(numbers(window)) == 100
        bar = window.orders.list.verticalScrollBar()
        bar.setValue(bar.maximum())
        await window.counter.tasks.settled()
        assert len(numbers(window)) == 150
        assert numbers(window)[-1] == "1"
        bar.setValue(bar.maximum())
        await window.counter.tasks.settled()
        assert till.orders.pages_read == 2

    run(look())


def test_the_list_follows_what_happens(run: Run, window: Window, till: FakeTill) -> None:
    async def look() -> None:
        order = place(till)
        await open_orders(window)
        assert button(window, "continue_payment").isVisible()
        till.pay(order.id)
        await window.counter.tasks.settled()
        row = window.orders.list.rows.index(0).data(ROW)
        assert row.state is OrderState.PAID
        assert window.orders.panel._paid_by.text() == "€6.80 by Stripe"
        assert not button(window, "continue_payment").isVisible()

    run(look())


def test_an_open_payment_is_continued_from_its_order(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def look() -> None:
        place(till)
        await open_orders(window)
        button(window, "continue_payment").click()
        await window.counter.tasks.settled()
        assert stage_of(window.counter) is Stage.PAYING
        assert window.pay.isVisible()
        await open_orders(window)
        button(window, "continue_payment").click()
        assert window.pay.isVisible()

    run(look())


def test_a_payment_that_failed_late_is_told_and_can_be_taken_up_again(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def look() -> None:
        order = place(till)
        attempt = till.orders.attempts_of(order.id)[0]
        till.tell_of("attempt.failed", order.id, attempt.id)
        await window.counter.tasks.settled()
        assert not window.notice.isVisible()
        till.orders.change(attempt.id, state=AttemptState.FAILED)
        till.tell_of("attempt.failed", order.id, attempt.id)
        await window.counter.tasks.settled()
        assert window.notice.title == f"Order {order.number} was not paid"
        await open_orders(window)
        button(window, "continue_payment").click()
        await window.counter.tasks.settled()
        assert window.counter.payment is not None
        assert window.counter.payment.phase is Phase.FAILED
        button(window, "cancel_payment").click()
        await window.counter.tasks.settled()
        assert stage_of(window.counter) is Stage.SELLING

    run(look())


def test_what_needs_a_person_is_said_with_its_amount(
    run: Run, window: Window, till: FakeTill
) -> None:
    async def look() -> None:
        order = place(till, OrderState.PAID)
        till.orders.exceptions.append(
            OrderException(
                id=1,
                kind=ExceptionKind.SURPLUS,
                amount=Money(680, "EUR"),
                order_id=order.id,
                attempt_id=1,
                payment_id="pi_2",
                detail="The order was paid already.",
                opened_at=START,
            )
        )
        await open_orders(window)
        row = window.orders.list.rows.index(0).data(ROW)
        assert row.needs_person
        texts = [label.text() for label in window.orders.panel.findChildren(Text)]
        assert "Paid twice · €6.80" in texts
        window.grab()
        till.orders.exceptions.clear()
        window.places.orders_reader.read_again()
        await window.counter.tasks.settled()
        await asyncio.sleep(0)
        assert window.orders.panel._exceptions.count() == 0

    run(look())


def test_the_arrow_keys_walk_through_the_orders(run: Run, window: Window, till: FakeTill) -> None:
    async def look() -> None:
        place(till, OrderState.PAID)
        place(till, OrderState.PAID)
        await open_orders(window)
        window.orders.list.setFocus()
        QTest.keyClick(window.orders.list, Qt.Key.Key_Down)
        await window.counter.tasks.settled()
        assert window.orders.panel._title.text() == "Order 1"

    run(look())


# --- words --------------------------------------------------------------------------------------

FORMATS = Formats("en")


def told(name: str, **data: object) -> tuple[str, str, Tone]:
    entry = story_entry(Fact(1, START, name, "o", 1, data), FORMATS)
    return entry.title, entry.detail, entry.tone


@pytest.mark.parametrize(
    "name",
    [
        "order.placed",
        "order.paid",
        "order.cancelled",
        "order.expired",
        "attempt.created",
        "attempt.open",
        "attempt.shown",
        "attempt.moved",
        "attempt.processing",
        "attempt.declined",
        "attempt.tried_again",
        "attempt.unknown",
        "attempt.closing",
        "attempt.paid",
        "attempt.failed",
        "attempt.expired",
        "attempt.cancelled",
        "exception.opened",
        "exception.resolved",
        *DISPUTE_TELLERS,
    ],
)
def test_every_fact_has_words_even_without_its_data(name: str) -> None:
    title, _detail, _tone = told(name)
    assert title
    assert "." not in title


def test_facts_are_told_with_their_particulars() -> None:
    assert told("order.placed", total_minor=1240, currency="EUR")[1] == "€12.40"
    assert told("order.paid", receipt_number=7) == ("Order paid", "Receipt 7", Tone.GOOD)
    assert told("attempt.created", account="stripe_checkout")[0] == "Payment started with Stripe"
    assert told("attempt.paid", source="webhook")[1] == "The provider told us."
    assert told("attempt.paid", source="poll")[1] == "Found by asking the provider."
    assert told("attempt.declined", decline="expired_card")[1] == "The card has expired."
    assert told("attempt.closing", reason="expired")[1] == "The time was up."
    moved = told("attempt.moved", address="http://192.168.1.20:4242")
    assert moved[1] == "It leads to http://192.168.1.20:4242 now."
    opened = told(
        "exception.opened", kind="surplus", amount_minor=100, currency="EUR", detail="again"
    )
    assert opened == ("Needs a person: Paid twice", "€1.00 · again", Tone.WARNING)
    assert told("exception.resolved", resolution="refunded")[1] == "refunded"


def test_a_dispute_is_told_with_its_particulars() -> None:
    about = {"amount_minor": 500, "currency": "EUR", "due_at": "2026-11-28T12:00:00+00:00"}
    opened = told("dispute.opened", reason="duplicate", state="needs_response", **about)
    assert opened[0] == "The payment is disputed"
    assert opened[1] == (
        "€5.00 · The customer says that they were charged twice. · Answer it by November 28, 2026."
    )
    assert told("dispute.opened", state="inquiry")[0].startswith("The customer's bank asks")
    assert "sorcery" in told("dispute.escalated", reason="sorcery")[1]
    assert told("dispute.won", **about) == ("The dispute was won", "€5.00", Tone.GOOD)
    assert told("dispute.lost", **about)[2] is Tone.DANGER
    assert told("dispute.funds_withdrawn", **about)[1] == "€5.00"
    fee = told("fee.booked", amount_minor=44, currency="EUR", kind="payment")
    assert fee[:2] == ("The provider's fee", "€0.44 · For the payment.")


def test_a_fact_that_is_new_is_named_as_it_is() -> None:
    assert told("moon.landed")[0] == "moon.landed"


@pytest.mark.parametrize("kind", ExceptionKind)
def test_every_exception_has_words(kind: ExceptionKind) -> None:
    title, meaning = exception_words(kind)
    assert title
    assert meaning.endswith(".")


@pytest.mark.parametrize("state", OrderState)
def test_every_state_has_a_word(state: OrderState) -> None:
    assert state_words(state)[0]


def test_accounts_are_called_by_their_brand() -> None:
    assert account_label("stripe_checkout") == "Stripe"
    assert account_label("stripe_links") == "Stripe Links"
    assert account_label("razorpay_upi") == "Razorpay UPI"
    assert account_label("corner_shop") == "Corner shop"
