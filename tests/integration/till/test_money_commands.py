"""The commands for money that needs a person, with the simulator beside them."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.bootstrap import Till
from app.cli_money import money_of
from app.domain.money import Money
from app.errors import ConfigError
from app.settings import Mode
from app.store.lock import InstanceLock
from tests.conftest import ExpectedLogs
from tests.integration.till.house import (
    NEVER,
    Customer,
    elsewhere,
    open_till,
    rows,
    show,
    until_state,
    violations,
)
from tests.integration.till.processes import called

BY, WHY = "Ada", "cold coffee"
PERSON = ("--by", BY, "--reason", WHY)
PATH = "/v1/refunds"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(
    capsys: pytest.CaptureFixture[str],
    root: Path,
    customer: Customer,
    expected_logs: ExpectedLogs,
) -> Run:
    """Run a command; what it says on stderr it also logs."""

    def run(*words: str) -> tuple[int, str, str]:
        sandbox = () if words[0] == "exceptions" else ("--sandbox", customer.origin)
        status, out, err = called(capsys, *words, "--data-dir", str(root), *sandbox)
        assert bool(err) is (status != 0)
        expected_logs.take_all("")
        return status, out, err

    return run


async def sold(till: Till, customer: Customer) -> str:
    """Sell, and give the payment's id."""
    order, attempt = await show(till)
    assert await elsewhere(customer.pay, attempt.url) == 303
    await till.checkout.check_now(attempt.id)
    await until_state(till, order, "paid")
    detail = await till.orders.detail(order.id)
    assert detail is not None
    return detail.tenders[0].payment_id


def left_behind(root: Path, customer: Customer, story: Callable[..., Any]) -> str:
    """Run a till with a story, and leave its books."""

    async def run() -> str:
        options: dict[str, Any] = {"pace": NEVER, "register_webhooks": False}
        async with open_till(root, customer.origin, **options) as till:
            return str(await story(till, customer))

    return asyncio.run(run())


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


def test_a_surplus_is_listed_given_back_in_part_and_then_whole_by_command(
    root: Path, customer: Customer, command: Run
) -> None:
    payment_id = left_behind(root, customer, paid_twice)
    status, out, _ = command("exceptions")
    assert status == 0 and "1 waiting" in out
    assert re.search(rf"1  surplus  [0-9.]+ EUR  order 1, payment {payment_id}\.", out)
    assert "[refund, assign, write_off]" in out
    part = ("resolve", "1", "refund", *PERSON, "--amount", "1.5")
    status, out, _ = command(*part)
    assert status == 0 and "1 is still on the list with" in out
    status, out, _ = command("resolve", "1", "refund", *PERSON)
    assert (status, out) == (0, f"1 is resolved: refund by {BY}.\n")
    status, out, _ = command("exceptions")
    assert "0 waiting" in out and payment_id not in out
    status, out, _ = command("exceptions", "--all")
    assert f"[refund by {BY}: {WHY}]" in out
    status, _, err = command("resolve", "1", "accept", *PERSON)
    assert status == 1 and "resolved already" in err
    assert violations(root, customer) == []


def test_a_surplus_is_assigned_to_an_order_by_command(
    root: Path, customer: Customer, command: Run
) -> None:
    left_behind(root, customer, paid_twice)
    assign = ("resolve", "1", "assign", *PERSON, "--order")
    status, _, err = command(*assign, "99")
    assert status == 1 and "There is no such order" in err
    status, _, err = command(*assign, "1")
    assert status == 1 and "own order" in err
    assert violations(root, customer) == []


def test_a_sale_is_given_back_by_command_by_order_or_payment(
    root: Path, customer: Customer, command: Run
) -> None:
    payment_id = left_behind(root, customer, sold)
    status, out, _ = command("refund", "1", "0.5", *PERSON)
    assert status == 0 and out.startswith(f"0.50 EUR of {payment_id} was given back (re_")
    status, out, _ = command("refund", payment_id, *PERSON)
    assert status == 0 and re.match(r"[0-9.]+ EUR of pi_", out)
    status, _, err = command("refund", "1", *PERSON)
    assert status == 1 and "Nothing of the payment is left" in err
    status, _, err = command("refund", "2", *PERSON)
    assert status == 1 and "no payment or order 2" in err
    assert violations(root, customer) == []


