"""What a till lives through once it has money: refunds, decisions, disputes, lists, backups."""

import asyncio
import contextlib
import io
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final
from unittest import mock

from app.bootstrap import Till
from app.domain.money import Money
from app.domain.refund import RefundState
from app.domain.resolution import Action
from app.errors import CheckoutRefused
from app.store.backup import backups_in
from app.store.epochs import needs_reconciliation
from tests.integration.till import house, paypal_house
from tests.integration.till.errands import (
    Errand,
    LaterClock,
    PowerCut,
    cut_at,
    paid,
    shown,
    unanswered,
    until_settled,
)
from tests.integration.till.subscription_house import (
    place_subscription,
    renew,
    until_active,
    until_renewed,
)
from ui.cli import main

_DISPUTED: Final = "4000000000000259"
_LATE_REFUND: Final = "4000000000007726"


async def refund(errand: Errand) -> None:
    """Part of a payment is given back."""
    async with house.open_till(errand.root, errand.sandbox_url, pace=house.NEVER) as till:
        await house.until_registered(till, errand.customer)
        _, payment_id = await paid(errand, till)
        with errand.armed():
            await _give_back(errand, till, payment_id)
            # Its webhook comes as well.
            await asyncio.sleep(0.2)


async def _give_back(errand: Errand, till: Till, payment_id: str) -> None:
    amount = Money(100, "EUR")
    given = await till.refunds.ask(payment_id, amount, press="p1", by="Ada", reason="cold coffee")
    if given.state is RefundState.SUCCEEDED:
        errand.say(refund=given.id)


async def forgotten_refund(errand: Errand) -> None:
    """The answer about a refund was lost in a crash, and the key has had its time."""
    options: dict[str, Any] = {"pace": house.NEVER, "register_webhooks": False}
    async with house.open_till(errand.root, errand.sandbox_url, register_webhooks=False) as till:
        _, payment_id = await paid(errand, till)
        with contextlib.suppress(PowerCut), cut_at("refund.called"):
            await _give_back(errand, till, payment_id)
    with errand.armed():
        async with house.open_till(errand.root, errand.sandbox_url, clock=LaterClock(), **options):
            await house.until(lambda: not unanswered(errand.root))
            await asyncio.sleep(0.2)


async def late_refund(errand: Errand) -> None:
    """The bank takes its time over a refund; it is looked at until it is done."""
    options: dict[str, Any] = {"pace": house.NEVER, "register_webhooks": False}
    async with house.open_till(errand.root, errand.sandbox_url, register_webhooks=False) as till:
        _, payment_id = await paid(errand, till, _LATE_REFUND)
        await _give_back(errand, till, payment_id)
    (given,) = errand.customer.books()["refunds"]
    settled = f"refunds/{given['refund_id']}/settle"
    await house.elsewhere(errand.customer.control, "POST", settled, status="succeeded")
    with errand.armed():
        async with house.open_till(errand.root, errand.sandbox_url, **options):
            await house.until(lambda: not _unended(errand.root))


async def _paid_late(errand: Errand, till: Till) -> int:
    """Have money come for a cancelled order, and give its entry of the list."""
    await house.until_registered(till, errand.customer)
    order, attempt = await house.show(till)
    await till.checkout.cancel(order.id)
    await house.until_state(till, order, "cancelled")
    pay = f"sessions/{attempt.session_id}/pay"
    paying = {"force": True, "card": house.GOOD_CARD}
    await house.elsewhere(errand.customer.control, "POST", pay, **paying)
    waiting = "SELECT id FROM exceptions WHERE kind = 'paid_late'"
    await house.until(lambda: house.rows(errand.root, waiting))
    errand.say(order=order.id)
    return int(house.rows(errand.root, waiting)[0][0])


async def _resolve(errand: Errand, action: Action) -> None:
    async with house.open_till(errand.root, errand.sandbox_url, pace=house.NEVER) as till:
        entry = await _paid_late(errand, till)
        with errand.armed():
            await till.resolutions.resolve(
                entry, action, by="Ada", reason="the customer says so", press="p1"
            )
            errand.say(resolved=entry)
            await asyncio.sleep(0.2)


async def accept(errand: Errand) -> None:
    """A person lets late money count for its order."""
    await _resolve(errand, Action.ACCEPT)


async def give_back_late(errand: Errand) -> None:
    """A person gives late money back."""
    await _resolve(errand, Action.REFUND)


async def disputed(errand: Errand) -> None:
    """A sale is disputed as soon as it is paid."""
    async with house.open_till(errand.root, errand.sandbox_url, pace=house.NEVER) as till:
        await house.until_registered(till, errand.customer)
        with errand.armed():
            await paid(errand, till, _DISPUTED)
            await house.until(lambda: house.rows(errand.root, "SELECT 1 FROM disputes"))
            await asyncio.sleep(0.2)


