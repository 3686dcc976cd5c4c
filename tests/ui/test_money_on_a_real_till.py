"""The window over real books and the simulator: money given back, late money accepted."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import qasync
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.bootstrap import Till
from app.domain.order import Order
from tests.integration.till.house import (
    SETTINGS,
    Customer,
    elsewhere,
    open_till,
    rows,
    show,
    simulator,
    until,
    until_registered,
    until_state,
    violations,
)
from tests.ui.helpers import button
from ui.decide.form import DecisionForm
from ui.window import Window

RunSlowly = Callable[[Coroutine[Any, Any, None]], None]
CARD = "4242424242424242"


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
def run(qapp: QApplication) -> Iterator[RunSlowly]:
    """Run a coroutine on Qt's own loop; real doors and a real provider take their time."""
    qapp.setQuitOnLastWindowClosed(False)
    loop = qasync.QEventLoop(qapp)
    asyncio.set_event_loop(loop)
    yield lambda story: loop.run_until_complete(asyncio.wait_for(story, 60))
    loop.close()
    asyncio.set_event_loop(None)
    qapp.setQuitOnLastWindowClosed(True)


@asynccontextmanager
async def opened(root: Path, customer: Customer) -> AsyncIterator[tuple[Till, Window]]:
    async with open_till(root, customer.origin) as till:
        await until_registered(till, customer)
        window = Window(till)
        window.resize(1280, 800)
        window.show()
        window.start()
        try:
            yield till, window
        finally:
            await window.finish()
    # Facts on their way to it have come by now.
    window.close()
    window.deleteLater()


async def sold(till: Till, customer: Customer) -> Order:
    order, attempt = await show(till)
    await elsewhere(customer.pay, attempt.url)
    await until_state(till, order, "paid")
    return order


async def paid_late(till: Till, customer: Customer) -> Order:
    order, attempt = await show(till)
    assert (await till.checkout.cancel(order.id)).state.value == "cancelled"
    path = f"sessions/{attempt.session_id}/pay"
    paid = await elsewhere(customer.control, "POST", path, card=CARD, force=True)
    assert paid["outcome"] == "paid"
    await until(lambda: till.status().needs_person == 1)
    return order


def fill(form: DecisionForm, reason: str) -> None:
    form.who.set_text("Eva")
    form.reason.set_text(reason)


def decided(root: Path, action: str) -> list[tuple[Any, ...]]:
    return rows(
        root,
        "SELECT actor, json_extract(data, '$.reason') FROM audit "
        f"WHERE action = '{action}' ORDER BY seq",
    )


def test_half_of_a_paid_order_is_given_back_once_however_often_one_taps(
    run: RunSlowly, root: Path, customer: Customer
) -> None:
    async def story() -> None:
        async with opened(root, customer) as (till, window):
            order = await sold(till, customer)
            window.rail.orders.click()
            await window.counter.tasks.settled()
            window.orders.list.choose(order.id)
            await until(lambda: button(window, "refund").isVisible())
            button(window, "refund").click()
            form = window.orders.panel.form
            fill(form, "Half of it was cold")
            half = order.total.minor // 2
            form.amount.set_text(f"{half // 100}.{half % 100:02}")
            for _tap in range(3):
                QTest.mouseClick(form.confirm, Qt.MouseButton.LeftButton)
                await asyncio.sleep(0)
            await until(lambda: window.orders.panel.result.title != "", within_s=20)
            assert window.orders.panel.result.title.endswith("was given back")
            listed = window.orders.panel.refunds
            await until(lambda: [one.state[0] for one in listed.records] == ["Given back"])
            detail = await till.orders.detail(order.id)
            assert detail is not None
            assert [(one.amount.minor, one.asked_by) for one in detail.refunds] == [(half, "Eva")]
            assert detail.order.state.value == "paid"

    run(story())
    assert [taken.refunded_minor for taken in customer.taken()] == [
        rows(root, "SELECT amount_minor FROM refunds")[0][0]
    ]
    assert decided(root, "refund.requested") == [("Eva", "Half of it was cold")]
    assert violations(root, customer) == []


def test_late_money_is_accepted_at_the_window_and_the_order_is_paid(
    run: RunSlowly, root: Path, customer: Customer
) -> None:
    async def story() -> None:
        async with opened(root, customer) as (till, window):
            order = await paid_late(till, customer)
            window._on_status()
            assert window.rail.person.accessibleName() == "Needs a person, 1 waits"
            window.rail.person.click()
            await until(lambda: window.needs_person.panel.trouble is not None)
            button(window, "way_accept").click()
            form = window.needs_person.panel.form
            fill(form, "The customer has the goods")
            form.confirm.click()
            await until_state(till, order, "paid")
            await until(lambda: window.needs_person.panel.result.title != "")
            assert window.needs_person.panel.result.title.endswith("was accepted")
            await until(lambda: till.status().needs_person == 0)
            await until(lambda: window.needs_person.list.rows.rowCount() == 0)
            window.places.show_place(1)
            window.orders.list.choose(order.id)
            await window.counter.tasks.settled()
            titles = [entry.title for entry in window.orders.panel._story._entries]
            assert titles[-2:] == ["Order paid, as a person decided", "Cleared up"]

    run(story())
    assert decided(root, "exception.resolved") == [("Eva", "The customer has the goods")]
    assert violations(root, customer) == []


def test_late_money_is_given_back_in_two_parts_and_then_leaves_the_list(
    run: RunSlowly, root: Path, customer: Customer
) -> None:
    async def story() -> None:
        async with opened(root, customer) as (till, window):
            order = await paid_late(till, customer)
            window.rail.person.click()
            panel = window.needs_person.panel
            await until(lambda: panel.trouble is not None)
            button(window, "way_refund").click()
            fill(panel.form, "As agreed")
            panel.form.amount.set_text("1.00")
            panel.form.confirm.click()
            await until(lambda: panel.result.title == "€1.00 was given back", within_s=20)
            await until(lambda: button(window, "way_refund").isEnabled())
            assert window.needs_person.list.rows.rowCount() == 1
            button(window, "way_refund").click()
            left = order.total.minor - 100
            assert panel.form.amount.text == f"{left // 100}.{left % 100:02}"
            fill(panel.form, "The rest of it")
            panel.form.confirm.click()
            await until(lambda: till.status().needs_person == 0, within_s=20)
            await until(lambda: panel._chip.accessibleName() == "Cleared up")

    run(story())
    (taken,) = customer.taken()
    assert taken.refunded_minor == taken.captured_minor
    assert violations(root, customer) == []
