"""Sales by payment links: a whole till, and customers who come and go as they like."""

from pathlib import Path

import httpx
import pytest

from app.bootstrap import Till
from app.domain.attempt import AttemptState
from app.providers.kinds.stripe_links import StripeLinks
from tests.integration.till.house import (
    DECLINED,
    GOOD_CARD,
    NEVER,
    Customer,
    elsewhere,
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
