"""Subscriptions that restored books know nothing of: what they take is held for a person.

Nobody tells the till of anything here: neither webhooks nor the providers' lists of events.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.backups import newest_offer
from app.bootstrap import Till
from app.reconcile import Reconciliation
from app.settings import Mode, load_settings
from app.store.restore import restore_books
from tests.integration.till.house import Customer, elsewhere, open_till, rows, until, violations
from tests.integration.till.subscription_house import place_subscription, until_active
from tests.integration.till.test_subscriptions_everywhere import PAYS, let_a_month_pass, set_up

LOST = "SELECT subscription_id FROM lost_subscriptions"
HELD = (
    "SELECT exceptions.detail FROM exceptions JOIN payments USING (payment_id) "
    "WHERE resolved_at IS NULL AND held_as = 'mismatch' ORDER BY payments.id"
)
LATE_S = 5 * 3600
"""How late PayPal's report may be, and more."""


async def sold_after_the_backup(root: Path, customer: Customer, kind: str) -> tuple[Path, str]:
    async with open_till(root, customer.origin, register_webhooks=False) as till:
        await till.backups.make()
        offer = newest_offer(load_settings(root, Mode.TRAINING, working_directory=root))
        assert offer is not None
        order = await place_subscription(till)
        attempt = await till.checkout.open_session(order.id, till.accounts[0])
        await till.checkout.mark_shown(attempt.id)
        path, body = f"sessions/{attempt.session_id}/pay", dict[str, Any](PAYS[kind])
        await elsewhere(customer.control, "POST", path, **body)
        return offer[0].path, await until_active(root)


async def looked_for_lost(till: Till) -> None:
    """Let a day pass for those that are lost."""
    await till.store.write(
        lambda tx: tx.execute("UPDATE lost_subscriptions SET due_at = '2026-01-01T00:00:00+00:00'")
    )
    await till.subscription_watch.catch_up()


@pytest.mark.parametrize("kind, pays_link", [*((kind, False) for kind in PAYS), ("square", True)])
def test_what_a_lost_subscription_takes_later_is_held_although_nobody_tells_of_it(
    root: Path, customer: Customer, kind: str, pays_link: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_events(*args: Any) -> None:
        return None

    monkeypatch.setattr(Reconciliation, "_read_events", no_events)
    set_up(root, kind)
    if kind == "square":
        customer.control("POST", "square/subscriptions", pays_link=pays_link)
    backup, name = asyncio.run(sold_after_the_backup(root, customer, kind))
    customer.control("POST", "clock", advance_s=LATE_S)
    at = datetime.now(UTC) + timedelta(minutes=1)
    restore_books(root / "training", backup, mode="training", at=at, actor="somebody")

    async def story() -> None:
        async with open_till(root, customer.origin, register_webhooks=False) as till:
            await till.reconciler.run("by hand")
            assert not (await till.reconciler.run("by hand")).still_unknown
            await until(lambda: rows(root, LOST) == [(name,)], within_s=20)
            assert len(rows(root, HELD)) == 1
            await elsewhere(let_a_month_pass, customer, kind, name)
            await looked_for_lost(till)
            (_, second) = rows(root, HELD)
            assert f"not in the books: {name}. End it at the provider" in second[0]

    asyncio.run(story())
    assert rows(root, "SELECT count(*) FROM inbox") == [(0,)]
    assert rows(root, "SELECT count(*) FROM subscriptions") == [(0,)]
    assert violations(root, customer) == []
