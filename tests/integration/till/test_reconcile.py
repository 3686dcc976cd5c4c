"""Reconciliation of whole tills against the simulator over HTTP: long absences, lost webhooks."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from app.bootstrap import Till
from app.watch import Pace
from tests.conftest import ExpectedLogs
from tests.integration.till.house import (
    NEVER,
    QUICK,
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
from tests.integration.till.processes import called, command, serving

HOURS_72 = 72 * 3600
ASLEEP = Pace(shown_s=3600, unshown_s=3600, processing_s=3600, closing_s=3600, tick_s=0.05)


async def until_reconciled(till: Till) -> None:
    await until(lambda: till.status().reconciled is not None, within_s=15)


def test_paid_offline_for_72_hours_and_every_webhook_lost_it_is_all_found(
    root: Path, customer: Customer
) -> None:
    """The till was off, its notices went nowhere, and the provider's clock is three days on."""

    async def first_day() -> list[str]:
        sold = []
        async with open_till(root, customer.origin, pace=NEVER) as till:
            await until_registered(till, customer)
            await elsewhere(customer.control, "POST", "webhooks", mode="withhold")
            for _ in range(4):
                order, attempt = await show(till)
                sold.append((order.id, attempt.url))
        for _, url in sold[:3]:
            await elsewhere(customer.pay, url)
        return [order_id for order_id, _ in sold]

    async def three_days_later(orders: list[str]) -> None:
        async with open_till(root, customer.origin, pace=ASLEEP) as till:

            async def ends() -> list[str]:
                details = [await till.orders.detail(order_id) for order_id in orders]
                return [detail.order.state.value for detail in details if detail is not None]

            async def are_found() -> bool:
                return await ends() == ["paid", "paid", "paid", "expired"]

            await until(are_found, within_s=15)
            await until_reconciled(till)
            report = await till.reconcile()
            assert report.is_clean and report.payments == 0

    orders = asyncio.run(first_day())
    customer.control("POST", "clock", advance_s=HOURS_72)
    asyncio.run(three_days_later(orders))
    assert violations(root, customer) == []
    assert rows(root, "SELECT count(*) FROM payments WHERE held_as IS NULL") == [(3,)]
    assert {row[0] for row in rows(root, "SELECT kind FROM cursors")} == {
        "events",
        "sessions",
        "refunds",
        "disputes",
    }


