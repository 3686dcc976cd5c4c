"""The place of saved cards in the window: list, detail, form, code, and the customer's display."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from app.domain.card_setup import CardState
from app.errors import Message, Unavailable
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
    tap,
    until,
)
from ui.cards.screen import CardsScreen
from ui.cards.state import CardAction, CardModel, CardPhase
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


async def opened(window: Window) -> CardsScreen:
    window.rail.cards.click()
    await window.counter.tasks.settled()
    return window.places.cards


async def begun(window: Window, label: str = "Ada") -> CardsScreen:
    """Fill the form in until the code stands."""
    screen = await opened(window)
    screen.new.click()
    edit = screen.form.label.field.edit
    QTest.keyClicks(edit, label)
    QTest.keyClick(edit, Qt.Key.Key_Return)
    await window.counter.tasks.settled()
    return screen


def focused() -> QWidget:
    at = QApplication.focusWidget()
    assert at is not None
    return at


def kind_of(screen: CardsScreen) -> Kind:
    """Ask anew how loud the button above the list is."""
    return screen.new.kind


def has_code(screen: CardsScreen) -> bool:
    """Ask anew whether a code has the place to itself."""
    return screen.is_code_shown


def model_of(window: Window) -> CardModel:
    model = window.places.cards.code.model
    assert model is not None
    return model


def titles(screen: CardsScreen) -> list[str]:
    rows = screen.list.rows
    return [str(rows.data(rows.index(n))) for n in range(rows.rowCount())]


# --- coming and going ----------------------------------------------------------------------------


def test_its_key_leads_there_and_escape_back_to_the_sale(
    run: Run, make_window: Make, till: FakeTill
) -> None:
    async def visit() -> None:
        window = make_window(till)
        assert button(window, "rail_cards").accessibleName() == "Cards"
        QTest.keyClick(window, Qt.Key.Key_F4, Qt.KeyboardModifier.ShiftModifier)
        await until(lambda: window.places.place is Place.CARDS)
        await window.counter.tasks.settled()
        assert window.rail.cards.isChecked()
        QTest.keyClick(window, Qt.Key.Key_F5)
        await until(lambda: window.places.cards.is_form_open)
        QTest.keyClicks(focused(), "Ada")
        # The key again keeps what is being typed.
        QTest.keyClick(window, Qt.Key.Key_F5)
        await asyncio.sleep(0.15)
        assert window.places.cards.form.label.text == "Ada"
        QTest.keyClick(focused(), Qt.Key.Key_Escape)
        assert not window.places.cards.is_form_open
        QTest.keyClick(focused(), Qt.Key.Key_Escape)
        assert window.places.place is Place.SELL
        QTest.keyClick(window, Qt.Key.Key_F4)
        await until(lambda: window.places.place is Place.SETTINGS)

    run(visit())


def test_where_no_account_keeps_cards_there_is_no_such_place(
    run: Run, make_window: Make, till: FakeTill, cards: FakeCards
) -> None:
    async def visit() -> None:
        cards.accounts = ()
        window = make_window(till)
        assert not window.rail.cards.isVisible()
        QTest.keyClick(window, Qt.Key.Key_F4, Qt.KeyboardModifier.ShiftModifier)
        await asyncio.sleep(0.15)
        assert window.places.place is Place.SELL

    run(visit())


def test_the_form_is_left_empty_for_who_goes_elsewhere_and_comes_back(
    run: Run, make_window: Make, till: FakeTill
) -> None:
    async def visit() -> None:
        window = make_window(till)
        screen = await opened(window)
        screen.new.click()
        screen.form.label.set_text("Ada")
        assert kind_of(screen) is Kind.SECONDARY
        window.rail.sell.click()
        await opened(window)
        assert not screen.is_form_open and kind_of(screen) is Kind.PRIMARY
        screen.new.click()
        assert screen.form.label.text == ""

    run(visit())


# --- the list and the detail ---------------------------------------------------------------------


def test_the_newest_stand_first_a_page_at_a_time_and_the_rest_as_one_scrolls(
    run: Run, make_window: Make, till: FakeTill, cards: FakeCards
) -> None:
    async def visit() -> None:
        for number in range(120):
            cards.add(f"Customer {number}", S.SAVED)
        window = make_window(till)
        screen = await opened(window)
        assert len(titles(screen)) == 50 and titles(screen)[0] == "Customer 119"
        setup = screen.panel.setup
        assert setup is not None and setup.label == "Customer 119"
        for expected in (100, 120, 120):
            bar = screen.list.verticalScrollBar()
            bar.setValue(bar.maximum())
            await window.counter.tasks.settled()
            assert len(titles(screen)) == expected
        assert titles(screen)[-1] == "Customer 0"

    run(visit())


def test_a_row_is_read_out_whole_and_its_detail_says_all_that_is_known(
    run: Run, make_window: Make, till: FakeTill, cards: FakeCards
) -> None:
    async def visit() -> None:
        cards.add("Ada Lovelace", S.SAVED, asked_by="Bea")
        cards.add("")
        window = make_window(till)
        screen = await opened(window)
        role = Qt.ItemDataRole.AccessibleTextRole
        rows = screen.list.rows
        spoken = [str(rows.data(rows.index(n), role)) for n in range(2)]
        assert spoken[0].startswith("No name, Not shown, March 14, 2026")
        assert spoken[1].startswith("Ada Lovelace, Saved, Visa ···· 4242, March 14, 2026")
        tap(screen.list, screen.list.visualRect(rows.index(1)).center())
        await window.counter.tasks.settled()
        said = dict(screen.panel.particulars)
        assert said["Card"] == "Visa ···· 4242, 12/34" and said["Begun by"] == "Bea"
        assert said["Customer at the provider"] == "cus_QxYz1234567890"
        assert "No money was taken" in screen.panel.said
        assert not screen.panel.close_page.isVisible() and not screen.panel.show_code.isVisible()

    run(visit())


def test_the_list_follows_the_books_while_it_is_looked_at(
    run: Run, make_window: Make, till: FakeTill, cards: FakeCards
) -> None:
    async def visit() -> None:
        cards.add("Ada", shown_at=till.clock.now())
        window = make_window(till)
        screen = await opened(window)
        assert screen.panel.close_page.isVisible() and screen.panel.show_code.isVisible()
        # As the command or the private door would.
        cards.turn(1, S.SAVED)
        await window.counter.tasks.settled()
        assert "gave this card" in screen.panel.said
        assert not screen.panel.close_page.isVisible()
        cards.add("Bob")
        cards.tell(2, "wanted")
        await window.counter.tasks.settled()
        assert titles(screen) == ["Bob", "Ada"]
        setup = screen.panel.setup
        assert setup is not None and setup.label == "Ada", "what is looked at stays"

    run(visit())


def test_an_open_one_is_closed_once_however_often_it_is_pressed(
    run: Run, make_window: Make, till: FakeTill, cards: FakeCards
) -> None:
    async def visit() -> None:
        cards.add("Ada", shown_at=till.clock.now())
        window = make_window(till)
        screen = await opened(window)
        cards.gates["close"] = asyncio.Event()
        for _press in range(3):
            screen.panel.close_page.click()
        screen.panel.close_page.setFocus()
        await cards.called("close")
        cards.gates["close"].set()
        await window.counter.tasks.settled()
        assert cards.calls.count("close") == 1
        assert "cancelled before a card was given" in screen.panel.said
        assert not screen.panel.close_page.isVisible()
        assert not isinstance(focused(), QAbstractButton), "a second press would do another thing"

    run(visit())


def test_a_closing_that_was_not_begun_says_why_and_can_be_tried_again(
    run: Run, make_window: Make, till: FakeTill, cards: FakeCards
) -> None:
    async def visit() -> None:
        cards.add("Ada", shown_at=till.clock.now())
        window = make_window(till)
        screen = await opened(window)
        cards.errors["close"] = Unavailable(Message("The provider did not answer"))
        screen.panel.close_page.click()
        await window.counter.tasks.settled()
        assert screen.panel.fault.title == "The provider did not answer"
        assert screen.panel.close_page.isVisible()
        assert screen.panel.close_page.label == "Close the page"
        del cards.errors["close"]
        screen.panel.close_page.click()
        assert screen.panel.fault.title == ""
        await window.counter.tasks.settled()
        assert cards.setups[1].state is S.CANCELLED

    run(visit())


def test_its_code_is_shown_again_from_the_list(
    run: Run, make_window: Make, till: FakeTill, cards: FakeCards
) -> None:
    async def visit() -> None:
        cards.add("Ada", shown_at=till.clock.now() - timedelta(minutes=1))
        window = make_window(till)
        screen = await opened(window)
        QTest.keyClick(window, Qt.Key.Key_F6)
        await until(lambda: screen.is_code_shown)
        await window.counter.tasks.settled()
        assert read_qr(picture(window)) == CARD_URL

    run(visit())


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
        screen = await begun(displayed)
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
        assert display.code.free.text == "Nothing is charged" and display.code.free.isVisible()

    run(visit())


@pytest.mark.parametrize("state", [S.SAVED, S.EXPIRED, S.FAILED, S.CANCELLED, S.PROCESSING])
def test_the_code_goes_from_both_screens_in_the_turn_in_which_it_is_told(
    run: Run, displayed: Window, cards: FakeCards, state: CardState
) -> None:
    async def visit() -> None:
        screen = await begun(displayed)
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
        await begun(displayed, "Ada Lovelace")
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


def read_out(widget: QWidget) -> list[str]:
    return [each.accessibleName() for each in (widget, *widget.findChildren(QWidget))]


def test_the_cart_is_rung_up_while_a_card_is_given_and_its_code_stays_before_the_customer(
    run: Run, displayed: Window, till: FakeTill, cards: FakeCards
) -> None:
    async def visit() -> None:
        await begun(displayed)
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
        screen = await begun(window, "4242 4242 4242 4242")
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
        screen = await begun(window)
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
        screen = await begun(window)
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
        screen = await begun(displayed)
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
        screen = await begun(window)
        QTest.keyClick(window, Qt.Key.Key_F6)
        await until(lambda: bool(pages))
        assert pages == [CARD_URL] and window.notice.title == "The page opens in the browser"
        live = make_window(FakeTill(clock=clock, mode=Mode.LIVE))
        screen = await begun(live)
        assert not screen.code.buttons[CardAction.SAVE_AS_CUSTOMER].isVisible()

    run(visit())


def test_what_is_not_known_is_said_with_check_now_and_cancel(
    run: Run, displayed: Window, cards: FakeCards
) -> None:
    async def visit() -> None:
        screen = await begun(displayed)
        cards.turn(1, S.UNKNOWN)
        await displayed.counter.tasks.settled()
        assert screen.code.statement.title == "We do not know yet"
        shown = {a for a, one in screen.code.buttons.items() if one.isVisible()}
        assert shown == {CardAction.CHECK_NOW, CardAction.CANCEL, CardAction.LEAVE}
        assert screen.code.buttons[CardAction.CHECK_NOW].kind is Kind.PRIMARY
        assert face_of(displayed) is Face.CARD_CHECKING
        assert display_of(displayed).code.qr.property("url") == ""

    run(visit())
