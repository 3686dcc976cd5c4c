"""Payment links and what lies around a sale: lost answers, other names, refunds, old books."""

import shutil
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.bootstrap import Till
from app.domain.attempt import Attempt, AttemptState
from app.domain.money import Money
from app.domain.observation import Source
from app.domain.refund import RefundState
from app.errors import Protocol
from app.providers.kinds.stripe_links import StripeLinks
from tests.conftest import ExpectedLogs
from tests.integration.till.house import (
    GOOD_CARD,
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
from tests.integration.till.links import (
    LINKS,
    LINKS_ALONE,
    attempt_of,
    books,
    is_over,
    open_exceptions,
    paid,
    visited,
)


@pytest.fixture(autouse=True)
def _links_are_its_way_of_payment(root: Path) -> None:
    (root / "scantill.toml").write_text(LINKS_ALONE)


def test_a_payer_cannot_pay_for_another_order_by_naming_it(root: Path, customer: Customer) -> None:
    """Whatever stands behind the address is the payer's: only what the till gave counts."""

    async def story(till: Till) -> None:
        await until_registered(till, customer)
        dear, dear_attempt = await show(till, 2)
        cheap, cheap_attempt = await show(till, 1)
        named = f"?client_reference_id={dear_attempt.reference}"
        await paid(customer, await visited(customer, cheap_attempt, named))
        await until_state(till, cheap, "paid")
        await until(lambda: is_over(till, cheap))
        assert await state(till, dear) == "open"

    with_till(root, customer, story)
    assert open_exceptions(root) == []


def test_the_reply_of_the_creation_dropped_gives_one_link_under_one_key(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        customer.fault("POST", LINKS, drop="after_effect", times=2)
        order, attempt = await show(till)
        await paid(customer, await visited(customer, attempt))
        await until_state(till, order, "paid")

    with_till(root, customer, story)
    sent = customer.requests("POST", LINKS)
    assert len(sent) == 3 and len({request["idempotency_key"] for request in sent}) == 1
    assert len(customer.books()["links"]) == 1


def test_a_link_whose_key_is_forgotten_is_found_by_our_reference_and_ended(
    root: Path, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.sessions.CREATE_BUDGET_S", 0.2)

    async def story(till: Till) -> None:
        strategy = till.gateway.strategy("links")
        assert isinstance(strategy, StripeLinks)
        customer.fault("POST", LINKS, drop="after_effect", times=1)
        monkeypatch.setattr("app.sessions.answer_to", _once)
        order = await place(till)
        lost = await till.checkout.open_session(order.id, "links")
        assert lost.state is AttemptState.UNKNOWN and lost.session_id is None
        strategy.capabilities = replace(strategy.capabilities, key_lifetime=timedelta(0))
        found = await till.sessions.look(lost.id, Source.POLL)
        (link,) = (await elsewhere(customer.books))["links"]
        assert found.session_id == link["id"] and found.url is None
        await till.sessions.close(lost.id)
        assert await state(till, order) == "expired"

    with_till(root, customer, story, pace=NEVER)
    assert books(customer)[0]["active"] is False
    assert len(customer.requests("POST", LINKS)) == 1


async def _once(call: Callable[[], Awaitable[Any]], **_: Any) -> Any:
    return await call()


def test_a_link_that_leads_elsewhere_is_ended_and_never_shown(
    root: Path, customer: Customer, expected_logs: ExpectedLogs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.providers.connected.is_own_page", lambda *_: False)

    async def story(till: Till) -> None:
        order = await place(till)
        with pytest.raises(Protocol, match="does not fit the order"):
            await till.checkout.open_session(order.id, "links")
        assert (await attempt_of(till, order)).url is None

        async def closed() -> bool:
            return (await attempt_of(till, order)).state is AttemptState.CANCELLED

        await until(closed)

    with_till(root, customer, story)
    assert books(customer)[0]["active"] is False
    expected_logs.take("no page of Stripe's")


def test_what_was_paid_by_a_link_can_be_given_back(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        order, attempt = await show(till)
        await paid(customer, await visited(customer, attempt))
        await until_state(till, order, "paid")
        detail = await till.orders.detail(order.id)
        assert detail is not None
        amount = Money(100, order.total.currency)
        asked = till.refunds.ask(
            detail.tenders[0].payment_id, amount, press="p1", by="Ada", reason="cold coffee"
        )
        assert (await asked).state is RefundState.SUCCEEDED

    with_till(root, customer, story, register_webhooks=False)
    (refund,) = customer.books()["refunds"]
    assert (refund["amount_minor"], refund["status"]) == (100, "succeeded")


def test_beside_checkout_at_the_same_account_each_payment_finds_its_own(
    root: Path, customer: Customer
) -> None:
    """Both names hear of every session of the account, by webhook and by its lists."""
    (root / "scantill.toml").write_text(
        '[accounts.links]\nkind = "stripe_links"\n[accounts.pages]\nkind = "stripe_checkout"\n'
    )

    async def story(till: Till) -> None:
        await until_registered(till, customer)
        orders = []
        for name in ("pages", "links"):
            order = await place(till)
            attempt = await till.checkout.open_session(order.id, name)
            await till.checkout.mark_shown(attempt.id)
            path = f"sessions/{attempt.session_id}/pay"
            await elsewhere(customer.control, "POST", path, card=GOOD_CARD)
            orders.append(order)
        for order in orders:
            await until_state(till, order, "paid")
            await until(partial(is_over, till, order))
        left, attempt = await show(till)
        await visited(customer, attempt)
        report = await till.reconcile()
        assert report.problems == [] and await state(till, left) == "open"

    with_till(root, customer, story)
    assert open_exceptions(root) == []
    assert rows(root, "SELECT count(*) FROM payments WHERE held_as IS NOT NULL") == [(0,)]


def test_money_by_a_link_that_the_books_have_forgotten_is_found_on_the_list_and_held(
    root: Path, customer: Customer, tmp_path: Path
) -> None:
    async def nothing(till: Till) -> None:
        assert (await till.reconcile()).problems == []

    with_till(root, customer, nothing, pace=NEVER, register_webhooks=False)
    older = shutil.copytree(root, tmp_path / "older")

    async def sold(till: Till) -> None:
        order, attempt = await show(till)
        await paid(customer, await visited(customer, attempt))
        await till.checkout.check_now(attempt.id)
        await visited_in_vain(customer, attempt)
        assert await state(till, order) == "paid"

    with_till(root, customer, sold, pace=NEVER, register_webhooks=False)
    with_till(older, customer, nothing, pace=NEVER, register_webhooks=False)
    assert rows(older, "SELECT held_as FROM payments") == [("mismatch",)]
    assert open_exceptions(older) == ["mismatch"]


async def visited_in_vain(customer: Customer, attempt: Attempt) -> None:
    answer = await elsewhere(httpx.get, str(attempt.url))
    assert answer.status_code == 200 and "no longer active" in answer.text
