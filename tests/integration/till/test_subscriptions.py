"""Subscriptions of a whole till against the simulator over HTTP, and their commands."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from app.bootstrap import Till
from tests.conftest import ExpectedLogs
from tests.integration.till.house import (
    NEVER,
    Customer,
    elsewhere,
    open_till,
    rows,
    until,
    until_registered,
    violations,
)
from tests.integration.till.processes import called, command, serving
from tests.integration.till.subscription_house import renew, subscribed, until_renewed

PERSON = ("--by", "Ada", "--reason", "moved away")
CANCEL = ("subscriptions", "cancel", "1", *PERSON)

Run = Callable[..., tuple[int, str, str]]


def lived(
    root: Path,
    customer: Customer,
    story: Callable[[Till], Awaitable[None]] | None = None,
    **options: Any,
) -> None:
    """Sell a subscription, and go on with a story, without polling."""

    async def run() -> None:
        async with open_till(root, customer.origin, pace=NEVER, **options) as till:
            await until_registered(till, customer)
            await subscribed(till, root, customer)
            if story is not None:
                await story(till)

    asyncio.run(run())


def its_name(root: Path) -> str:
    return str(rows(root, "SELECT subscription_id FROM subscriptions")[0][0])


def test_a_renewal_is_in_the_books_by_its_webhook_alone_and_no_orders_money(
    root: Path, customer: Customer
) -> None:
    async def renewed(till: Till) -> None:
        await elsewhere(renew, customer, its_name(root))
        await until_renewed(root)
        (payment_id,) = rows(root, "SELECT payment_id FROM payments WHERE renewal_of = 1")[0]
        left = (await till.refunds.payment(payment_id)).amount
        await till.refunds.ask(payment_id, left, press="p1", by="Ada", reason="sour beans")

    lived(root, customer, renewed)
    assert rows(root, "SELECT state, receipt_number FROM orders") == [("paid", 1)]
    assert rows(root, "SELECT state FROM refunds") == [("succeeded",)]
    assert rows(root, "SELECT count(*) FROM exceptions") == [(0,)]
    assert violations(root, customer) == []


def test_what_was_taken_and_ended_while_the_till_was_off_is_found_at_its_start(
    root: Path, customer: Customer
) -> None:
    lived(root, customer)
    for _ in range(3):
        renew(customer, its_name(root))
    customer.control("POST", f"stripe/subscriptions/{its_name(root)}/cancel")

    async def come_back() -> None:
        async with open_till(root, customer.origin, pace=NEVER):
            await until_renewed(root, 3)
            ended = "SELECT 1 FROM subscriptions WHERE state = 'ended'"
            await until(lambda: rows(root, ended))

    asyncio.run(come_back())
    assert violations(root, customer) == []


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], root: Path, expected_logs: ExpectedLogs) -> Run:
    """Run a command; what it says on stderr it also logs."""

    def run(*words: str) -> tuple[int, str, str]:
        status, out, err = called(capsys, *words, "--data-dir", str(root))
        assert bool(err) is (status != 0)
        expected_logs.take_all("")
        return status, out, err

    return run


def test_they_are_listed_shown_and_ended_by_command(
    root: Path, customer: Customer, run: Run
) -> None:
    status, _, err = run("subscriptions")
    assert status == 1 and "There are no books" in err
    lived(root, customer)
    status, out, _ = run("subscriptions")
    assert status == 0 and " monthly  order 1  active, paid until 20" in out
    status, out, _ = run("subscriptions", "show", "1")
    assert status == 0 and its_name(root) in out and "pi_" in out
    status, out, err = run("subscriptions", "show", "2")
    assert (status, out) == (1, "") and "There is no subscription 2." in err
    there = ("--sandbox", customer.origin)
    status, out, _ = run(*CANCEL, "--at-period-end", *there)
    assert status == 0 and out.startswith("Subscription 1 ends 20")
    assert ", ends 20" in run("subscriptions")[1]
    assert run(*CANCEL, *there)[:2] == (0, "Subscription 1 has ended.\n")
    assert "ended, since 20" in run("subscriptions")[1]
    status, _, err = run("subscriptions", "cancel", "9", *PERSON, *there)
    assert status == 1 and "not in the books" in err
    audited = rows(root, "SELECT actor FROM audit WHERE action = 'subscription.end_wanted'")
    assert audited == [("Ada",), ("Ada",)]
    assert violations(root, customer) == []


def test_an_end_is_asked_of_the_till_that_runs(root: Path, customer: Customer, run: Run) -> None:
    lived(root, customer)
    path = "/v1/subscriptions/*"
    with serving(root, customer.origin):
        customer.fault("DELETE", path, times=None, status=503)
        asked = command(*CANCEL, "--data-dir", str(root))
        assert asked.returncode == 1 and "has not said yet" in asked.stderr
        assert "its end is asked for, without an answer yet" in run("subscriptions")[1]
        customer.control("DELETE", "faults")
        asked = command(*CANCEL, "--data-dir", str(root))
        assert (asked.returncode, asked.stdout) == (0, "Subscription 1 has ended.\n")
        asked = command("subscriptions", "cancel", "9", *PERSON, "--data-dir", str(root))
        assert asked.returncode == 1 and "not in the books" in asked.stderr
    assert violations(root, customer) == []


def test_a_reconciliation_by_command_reads_up_on_renewals(
    root: Path, customer: Customer, run: Run
) -> None:
    lived(root, customer)
    renew(customer, its_name(root))
    status, out, _ = run("reconcile", "--sandbox", customer.origin)
    assert status == 0 and "      1  payments found\n" in out, out
    assert rows(root, "SELECT count(*) FROM payments WHERE renewal_of = 1") == [(1,)]
    assert violations(root, customer) == []
