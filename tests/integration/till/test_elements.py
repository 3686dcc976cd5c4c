"""A whole till whose pay page is its own: sold, cancelled, given back, told of, restarted."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.bootstrap import Till
from app.domain.attempt import Attempt, AttemptState
from app.domain.money import Money
from app.domain.order import Order
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
    violations,
    with_till,
)

CREATE = "/v1/payment_intents"
PUBLISHABLE = {"Authorization": "Bearer pk_test_scantill_sandbox"}


@pytest.fixture
def root(root: Path) -> Path:
    (root / "scantill.toml").write_text("[accounts.stripe_elements]\n", "utf-8")
    return root


class Browser:
    """What the page's script does in a customer's browser."""

    def __init__(self, attempt: Attempt) -> None:
        self.url = attempt.url or ""
        self._http = httpx.Client(trust_env=False, timeout=20, verify=False)

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, what: str = "") -> httpx.Response:
        return self._http.get(f"{self.url}{what}")

    def ask(self, what: str, **told: str) -> httpx.Response:
        return self._http.post(f"{self.url}/{what}", json=told)

    def pay(self, card: str = GOOD_CARD) -> httpx.Response:
        assert self.get().status_code == 200
        base = self.get("/config").json()["apiBase"]
        secret = self.ask("intent").json()["clientSecret"]
        intent = secret.partition("_secret_")[0]
        entry = {"number": card, "exp_month": "12", "exp_year": "2049", "cvc": "123"}
        form = {f"payment_method_data[card][{name}]": text for name, text in entry.items()}
        form |= {"payment_method_data[type]": "card", "client_secret": secret}
        return self._http.post(
            f"{base}/v1/payment_intents/{intent}/confirm", data=form, headers=PUBLISHABLE
        )


def paid_by(attempt: Attempt, card: str = GOOD_CARD) -> httpx.Response:
    with Browser(attempt) as browser:
        return browser.pay(card)


def asked(attempt: Attempt, what: str) -> Any:
    with Browser(attempt) as browser:
        return browser.get(what).json()


def test_a_sale_on_our_own_page_is_paid_by_webhook_alone(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        await until_registered(till, customer)
        await until(lambda: till.status().reconciled is not None)
        order, attempt = await show(till)
        assert (attempt.url or "").startswith(f"{till.door.address}/pay/")
        assert (await elsewhere(paid_by, attempt)).status_code == 200
        await until_state(till, order, "paid", within_s=5)
        assert await elsewhere(asked, attempt, "/state") == {"state": "paid", "decline": ""}

    with_till(root, customer, story, pace=NEVER)
    sources = rows(root, "SELECT data FROM journal WHERE name = 'attempt.paid'")
    assert "webhook" in sources[0][0]


def test_a_sale_on_our_own_page_is_paid_by_polling_alone(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        order, attempt = await show(till)
        assert (await elsewhere(paid_by, attempt, DECLINED)).status_code == 402

        async def told() -> bool:
            return bool((await elsewhere(asked, attempt, "/state"))["decline"])

        await until(told)
        assert await state(till, order) == "open"
        await elsewhere(paid_by, attempt)
        await until_state(till, order, "paid")

    with_till(root, customer, story, register_webhooks=False)
    assert rows(root, "SELECT count(*) FROM inbox") == [(0,)]


def test_the_reply_of_the_creation_dropped_gives_one_intent_and_one_address(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        customer.fault("POST", CREATE, drop="after_effect", times=2)
        order, attempt = await show(till)
        await elsewhere(paid_by, attempt)
        await until_state(till, order, "paid")

    with_till(root, customer, story)
    sent = customer.requests("POST", CREATE)
    assert len(sent) == 3 and len({r["idempotency_key"] for r in sent}) == 1
    assert len(customer.books()["payments"]) == 1


def test_a_cancel_while_the_customer_pays_ends_paid_and_nothing_is_lost(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        order, attempt = await show(till)
        await elsewhere(paid_by, attempt)
        ended = await till.checkout.cancel(order.id)
        assert ended.state.value == "paid"

    with_till(root, customer, story, pace=NEVER, register_webhooks=False)


def test_a_page_that_is_open_while_the_sale_is_cancelled_takes_no_money(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        order, attempt = await show(till)
        with Browser(attempt) as browser:
            secret = (await elsewhere(browser.ask, "intent")).json()["clientSecret"]
            ended = await till.checkout.cancel(order.id)
            assert ended.state.value == "cancelled"
            assert (await elsewhere(browser.ask, "intent")).status_code == 409
            intent = secret.partition("_secret_")[0]
            late = await elsewhere(
                httpx.post,
                f"{customer.origin}/v1/payment_intents/{intent}/confirm",
                data={"client_secret": secret, "payment_method": "pm_card_visa"},
                headers=PUBLISHABLE,
            )
            assert late.json()["error"]["code"] == "payment_intent_unexpected_state"
        assert await elsewhere(asked, attempt, "/state") == {"state": "closed", "decline": ""}

    with_till(root, customer, story)
    assert rows(root, "SELECT count(*) FROM payments") == [(0,)]


def test_a_payment_on_our_own_page_is_given_back(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        order, attempt = await show(till)
        await elsewhere(paid_by, attempt)
        await until_state(till, order, "paid")
        ((payment_id,),) = await till.store.read(
            lambda db: [tuple(row) for row in db.execute("SELECT payment_id FROM payments")]
        )
        assert payment_id == attempt.session_id
        customer.control("POST", f"payments/{payment_id}/refund", amount_minor=100)
        await till.reconcile()

    with_till(root, customer, story)
    assert rows(root, "SELECT amount_minor, state FROM refunds") == [(100, "succeeded")]


def test_an_address_survives_a_restart_on_another_port(root: Path, customer: Customer) -> None:
    async def run() -> None:
        async with open_till(root, customer.origin, pace=NEVER) as till:
            order, attempt = await show(till)
        async with open_till(root, customer.origin) as till:
            detail = await till.orders.detail(order.id)
            assert detail is not None
            moved = detail.attempts[0]
            assert (moved.url or "").startswith(f"{till.door.address}/pay/")
            assert (moved.url or "").rpartition("/")[2] == (attempt.url or "").rpartition("/")[2]
            assert (await elsewhere(paid_by, moved)).status_code == 200
            await until_state(till, order, "paid")

    asyncio.run(run())
    assert violations(root, customer) == []


def test_two_kinds_on_one_account_at_stripe_do_not_mistake_each_others_payments(
    root: Path, customer: Customer
) -> None:
    toml = "[accounts.stripe_elements]\n[accounts.stripe_checkout]\n"
    (root / "scantill.toml").write_text(toml, "utf-8")

    async def sold(till: Till, account: str) -> tuple[Order, Attempt]:
        order = await place(till)
        attempt = await till.checkout.open_session(order.id, account)
        return order, await till.checkout.mark_shown(attempt.id)

    async def story(till: Till) -> None:
        async def are_both_registered() -> bool:
            made = await elsewhere(customer.requests, "POST", "/v1/webhook_endpoints")
            return len(made) == 2

        await until(are_both_registered)
        await until(lambda: all(each.is_reachable for each in till.health.accounts))
        own, page = await sold(till, "stripe_elements")
        hosted, session = await sold(till, "stripe_checkout")
        await elsewhere(paid_by, page)
        await elsewhere(customer.pay, session.url)
        for order in (own, hosted):
            await until_state(till, order, "paid", within_s=5)
        report = await till.reconcile()
        assert report.is_clean

    with_till(root, customer, story, pace=NEVER)
    assert rows(root, "SELECT count(*) FROM payments WHERE held_as IS NULL") == [(2,)]
    assert rows(root, "SELECT count(*) FROM exceptions") == [(0,)]


def test_slow_money_that_fails_leaves_the_order_open_and_the_page_closed(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        order, attempt = await show(till)
        debit = {"iban": "DE78370400440532013004", "name": "Ada"}
        await elsewhere(customer.control, "POST", f"sessions/{attempt.session_id}/pay", **debit)

        async def is_at(wanted: str) -> bool:
            return bool((await elsewhere(asked, attempt, "/state"))["state"] == wanted)

        await until(lambda: is_at("processing"))
        await elsewhere(
            customer.control, "POST", f"sessions/{attempt.session_id}/settle", succeeded=False
        )
        await until(lambda: is_at("failed"))
        assert await state(till, order) == "open"
        detail = await till.orders.detail(order.id)
        assert detail is not None and detail.attempts[0].state is AttemptState.FAILED
        assert detail.attempts[0].is_final
        again = await till.checkout.open_session(order.id, till.accounts[0])
        assert again.amount == order.total != Money(0, order.total.currency)

    with_till(root, customer, story)
    (intent, _) = customer.books()["payments"]
    assert intent["status"] == "canceled"
