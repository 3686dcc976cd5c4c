"""Money given back through the real till: the simulator over HTTP, webhooks, crashes, commands."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.bootstrap import Till
from app.domain.money import Money
from app.domain.order import Order
from app.domain.refund import RefundState
from app.domain.resolution import Action
from app.providers.stripe_checkout import StripeCheckout
from app.settings import Mode
from app.store.lock import InstanceLock
from tests.integration.till.house import (
    NEVER,
    Customer,
    elsewhere,
    open_till,
    rows,
    show,
    until,
    until_registered,
    until_state,
    violations,
    with_till,
)
from tests.integration.till.processes import called

BY, WHY = "Ada", "cold coffee"
LATE = "4000000000007726"
FAILS = "4000000000005126"
PATH = "/v1/refunds"


async def sold(till: Till, customer: Customer, card: str = "4242424242424242") -> tuple[Order, str]:
    order, attempt = await show(till)
    assert await elsewhere(customer.pay, attempt.url, card) == 303
    await until_state(till, order, "paid")
    detail = await till.orders.detail(order.id)
    assert detail is not None
    return order, detail.tenders[0].payment_id


async def ask(till: Till, payment_id: str, minor: int = 100, press: str = "p1") -> RefundState:
    amount = Money(minor, "EUR")
    return (await till.refunds.ask(payment_id, amount, press=press, by=BY, reason=WHY)).state


async def states(till: Till, order: Order) -> list[str]:
    detail = await till.orders.detail(order.id)
    assert detail is not None
    return [refund.state.value for refund in detail.refunds]


@pytest.mark.parametrize("webhooks", [True, False])
def test_a_refund_by_answer_webhook_and_sweep_is_booked_once(
    root: Path, customer: Customer, webhooks: bool
) -> None:
    async def story(till: Till) -> None:
        if webhooks:
            await until_registered(till, customer)
        order, payment_id = await sold(till, customer)
        found = await asyncio.gather(*(ask(till, payment_id) for _ in range(5)))
        assert found == [RefundState.SUCCEEDED] * 5
        await till.refunds.sweep()
        if webhooks:
            told = "SELECT count(*) FROM inbox WHERE event_type = 'refund.created'"
            await until(lambda: rows(root, told) == [(1,)])
            handled = f"{told} AND standing = 'nothing_new'"
            await until(lambda: rows(root, handled) == [(1,)])
        assert await states(till, order) == ["succeeded"]

    with_till(root, customer, story, register_webhooks=webhooks)
    (sent,) = customer.requests("POST", PATH)
    assert str(sent["idempotency_key"]).endswith("-refund-1")
    assert rows(root, "SELECT count(*) FROM ledger_transactions WHERE kind = 'refund'") == [(1,)]


@pytest.mark.parametrize("fault", ["before", "after_effect"])
def test_a_lost_answer_is_asked_for_again_and_gives_one_refund(
    root: Path, customer: Customer, fault: str
) -> None:
    async def story(till: Till) -> None:
        order, payment_id = await sold(till, customer)
        await elsewhere(customer.fault, "POST", PATH, drop=fault)
        assert await ask(till, payment_id) is RefundState.SUCCEEDED
        assert await states(till, order) == ["succeeded"]

    with_till(root, customer, story, register_webhooks=False)
    keys = {str(r["idempotency_key"]) for r in customer.requests("POST", PATH)}
    assert len(keys) == 1


class PowerCut(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("point", ["before the call", "after the call", "before the save"])
def test_a_crash_in_a_refund_is_made_good_at_the_next_start(
    root: Path, customer: Customer, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = StripeCheckout.refund

    async def cut(self: StripeCheckout, *arguments: Any, **more: Any) -> Any:
        if point == "after the call":
            await original(self, *arguments, **more)
        raise PowerCut

    def unsaved(*_: Any, **__: Any) -> None:
        raise PowerCut

    async def dying() -> str:
        async with open_till(root, customer.origin, register_webhooks=False) as till:
            _, payment_id = await sold(till, customer)
            where: tuple[str, Callable[..., Any]] = (
                ("app.refunds.settle_refund", unsaved)
                if point == "before the save"
                else ("app.providers.stripe_checkout.StripeCheckout.refund", cut)
            )
            with monkeypatch.context() as patches, pytest.raises(PowerCut):
                patches.setattr(*where)
                await ask(till, payment_id)
            return payment_id

    payment_id = asyncio.run(dying())
    assert rows(root, "SELECT state FROM refunds") == [("requested",)]
    assert violations(root, customer) == []

    async def again(till: Till) -> None:
        # By itself, at start.
        await until(lambda: rows(root, "SELECT state FROM refunds") == [("succeeded",)])
        assert await ask(till, payment_id) is RefundState.SUCCEEDED

    with_till(root, customer, again, register_webhooks=False)
    assert len({str(r["idempotency_key"]) for r in customer.requests("POST", PATH)}) == 1
    assert customer.books()["refunds"][0]["metadata"]["key"].endswith("-refund-1")


@pytest.mark.parametrize("ends, expected", [("succeeded", []), ("failed", ["refund_failed"])])
def test_a_refund_that_takes_its_time_is_watched_to_its_end(
    root: Path, customer: Customer, ends: str, expected: list[str]
) -> None:
    async def story(till: Till) -> None:
        order, payment_id = await sold(till, customer, LATE)
        assert await ask(till, payment_id) is RefundState.PENDING
        refund_id = customer.books()["refunds"][0]["refund_id"]
        await elsewhere(customer.control, "POST", f"refunds/{refund_id}/settle", status=ends)
        await till.refunds.sweep()
        assert await states(till, order) == [ends]
        detail = await till.orders.detail(order.id)
        assert detail is not None
        assert [entry.kind.value for entry in detail.exceptions] == expected

    with_till(root, customer, story, register_webhooks=False)


def test_what_the_owner_gave_back_in_the_dashboard_is_noticed_by_looking(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        order, payment_id = await sold(till, customer)
        client = StripeCheckout.__new__(StripeCheckout)
        del client
        await elsewhere(by_hand, customer, payment_id)
        payment = await till.refunds.payment(payment_id)
        for _ in range(2):
            (refund,) = await till.refunds.look_at(payment)
        assert (refund.amount, refund.asked_by) == (Money(70, "EUR"), "")
        assert await states(till, order) == ["succeeded"]

    with_till(root, customer, story, register_webhooks=False)


def by_hand(customer: Customer, payment_id: str) -> None:
    import httpx

    from app.sandbox import SANDBOX_KEY

    answer = httpx.post(
        f"{customer.origin}{PATH}",
        data={"payment_intent": payment_id, "amount": "70"},
        headers={"Authorization": f"Bearer {SANDBOX_KEY}"},
    )
    assert answer.status_code == 200, answer.text


# --- held money and the commands ---------------------------------------------------------------


async def paid_twice(till: Till, customer: Customer) -> str:
    """Have a second code of a paid order paid: surplus."""
    order, first = await show(till)
    lost = "UPDATE attempts SET state = 'failed' WHERE id = 1"
    await till.store.write(lambda tx: tx.execute(lost))
    second = await till.checkout.open_session(order.id, till.accounts[0])
    for attempt in (second, first):
        assert await elsewhere(customer.pay, attempt.url) == 303
    await till.checkout.check_now(second.id)
    await till.checkout.check_now(first.id)
    (trouble,) = await till.orders.troubles()
    assert trouble.case.exception.kind == "surplus"
    return trouble.case.exception.payment_id


def make_surplus(root: Path, customer: Customer) -> str:
    async def run() -> str:
        options: dict[str, Any] = {"pace": NEVER, "register_webhooks": False}
        async with open_till(root, customer.origin, **options) as till:
            return await paid_twice(till, customer)

    return asyncio.run(run())


def command(
    capsys: pytest.CaptureFixture[str], root: Path, customer: Customer, *words: str
) -> tuple[int, str, str]:
    where = ("--data-dir", str(root))
    sandbox = () if words[0] == "exceptions" else ("--sandbox", customer.origin)
    return called(capsys, *words, *where, *sandbox)


PERSON = ("--by", BY, "--reason", WHY)


def test_a_surplus_is_listed_given_back_in_part_and_then_whole_by_command(
    root: Path, customer: Customer, capsys: pytest.CaptureFixture[str]
) -> None:
    payment_id = make_surplus(root, customer)
    status, out, _ = command(capsys, root, customer, "exceptions")
    assert status == 0 and "1 waiting" in out
    assert f"surplus  7.00 EUR  order 1, payment {payment_id}" in out or payment_id in out
    assert "[refund, assign, write_off]" in out
    part = ("resolve", "1", "refund", *PERSON, "--amount", "1.5")
    status, out, _ = command(capsys, root, customer, *part)
    assert status == 0 and "1 is still on the list with" in out
    status, out, _ = command(capsys, root, customer, "resolve", "1", "refund", *PERSON)
    assert (status, out) == (0, f"1 is resolved: refund by {BY}.\n")
    status, out, _ = command(capsys, root, customer, "exceptions")
    assert "0 waiting" in out and payment_id not in out
    status, out, _ = command(capsys, root, customer, "exceptions", "--all")
    assert f"[refund by {BY}: {WHY}]" in out
    status, _, err = command(capsys, root, customer, "resolve", "1", "accept", *PERSON)
    assert status == 1 and "resolved already" in err
    assert violations(root, customer) == []


def test_a_surplus_is_assigned_to_an_order_by_command(
    root: Path, customer: Customer, capsys: pytest.CaptureFixture[str]
) -> None:
    make_surplus(root, customer)
    assign = ("resolve", "1", "assign", *PERSON, "--order")
    status, _, err = command(capsys, root, customer, *assign, "99")
    assert status == 1 and "There is no such order" in err
    status, _, err = command(capsys, root, customer, *assign, "1")
    assert status == 1 and "own order" in err
    assert violations(root, customer) == []


def test_a_sale_is_given_back_by_command_by_order_or_payment(
    root: Path, customer: Customer, capsys: pytest.CaptureFixture[str]
) -> None:
    payment_id = with_till(root, customer, lambda till: sold(till, customer))[1]
    status, out, _ = command(capsys, root, customer, "refund", "1", "0.5", *PERSON)
    assert status == 0 and out.startswith(f"0.50 EUR of {payment_id} was given back (re_")
    status, out, _ = command(capsys, root, customer, "refund", payment_id, *PERSON)
    assert status == 0 and re.match(r"[0-9.]+ EUR of pi_", out)
    status, _, err = command(capsys, root, customer, "refund", "1", *PERSON)
    assert status == 1 and "more than nothing" in err
    for wrong, words in (
        (("refund", "2"), "no payment or order 2"),
        (("refund", payment_id, "-1"), ""),
        (("refund", payment_id, "1.234"), "no amount in EUR"),
        (("refund", payment_id, "much"), "no amount in EUR"),
    ):
        if words:
            status, _, err = command(capsys, root, customer, *wrong, *PERSON)
            assert status == 1 and words in err
    assert violations(root, customer) == []


def test_of_two_payments_of_an_order_one_has_to_be_named(
    root: Path, customer: Customer, capsys: pytest.CaptureFixture[str]
) -> None:
    payment_id = make_surplus(root, customer)
    status, _, err = command(capsys, root, customer, "refund", "1", *PERSON)
    assert status == 1 and "several payments" in err and payment_id in err


def test_an_answer_that_does_not_come_is_told_and_found_by_the_next_command(
    root: Path,
    customer: Customer,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    payment_id = with_till(root, customer, lambda till: sold(till, customer))[1]
    monkeypatch.setattr("app.refunds.ASK_BUDGET_S", 0.1)
    customer.fault("POST", PATH, drop="after_effect", times=None)
    status, _, err = command(capsys, root, customer, "refund", payment_id, "1", *PERSON)
    assert status == 1
    assert "has not answered yet" in err and "Whether money moved is not known yet." in err
    customer.control("DELETE", "faults")
    command(capsys, root, customer, "refund", payment_id, "9999", *PERSON)
    assert rows(root, "SELECT state, amount_minor FROM refunds") == [("succeeded", 100)]


def test_beside_a_running_till_reading_goes_and_writing_says_so(
    root: Path, customer: Customer, capsys: pytest.CaptureFixture[str]
) -> None:
    make_surplus(root, customer)
    lock = InstanceLock(root / Mode.TRAINING.value)
    try:
        assert command(capsys, root, customer, "exceptions")[0] == 0
        for words in (("resolve", "1", "write_off"), ("refund", "1")):
            status, _, err = command(capsys, root, customer, *words, *PERSON)
            assert status == 1 and "is running already" in err
    finally:
        lock.release()
    assert Action.WRITE_OFF.value == "write_off"


def test_without_books_there_is_nothing_to_list(
    root: Path, customer: Customer, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, err = command(capsys, root, customer, "exceptions")
    assert status == 1 and "There are no books" in err