def test_with_every_look_withheld_the_list_of_events_alone_finds_a_payment(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        await until_reconciled(till)
        order, attempt = await show(till)
        await elsewhere(customer.control, "POST", "webhooks", mode="withhold")
        await elsewhere(customer.pay, attempt.url)
        report = await till.reconciliation.run("by hand", not_since_s=1e9)
        assert await state(till, order) == "paid"
        assert report.events >= 1 and report.payments == 1

    with_till(root, customer, story, pace=ASLEEP)


def test_events_older_than_the_providers_memory_are_made_up_for_by_its_sessions(
    root: Path, customer: Customer
) -> None:
    """The books were put back to before the sale: the provider alone knows of it."""

    async def sell(till: Till) -> None:
        await until_reconciled(till)
        _, attempt = await show(till)
        await elsewhere(customer.pay, attempt.url)
        order_gone = "UPDATE attempts SET reference = replace(reference, '-1', '-9')"
        await till.store.write(lambda tx: tx.execute(order_gone))

    async def forty_days_later(till: Till) -> None:
        await until(lambda: till.status().needs_person == 1, within_s=15)

    with pytest.raises(AssertionError):
        with_till(root, customer, sell, pace=NEVER, register_webhooks=False)
    customer.control("POST", "clock", advance_s=40 * 86_400)
    asyncio.run(_opened(root, customer, forty_days_later, pace=NEVER, register_webhooks=False))
    assert rows(root, "SELECT held_as FROM payments") == [("mismatch",)]


async def _opened(root: Path, customer: Customer, story: Any, **options: Any) -> None:
    async with open_till(root, customer.origin, **options) as till:
        await story(till)


def test_no_webhook_ever_and_the_sale_is_settled_by_polling_alone(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        order, attempt = await show(till)
        await elsewhere(customer.pay, attempt.url)
        await until_state(till, order, "paid")

    with_till(root, customer, story, pace=QUICK, register_webhooks=False)
    assert rows(root, "SELECT count(*) FROM inbox WHERE event_type = 'x'") == [(0,)]


def test_a_providers_limit_is_kept_and_everything_is_still_asked(
    root: Path, customer: Customer
) -> None:
    """Its limit is far below the till's budget: it says 429, and the whole account waits."""

    async def story(till: Till) -> None:
        await until_reconciled(till)
        sold = [await show(till) for _ in range(6)]
        await elsewhere(customer.control, "POST", "limits", per_second=3)
        for _, attempt in sold:
            await elsewhere(customer.pay, attempt.url)
        for order, _ in sold:
            await until_state(till, order, "paid", within_s=30)

    with_till(root, customer, story, pace=QUICK, register_webhooks=False)


def test_a_clock_that_is_wrong_is_told_and_the_sale_goes_on(
    root: Path, customer: Customer, expected_logs: ExpectedLogs
) -> None:
    customer.control("POST", "clock", advance_s=600)

    async def story(till: Till) -> None:
        order, attempt = await show(till)
        assert till.status().clock_wrong_min == -10
        await elsewhere(customer.pay, attempt.url)
        await until_state(till, order, "paid")

    with_till(root, customer, story, pace=QUICK)


# --- the command -----------------------------------------------------------------------------


def sell_unnoticed(root: Path, customer: Customer, *, pay: bool = True) -> None:
    """Leave a code out, and have it paid while nobody looks."""

    async def story() -> str | None:
        async with open_till(root, customer.origin, pace=NEVER, register_webhooks=False) as till:
            return (await show(till))[1].url

    url = asyncio.run(story())
    if pay:
        customer.pay(url)


def test_by_hand_without_a_till_it_opens_the_books_and_says_what_it_found(
    root: Path, customer: Customer, capsys: pytest.CaptureFixture[str]
) -> None:
    sell_unnoticed(root, customer)
    arguments = ("reconcile", "--data-dir", str(root), "--sandbox", customer.origin)
    status, out, err = called(capsys, *arguments)
    assert status == 0, out + err
    assert "      1  payments found" in out and "clean, after" in out
    assert violations(root, customer) == []
    status, out, _ = called(capsys, *arguments)
    assert status == 0 and "      0  payments found" in out


def test_by_hand_it_says_what_could_not_be_asked(
    root: Path, customer: Customer, capsys: pytest.CaptureFixture[str]
) -> None:
    sell_unnoticed(root, customer)
    customer.fault("GET", "/v1/*", times=None, status=500)
    status, out, err = called(
        capsys, "reconcile", "--data-dir", str(root), "--sandbox", customer.origin
    )
    assert status == 1, out + err
    assert "PROBLEM  1 payments could not be asked about." in out and "NOT CLEAN" in out


def test_by_hand_beside_a_running_till_it_is_asked_to_do_it(root: Path, customer: Customer) -> None:
    with serving(root, customer.origin):
        done = command("reconcile", "--data-dir", str(root), "--sandbox", customer.origin)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "clean, after" in done.stdout
        assert "is how far back the providers' lists were read" in done.stdout
    triggers = {row[0] for row in rows(root, "SELECT trigger FROM reconciliations")}
    assert "by hand" in triggers


@pytest.mark.parametrize("address", [None, "http://127.0.0.1:9", "http://evil.example:80", "x"])
def test_beside_a_till_that_cannot_be_asked_it_says_so_in_words(
    root: Path,
    customer: Customer,
    capsys: pytest.CaptureFixture[str],
    expected_logs: ExpectedLogs,
    address: str | None,
) -> None:
    async def story() -> tuple[int, str, str]:
        async with open_till(root, customer.origin, pace=NEVER) as till:
            if address is not None:
                (till.settings.directory / "api-address").write_text(address)
            return await asyncio.to_thread(
                called, capsys, "reconcile", "--data-dir", str(root), "--sandbox", customer.origin
            )

    status, _, err = asyncio.run(story())
    assert status == 1 and "could not be asked" in err
    expected_logs.take("could not be asked")


def test_the_report_is_shown_by_the_local_api(root: Path, customer: Customer) -> None:
    with serving(root, customer.origin) as served:

        async def is_there() -> bool:
            return (await asyncio.to_thread(served.ask, "/api/v1/status"))["reconciled"] is not None

        asyncio.run(until(is_there, within_s=15))
        status = served.ask("/api/v1/status")
        assert status["clock_wrong_min"] == 0
        assert status["reconciled"]["is_clean"] and status["reconciled"]["problems"] == []
        assert json.dumps(status["reconciled"]["counts"])


def test_placing_without_a_session_leaves_nothing_to_reconcile(
    root: Path, customer: Customer
) -> None:
    async def story(till: Till) -> None:
        await place(till)
        report = await till.reconcile()
        assert report.is_clean and report.looked_at == 0

    with_till(root, customer, story, pace=NEVER)
