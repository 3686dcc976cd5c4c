"""A sale from the cart to PAID over real sockets, and what may go wrong on its way."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.bootstrap import Till
from app.domain.attempt import AttemptState
from app.domain.observation import Source
from app.errors import CheckoutRefused, ConfigError, Protocol
from app.settings import Mode, load_settings
from tests.conftest import ExpectedLogs
from tests.integration.till.house import (
    DECLINED,
    GOOD_CARD,
    NEVER,
    Customer,
    open_till,
    place,
    rows,
    show,
    state,
    until,
    until_registered,
    until_state,
    violations,
)

CREATE = "/v1/checkout/sessions"


def with_till(
    root: Path, customer: Customer, story: Callable[[Till], Awaitable[Any]], **options: Any
) -> Any:
    """Run a story with a till, then check the books against the simulator's."""

    async def run() -> Any:
        async with open_till(root, customer.origin, **options) as till:
            return await story(till)

    result = asyncio.run(run())
    assert violations(root, customer) == []
    return result


async def elsewhere(call: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """Act as somebody else does: not on the till's loop."""
    return await asyncio.to_thread(lambda: call(*arguments, **options))


def test_a_sale_is_paid_by_webhook_alone(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        await until_registered(till, customer)
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
        await elsewhere(customer.control, "POST", "webhooks", mode="withhold")
        await elsewhere(customer.pay, attempt.url)
        event = await elsewhere(customer.event, "checkout.session.completed")
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
        await elsewhere(customer.control, "POST", "webhooks", mode="withhold")
        await elsewhere(customer.pay, attempt.url)
        event = await elsewhere(customer.event, "checkout.session.completed")
        answer = await elsewhere(
            customer.control, "POST", f"events/{event}/deliver", times=1, age_s=age_s
        )
        assert answer["statuses"] == [400]
        await till.checkout.check_now(attempt.id)

    with_till(root, customer, story, pace=NEVER)
    assert rows(root, "SELECT count(*) FROM inbox") == [(0,)]


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
    monkeypatch.setattr("app.providers.stripe_checkout.is_own_page", lambda *_: False)

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


# --- putting it together -----------------------------------------------------------------------


def test_a_till_with_no_settings_at_all_brings_its_own_simulator(root: Path) -> None:
    async def story() -> None:
        settings = load_settings(root, Mode.TRAINING, working_directory=root)
        till = Till(settings)
        await till.start()
        try:
            order, attempt = await show(till)
            customer = Customer(till.sandbox_url)
            await elsewhere(customer.pay, attempt.url)
            await until_state(till, order, "paid")
            assert violations(root, await asyncio.to_thread(lambda: customer)) == []
            customer.close()
        finally:
            await till.aclose()

    asyncio.run(story())


def test_facts_are_told_on_the_tills_own_loop_and_no_longer_after_unsubscribing(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        loop = asyncio.get_running_loop()
        heard: list[str] = []

        def listen(fact: Any) -> None:
            assert asyncio.get_running_loop() is loop
            heard.append(fact.name)

        stop = till.subscribe(listen)
        await place(till)
        await until(lambda: "order.placed" in heard)
        stop()
        await place(till)
        await asyncio.sleep(0.05)
        assert heard.count("order.placed") == 1

    with_till(root, customer, story)


def test_a_till_that_is_not_started_yet_is_told_of_nothing(root: Path, customer: Customer) -> None:
    settings = load_settings(root, Mode.TRAINING, working_directory=root)
    till = Till(settings, sandbox_url=customer.origin)
    till.subscribe(lambda fact: pytest.fail("nobody listens yet"))
    till.door.wake()
    asyncio.run(place(till))
    asyncio.run(till.aclose())


def test_what_needs_a_person_is_counted_in_the_status(root: Path, customer: Customer) -> None:
    async def story(till: Till) -> None:
        order, _attempt = await show(till)
        await elsewhere(
            customer.control, "POST", "faults", match={}, fault={"status": 503}, times=None
        )
        await till.checkout.cancel(order.id)
        await until(lambda: till.status().needs_person == 1)
        await elsewhere(customer.control, "DELETE", "faults")
        await until_state(till, order, "cancelled")
        await until(lambda: till.status().needs_person == 0)

    with_till(root, customer, story, register_webhooks=False)


@pytest.mark.parametrize(
    "mode, key, words",
    [
        (Mode.LIVE, "sk_test_1234567890", "is a test key"),
        (Mode.TEST, "sk_live_1234567890", "is a live key"),
    ],
)
def test_a_key_of_the_wrong_kind_is_refused_and_not_repeated(
    root: Path, monkeypatch: pytest.MonkeyPatch, mode: Mode, key: str, words: str
) -> None:
    monkeypatch.setenv("STRIPE_SECRET_KEY", key)
    with pytest.raises(ConfigError, match=words) as refused:
        Till(load_settings(root, mode, working_directory=root))
    assert key not in str(refused.value)
    monkeypatch.delenv("STRIPE_SECRET_KEY")
    till = Till(load_settings(root, mode, working_directory=root))
    assert till.accounts == ()
    asyncio.run(till.aclose())


def test_an_account_of_an_unknown_kind_is_refused_in_words(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "scantill.toml").write_text('[accounts.main]\nkind = "paypal"\n')
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_test_1234567890")
    with pytest.raises(ConfigError, match="does not know: paypal"):
        Till(load_settings(root, Mode.TEST, working_directory=root))


def test_accounts_by_name_their_own_base_and_the_shops_pages(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "scantill.toml").write_text(
        '[accounts.counter]\nkind = "stripe_checkout"\napi_base = "http://127.0.0.1:4999"\n'
        '[accounts.stripe_checkout]\n[doors]\npublic_url = "https://till.example/"\n'
    )
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_test_1234567890")
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", "whsec_1234567890")
    till = Till(load_settings(root, Mode.TEST, working_directory=root))
    assert till.accounts == ("counter", "stripe_checkout")
    assert till.strategies["counter"].capabilities.page_origin == "http://127.0.0.1:4999"
    assert till.strategies["stripe_checkout"].capabilities.page_origin == ""
    assert till.checkout._pages["counter"].success_url == "https://till.example/success"
    asyncio.run(till.aclose())


def test_a_catalog_of_the_shops_own_is_found_beside_its_settings(
    root: Path, tmp_path: Path
) -> None:
    one = '[[products]]\nid = "a"\nname = "{}"\n[products.price]\namount = 1\ncurrency = "EUR"\n'
    (root / "catalog.toml").write_text(one.format("own"))
    (root / "named.toml").write_text(one.format("named"))
    (tmp_path / "given.toml").write_text(one.format("given"))

    def name_of(**options: Any) -> str:
        settings = load_settings(root, Mode.TEST, working_directory=root)
        till = Till(settings, **options)
        asyncio.run(till.aclose())
        return till.catalog.products[0].name

    assert name_of() == "own"
    (root / "scantill.toml").write_text('catalog = "named.toml"\n')
    assert name_of() == "named"
    assert name_of(catalog_path=tmp_path / "given.toml") == "given"


def test_a_port_that_is_taken_is_said_in_words_and_frees_the_books(
    root: Path, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", customer.origin.rsplit(":", 1)[1])

    async def story() -> None:
        with pytest.raises(ConfigError, match="cannot listen on"):
            async with open_till(root, customer.origin):
                pass

    asyncio.run(story())
    monkeypatch.delenv("PORT")
    with_till(root, customer, show)
