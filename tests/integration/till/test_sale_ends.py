"""How sales of a whole till end otherwise: cancelled, expired, slow, closed in between."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.bootstrap import Till
from app.domain.attempt import AttemptState
from app.domain.order import Order
from app.errors import CheckoutRefused, Protocol
from tests.conftest import ExpectedLogs
from tests.integration.till.house import (
    DECLINED,
    GOOD_CARD,
    NEVER,
    Customer,
    elsewhere,
    open_till,
    place,
    rows,
    show,
    state,
    until,
    until_registered,
    until_state,
    with_till,
)

CHALLENGED = "4000002500003155"


def test_cancelling_closes_the_page_at_the_provider(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        order, attempt = await show(till)
        assert (await till.checkout.cancel(order.id)).state.value == "cancelled"
        page = await elsewhere(httpx.get, str(attempt.url))
        assert "<form" not in page.text

    with_till(root, customer, story)


def test_cancelling_while_the_customer_pays_ends_in_paid(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        order, attempt = await show(till)
        await elsewhere(customer.pay, attempt.url)
        assert (await till.checkout.cancel(order.id)).state.value == "paid"

    with_till(root, customer, story, pace=NEVER, register_webhooks=False)


def test_a_session_that_the_provider_expires_ends_the_order(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        await until_registered(till, customer)
        order, _ = await show(till)
        await elsewhere(customer.control, "POST", "clock", advance_s=3600)
        await until_state(till, order, "expired")

    with_till(root, customer, story)


@pytest.mark.parametrize("succeeded", [True, False])
def test_a_payment_that_takes_days_is_decided_later(
    root: Path, customer: Customer, succeeded: bool
) -> None:
    async def story(till: Till) -> None:
        order, attempt = await show(till)
        path = f"sessions/{attempt.session_id}/pay"
        paid = await elsewhere(customer.control, "POST", path, card=GOOD_CARD, delayed=True)
        assert paid["outcome"] == "processing"

        async def is_(wanted: AttemptState) -> bool:
            detail = await till.orders.detail(order.id)
            return detail is not None and detail.attempts[0].state is wanted

        await until(lambda: is_(AttemptState.PROCESSING))
        path = f"sessions/{attempt.session_id}/settle"
        await elsewhere(customer.control, "POST", path, succeeded=succeeded)
        await until(lambda: is_(AttemptState.PAID if succeeded else AttemptState.FAILED))
        assert await state(till, order) == ("paid" if succeeded else "open")

    with_till(root, customer, story)


def test_after_a_new_key_money_that_was_begun_with_the_old_one_still_counts(
    root: Path, customer: Customer
) -> None:
    """The books know no account for the new key yet; it must not look like a stranger's money."""

    async def first(till: Till) -> Any:
        return await show(till)

    order, attempt = with_till(root, customer, first, pace=NEVER)
    customer.pay(attempt.url)
    db_change(root, "UPDATE accounts SET credential = 'of the old key'")

    async def second(till: Till) -> None:
        await until_state(till, order, "paid")

    with_till(root, customer, second)
    assert rows(root, "SELECT count(*) FROM exceptions") == [(0,)]


def db_change(root: Path, sql: str) -> None:
    import sqlite3

    db = sqlite3.connect(root / "training" / "till.db")
    with db:
        db.execute(sql)
    db.close()


