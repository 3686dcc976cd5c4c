"""Square's subscriptions at a whole till: begun, renewed, refused, given back and ended."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.bootstrap import Till
from app.domain.attempt import Attempt
from app.domain.cart import Cart
from app.domain.money import Money
from app.domain.observation import Source
from app.domain.order import Order
from tests.integration.till.house import NEVER, elsewhere, rows, until, until_state, with_till
from tests.integration.till.test_square import (
    LINKS,
    SOON_S,
    SquareCustomer,
    square_simulator,
    until_reconciled,
    until_registered,
)

CATALOG = """
[shop]
name = "Shop"
currency = "EUR"

[[products]]
id = "club"
name = "Club"
price = { amount = 900, currency = "EUR" }
billing_interval = "monthly"
"""
STATES = "SELECT state FROM subscriptions"
TAKEN = "SELECT amount_minor, renewal_of IS NOT NULL, held_as FROM payments ORDER BY id"
FIRST, RENEWAL = (900, 0, None), (900, 1, None)


@pytest.fixture
def root(root: Path) -> Path:
    (root / "scantill.toml").write_text("[accounts.square]\n", "utf-8")
    (root / "catalog.toml").write_text(CATALOG, "utf-8")
    return root


@pytest.fixture(params=[False, True], ids=["an order of its own", "the link's order"])
def customer(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[SquareCustomer]:
    with square_simulator(tmp_path / "square.db") as customer:
        customer.control("POST", "square/subscriptions", pays_link=request.param)
        yield customer


async def offered(till: Till) -> tuple[Order, Attempt]:
    cart = Cart()
    cart.add(next(iter(till.catalog.on_sale())))
    order = await till.checkout.place_order(cart.content)
    attempt = await till.checkout.open_session(order.id, "square")
    return order, await till.checkout.mark_shown(attempt.id)


async def begun(till: Till, customer: SquareCustomer, root: Path) -> str:
    """Sell a subscription, and give its id."""
    order, attempt = await offered(till)
    assert await elsewhere(customer.pay, attempt.url) == 200
    await until_state(till, order, "paid", within_s=SOON_S)
    await until(lambda: rows(root, STATES) == [("active",)], within_s=SOON_S)
    return str(rows(root, "SELECT subscription_id FROM subscriptions")[0][0])


async def renew(customer: SquareCustomer, id: str, *, succeeded: bool = True) -> None:
    path = f"square/subscriptions/{id}/renew"
    await elsewhere(customer.control, "POST", path, succeeded=succeeded)


def test_one_is_begun_and_renewed_by_webhook_alone(root: Path, customer: SquareCustomer) -> None:
    async def story(till: Till) -> None:
        await until_registered(till, customer)
        id = await begun(till, customer, root)
        await renew(customer, id)
        await until(lambda: rows(root, TAKEN) == [FIRST, RENEWAL], within_s=SOON_S)

    with_till(root, customer, story, pace=NEVER)


def test_one_is_begun_by_polling_alone_and_takes_no_second_customer(
    root: Path, customer: SquareCustomer
) -> None:
    async def story(till: Till) -> None:
        await until_reconciled(till)
        await begun(till, customer, root)
        await until(lambda: rows(root, "SELECT is_final FROM attempts") == [(1,)], within_s=SOON_S)

    with_till(root, customer, story, register_webhooks=False)
    assert rows(root, TAKEN) == [FIRST]
    assert rows(root, "SELECT count(*) FROM inbox") == [(0,)]


def read(customer: SquareCustomer) -> list[str]:
    """Name what was read at Square, each time it was."""
    asked = customer.control("GET", "requests")["requests"]
    return [str(each["path"]).split("/")[3] for each in asked if each["method"] == "GET"]


def test_what_is_in_the_books_is_not_read_again_though_the_till_is_started_anew(
    root: Path, customer: SquareCustomer
) -> None:
    """A shop's till is started each day: with years of renewals each look costs the same."""

    async def sold(till: Till) -> None:
        id = await begun(till, customer, root)
        for _ in range(3):
            await renew(customer, id)
        await till.subscriptions.look(1, Source.POLL)
        assert rows(root, TAKEN) == [FIRST, *[RENEWAL] * 3]

    async def started_anew(till: Till) -> None:
        before = len(read(customer))
        for _ in range(10):
            await till.subscriptions.look(1, Source.POLL)
        made = read(customer)[before:]
        assert [made.count(what) for what in ("subscriptions", "catalog")] == [10, 1]
        # Without what the books know each look would read four; one is the session's own list's.
        sessions = made.count("invoices")
        assert sessions <= 1
        id = str(rows(root, "SELECT subscription_id FROM subscriptions")[0][0])
        await renew(customer, id)
        await till.subscriptions.look(1, Source.POLL)
        assert read(customer)[before:].count("invoices") <= 1 + max(sessions, 1)
        assert rows(root, TAKEN) == [FIRST, *[RENEWAL] * 4]

    with_till(root, customer, sold, register_webhooks=False)
    with_till(root, customer, started_anew, register_webhooks=False)


