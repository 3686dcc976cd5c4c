"""The code of a card in the window and before the customer, by hand and by keys."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.domain.card_setup import CardState
from app.settings import Mode
from tests.ui.fake_cards import CARD_URL, FakeCards
from tests.ui.fakes import URL, FakeClock, FakeTill
from tests.ui.helpers import (
    add,
    button,
    charged,
    display_of,
    face_of,
    payment_of,
    picture,
    until,
)
from tests.ui.saving_cards import (
    focused,
    has_code,
    model_of,
    opened,
    read_out,
    shown_in,
    titles,
)
from ui.cards.state import CardAction, CardPhase
from ui.counter import Stage
from ui.demo.eyes import read_qr
from ui.display.feed import LINGER_MS
from ui.display.model import Face
from ui.kit.button import Kind
from ui.pay.page import CustomerPage
from ui.pay.qr import LEAST_PIXELS, QUIET_MODULES
from ui.places import Place
from ui.window import Window

Run = Callable[[Coroutine[Any, Any, None]], None]
Make = Callable[..., Window]
SIZES = [(1024, 600), (1280, 800), (1920, 1080)]
P = CardPhase
S = CardState


@pytest.fixture
def cards(till: FakeTill) -> FakeCards:
    return till.cards


# --- a new one -----------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_the_code_is_read_from_the_pixels_of_both_screens(
    run: Run, displayed: Window, cards: FakeCards, theme: str, size: tuple[int, int]
) -> None:
    async def visit() -> None:
        displayed.set_theme(theme)
        displayed.resize(*size)
        display_of(displayed).resize(*size)
        screen = await shown_in(displayed)
        await asyncio.sleep(0.02)
        for window, view in (
            (displayed, screen.code.qr),
            (display_of(displayed), display_of(displayed).code.qr),
        ):
            assert read_qr(picture(window)) == CARD_URL
            assert view.accessibleName() == "QR code of the page for the card"
            assert 0.55 * min(size) <= view.side <= 0.8 * min(size)
            across = len(view._modules) + 2 * QUIET_MODULES
            assert view.side / across >= LEAST_PIXELS
        display = display_of(displayed)
        assert display.code.amount.text == "Save your card"
        assert display.code.terms.text == "Nothing is charged" and display.code.terms.isVisible()

    run(visit())


@pytest.mark.parametrize("state", [S.SAVED, S.EXPIRED, S.FAILED, S.CANCELLED, S.PROCESSING])
def test_the_code_goes_from_both_screens_in_the_turn_in_which_it_is_told(
    run: Run, displayed: Window, cards: FakeCards, state: CardState
) -> None:
    async def visit() -> None:
        screen = await shown_in(displayed)
        views = (screen.code.qr, display_of(displayed).code.qr)
        assert [view.property("url") for view in views] == [CARD_URL, CARD_URL]
        cards.turn(1, state)
        # No turn of the loop has passed.
        assert [view.property("url") for view in views] == ["", ""]
        assert read_qr(picture(displayed)) is None
        assert read_qr(picture(display_of(displayed))) is None

    run(visit())


def test_the_customer_sees_that_the_card_is_saved_for_some_seconds_and_never_a_name(
    run: Run, displayed: Window, till: FakeTill, cards: FakeCards
) -> None:
    async def visit() -> None:
        add(displayed.counter, till, "coffee")
        await shown_in(displayed, "Ada Lovelace")
        assert face_of(displayed) is Face.CODE
        assert "Ada" not in repr(displayed.display.model)
        assert not any("Ada" in text for text in read_out(display_of(displayed)))
        cards.turn(1, S.SAVED)
        assert face_of(displayed) is Face.CARD_SAVED
        assert display_of(displayed).words.said == "Your card is saved. Nothing was charged."
        displayed.counter.cards.act(CardAction.LEAVE)
        assert face_of(displayed) is Face.CARD_SAVED
        feed = displayed.display.feed
        assert feed is not None and feed._timer.interval() == LINGER_MS
        feed._timer.stop()
        feed._timer.timeout.emit()
        assert face_of(displayed) is Face.CART, "the cart is as it was"

    run(visit())


def test_the_cart_is_rung_up_while_a_card_is_given_and_its_code_stays_before_the_customer(
    run: Run, displayed: Window, till: FakeTill, cards: FakeCards
) -> None:
    async def visit() -> None:
        await shown_in(displayed)
        displayed.rail.sell.click()
        add(displayed.counter, till, "coffee")
        assert face_of(displayed) is Face.CODE
        assert not displayed.counter.charge()
        assert displayed.notice.title == "A card is being saved"
        cards.turn(1, S.SAVED)
        await displayed.counter.tasks.settled()
        assert displayed.notice.title == "The card is saved", "who looks elsewhere is told"
        add(displayed.counter, till, "coffee")
        assert face_of(displayed) is Face.CART
        assert displayed.counter.charge()
        await displayed.counter.tasks.settled()
        assert read_qr(picture(displayed)) == URL
        assert payment_of(displayed.counter).url == URL
        assert not displayed.places.cards.is_code_shown

    run(visit())


def test_a_payment_on_the_screen_is_never_disturbed_and_the_form_says_why_at_once(
    run: Run, displayed: Window, till: FakeTill, cards: FakeCards
) -> None:
    async def visit() -> None:
        await charged(displayed.counter, till)
        screen = await opened(displayed)
        screen.new.click()
        assert screen.form.fault.title == "A payment is on the screen"
        screen.form.confirm.click()
        await displayed.counter.tasks.settled()
        assert cards.calls == [] and not screen.is_code_shown
        assert displayed.counter.stage is Stage.PAYING
        assert read_qr(picture(display_of(displayed))) == URL

    run(visit())


def test_a_card_number_typed_as_a_name_is_refused_and_gone_from_the_screen(
    run: Run, make_window: Make, till: FakeTill, cards: FakeCards
) -> None:
    async def visit() -> None:
        window = make_window(till)
        screen = await shown_in(window, "4242 4242 4242 4242")
        assert screen.form.fault.title == "That is a card's number"
        assert screen.form.label.text == "" and cards.begun == []
        assert not any("4242" in text for text in read_out(window))

    run(visit())


def test_where_there_are_several_accounts_one_is_chosen(
    run: Run, make_window: Make, till: FakeTill, cards: FakeCards
) -> None:
    async def visit() -> None:
        cards.accounts = ("stripe_checkout", "stripe_stand")
        window = make_window(till)
        screen = await opened(window)
        screen.new.click()
        assert [chip.accessibleName() for chip in screen.form.accounts.buttons] == [
            "Stripe Checkout",
            "Stripe stand",
        ]
        button(window, "keep_at_stripe_stand").click()
        screen.form.confirm.click()
        await window.counter.tasks.settled()
        assert cards.begun == [("", "stripe_stand")]

    run(visit())


def test_by_keys_alone_a_card_is_checked_cancelled_and_the_list_is_there_again(
    run: Run, make_window: Make, till: FakeTill, cards: FakeCards
) -> None:
    async def visit() -> None:
        window = make_window(till)
        screen = await opened(window)
        QTest.keyClick(window, Qt.Key.Key_F5)
        await until(lambda: screen.is_form_open)
        QTest.keyClicks(focused(), "Ada")
        QTest.keyClick(window, Qt.Key.Key_F12)
        await until(lambda: screen.is_code_shown)
        await window.counter.tasks.settled()
        assert focused() is screen.code
        QTest.keyClick(window, Qt.Key.Key_F5)
        await cards.called("look")
        await window.counter.tasks.settled()
        QTest.keyClick(window, Qt.Key.Key_F10)
        await cards.called("close")
        await window.counter.tasks.settled()
        assert not screen.is_code_shown and titles(screen) == ["Ada"]
        assert "was cancelled" in screen.panel.said
        assert window.notice.title == "No card was saved"
        QTest.keyClick(focused(), Qt.Key.Key_Down)
        assert focused() is screen.list

    run(visit())


def test_space_pressed_twice_on_check_now_does_not_cancel(
    run: Run, make_window: Make, till: FakeTill, cards: FakeCards
) -> None:
    async def visit() -> None:
        window = make_window(till)
        screen = await shown_in(window)
        screen.code.buttons[CardAction.CHECK_NOW].setFocus(Qt.FocusReason.TabFocusReason)
        for _press in range(2):
            QTest.keyClick(focused(), Qt.Key.Key_Space)
        await window.counter.tasks.settled()
        assert cards.calls.count("look") == 1 and "close" not in cards.calls

    run(visit())


def test_a_saved_card_is_left_by_its_key_and_stands_in_the_list(
    run: Run, make_window: Make, till: FakeTill, cards: FakeCards
) -> None:
    async def visit() -> None:
        cards.add("Old", S.SAVED)
        window = make_window(till)
        screen = await shown_in(window)
        cards.turn(2, S.SAVED)
        await window.counter.tasks.settled()
        assert screen.code.statement.title == "The card is saved"
        assert screen.code.statement.sentence == "Visa ···· 4242, 12/34. No money was taken."
        assert not window.notice.isVisible(), "it stands on the screen"
        QTest.keyClick(window, Qt.Key.Key_F11)
        await until(lambda: not screen.is_code_shown)
        await window.counter.tasks.settled()
        setup = screen.panel.setup
        assert titles(screen) == ["Ada", "Old"]
        assert setup is not None and setup.label == "Ada"
        assert screen.list.currentIndex().row() == 0

    run(visit())


def test_escape_leaves_a_code_where_it_is_and_what_is_over_behind(
    run: Run, displayed: Window, cards: FakeCards
) -> None:
    async def visit() -> None:
        screen = await shown_in(displayed)
        QTest.keyClick(screen.code, Qt.Key.Key_Escape)
        assert displayed.places.place is Place.SELL
        assert face_of(displayed) is Face.CODE and "close" not in cards.calls
        await opened(displayed)
        assert has_code(screen) and model_of(displayed).url == CARD_URL
        cards.turn(1, S.EXPIRED)
        QTest.keyClick(screen.code, Qt.Key.Key_Escape)
        assert not has_code(screen) and displayed.rail.cards.isChecked()

    run(visit())


def test_only_in_training_the_page_opens_on_this_computer(
    run: Run, make_window: Make, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages: list[str] = []

    def open_page(_page: CustomerPage, url: str) -> bool:
        pages.append(url)
        return True

    monkeypatch.setattr(CustomerPage, "open", open_page)

    async def visit() -> None:
        window = make_window(FakeTill(clock=clock))
        screen = await shown_in(window)
        QTest.keyClick(window, Qt.Key.Key_F6)
        await until(lambda: bool(pages))
        assert pages == [CARD_URL] and window.notice.title == "The page opens in the browser"
        live = make_window(FakeTill(clock=clock, mode=Mode.LIVE))
        screen = await shown_in(live)
        assert not screen.code.buttons[CardAction.SAVE_AS_CUSTOMER].isVisible()

    run(visit())


def test_what_is_not_known_is_said_with_check_now_and_cancel(
    run: Run, displayed: Window, cards: FakeCards
) -> None:
    async def visit() -> None:
        screen = await shown_in(displayed)
        cards.turn(1, S.UNKNOWN)
        await displayed.counter.tasks.settled()
        assert screen.code.statement.title == "We do not know yet"
        shown = {a for a, one in screen.code.buttons.items() if one.isVisible()}
        assert shown == {CardAction.CHECK_NOW, CardAction.CANCEL, CardAction.LEAVE}
        assert screen.code.buttons[CardAction.CHECK_NOW].kind is Kind.PRIMARY
        assert face_of(displayed) is Face.CARD_CHECKING
        assert display_of(displayed).code.qr.property("url") == ""

    run(visit())