def test_a_page_that_leads_elsewhere_is_closed_and_never_shown(
    root: Path, customer: Customer, expected_logs: ExpectedLogs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.providers.connected.is_own_page", lambda *_: False)

    async def story(till: Till) -> None:
        order = await place(till)
        with pytest.raises(Protocol, match="does not fit the order"):
            await till.checkout.open_session(order.id, till.accounts[0])
        detail = await till.orders.detail(order.id)
        assert detail is not None and detail.attempts[0].url is None

        async def closed() -> bool:
            found = await till.orders.detail(order.id)
            return found is not None and found.attempts[0].state is AttemptState.CANCELLED

        await until(closed)

    with_till(root, customer, story)
    assert customer.books()["sessions"][0]["status"] == "expired"
    expected_logs.take("no page of Stripe's")


def test_without_the_provider_orders_can_be_placed_and_nothing_is_begun(
    root: Path, expected_logs: ExpectedLogs
) -> None:
    async def story() -> None:
        async with open_till(root, "http://127.0.0.1:9") as till:
            order = await place(till)
            with pytest.raises(CheckoutRefused, match="could not be reached"):
                await till.checkout.open_session(order.id, till.accounts[0])
            assert till.health.accounts[0].is_reachable is False

    asyncio.run(story())
    assert rows(root, "SELECT count(*) FROM attempts") == [(0,)]


def test_a_till_that_was_closed_in_mid_payment_takes_it_up_again(
    root: Path, customer: Customer
) -> None:
    order, attempt = with_till(root, customer, show, pace=NEVER)
    customer.pay(attempt.url)
    asked = len(customer.requests("GET", "/v1/account"))

    async def again(till: Till) -> None:
        await until_state(till, order, "paid")

    with_till(root, customer, again, register_webhooks=False)
    assert len(customer.requests("GET", "/v1/account")) == asked, "the books know whose key it is"


def test_a_step_of_closing_that_fails_does_not_keep_the_books_locked(
    root: Path,
    customer: Customer,
    monkeypatch: pytest.MonkeyPatch,
    expected_logs: ExpectedLogs,
) -> None:
    async def story(till: Till) -> None:
        stop = till.door.stop

        def fails() -> None:
            stop()
            raise ZeroDivisionError("ours")

        monkeypatch.setattr(till.door, "stop", fails)
        await show(till)

    with_till(root, customer, story)
    expected_logs.take("the door did not close cleanly")
    with_till(root, customer, show)


@pytest.mark.parametrize("by", ["webhook", "polling"])
def test_a_bank_that_asks_about_the_next_card_takes_declined_back(
    root: Path, customer: Customer, by: str
) -> None:
    async def story(till: Till) -> None:
        if by == "webhook":
            await until_registered(till, customer)
        order, attempt = await show(till)
        path = f"sessions/{attempt.session_id}/pay"

        async def is_declined() -> bool:
            detail = await till.orders.detail(order.id)
            return detail is not None and bool(detail.attempts[0].decline)

        async def is_taken_back() -> bool:
            return not await is_declined()

        await elsewhere(customer.control, "POST", path, card=DECLINED)
        await until(is_declined)
        asked = await elsewhere(customer.control, "POST", path, card=CHALLENGED)
        assert asked["outcome"] == "requires_action"
        await until(is_taken_back)
        assert await state(till, order) == "open"

    if by == "webhook":
        with_till(root, customer, story, pace=NEVER)
    else:
        with_till(root, customer, story, register_webhooks=False)


def test_after_a_restart_a_code_is_taken_up_again_and_a_debit_only_told(
    root: Path, customer: Customer
) -> None:
    async def code(till: Till) -> Order:
        order, _ = await show(till)
        return order

    async def is_taken_up(till: Till) -> tuple[str | None, int]:
        detail = await till.orders.unfinished()
        return (None if detail is None else detail.order.id), await till.orders.awaited()

    async def debit(till: Till) -> None:
        detail = await till.orders.unfinished()
        assert detail is not None
        path = f"sessions/{detail.attempts[-1].session_id}/pay"
        await elsewhere(customer.control, "POST", path, card=GOOD_CARD, delayed=True)

        async def is_told() -> bool:
            return await till.orders.awaited() == 1

        await until(is_told)

    order = with_till(root, customer, code)
    assert with_till(root, customer, is_taken_up) == (order.id, 0)
    with_till(root, customer, debit)
    assert with_till(root, customer, is_taken_up) == (None, 1)
