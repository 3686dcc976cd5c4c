"""Sales of a whole till against the simulator: real files, real sockets."""

import asyncio
from pathlib import Path

import pytest

from app.bootstrap import Till
from app.domain.attempt import Attempt, AttemptState
from app.domain.observation import Source
from tests.integration.till.house import (
    DECLINED,
    NEVER,
    Customer,
    elsewhere,
    place,
    rows,
    show,
    state,
    until,
    until_registered,
    until_state,
    with_till,
)

CREATE = "/v1/checkout/sessions"


async def paid_in_silence(customer: Customer, attempt: Attempt) -> str:
    """Pay with every notice held back, and give the event that would tell of it."""
    await elsewhere(customer.control, "POST", "webhooks", mode="withhold")
    await elsewhere(customer.pay, attempt.url)
    return str(await elsewhere(customer.event, "checkout.session.completed"))


def test_a_sale_is_paid_by_webhook_alone(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        await until_registered(till, customer)
        # What the reconciliation at the start finds was not found by a webhook.
        await until(lambda: till.status().reconciled is not None)
        order, attempt = await show(till)
        assert await elsewhere(customer.pay, attempt.url) == 303
        await until_state(till, order, "paid", within_s=2)
        assert till.status().last_event_at is not None

    with_till(root, customer, story, pace=NEVER)
    sources = rows(root, "SELECT data FROM journal WHERE name = 'attempt.paid'")
    assert "webhook" in sources[0][0]


def test_a_sale_is_paid_by_polling_alone(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        order, attempt = await show(till)
        await elsewhere(customer.pay, attempt.url)
        await until_state(till, order, "paid")

    with_till(root, customer, story, register_webhooks=False)
    assert rows(root, "SELECT count(*) FROM inbox") == [(0,)]


def test_a_declined_card_is_told_and_a_good_one_then_pays(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        await until_registered(till, customer)
        order, attempt = await show(till)
        assert await elsewhere(customer.pay, attempt.url, DECLINED) == 402

        async def told() -> bool:
            detail = await till.orders.detail(order.id)
            return detail is not None and detail.attempts[0].decline == "generic_decline"

        await until(told)
        assert await state(till, order) == "open"
        await elsewhere(customer.pay, attempt.url)
        await until_state(till, order, "paid")

    with_till(root, customer, story)


def test_the_reply_of_the_creation_dropped_gives_one_session_under_one_key(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        customer.fault("POST", CREATE, drop="after_effect", times=2)
        order, attempt = await show(till)
        assert attempt.state is AttemptState.OPEN
        await elsewhere(customer.pay, attempt.url)
        await until_state(till, order, "paid")

    with_till(root, customer, story)
    sent = customer.requests("POST", CREATE)
    assert len(sent) == 3 and len({r["idempotency_key"] for r in sent}) == 1
    assert len(customer.books()["sessions"]) == 1
    assert rows(root, "SELECT count(*) FROM payments") == [(1,)]


def test_a_reply_lost_before_the_effect_is_no_second_session_either(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        customer.fault("POST", CREATE, drop="before", times=2)
        _, attempt = await show(till)
        assert attempt.is_payable

    with_till(root, customer, story)
    assert len(customer.books()["sessions"]) == 1


@pytest.mark.parametrize("status", [409, 429, 500, 503])
def test_a_provider_that_says_later_is_asked_again_when_it_said(
    root: Path, customer: Customer, status: int
) -> None:
    async def story(till: Till) -> None:
        headers = {"Retry-After": "1"}
        customer.fault("POST", CREATE, status=status, headers=headers, store=False)
        loop = asyncio.get_running_loop()
        began = loop.time()
        _, attempt = await show(till)
        assert attempt.is_payable
        assert loop.time() - began >= 1

    with_till(root, customer, story)


def test_a_creation_that_stays_unanswered_is_taken_up_by_the_watch(
    root: Path, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.sessions.CREATE_BUDGET_S", 0.5)

    async def story(till: Till) -> None:
        customer.fault("POST", CREATE, drop="after_effect", times=3)
        order = await place(till)
        attempt = await till.checkout.open_session(order.id, till.accounts[0])
        assert attempt.state is AttemptState.UNKNOWN

        async def payable() -> bool:
            detail = await till.orders.detail(order.id)
            return detail is not None and detail.attempts[0].is_payable

        await until(payable)

    with_till(root, customer, story)
    assert len(customer.books()["sessions"]) == 1


def test_webhook_and_poll_together_have_one_effect(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        await until_registered(till, customer)
        order, attempt = await show(till)
        await elsewhere(customer.control, "POST", "webhooks", mode="withhold")
        await elsewhere(customer.pay, attempt.url)
        looks = [till.sessions.look(attempt.id, Source.POLL) for _ in range(5)]
        await asyncio.gather(*looks, elsewhere(customer.control, "POST", "webhooks/release"))
        await until_state(till, order, "paid")

        async def all_handled() -> bool:
            found = await till.store.read(
                lambda db: db.execute(
                    "SELECT count(*) FROM inbox WHERE standing IS NULL"
                ).fetchone()[0]
            )
            return bool(found == 0)

        await until(all_handled)

    with_till(root, customer, story, pace=NEVER)
    assert rows(root, "SELECT count(*) FROM payments") == [(1,)]
    assert rows(root, "SELECT count(*) FROM journal WHERE name = 'order.paid'") == [(1,)]


def test_one_webhook_delivered_fifty_times_at_once_has_one_effect(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        await until_registered(till, customer)
        order, attempt = await show(till)
        event = await paid_in_silence(customer, attempt)
        answers = await elsewhere(
            customer.control, "POST", f"events/{event}/deliver", times=50, concurrency=50
        )
        assert answers["statuses"] == [200] * 50
        await until_state(till, order, "paid")

    with_till(root, customer, story, pace=NEVER)
    assert rows(root, "SELECT count(*), count(standing) FROM inbox") == [(1, 1)]
    assert rows(root, "SELECT count(*) FROM payments") == [(1,)]
    assert rows(root, "SELECT count(*) FROM journal WHERE name = 'order.paid'") == [(1,)]
    assert rows(root, "SELECT count(*) FROM ledger_transactions") == [(2,)]


@pytest.mark.parametrize("age_s", [301, -301])
def test_a_replay_from_outside_the_window_is_refused(
    root: Path, customer: Customer, age_s: int
) -> None:
    async def story(till: Till) -> None:
        await until_registered(till, customer)
        _, attempt = await show(till)
        event = await paid_in_silence(customer, attempt)
        answer = await elsewhere(
            customer.control, "POST", f"events/{event}/deliver", times=1, age_s=age_s
        )
        assert answer["statuses"] == [400]
        await till.checkout.check_now(attempt.id)

    with_till(root, customer, story, pace=NEVER)
    assert rows(root, "SELECT count(*) FROM inbox") == [(0,)]
