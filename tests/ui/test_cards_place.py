"""The place of saved cards in the window: its list, its detail and its form."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton

from app.domain.card_setup import CardState
from app.errors import Message, Unavailable
from tests.ui.fake_cards import CARD_URL, FakeCards
from tests.ui.fakes import FakeTill
from tests.ui.helpers import (
    button,
    picture,
    tap,
    until,
)
from tests.ui.saving_cards import (
    focused,
    kind_of,
    opened,
    titles,
)
from ui.cards.state import CardPhase
from ui.demo.eyes import read_qr
from ui.kit.button import Kind
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
