"""Cards saved in the window of a real till, by a customer at the simulator's page."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import qasync
from PySide6.QtWidgets import QApplication

from app.bootstrap import Till
from app.domain.card_setup import CardSetup, CardState
from tests.integration.till.house import (
    DECLINED,
    GOOD_CARD,
    SETTINGS,
    Customer,
    elsewhere,
    open_till,
    rows,
    simulator,
    until,
    violations,
)
from tests.ui.helpers import picture
from ui.cards.screen import CardsScreen
from ui.cards.state import CardAction, CardPhase
from ui.demo.eyes import read_qr
from ui.display.display import DisplayOptions
from ui.display.model import Face
from ui.window import Window

Run = Callable[[Coroutine[Any, Any, None]], None]
CREATE = "/v1/checkout/sessions"
P = CardPhase


@pytest.fixture
def customer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Customer]:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    with simulator(tmp_path / "sandbox.db") as one:
        yield one


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "till"
    path.mkdir()
    return path


@pytest.fixture
def run(qapp: QApplication) -> Iterator[Run]:
    """Run a coroutine on Qt's own loop; real doors and a real provider take their time."""
    qapp.setQuitOnLastWindowClosed(False)
    loop = qasync.QEventLoop(qapp)
    asyncio.set_event_loop(loop)
    yield lambda story: loop.run_until_complete(asyncio.wait_for(story, 60))
    loop.close()
    asyncio.set_event_loop(None)
    qapp.setQuitOnLastWindowClosed(True)


@asynccontextmanager
async def opened(root: Path, customer: Customer) -> AsyncIterator[tuple[Till, Window, CardsScreen]]:
    """Open a till with both screens, at its cards; no money may come of what is done there."""
    async with open_till(root, customer.origin) as till:
        window = Window(till, display=DisplayOptions(place="window"))
        window.resize(1280, 800)
        window.show()
        window.start()
        window.rail.cards.click()
        await window.counter.tasks.settled()
        try:
            yield till, window, window.places.cards
        finally:
            await window.finish()
    # Facts on their way to it have come by now.
    window.close()
    window.deleteLater()
    for table in ("orders", "payments", "ledger_transactions", "exceptions"):
        assert rows(root, f"SELECT count(*) FROM {table}") == [(0,)]
    assert customer.taken() == [] and violations(root, customer) == []


def phase(screen: CardsScreen) -> CardPhase | None:
    return screen.code.model.phase if screen.code.model is not None else None


def face(window: Window) -> Face | None:
    return window.display.model.face if window.display.model is not None else None


async def begin(screen: CardsScreen, label: str = "Ada Lovelace") -> None:
    screen.new.click()
    screen.form.label.set_text(label)
    screen.form.confirm.click()


async def shown(till: Till, window: Window, screen: CardsScreen) -> CardSetup:
    """Wait for the code, and look at both screens as the customer's phone does."""
    await until(lambda: phase(screen) is P.WAITING)
    setup = (await till.cards.page())[0]
    display = window.display.window
    assert display is not None
    await asyncio.sleep(0.02)
    assert read_qr(picture(window)) == read_qr(picture(display)) == setup.url
    assert setup.shown_at is not None
    return setup


def test_a_customer_scans_the_code_and_gives_a_card(
    run: Run, root: Path, customer: Customer
) -> None:
    async def story() -> None:
        async with opened(root, customer) as (till, window, screen):
            await begin(screen)
            setup = await shown(till, window, screen)
            await elsewhere(customer.pay, setup.url, DECLINED)
            await until(lambda: phase(screen) is P.DECLINED)
            assert screen.code.qr.property("url") == setup.url
            await elsewhere(customer.pay, setup.url, GOOD_CARD)
            await until(lambda: screen.code.statement.sentence.startswith("Visa"))
            assert phase(screen) is P.SAVED
            assert screen.code.qr.property("url") == "" and face(window) is Face.CARD_SAVED
            assert screen.code.statement.sentence.startswith("Visa ···· 4242, 12/34.")
            screen.code.buttons[CardAction.LEAVE].click()
            await window.counter.tasks.settled()
            particulars = dict(screen.panel.particulars)
            assert particulars["Customer at the provider"].startswith("cus_")
            assert particulars["Begun by"] == "The counter"

    run(story())
    shown_by = rows(root, "SELECT actor FROM audit WHERE action = 'card.shown'")
    assert shown_by == [("counter",)]