def test_a_plan_is_made_once_for_all_who_subscribe_to_it(
    root: Path, customer: SquareCustomer
) -> None:
    async def story(till: Till) -> None:
        for _ in range(2):
            order, attempt = await offered(till)
            assert await elsewhere(customer.pay, attempt.url) == 200
            await until_state(till, order, "paid", within_s=SOON_S)
        await until(lambda: rows(root, STATES) == [("active",)] * 2, within_s=SOON_S)

    with_till(root, customer, story)
    assert len(customer.requests("POST", "/square/v2/catalog/object")) == 2
    ids = rows(root, "SELECT count(DISTINCT subscription_id) FROM subscriptions")
    assert ids == [(2,)]


def test_a_link_that_nobody_paid_is_closed_and_begins_nothing(
    root: Path, customer: SquareCustomer
) -> None:
    async def story(till: Till) -> None:
        order, _ = await offered(till)
        await till.checkout.cancel(order.id)
        await until_state(till, order, "cancelled", within_s=SOON_S)

    with_till(root, customer, story)
    assert customer.api("GET", LINKS) == {}
    assert rows(root, STATES) == []


def test_a_refused_renewal_is_past_due_until_it_is_made_good(
    root: Path, customer: SquareCustomer
) -> None:
    async def story(till: Till) -> None:
        await until_registered(till, customer)
        id = await begun(till, customer, root)
        await renew(customer, id, succeeded=False)
        await until(lambda: rows(root, STATES) == [("past_due",)], within_s=SOON_S)
        assert rows(root, TAKEN) == [FIRST]
        await renew(customer, id)
        await until(lambda: rows(root, STATES) == [("active",)], within_s=SOON_S)
        assert rows(root, TAKEN) == [FIRST, RENEWAL]

    with_till(root, customer, story)


def test_a_renewal_is_given_back_like_any_payment(root: Path, customer: SquareCustomer) -> None:
    async def story(till: Till) -> None:
        await until_registered(till, customer)
        id = await begun(till, customer, root)
        await renew(customer, id)
        await until(lambda: rows(root, TAKEN) == [FIRST, RENEWAL], within_s=SOON_S)
        (row,) = rows(root, "SELECT payment_id FROM payments WHERE renewal_of IS NOT NULL")
        await till.refunds.ask(row[0], Money(900, "EUR"), press="p1", by="Ada", reason="moved")
        done = [("succeeded", 900)]
        refunds = "SELECT state, amount_minor FROM refunds"
        await until(lambda: rows(root, refunds) == done, within_s=SOON_S)

    with_till(root, customer, story)


def test_one_is_ended_with_what_was_paid_for(root: Path, customer: SquareCustomer) -> None:
    async def story(till: Till) -> None:
        await until_registered(till, customer)
        id = await begun(till, customer, root)
        (row,) = rows(root, "SELECT id FROM subscriptions")
        ending = await till.subscriptions.cancel(
            row[0], at_period_end=True, by="Ada", reason="moved away"
        )
        assert (ending.state.value, ending.ends_at is not None) == ("active", True)
        await renew(customer, id)
        await until(lambda: rows(root, STATES) == [("ended",)], within_s=SOON_S)
        assert rows(root, TAKEN) == [FIRST]

    with_till(root, customer, story)


def test_one_that_ends_at_the_dashboard_has_ended_here(
    root: Path, customer: SquareCustomer
) -> None:
    async def story(till: Till) -> None:
        await until_registered(till, customer)
        id = await begun(till, customer, root)
        await elsewhere(customer.control, "POST", f"square/subscriptions/{id}/cancel")
        await until(lambda: rows(root, STATES) == [("ended",)], within_s=SOON_S)

    with_till(root, customer, story, pace=NEVER)


def test_a_plan_that_square_has_no_more_is_made_anew_within_the_same_sale(
    root: Path, customer: SquareCustomer
) -> None:
    async def story(till: Till) -> None:
        await offered(till)
        await till.store.write(lambda tx: tx.execute("UPDATE plans SET plan_id = 'GONE'"))
        await offered(till)
        attempts = "SELECT state, number FROM attempts ORDER BY id"
        assert rows(root, attempts) == [("open", 1), ("failed", 1), ("open", 2)]
        assert len(rows(root, "SELECT plan_id FROM plans")) == 2

    with_till(root, customer, story, pace=NEVER, register_webhooks=False)
