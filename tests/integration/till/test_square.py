"""Square at a whole till: sales, closing in a race, refunds and webhooks against the simulator."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.bootstrap import Till
from app.domain.attempt import Attempt, AttemptState
from app.domain.money import Money
from app.domain.observation import Source
from app.domain.refund import RefundState
from app.errors import CheckoutRefused
from app.sandbox import SANDBOX_KEYS
from tests.integration.till.house import (
    DECLINED,
    NEVER,
    Customer,
    elsewhere,
    place,
    rows,
    show,
    simulator,
    state,
    until,
    until_state,
    with_till,
)

LINKS = "/square/v2/online-checkout/payment-links"
HOOKS = "/square/v2/webhooks/subscriptions"
GOOD = "4111111111111111"
SOON_S = 20
"""Longer than it ever takes: a busy computer is no fault."""


class SquareCustomer(Customer):
    """A customer who follows Square's short address to the page and pays there."""

    def pay(self, url: str | None, card: str = GOOD) -> int:
        assert url is not None
        with httpx.Client(timeout=10, verify=False, follow_redirects=True) as phone:
            page = phone.get(url)
            assert "<form" in page.text, page.text
            fields = {"card_number": card, "exp": "12/34", "cvc": "123", "name": "Ada"}
            return phone.post(str(page.url), data=fields).status_code

    def api(self, method: str, path: str) -> Any:
        token = SANDBOX_KEYS["square"]["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        answer = httpx.request(method, self.origin + path, headers=headers, verify=False)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def root(root: Path) -> Path:
    (root / "scantill.toml").write_text("[accounts.square]\n", "utf-8")
    return root


@pytest.fixture
def customer(tmp_path: Path) -> Iterator[SquareCustomer]:
    with square_simulator(tmp_path / "square.db") as customer:
        yield customer


@contextmanager
def square_simulator(books: Path) -> Iterator[SquareCustomer]:
    with simulator(books) as plain:
        customer = SquareCustomer(plain.origin)
        yield customer
        customer.close()


async def until_registered(till: Till, customer: Customer) -> None:
    async def is_known() -> bool:
        return bool(await elsewhere(customer.requests, "POST", HOOKS))

    await until(is_known, within_s=SOON_S)
    await until_reconciled(till)


async def until_reconciled(till: Till) -> None:
    """Wait for the look around at the start: from then on nobody asks but who is made to."""
    await until(lambda: till.status().reconciled is not None, within_s=SOON_S)


def order_of(attempt: Attempt) -> str:
    assert attempt.session_id is not None
    return attempt.session_id


def test_a_sale_is_paid_by_webhook_alone(root: Path, customer: SquareCustomer) -> None:
    async def story(till: Till) -> None:
        await until_registered(till, customer)
        order, attempt = await show(till)
        assert await elsewhere(customer.pay, attempt.url) == 200
        await until_state(till, order, "paid", within_s=SOON_S)

    with_till(root, customer, story, pace=NEVER)
    found = rows(root, "SELECT event_type, standing FROM inbox ORDER BY id")
    assert {kind for kind, _ in found} >= {"payment.created", "payment.updated"}
    assert rows(root, "SELECT count(*) FROM payments") == [(1,)]


def test_a_sale_is_paid_by_polling_alone(root: Path, customer: SquareCustomer) -> None:
    async def story(till: Till) -> None:
        # Where the look around at the start is slow, it reads this sale's events, too.
        await until_reconciled(till)
        order, attempt = await show(till)
        assert await elsewhere(customer.pay, attempt.url) == 200
        await until_state(till, order, "paid", within_s=SOON_S)

    with_till(root, customer, story, register_webhooks=False)
    assert rows(root, "SELECT count(*) FROM inbox") == [(0,)]


def test_an_event_a_hundred_times_at_once_has_one_effect(
    root: Path, customer: SquareCustomer
) -> None:
    """Nothing signed says how old it is: a replay is told by its id alone."""

    async def story(till: Till) -> None:
        await until_registered(till, customer)
        order, attempt = await show(till)
        assert await elsewhere(customer.pay, attempt.url) == 200
        await until_state(till, order, "paid", within_s=SOON_S)
        event = rows(root, "SELECT max(event_id) FROM inbox WHERE event_type = 'payment.updated'")
        answers = await elsewhere(
            customer.control, "POST", f"events/{event[0][0]}/deliver", times=100, concurrency=50
        )
        assert answers["statuses"] == [200] * 100

    with_till(root, customer, story, pace=NEVER)
    assert rows(root, "SELECT count(*) FROM payments") == [(1,)]
    assert rows(root, "SELECT count(*) FROM journal WHERE name = 'order.paid'") == [(1,)]


def test_a_declined_card_is_told_and_a_good_one_then_pays(
    root: Path, customer: SquareCustomer
) -> None:
    async def story(till: Till) -> None:
        await until_registered(till, customer)
        order, attempt = await show(till)
        assert await elsewhere(customer.pay, attempt.url, DECLINED) == 402

        async def told() -> bool:
            detail = await till.orders.detail(order.id)
            return detail is not None and detail.attempts[0].decline == "GENERIC_DECLINE"

        await until(told, within_s=SOON_S)
        assert await state(till, order) == "open"
        assert await elsewhere(customer.pay, attempt.url) == 200
        await until_state(till, order, "paid", within_s=SOON_S)

    with_till(root, customer, story)


def test_the_reply_of_the_creation_dropped_gives_one_link_under_one_key(
    root: Path, customer: SquareCustomer
) -> None:
    async def story(till: Till) -> None:
        customer.fault("POST", LINKS, drop="after_effect", times=2)
        order, attempt = await show(till)
        assert attempt.state is AttemptState.OPEN
        assert await elsewhere(customer.pay, attempt.url) == 200
        await until_state(till, order, "paid", within_s=SOON_S)

    with_till(root, customer, story)
    sent = customer.requests("POST", LINKS)
    assert len(sent) == 3 and len({r["idempotency_key"] for r in sent}) == 1
    assert len(customer.books()["sessions"]) == 1


def test_a_cancelled_sale_takes_nothing_any_more(root: Path, customer: SquareCustomer) -> None:
    async def story(till: Till) -> None:
        order, attempt = await show(till)
        await till.checkout.cancel(order.id)
        await until_state(till, order, "cancelled", within_s=SOON_S)
        tried = await elsewhere(
            customer.control, "POST", f"sessions/{order_of(attempt)}/pay", card=GOOD
        )
        assert tried["outcome"] == "expired"

    with_till(root, customer, story)
    assert customer.api("GET", LINKS) == {}


def test_a_customer_who_pays_while_the_sale_is_cancelled_has_paid(
    root: Path, customer: SquareCustomer
) -> None:
    """Square refuses to delete a paid link: what it is now is looked at, never assumed."""

    async def story(till: Till) -> None:
        await until_reconciled(till)
        order, attempt = await show(till)
        assert await elsewhere(customer.pay, attempt.url) == 200
        await till.checkout.cancel(order.id)
        await until_state(till, order, "paid", within_s=SOON_S)

    with_till(root, customer, story, pace=NEVER, register_webhooks=False)
    seen = customer.control("GET", "requests")["requests"]
    assert [asked["status"] for asked in seen if asked["method"] == "DELETE"] == [400]


def test_a_lost_answer_to_the_deletion_is_asked_for_again(
    root: Path, customer: SquareCustomer
) -> None:
    async def story(till: Till) -> None:
        order, _ = await show(till)
        await elsewhere(customer.fault, "DELETE", f"{LINKS}/*", drop="after_effect")
        await till.checkout.cancel(order.id)
        await until_state(till, order, "cancelled", within_s=SOON_S)

    with_till(root, customer, story, register_webhooks=False)
    assert rows(root, "SELECT state, is_final FROM attempts") == [("cancelled", 1)]


def test_a_link_from_before_a_restart_is_found_and_closed(
    root: Path, customer: SquareCustomer
) -> None:
    async def begin(till: Till) -> str:
        order, _ = await show(till)
        return order.id

    async def end(till: Till) -> None:
        await till.checkout.cancel(order_id)

        async def is_over() -> bool:
            detail = await till.orders.detail(order_id)
            return detail is not None and detail.attempts[0].is_final

        await until(is_over, within_s=SOON_S)

    order_id = with_till(root, customer, begin, register_webhooks=False)
    with_till(root, customer, end, register_webhooks=False)
    assert rows(root, "SELECT state FROM attempts") == [("cancelled",)]
    assert customer.api("GET", LINKS) == {}


def test_a_draft_that_square_forgot_is_gone_and_a_person_is_told(
    root: Path, customer: SquareCustomer
) -> None:
    async def story(till: Till) -> None:
        await until_reconciled(till)
        order, attempt = await show(till)
        await elsewhere(customer.control, "POST", f"square/orders/{order_of(attempt)}/purge")
        looked = await till.sessions.look(attempt.id, Source.POLL)
        assert (looked.state, looked.is_final) == (AttemptState.FAILED, True)
        assert await state(till, order) == "open"

    with_till(root, customer, story, pace=NEVER, register_webhooks=False)
    assert rows(root, "SELECT count(*) FROM exceptions WHERE kind = 'unknown'") == [(1,)]


def test_a_refund_is_pending_until_square_says_that_it_arrived(
    root: Path, customer: SquareCustomer
) -> None:
    async def story(till: Till) -> None:
        await until_registered(till, customer)
        order, attempt = await show(till)
        assert await elsewhere(customer.pay, attempt.url) == 200
        await until_state(till, order, "paid", within_s=SOON_S)
        detail = await till.orders.detail(order.id)
        assert detail is not None
        back = await till.refunds.ask(
            detail.tenders[0].payment_id, Money(100, "EUR"), press="p1", by="Ada", reason="cold"
        )
        assert back.state is RefundState.PENDING

        def arrived() -> bool:
            return rows(root, "SELECT state, amount_minor FROM refunds") == [("succeeded", 100)]

        await until(arrived, within_s=SOON_S)

    with_till(root, customer, story)


def test_a_currency_that_the_location_does_not_take_is_refused_before_anything_is_asked(
    root: Path, customer: SquareCustomer
) -> None:
    catalog = root / "catalog.toml"
    catalog.write_text(
        '[shop]\nname = "Shop"\ncurrency = "USD"\n\n'
        '[[products]]\nid = "tea"\nname = "Tea"\nprice = { amount = 300, currency = "USD" }\n',
        "utf-8",
    )

    async def story(till: Till) -> str:
        order = await place(till, 1)
        with pytest.raises(CheckoutRefused) as refused:
            await till.checkout.open_session(order.id, "square")
        return str(refused.value)

    # The second till knows the merchant from the books, and asks for the currency.
    for _ in range(2):
        words = with_till(root, customer, story, register_webhooks=False)
        assert "takes EUR alone" in words or "takes no USD" in words
    assert customer.requests("POST", LINKS) == []
    assert rows(root, "SELECT count(*) FROM attempts") == [(0,)]


def test_the_tills_own_list_of_events_brings_what_no_webhook_brought(
    root: Path, customer: SquareCustomer
) -> None:
    async def story(till: Till) -> None:
        await until_registered(till, customer)
        order, attempt = await show(till)
        await elsewhere(customer.control, "POST", "webhooks", mode="withhold")
        assert await elsewhere(customer.pay, attempt.url) == 200
        report = await till.reconcile()
        assert report.problems == [] and report.events > 0
        await until_state(till, order, "paid", within_s=SOON_S)

    with_till(root, customer, story, pace=NEVER)
