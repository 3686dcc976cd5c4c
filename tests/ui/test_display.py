"""The customer's display: what its faces show."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.domain.attempt import AttemptState
from app.domain.order import OrderState
from app.settings import Mode
from tests.ui.fakes import URL, FakeClock, FakeTill, many_products
from tests.ui.helpers import add, charged, display_of, face_of, picture
from ui.counter import Stage
from ui.demo.eyes import read_qr
from ui.display.display import DisplayOptions
from ui.display.feed import LINGER_MS
from ui.display.model import Ending, Face
from ui.display.window import sizes_for
from ui.modebar import ModeBar
from ui.pay.state import Action
from ui.theme import THEMES, TYPE_SCALE, Type
from ui.window import Window

Run = Callable[[Coroutine[Any, Any, None]], None]
Make = Callable[..., Window]
SIZES = [(1024, 600), (1280, 800), (1920, 1080), (720, 1280)]
IN_A_WINDOW = DisplayOptions(place="window")


def lingered(window: Window) -> None:
    assert window.display.feed is not None
    timer = window.display.feed._timer
    assert timer.isActive()
    timer.stop()
    timer.timeout.emit()


def test_it_greets_while_nothing_is_rung_up(displayed: Window) -> None:
    assert face_of(displayed) is Face.IDLE
    assert display_of(displayed).idle.isVisible()
    assert display_of(displayed).idle.accessibleName() == "Corner Café. Welcome"


def test_the_cart_grows_before_the_customer(displayed: Window, till: FakeTill) -> None:
    add(displayed.counter, till, "coffee", "bread", "coffee")
    model = displayed.display.model
    assert model is not None and model.cart is not None
    assert [line.quantity for line in model.cart.lines] == [2, 1]
    assert model.cart.newest == 0
    assert display_of(displayed).cart.isVisible()
    assert display_of(displayed).cart.total.text == "€11.30"
    displayed.counter.void()
    assert face_of(displayed) is Face.IDLE


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_both_screens_show_the_same_code(
    run: Run, displayed: Window, till: FakeTill, theme: str, size: tuple[int, int]
) -> None:
    async def sale() -> None:
        displayed.set_theme(theme)
        display_of(displayed).resize(*size)
        await charged(displayed.counter, till, "coffee", "bread")
        assert display_of(displayed).look.theme is THEMES[theme]
        assert read_qr(picture(displayed)) == URL
        assert read_qr(picture(display_of(displayed))) == URL
        qr = display_of(displayed).code.qr
        image = picture(qr)
        assert image.pixelColor(image.width() // 2, image.height() // 2).name() in {
            "#000000",
            "#ffffff",
        }
        assert 0.55 * min(size) <= qr.side <= 0.8 * min(size)
        assert qr.side / (len(qr._modules) + 8) >= 4
        assert display_of(displayed).code.amount.text == "€7.90"

    run(sale())


def test_paid_takes_the_code_off_both_screens_in_the_same_turn(
    run: Run, displayed: Window, till: FakeTill
) -> None:
    async def sale() -> None:
        order_id = await charged(displayed.counter, till, "coffee", "bread")
        till.pay(order_id)
        for place, paid in (
            (displayed.pay.qr, displayed.paid),
            (display_of(displayed).code.qr, None),
        ):
            assert place.get_url() == ""
            assert not place.isVisible()
            assert paid is None or paid.isVisible()
        assert display_of(displayed).paid.isVisible()
        assert display_of(displayed).paid.amount.text == "€7.90"
        assert read_qr(picture(display_of(displayed))) is None

    run(sale())


def test_a_cancelled_code_is_off_both_screens_in_the_same_turn(
    run: Run, displayed: Window, till: FakeTill
) -> None:
    async def sale() -> None:
        await charged(displayed.counter, till, "coffee", "bread")
        gate = till.checkout.gates["cancel"] = asyncio.Event()
        displayed.counter.act(Action.CANCEL)
        assert displayed.pay.qr.get_url() == "" == display_of(displayed).code.qr.get_url()
        assert face_of(displayed) is Face.CHECKING
        assert "Nothing was paid" not in display_of(displayed).words.said
        gate.set()
        await displayed.counter.tasks.settled()
        assert display_of(displayed).words.said == "Payment cancelled. Nothing was paid."
        lingered(displayed)
        assert face_of(displayed) is Face.CART

    run(sale())


def test_a_cart_given_back_after_cancelling_does_not_hide_that_nothing_was_paid(
    run: Run, displayed: Window, till: FakeTill
) -> None:
    async def sale() -> None:
        add(displayed.counter, till, "coffee")
        order = till.orders.place(displayed.counter.cart.content)
        displayed.counter.void()
        till.orders.attempt(order.id, AttemptState.OPEN)
        displayed.counter.continue_payment(order.id)
        await displayed.counter.tasks.settled()
        assert read_qr(picture(display_of(displayed))) == URL
        displayed.counter.act(Action.CANCEL)
        await displayed.counter.tasks.settled()
        assert not displayed.counter.cart.is_empty
        assert face_of(displayed) is Face.NOT_PAID
        add(displayed.counter, till, "tea")
        assert face_of(displayed) is Face.CART

    run(sale())


def test_paid_leaves_by_itself_even_if_the_operators_stays(
    run: Run, displayed: Window, till: FakeTill
) -> None:
    async def sale() -> None:
        till.pay(await charged(displayed.counter, till, "coffee", "bread"))
        lingered(displayed)
        assert face_of(displayed) is Face.IDLE
        assert displayed.counter.stage is Stage.PAID

    assert 8000 <= LINGER_MS <= 10000
    run(sale())


def test_paid_stays_its_time_even_if_the_operator_goes_on(
    run: Run, displayed: Window, till: FakeTill
) -> None:
    async def sale() -> None:
        till.pay(await charged(displayed.counter, till, "coffee", "bread"))
        displayed.counter.next_sale()
        assert face_of(displayed) is Face.PAID
        add(displayed.counter, till, "tea")
        assert face_of(displayed) is Face.CART
        displayed.counter.void()
        assert face_of(displayed) is Face.IDLE

    run(sale())


def test_an_order_set_aside_says_nothing_of_what_is_not_known(
    run: Run, displayed: Window, till: FakeTill
) -> None:
    async def sale() -> None:
        till.checkout.cancels_as = OrderState.OPEN
        await charged(displayed.counter, till, "coffee", "bread")
        displayed.counter.act(Action.CANCEL)
        await displayed.counter.tasks.settled()
        assert face_of(displayed) is Face.CHECKING
        displayed.counter.act(Action.SET_ASIDE)
        assert face_of(displayed) is Face.IDLE

    run(sale())


@pytest.mark.parametrize(
    "state, face",
    [(AttemptState.PROCESSING, Face.PROCESSING), (AttemptState.FAILED, Face.NOT_PAID)],
)
def test_the_payments_way_is_followed(
    run: Run, displayed: Window, till: FakeTill, state: AttemptState, face: Face
) -> None:
    async def sale() -> None:
        order_id = await charged(displayed.counter, till, "coffee", "bread")
        till.orders.change(1, state=state)
        till.tell_of(f"attempt.{state}", order_id, 1)
        await displayed.counter.tasks.settled()
        assert face_of(displayed) is face
        assert display_of(displayed).code.qr.get_url() == ""

    run(sale())


def test_a_declined_card_is_told_kindly_until_the_next_try_and_the_code_stays(
    run: Run, displayed: Window, till: FakeTill
) -> None:
    async def sale() -> None:
        order_id = await charged(displayed.counter, till, "coffee", "bread")
        assert not display_of(displayed).code.declined.isVisible()
        till.orders.change(1, decline="insufficient_funds")
        till.tell_of("attempt.declined", order_id, 1)
        await displayed.counter.tasks.settled()
        assert display_of(displayed).code.declined.isVisible()
        assert read_qr(picture(display_of(displayed))) == URL
        till.orders.change(1, decline="")
        till.tell_of("attempt.tried_again", order_id, 1)
        await displayed.counter.tasks.settled()
        assert displayed.pay.statement.title == "Waiting for the customer"
        assert not display_of(displayed).code.declined.isVisible()
        assert read_qr(picture(display_of(displayed))) == URL

    run(sale())


def test_an_expired_order_is_said_until_the_operator_goes_back(
    run: Run, displayed: Window, till: FakeTill
) -> None:
    async def sale() -> None:
        order_id = await charged(displayed.counter, till, "coffee", "bread")
        till.orders.change(1, state=AttemptState.EXPIRED)
        till.orders.end(order_id, OrderState.EXPIRED)
        till.tell(till.orders.facts[-1])
        await displayed.counter.tasks.settled()
        model = displayed.display.model
        assert model is not None and model.ending is Ending.EXPIRED
        displayed.counter.act(Action.BACK_TO_CART)
        assert face_of(displayed) is Face.CART

    run(sale())


@pytest.mark.parametrize("size", SIZES)
def test_the_newest_of_two_hundred_lines_is_in_view(
    qtbot: QtBot, make_window: Make, clock: FakeClock, size: tuple[int, int]
) -> None:
    till = FakeTill(many_products(200), clock=clock)
    window = make_window(till, display=IN_A_WINDOW)
    window.display.start()
    qtbot.addWidget(display_of(window))
    display_of(window).resize(*size)
    # All but the last come at once: that a line is shown at each tap is looked at elsewhere.
    for product in till.catalog.on_sale()[:-1]:
        window.counter.cart.add(product)
    add(window.counter, till, "p199")
    QApplication.processEvents()
    lines = display_of(window).cart.lines
    assert 199 in lines.rows_in_view
    for newest in (0, 199, 1, 100, 198, 199):
        add(window.counter, till, f"p{newest}")
        QApplication.processEvents()
        assert newest in lines.rows_in_view
        assert len(lines.rows_in_view) >= 5
        display_of(window).grab()


@pytest.mark.parametrize("mode, is_told", [(Mode.TRAINING, True), (Mode.LIVE, False)])
def test_training_is_told_on_the_customers_screen_too(
    qtbot: QtBot, make_window: Make, clock: FakeClock, mode: Mode, is_told: bool
) -> None:
    window = make_window(FakeTill(mode=mode, clock=clock), display=IN_A_WINDOW)
    window.display.start()
    qtbot.addWidget(display_of(window))
    bar = display_of(window).findChild(ModeBar)
    assert isinstance(bar, ModeBar)
    assert bar.isVisible() is is_told


@pytest.mark.parametrize("size", [(1024, 600), (1280, 800), (1920, 1080)])
def test_the_smallest_type_is_large_enough_for_a_metre(size: tuple[int, int]) -> None:
    smallest = sizes_for(*size).type_px(TYPE_SCALE[Type.TITLE].size)
    # On a screen 222 mm (10 inches) wide this is 5 mm.
    assert smallest * 222 / size[0] >= 5
