"""Sales by Stripe's payment links: a whole till, and customers who come and go as they like."""

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
from app.domain.order import Order
from app.domain.refund import RefundState
from app.errors import Protocol
from app.providers.kinds.stripe_links import StripeLinks
from tests.conftest import ExpectedLogs
from tests.integration.till.house import (
    DECLINED,
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

LINKS = "/v1/payment_links"
Story = Callable[[Till], Awaitable[Any]]


@pytest.fixture(autouse=True)
def _links_are_its_way_of_payment(root: Path) -> None:
    (root / "scantill.toml").write_text('[accounts.links]\nkind = "stripe_links"\n')


async def visited(customer: Customer, attempt: Attempt, query: str = "") -> str:
    """Scan the code, and give the page that it leads to."""
    answer = await elsewhere(httpx.get, f"{attempt.url}{query}")
    assert answer.status_code == 303
    return f"{customer.origin}{answer.headers['Location']}"


async def paid(customer: Customer, page: str, card: str = GOOD_CARD) -> int:
    return int(await elsewhere(customer.pay, page, card))


async def attempt_of(till: Till, order: Order) -> Attempt:
    detail = await till.orders.detail(order.id)
    assert detail is not None
    return detail.attempts[0]


async def is_over(till: Till, order: Order) -> bool:
    return (await attempt_of(till, order)).is_final


def books(customer: Customer) -> tuple[dict[str, Any], list[str]]:
    """Give the only link in the simulator's books, and how each of its sessions stands."""
    (link,) = customer.books()["links"]
    return link, [session["status"] for session in customer.books()["sessions"]]


def open_exceptions(root: Path) -> list[Any]:
    return [kind for (kind,) in rows(root, "SELECT kind FROM exceptions WHERE resolved_at IS NULL")]


def test_a_sale_is_paid_by_webhook_alone_and_its_link_is_over(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        await until_registered(till, customer)
        await until(lambda: till.status().reconciled is not None)
        order, attempt = await show(till)
        assert await paid(customer, await visited(customer, attempt)) == 303
        await until_state(till, order, "paid", within_s=2)
        # Nobody else has the page open: a look says so, and nothing is watched any more.
        await until(lambda: is_over(till, order))

    with_till(root, customer, story, pace=NEVER)
    link, sessions = books(customer)
    assert (link["active"], sessions) == (False, ["complete"])
    assert open_exceptions(root) == []


def test_a_sale_is_paid_by_polling_alone(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        order, attempt = await show(till)
        page = await visited(customer, attempt)
        assert await paid(customer, page, DECLINED) == 402

        async def told() -> bool:
            return (await attempt_of(till, order)).decline == "generic_decline"

        await until(told)
        assert await state(till, order) == "open"
        await paid(customer, page)
        await until_state(till, order, "paid")

    with_till(root, customer, story, register_webhooks=False)


def test_a_visitor_who_leaves_hinders_nobody_and_cannot_pay_afterwards(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        await until_registered(till, customer)
        order, attempt = await show(till)
        left = await visited(customer, attempt)
        await paid(customer, await visited(customer, attempt))
        await until_state(till, order, "paid")
        await until(lambda: is_over(till, order))
        assert "<form" not in (await elsewhere(httpx.get, left)).text

    with_till(root, customer, story)
    assert books(customer)[1] == ["expired", "complete"]
    assert open_exceptions(root) == []


def test_two_who_pay_the_same_code_are_one_sale_and_a_surplus_that_can_go_back(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        order, attempt = await show(till)
        pages = [await visited(customer, attempt) for _ in range(2)]
        for page in pages:
            assert await paid(customer, page) == 303
        await till.checkout.check_now(attempt.id)
        assert await state(till, order) == "paid"
        assert (await attempt_of(till, order)).is_final

    with_till(root, customer, story, pace=NEVER, register_webhooks=False)
    first, second = customer.books()["payments"]
    assert rows(root, "SELECT payment_id, held_as FROM payments ORDER BY id") == [
        (first["payment_id"], None),
        (second["payment_id"], "surplus"),
    ]


def test_one_who_pays_after_the_other_was_heard_of_is_a_surplus_too(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        order, attempt = await show(till)
        pages = [await visited(customer, attempt) for _ in range(2)]
        await paid(customer, pages[0])
        # The till's closing of the others does not get through.
        customer.fault("POST", f"{LINKS}/*", drop="before", times=1)
        await till.checkout.check_now(attempt.id)
        assert await state(till, order) == "paid"
        assert not (await attempt_of(till, order)).is_final
        await paid(customer, pages[1])
        await till.checkout.check_now(attempt.id)

    with_till(root, customer, story, pace=NEVER, register_webhooks=False)
    assert rows(root, "SELECT held_as FROM payments ORDER BY id") == [(None,), ("surplus",)]


def test_cancelling_deactivates_the_link_and_expires_every_page(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        order, attempt = await show(till)
        pages = [await visited(customer, attempt) for _ in range(2)]
        assert (await till.checkout.cancel(order.id)).state.value == "cancelled"
        assert (await attempt_of(till, order)).is_final
        for url in (*pages, str(attempt.url)):
            assert "<form" not in (await elsewhere(httpx.get, url)).text

    with_till(root, customer, story)
    link, sessions = books(customer)
    assert (link["active"], sessions) == (False, ["expired", "expired"])
    keys = [
        request["idempotency_key"]
        for request in customer.control("GET", "requests")["requests"]
        if request["method"] == "POST" and request["path"] != "/v1/webhook_endpoints"
    ]
    create, *closing = keys
    assert len(set(keys)) == 4 and create.endswith("-create")
    assert all(key.startswith(create.removesuffix("create") + "close-1-") for key in closing)


def test_cancelling_while_a_customer_pays_ends_in_paid(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        order, attempt = await show(till)
        await visited(customer, attempt)
        await paid(customer, await visited(customer, attempt))
        assert (await till.checkout.cancel(order.id)).state.value == "paid"

    with_till(root, customer, story, pace=NEVER, register_webhooks=False)
    assert books(customer)[1] == ["expired", "complete"]


def test_one_who_pays_between_the_deactivating_and_the_expiring_has_paid(
    root: Path, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    expire = StripeLinks._expire
    pages: list[str] = []

    async def too_late(strategy: StripeLinks, session_id: str, *, key: str) -> None:
        assert (await elsewhere(books, customer))[0]["active"] is False
        assert await paid(customer, pages.pop()) == 303
        await expire(strategy, session_id, key=key)

    async def story(till: Till) -> None:
        order, attempt = await show(till)
        pages.append(await visited(customer, attempt))
        monkeypatch.setattr(StripeLinks, "_expire", too_late)
        assert (await till.checkout.cancel(order.id)).state.value == "paid"
        assert pages == [] and (await attempt_of(till, order)).is_final

    with_till(root, customer, story, pace=NEVER, register_webhooks=False)
    assert open_exceptions(root) == []


def test_an_unanswered_closing_is_never_called_cancelled(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        order, attempt = await show(till)
        page = await visited(customer, attempt)
        customer.fault("POST", "/v1/checkout/sessions/*", drop="before", times=1)
        assert (await till.checkout.cancel(order.id)).state.value == "open"
        assert (await attempt_of(till, order)).state is AttemptState.UNKNOWN
        assert await paid(customer, page) == 303
        await till.checkout.check_now(attempt.id)
        assert await state(till, order) == "paid"

    with_till(root, customer, story, pace=NEVER, register_webhooks=False)


def test_money_that_comes_after_all_is_late_and_held(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        await until_registered(till, customer)
        order, attempt = await show(till)
        await visited(customer, attempt)
        await till.checkout.cancel(order.id)
        path = f"sessions/{attempt.session_id}/pay"
        await elsewhere(customer.control, "POST", path, card=GOOD_CARD, force=True)

        async def told() -> bool:
            detail = await till.orders.detail(order.id)
            return detail is not None and bool(detail.exceptions)

        await until(told)
        assert await state(till, order) == "cancelled"

    with_till(root, customer, story)
    assert open_exceptions(root) == ["paid_late"]


def test_a_deadline_of_the_tills_own_ends_the_link(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        order, attempt = await show(till)
        await visited(customer, attempt)
        await till.checkout.expire(attempt.id)
        assert await state(till, order) == "expired"

    with_till(root, customer, story)
    assert books(customer)[1] == ["expired"]


def test_one_page_that_runs_out_does_not_end_the_sale(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        await until_registered(till, customer)
        order, attempt = await show(till)
        page = await visited(customer, attempt)
        session = page.rsplit("/", 1)[-1]
        await elsewhere(customer.control, "POST", f"sessions/{session}/expire")
        await till.checkout.check_now(attempt.id)
        assert await state(till, order) == "open"
        await paid(customer, await visited(customer, attempt))
        await until_state(till, order, "paid")

    with_till(root, customer, story)


@pytest.mark.parametrize("succeeded", [True, False])
def test_a_payment_that_takes_days_is_decided_later(
    root: Path, customer: Customer, succeeded: bool
) -> None:
    async def story(till: Till) -> None:
        await until_registered(till, customer)
        order, attempt = await show(till)
        path = f"sessions/{attempt.session_id}"
        await elsewhere(customer.control, "POST", f"{path}/pay", card=GOOD_CARD, delayed=True)

        async def is_(wanted: AttemptState) -> bool:
            return (await attempt_of(till, order)).state is wanted

        await until(lambda: is_(AttemptState.PROCESSING))
        await elsewhere(customer.control, "POST", f"{path}/settle", succeeded=succeeded)
        await until(lambda: is_(AttemptState.PAID if succeeded else AttemptState.FAILED))
        await until(lambda: is_over(till, order))

    with_till(root, customer, story)


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
    monkeypatch.setattr("app.providers.stripe.account.is_own_page", lambda *_: False)

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