async def reconcile(errand: Errand) -> None:
    """A till that was off for three days reads what it missed, day by day and event by event."""
    options: dict[str, Any] = {"pace": house.NEVER, "register_webhooks": False}
    async with house.open_till(errand.root, errand.sandbox_url, **options) as till:
        order, attempt = await shown(errand, till)
        await house.until(lambda: till.reconciler.last is not None)
    await house.elsewhere(errand.customer.pay, attempt.url)
    three_days = 3 * 86_400
    await house.elsewhere(errand.customer.control, "POST", "clock", advance_s=three_days)
    with errand.armed(), mock.patch("app.reconcile._BATCH", 1):
        async with house.open_till(errand.root, errand.sandbox_url, **options) as till:
            await until_settled(errand, till, order, "paid")
            report = await till.reconcile()
            assert report.is_clean, report


async def backup(errand: Errand) -> None:
    """The books are copied by hand."""
    async with house.open_till(errand.root, errand.sandbox_url) as till:
        # The till's own would be another one.
        await till.backups.stop()
        await paid(errand, till)
    with errand.armed():
        _run("backup", "--data-dir", str(errand.root))
    (made,) = backups_in(errand.root / "training" / "backups")
    errand.say(backup=str(made.path))


async def restore(errand: Errand) -> None:
    """A backup from before the last sale is put in the place of the books."""
    said = Errand(errand.root, errand.sandbox_url, lambda **_: None)
    async with house.open_till(errand.root, errand.sandbox_url) as till:
        await till.backups.stop()
        await paid(said, till)
        await till.backups.make()
        await paid(said, till)
    (made,) = backups_in(errand.root / "training" / "backups")
    with errand.armed():
        _run("restore", "--data-dir", str(errand.root), str(made.path))
        errand.say(restored=True)


def _run(*arguments: str) -> None:
    """Run a command of the program in this very process, since that is to be killed."""
    with contextlib.redirect_stdout(io.StringIO()) as said:
        status = main(list(arguments))
    assert status == 0, said.getvalue()


async def place_alone(errand: Errand) -> None:
    """Try to sell without a provider; not a scenario to die in."""
    async with house.open_till(errand.root, errand.sandbox_url, pace=house.NEVER) as till:
        is_restored = await till.store.read(needs_reconciliation)
        try:
            await house.place(till)
        except CheckoutRefused:
            errand.say(placed=False, is_restored=is_restored)
        else:
            errand.say(placed=True, is_restored=is_restored)


async def subscription(errand: Errand) -> None:
    """A subscription is sold, charged again a month later, and ended."""
    async with house.open_till(errand.root, errand.sandbox_url, pace=house.NEVER) as till:
        await house.until_registered(till, errand.customer)
        with errand.armed():
            order, attempt = await shown(errand, till, await place_subscription(till))
            errand.say(pays=attempt.url)
            await house.elsewhere(errand.customer.pay, attempt.url)
            await until_settled(errand, till, order, "paid")
            name = await until_active(errand.root)
            await house.elsewhere(renew, errand.customer, name)
            await until_renewed(errand.root)
            ended = await till.subscriptions.cancel(
                1, at_period_end=False, by="Ada", reason="the customer moved away"
            )
            errand.say(unsubscribed=ended.id)
            # Its webhook comes as well.
            await asyncio.sleep(0.2)


async def planned_sale(errand: Errand) -> None:
    """A subscription is sold where that needs a plan, and is begun by the till."""
    paypal_house.set_up(errand.root)
    async with house.open_till(errand.root, errand.sandbox_url, pace=house.NEVER) as till:
        await paypal_house.until_registered(till, errand.customer)
        with errand.armed():
            order, attempt = await shown(errand, till, await place_subscription(till))
            errand.say(pays=attempt.url)
            await house.elsewhere(errand.customer.pay, attempt.url)
            # No event tells that somebody agreed.
            await till.checkout.check_now(attempt.id)
            await until_settled(errand, till, order, "paid")
            await until_active(errand.root)


def _unended(root: Path) -> list[tuple[Any, ...]]:
    return house.rows(root, "SELECT id FROM refunds WHERE state IN ('requested', 'pending')")


MONEY_SCENARIOS: Final[tuple[Callable[[Errand], Coroutine[Any, Any, None]], ...]] = (
    refund,
    forgotten_refund,
    late_refund,
    accept,
    give_back_late,
    disputed,
    subscription,
    planned_sale,
    reconcile,
    backup,
    restore,
)
