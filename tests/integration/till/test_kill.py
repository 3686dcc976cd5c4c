"""The power goes at the worst moments, with real processes; the till comes back by itself."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.till.house import Customer, rows, violations
from tests.integration.till.processes import Process, command, running, serving

DRIVER = "tests.integration.till.driver"
CREATE = "/v1/checkout/sessions"


@contextmanager
def till_that_dies(
    root: Path, customer: Customer, point: str = ""
) -> Iterator[tuple[Process, str]]:
    """Run the driver, and give it with the id of its order."""
    with running(DRIVER, str(root), customer.origin, point) as process:
        yield process, str(process.said()["order"])


def creation_keys(customer: Customer) -> set[str]:
    return {str(r["idempotency_key"]) for r in customer.requests("POST", CREATE)}


def test_killed_while_the_qr_is_up_and_paid_meanwhile_it_is_paid_within_five_seconds(
    root: Path, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    with running("ui.cli", "sandbox", "--data-dir", str(tmp_path / "provider")) as provider:
        origin = provider.line().split()[1]
        customer = Customer(origin)
        with till_that_dies(root, customer) as (till, order_id):
            url = till.said()["url"]
            till.kill()
        assert customer.pay(url) == 303
        with serving(root, origin) as served:
            up = time.monotonic()
            order = served.wait_for(order_id, "paid", within_s=5)
            record_property("paid_after_s", time.monotonic() - up)
            assert len(order["payments"]) == 1 and order["receipt_number"] == 1
            assert order["exceptions"] == []
            assert served.ask("/api/v1/status")["needs_person"] == 0
        checked = command("verify", "--data-dir", str(root), "--sandbox", origin)
        assert checked.returncode == 0, checked.stdout + checked.stderr
        assert checked.stdout.rstrip().endswith("clean")
        assert "I2 what the provider took is what the books hold: 1 payments" in checked.stdout
        assert len(customer.books()["sessions"]) == 1
        customer.close()


@pytest.mark.parametrize("point", ["intent", "call", "result", "save"])
def test_killed_while_a_session_is_opened_the_same_key_gives_the_same_session(
    root: Path, customer: Customer, point: str
) -> None:
    with till_that_dies(root, customer, point) as (till, order_id):
        till.wait()
    assert rows(root, "SELECT count(*) FROM attempts") == [(1,)]
    with serving(root, customer.origin) as served:
        deadline = time.monotonic() + 5
        while not (attempt := served.order(order_id)["attempts"][0])["url"]:
            assert time.monotonic() < deadline, attempt
            time.sleep(0.02)
        assert attempt["state"] == "open"
        customer.pay(attempt["url"])
        order = served.wait_for(order_id, "paid", within_s=20)
        assert len(order["attempts"]) == 1
    assert len(customer.books()["sessions"]) == 1
    assert creation_keys(customer) == {f"{attempt['reference']}-create"}
    assert violations(root, customer) == []


@pytest.mark.parametrize("point", ["receive", "ack", "settle", "settled", "commit"])
def test_killed_while_a_webhook_is_taken_in_or_settled_it_counts_once(
    root: Path, customer: Customer, point: str
) -> None:
    with till_that_dies(root, customer, point) as (till, order_id):
        customer.pay(till.said()["url"])
        till.wait()
    acknowledged = rows(root, "SELECT count(*) FROM inbox")[0][0]
    assert acknowledged == (0 if point == "receive" else 1)
    assert rows(root, "SELECT count(*) FROM payments") == [(0,)]
    with serving(root, customer.origin, *(["--no-webhooks"] if point == "settle" else [])) as again:
        order = again.wait_for(order_id, "paid", within_s=5)
        assert len(order["payments"]) == 1 and order["exceptions"] == []
    assert violations(root, customer) == []
    assert rows(root, "SELECT count(*) FROM journal WHERE name = 'order.paid'") == [(1,)]


@pytest.mark.parametrize("point", ["close", "closed"])
def test_killed_while_an_order_is_cancelled_it_ends_cancelled(
    root: Path, customer: Customer, point: str
) -> None:
    with till_that_dies(root, customer, point) as (till, order_id):
        till.said()
        till.wait()
    with serving(root, customer.origin) as served:
        served.wait_for(order_id, "cancelled", within_s=8)
    assert violations(root, customer) == []


def test_what_was_acknowledged_survives_a_kill_at_once(root: Path, customer: Customer) -> None:
    """The simulator's delivery is answered with 200; in the same instant the till is killed."""
    with till_that_dies(root, customer) as (till, order_id):
        url = till.said()["url"]
        customer.control("POST", "webhooks", mode="withhold")
        customer.pay(url)
        event = customer.event("checkout.session.completed")
        statuses = customer.control("POST", f"events/{event}/deliver", times=1)["statuses"]
        till.kill()
    assert statuses == [200]
    assert rows(root, "SELECT count(*) FROM inbox") == [(1,)]
    with serving(root, customer.origin, "--no-webhooks") as served:
        served.wait_for(order_id, "paid", within_s=5)
    assert violations(root, customer) == []
