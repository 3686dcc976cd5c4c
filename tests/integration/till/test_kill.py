"""The power goes at every failpoint, with real processes; the till comes back by itself."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.failpoints import FAILPOINTS
from tests.integration.till.aftermath import Death
from tests.integration.till.deaths import (
    Drivers,
    NotReached,
    die_and_return,
    drivers,
    likely_death,
)
from tests.integration.till.house import Customer, rows, violations
from tests.integration.till.processes import Process, command, running, serving

DRIVER = "tests.integration.till.driver"


@pytest.fixture(scope="module")
def by() -> Iterator[Drivers]:
    with drivers() as running_drivers:
        yield running_drivers


def come_back(by: Drivers, death: Death, at: Path, note: Callable[[str, object], None]) -> None:
    result = die_and_return(by, death, at, serve=by.serving)
    note("came_back_after_s", round(result.after_s, 2))
    assert result.found == []


@pytest.mark.parametrize("point", FAILPOINTS)
def test_killed_at_any_failpoint_it_comes_back_with_one_session_that_is_paid_once(
    by: Drivers, tmp_path: Path, record_property: Callable[[str, object], None], point: str
) -> None:
    come_back(by, likely_death(point), tmp_path, record_property)


@pytest.mark.parametrize(
    "death",
    [
        Death("settle.order_moved", "decline"),
        Death("observed.saving", "expiry"),
        Death("migration.done", "start", 2),
        Death("close.called", "withdraw"),
        Death("create.saved", "polled_sale"),
        Death("webhook.saved", "approved_sale"),
        Death("observed.saving", "approved_sale", 2),
        Death("capture.intended", "planned_sale"),
        Death("capture.calling", "planned_sale"),
        Death("capture.called", "planned_sale"),
        Death("refund.saved", "forgotten_refund"),
        Death("refund.called", "give_back_late"),
        Death("restore.set_aside", "restore", 2),
    ],
    ids=str,
)
def test_killed_there_in_another_scenario_it_comes_back_too(
    by: Drivers, tmp_path: Path, record_property: Callable[[str, object], None], death: Death
) -> None:
    come_back(by, death, tmp_path, record_property)


def test_a_failpoint_that_a_scenario_does_not_reach_is_noticed(by: Drivers, tmp_path: Path) -> None:
    with pytest.raises(NotReached, match=r"no till died at migration.copied \(start, hit 1\)"):
        die_and_return(by, Death("migration.copied", "start"), tmp_path)


@contextmanager
def till_that_waits(root: Path, customer: Customer) -> Iterator[tuple[Process, str]]:
    """Run a till up to the QR, and give it with the id of its order."""
    with running(DRIVER, str(root), customer.origin) as process:
        yield process, str(process.said()["order"])


def url_of(till: Process) -> str:
    """Give the address that the code on its screen leads to."""
    assert "opened" in till.said()
    return str(till.said()["url"])


def test_killed_while_the_qr_is_up_and_paid_meanwhile_it_is_paid_within_five_seconds(
    root: Path, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    with running("ui.cli", "sandbox", "--data-dir", str(tmp_path / "provider")) as provider:
        origin = provider.line().split()[1]
        customer = Customer(origin)
        with till_that_waits(root, customer) as (till, order_id):
            url = url_of(till)
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


def test_what_was_acknowledged_survives_a_kill_at_once(root: Path, customer: Customer) -> None:
    """The simulator's delivery is answered with 200; in the same instant the till is killed."""
    with till_that_waits(root, customer) as (till, order_id):
        url = url_of(till)
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