def test_of_two_payments_of_an_order_one_has_to_be_named(
    root: Path, customer: Customer, command: Run
) -> None:
    payment_id = left_behind(root, customer, paid_twice)
    status, _, err = command("refund", "1", *PERSON)
    assert status == 1 and "several payments" in err and payment_id in err


def test_an_answer_that_does_not_come_is_told_and_found_by_the_next_command(
    root: Path,
    customer: Customer,
    command: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    payment_id = left_behind(root, customer, sold)
    monkeypatch.setattr("app.refunds.ASK_BUDGET_S", 0.1)
    customer.fault("POST", PATH, drop="after_effect", times=None)
    status, _, err = command("refund", payment_id, "1", *PERSON)
    assert status == 1
    assert "has not answered yet" in err and "Whether money moved is not known yet." in err
    customer.control("DELETE", "faults")
    command("refund", payment_id, "9999", *PERSON)
    assert rows(root, "SELECT state, amount_minor FROM refunds") == [("succeeded", 100)]


def test_beside_a_running_till_reading_goes_and_writing_says_so(
    root: Path, customer: Customer, command: Run
) -> None:
    left_behind(root, customer, paid_twice)
    lock = InstanceLock(root / Mode.TRAINING.value)
    try:
        assert command("exceptions")[0] == 0
        for words in (("resolve", "1", "write_off"), ("refund", "1")):
            status, _, err = command(*words, *PERSON)
            assert status == 1 and "is running already" in err
    finally:
        lock.release()


def test_without_books_there_is_nothing_to_list(
    root: Path, customer: Customer, command: Run
) -> None:
    status, _, err = command("exceptions")
    assert status == 1 and "There are no books" in err


@pytest.mark.parametrize(
    "text, currency, minor",
    [
        ("12", "EUR", 1200),
        ("12.3", "EUR", 1230),
        ("0.05", "EUR", 5),
        ("7", "JPY", 7),
        ("1.5", "KWD", 1500),
    ],
)
def test_an_amount_is_read_as_a_person_writes_it(text: str, currency: str, minor: int) -> None:
    assert money_of(text, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    "text", ["", "-1", "+1", "1.234", "1,5", "much", "1.", ".5", "1" * 16, "9" * 15, "\u0661"]
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is no amount in EUR"):
        money_of(text, "EUR")


def test_a_number_beyond_all_books_is_refused_in_words(
    root: Path, customer: Customer, command: Run
) -> None:
    left_behind(root, customer, sold)
    status, _, err = command("refund", "9" * 30, *PERSON)
    assert status == 1 and "There is no payment or order 999" in err
    status, _, err = command("resolve", "9" * 30, "refund", *PERSON)
    assert status == 2 and "it must be the number of an order" in err


def test_what_is_no_amount_is_answered_with_one_of_the_same_currency() -> None:
    with pytest.raises(ConfigError) as refused:
        money_of("12.5", "JPY")
    assert refused.value.action == "Write it as 1234, without a sign."


def test_a_refund_of_an_entry_that_the_provider_refuses_is_no_success(
    root: Path, customer: Customer, command: Run
) -> None:
    payment_id = left_behind(root, customer, paid_twice)
    no = {"error": {"type": "invalid_request_error", "message": "It was charged back."}}
    customer.fault("POST", PATH, status=400, body=no)
    status, _, err = command("resolve", "1", "refund", *PERSON)
    assert status == 1 and "charged back" in err and "is still on the list" in err
    assert "Money moved" not in err
    status, out, _ = command("exceptions")
    assert "1 waiting" in out and payment_id in out
    status, out, _ = command("resolve", "1", "refund", *PERSON)
    assert (status, out) == (0, f"1 is resolved: refund by {BY}.\n")