def test_cancelled_in_the_window_the_page_takes_no_card(
    run: Run, root: Path, customer: Customer
) -> None:
    async def story() -> None:
        async with opened(root, customer) as (till, window, screen):
            await begin(screen)
            setup = await shown(till, window, screen)
            screen.code.buttons[CardAction.CANCEL].click()
            assert screen.code.qr.property("url") == "", "in this same turn"
            await until(lambda: not screen.is_code_shown)
            await window.counter.tasks.settled()
            assert "was cancelled" in screen.panel.said and face(window) is Face.CARD_NOT_SAVED
            with pytest.raises(AssertionError):
                await elsewhere(customer.pay, setup.url)

    run(story())
    assert rows(root, "SELECT state FROM card_setups") == [("cancelled",)]


def test_given_just_before_the_cancellation_the_card_is_said_to_be_saved(
    run: Run, root: Path, customer: Customer
) -> None:
    async def story() -> None:
        async with opened(root, customer) as (till, window, screen):
            await begin(screen)
            setup = await shown(till, window, screen)
            paying = asyncio.create_task(elsewhere(customer.pay, setup.url))
            await until(lambda: customer_has_paid(customer))
            screen.code.buttons[CardAction.CANCEL].click()
            await paying
            await until(lambda: phase(screen) is P.SAVED)

    def customer_has_paid(one: Customer) -> bool:
        return any(each["status"] == "complete" for each in one.books()["sessions"])

    run(story())
    assert rows(root, "SELECT state FROM card_setups") == [("saved",)]


def test_a_lost_answer_is_waited_for_and_the_code_comes(
    run: Run, root: Path, customer: Customer
) -> None:
    async def story() -> None:
        async with opened(root, customer) as (till, window, screen):
            customer.fault("POST", CREATE, drop="after_effect")
            await begin(screen)
            setup = await shown(till, window, screen)
            await elsewhere(customer.pay, setup.url)
            await until(lambda: phase(screen) is P.SAVED)

    run(story())


def test_closing_without_an_answer_is_said_to_be_unknown_until_it_is_known(
    run: Run, root: Path, customer: Customer
) -> None:
    async def story() -> None:
        async with opened(root, customer) as (till, window, screen):
            await begin(screen)
            setup = await shown(till, window, screen)
            where = f"{CREATE}/{setup.setup_id}"
            customer.fault("POST", f"{where}/expire", times=None, drop="before")
            customer.fault("GET", where, times=None, drop="before")
            screen.code.buttons[CardAction.CANCEL].click()

            async def is_unknown() -> bool:
                return (await till.cards.one(1)).state is CardState.UNKNOWN

            await until(is_unknown)
            assert phase(screen) is P.CLOSING and face(window) is Face.CARD_CHECKING
            customer.control("DELETE", "faults")
            await until(lambda: not screen.is_code_shown)

    run(story())
    assert rows(root, "SELECT state FROM card_setups") == [("cancelled",)]


def test_begun_before_the_till_was_closed_it_is_shown_again_by_the_next(
    run: Run, root: Path, customer: Customer
) -> None:
    async def first() -> None:
        async with opened(root, customer) as (till, window, screen):
            await begin(screen)
            await shown(till, window, screen)

    async def second() -> None:
        async with opened(root, customer) as (till, window, screen):
            assert screen.panel.show_code.isVisible()
            screen.panel.show_code.click()
            setup = await shown(till, window, screen)
            await elsewhere(customer.pay, setup.url)
            await until(lambda: phase(screen) is P.SAVED)

    run(first())
    run(second())
    assert rows(root, "SELECT count(*) FROM card_setups") == [(1,)]


def test_what_another_door_begins_stands_in_the_list_and_is_closed_there(
    run: Run, root: Path, customer: Customer
) -> None:
    async def story() -> None:
        async with opened(root, customer) as (till, window, screen):
            await till.cards.show("By the command", by="Bea")
            await until(lambda: screen.list.rows.rowCount() == 1)
            await until(lambda: screen.panel.close_page.isVisible())
            assert dict(screen.panel.particulars)["Begun by"] == "Bea"
            screen.panel.close_page.click()
            await until(lambda: "was cancelled" in screen.panel.said)
            assert face(window) is Face.IDLE

    run(story())
    closed_by = rows(root, "SELECT actor FROM audit WHERE action = 'card.closing'")
    assert closed_by == [("counter",)]
