"""Things that happen to one payment at the same moment, over real sockets and a real file."""

import asyncio
from pathlib import Path

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
    assert rows(root, "SELECT count(*) FROM ledger_transactions WHERE kind <> 'fee'") == [(2,)]


@pytest.mark.parametrize("verb", ["cancel", "withdraw"])
def test_a_code_is_taken_away_while_the_customer_pays_and_one_of_them_was_first(
    root: Path, customer: Customer, verb: str
) -> None:
    """The provider decides who was first; the till never says "cancelled" of what was paid."""

    async def story(till: Till) -> list[tuple[str, str]]:
        ends = []
        for turn in range(12):
            order, attempt = await show(till)
            # The first customer has paid before; then it is anybody's race.
            if turn == 0:
                await elsewhere(tries_to_pay, customer, attempt)
            paying = asyncio.create_task(after(turn * 0.003, customer, attempt))
            told = await getattr(till.checkout, verb)(order.id)
            await paying
            assert await state(till, order) == told.state.value
            ends.append((attempt.session_id or "", told.state.value))
        return ends

    ends = with_till(root, customer, story, pace=NEVER, register_webhooks=False)
    sessions = {session["id"]: session for session in customer.books()["sessions"]}
    for session_id, end in ends:
        is_paid = sessions[session_id]["payment_status"] == "paid"
        assert end == ("paid" if is_paid else {"cancel": "cancelled", "withdraw": "open"}[verb])
    assert ends[0][1] == "paid"
    assert rows(root, "SELECT count(*) FROM exceptions") == [(0,)]


async def after(wait_s: float, customer: Customer, attempt: Attempt) -> None:
    await asyncio.sleep(wait_s)
    await elsewhere(tries_to_pay, customer, attempt)


def tries_to_pay(customer: Customer, attempt: Attempt) -> None:
    """Post the page's form, whatever the page says by now."""
    fields = {"card_number": "4242424242424242", "exp": "12/34", "cvc": "123", "name": "Ada"}
    customer._http.post(attempt.url or "", data=fields)
