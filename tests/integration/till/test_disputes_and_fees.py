"""Disputes and fees of a whole till against the simulator, over HTTP: both books end alike."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.bootstrap import Till
from app.domain.dispute import DisputeState
from app.domain.exceptions import ExceptionKind
from app.domain.judgement import Standing
from app.domain.observation import Source
from app.domain.order import Order
from app.sandbox import SANDBOX_KEY
from app.settle_disputes import Disputes, settle_dispute
from app.settle_fees import Fees, FeesFound
from app.store.disputes import disputes_of_order
from tests.integration.till.house import (
    GOOD_CARD,
    Customer,
    elsewhere,
    rows,
    show,
    until,
    until_registered,
    until_state,
    with_till,
)

DISPUTED = "4000000000000259"
S = DisputeState


async def sale(till: Till, customer: Customer, card: str = GOOD_CARD) -> tuple[Order, str]:
    """Sell, and give the order with its payment's id.

    The reconciliation at the start is over then: what it would find, a test finds by itself.
    """
    await until(lambda: till.status().reconciled is not None)
    order, attempt = await show(till)
    assert await elsewhere(customer.pay, attempt.url, card) == 303
    await until_state(till, order, "paid")
    found = await till.store.read(
        lambda db: db.execute(
            "SELECT payment_id FROM payments WHERE order_id = ?", (order.id,)
        ).fetchone()
    )
    return order, str(found[0])


async def has_come(till: Till, order: Order, state: DisputeState) -> None:
    async def is_so() -> bool:
        found = await till.store.read(lambda db: disputes_of_order(db, order.id))
        return [dispute.state for dispute in found] == [state]

    await until(is_so)


async def waiting(till: Till, order: Order) -> list[str]:
    detail = await till.orders.detail(order.id)
    assert detail is not None and detail.order.state.value == "paid"
    return [
        entry.detail
        for entry in detail.exceptions
        if entry.resolved_at is None and entry.kind is ExceptionKind.DISPUTED
    ]


async def dispute(customer: Customer, payment_id: str, **order: Any) -> str:
    made = await elsewhere(customer.control, "POST", f"payments/{payment_id}/dispute", **order)
    return str(made["dispute_id"])


async def move(customer: Customer, dispute_id: str, status: str, **order: Any) -> None:
    path = f"disputes/{dispute_id}/move"
    await elsewhere(customer.control, "POST", path, status=status, **order)


def dispute_events(customer: Customer) -> list[str]:
    headers = {"Authorization": f"Bearer {SANDBOX_KEY}"}
    of_disputes: dict[str, Any] = {"type": "charge.dispute.*", "limit": 100}
    listed = customer._http.get("/v1/events", params=of_disputes, headers=headers).json()
    return [event["id"] for event in listed["data"]]


def cleared(root: Path) -> dict[str, int]:
    """Give what the till thinks that the provider owes it, by currency."""
    found = rows(
        root,
        "SELECT lower(currency), sum(amount_minor) FROM ledger_entries "
        "WHERE account LIKE 'clearing:%' GROUP BY currency",
    )
    return {currency: minor for currency, minor in found if minor}


def owed(customer: Customer) -> dict[str, int]:
    """Give what the simulator says that it owes."""
    return {currency: minor for currency, minor in customer.books()["balance"].items() if minor}


def test_a_dispute_is_told_by_webhook_and_lost_and_both_books_agree(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        await until_registered(till, customer)
        order, payment_id = await sale(till, customer)
        dispute_id = await dispute(
            customer, payment_id, reason="product_not_received", due_by=1_900_000_000
        )
        await has_come(till, order, S.NEEDS_RESPONSE)
        (said,) = await waiting(till, order)
        assert "the goods never came" in said
        assert "Answer it at the provider by 2030-03-17" in said
        await move(customer, dispute_id, "under_review")
        await has_come(till, order, S.UNDER_REVIEW)
        await move(customer, dispute_id, "lost")
        await has_come(till, order, S.LOST)
        (said,) = await waiting(till, order)
        assert "It is lost." in said
        await Fees(till.store, till.gateway, clock=till._clock).catch_up(10)

    with_till(root, customer, story)
    assert cleared(root) == owed(customer)
    assert rows(root, "SELECT kind FROM fees ORDER BY kind") == [("dispute",), ("payment",)]


def test_a_payment_that_is_disputed_at_once_has_its_dispute_whichever_is_heard_of_first(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        await until_registered(till, customer)
        await elsewhere(customer.control, "POST", "webhooks", mode="withhold")
        order, attempt = await show(till)
        await elsewhere(customer.pay, attempt.url, DISPUTED)
        for kind in ("charge.dispute.funds_withdrawn", "checkout.session.completed"):
            event = await elsewhere(customer.event, kind)
            await elsewhere(customer.control, "POST", f"events/{event}/deliver")
        await has_come(till, order, S.NEEDS_RESPONSE)
        assert len(await waiting(till, order)) == 1
        await Fees(till.store, till.gateway, clock=till._clock).catch_up(10)

    with_till(root, customer, story)
    assert cleared(root) == owed(customer)


@pytest.mark.parametrize("fee_back", [False, True])
def test_a_won_dispute_brings_the_money_back_and_takes_itself_off_the_list(
    root: Path, customer: Customer, fee_back: bool
) -> None:
    async def story(till: Till) -> None:
        await until_registered(till, customer)
        order, payment_id = await sale(till, customer)
        dispute_id = await dispute(customer, payment_id)
        await has_come(till, order, S.NEEDS_RESPONSE)
        assert len(await waiting(till, order)) == 1
        await move(customer, dispute_id, "won", fee_back=fee_back)
        await has_come(till, order, S.WON)
        assert await waiting(till, order) == []
        await Fees(till.store, till.gateway, clock=till._clock).catch_up(10)

    with_till(root, customer, story)
    assert cleared(root) == owed(customer)
    sums = dict(rows(root, "SELECT account, sum(amount_minor) FROM ledger_entries GROUP BY 1"))
    assert sums["disputes"] == 0
    assert (sums["fees"] > 1500) is not fee_back


def test_without_any_webhook_disputes_are_found_by_listing_and_by_looking_again(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        order, payment_id = await sale(till, customer)
        dispute_id = await dispute(customer, payment_id, status="warning_needs_response")
        strategy = till.gateway.strategy(till.accounts[0])
        since = datetime.now(UTC) - timedelta(hours=1)
        async for seen in strategy.list_disputes(since, source=Source.SWEEP):
            standing = await till.store.write(lambda tx, s=seen: settle_dispute(tx, s))  # type: ignore[misc]
            assert standing is Standing.SETTLED
        (said,) = await waiting(till, order)
        assert "The bank only asks so far." in said and "No money is gone for it." in said
        await move(customer, dispute_id, "needs_response")
        disputes = Disputes(till.store, till.gateway, clock=till._clock)
        assert await disputes.catch_up(5) == 1
        (said,) = await waiting(till, order)
        assert "or it is lost" in said
        await Fees(till.store, till.gateway, clock=till._clock).catch_up(10)

    with_till(root, customer, story, register_webhooks=False)
    assert rows(root, "SELECT count(*) FROM inbox") == [(0,)]
    assert cleared(root) == owed(customer)


def test_fees_are_asked_for_later_in_the_currency_that_is_settled_in(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        await elsewhere(customer.control, "POST", "fees", after_s=300)
        await sale(till, customer)
        await elsewhere(customer.control, "POST", "fees", after_s=0, currency="usd", rate_ppm=10**6)
        await sale(till, customer)
        fees = Fees(till.store, till.gateway, clock=till._clock)
        assert await fees.catch_up(10) == FeesFound(2, 1)
        assert await fees.catch_up(10) == FeesFound()
        await elsewhere(customer.control, "POST", "fees", currency=None)
        await elsewhere(customer.control, "POST", "clock", advance_s=300)
        again = Fees(till.store, till.gateway, clock=till._clock)
        assert await again.catch_up(10) == FeesFound(1, 1)

    with_till(root, customer, story, register_webhooks=False)
    there = {
        (line["payment_id"], line["fee_minor"], line["fee_currency"].upper())
        for line in customer.books()["payments"]
    }
    assert set(rows(root, "SELECT payment_id, amount_minor, currency FROM fees")) == there
    assert {currency for _, _, currency in there} == {"EUR", "USD"}


@pytest.mark.parametrize("seed", range(3))
def test_a_random_day_of_disputes_with_shuffled_notices_ends_with_both_books_alike(
    root: Path, customer: Customer, seed: int
) -> None:
    chance = random.Random(seed)
    moves = {
        "needs_response": ["under_review", "won", "lost"],
        "warning_needs_response": ["warning_under_review", "warning_closed", "needs_response"],
        "warning_under_review": ["warning_closed", "needs_response"],
        "under_review": ["won", "lost"],
        "lost": ["won"],
    }

    async def story(till: Till) -> None:
        await until_registered(till, customer)
        payments = [(await sale(till, customer, GOOD_CARD))[1] for _ in range(4)]
        await elsewhere(customer.control, "POST", "webhooks", mode="withhold")
        standing = {
            await dispute(customer, payment_id, status=status): status
            for payment_id in payments
            for status in [chance.choice(["needs_response", "warning_needs_response"])]
        }
        for _ in range(10):
            dispute_id = chance.choice(list(standing))
            if standing[dispute_id] in moves:
                standing[dispute_id] = chance.choice(moves[standing[dispute_id]])
                await move(customer, dispute_id, standing[dispute_id])
        events = await elsewhere(dispute_events, customer)
        chance.shuffle(events)
        for event in events:
            path = f"events/{event}/deliver"
            await elsewhere(customer.control, "POST", path, times=chance.choice([1, 3]))

        async def is_heard_of() -> bool:
            told = await till.store.read(
                lambda db: dict(map(tuple, db.execute("SELECT dispute_id, state FROM disputes")))
            )
            return told == {each: _NAMES[status] for each, status in standing.items()}

        await until(is_heard_of, within_s=15)
        await Fees(till.store, till.gateway, clock=till._clock).catch_up(10)
        await until(lambda: not rows(root, "SELECT 1 FROM inbox WHERE standing IS NULL"))

    with_till(root, customer, story)
    assert cleared(root) == owed(customer)
    there = {line["dispute_id"]: line for line in customer.books()["disputes"]}
    for dispute_id, minor in rows(root, "SELECT dispute_id, withdrawn_minor FROM disputes"):
        line = there[dispute_id]
        assert minor == line["withdrawn_minor"] - line["reinstated_minor"]


_NAMES = {
    "warning_needs_response": "inquiry",
    "warning_under_review": "inquiry_under_review",
    "warning_closed": "closed",
    "needs_response": "needs_response",
    "under_review": "under_review",
    "won": "won",
    "lost": "lost",
}
