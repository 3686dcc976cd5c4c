"""Things that happen to one payment at the same moment, over real sockets and a real file."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from app.bootstrap import Till
from app.domain.attempt import Attempt
from tests.integration.till.house import (
    NEVER,
    Customer,
    elsewhere,
    rows,
    show,
    state,
    until_registered,
    until_state,
    with_till,
)


async def paid_in_silence(customer: Customer, attempt: Attempt) -> str:
    """Pay while no event is delivered; give the event that will tell of it."""
    await elsewhere(customer.control, "POST", "webhooks", mode="withhold")
    await elsewhere(customer.pay, attempt.url)
    return str(await elsewhere(customer.event, "checkout.session.completed"))


def test_one_webhook_a_thousand_times_a_hundred_at_once_has_one_effect(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> list[int]:
        await until_registered(till, customer)
        order, attempt = await show(till)
        event = await paid_in_silence(customer, attempt)
        path, statuses = f"events/{event}/deliver", []
        for _ in range(10):
            answered = await elsewhere(customer.control, "POST", path, times=100)
            statuses += answered["statuses"]
        await until_state(till, order, "paid")
        return statuses

    statuses = with_till(root, customer, story, pace=NEVER)
    assert statuses == [200] * 1000
    assert rows(root, "SELECT count(*) FROM inbox") == [(1,)]
    assert rows(root, "SELECT count(*) FROM payments") == [(1,)]
    assert rows(root, "SELECT count(*) FROM journal WHERE name = 'order.paid'") == [(1,)]
    assert rows(root, "SELECT count(*) FROM ledger_transactions") == [(2,)]


@pytest.mark.parametrize("verb", ["cancel", "withdraw"])
def test_a_code_is_taken_away_while_the_customer_pays_and_one_of_them_was_first(
    root: Path, customer: Customer, verb: str
) -> None:
    """The provider decides who was first; the till never says "cancelled" of what was paid."""

    async def story(till: Till) -> list[tuple[str, str]]:
        ends = []
        for turn in range(12):
            order, attempt = await show(till)

            async def closes(order_id: str = order.id, wait_s: float = turn * 0.002) -> Any:
                await asyncio.sleep(wait_s)
                return await getattr(till.checkout, verb)(order_id)

            told, _ = await asyncio.gather(closes(), elsewhere(tries_to_pay, customer, attempt))
            assert await state(till, order) == told.state.value
            ends.append((attempt.session_id or "", told.state.value))
        return ends

    ends = with_till(root, customer, story, pace=NEVER, register_webhooks=False)
    sessions = {session["id"]: session for session in customer.books()["sessions"]}
    for session_id, end in ends:
        is_paid = sessions[session_id]["payment_status"] == "paid"
        assert end == ("paid" if is_paid else {"cancel": "cancelled", "withdraw": "open"}[verb])
    assert rows(root, "SELECT count(*) FROM exceptions") == [(0,)]


def tries_to_pay(customer: Customer, attempt: Attempt) -> None:
    """Post the page's form, whatever the page says by now."""
    fields = {"card_number": "4242424242424242", "exp": "12/34", "cvc": "123", "name": "Ada"}
    customer._http.post(attempt.url or "", data=fields)
