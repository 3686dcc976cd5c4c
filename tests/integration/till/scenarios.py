"""What a till lives through in the kill tests, each scenario from an empty data directory.

A scenario says what it has been acknowledged, as soon as it has: that must survive.
"""

import asyncio
import contextlib
import io
import sqlite3
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from unittest import mock

from sqlite_utils import Database

from app.bootstrap import Till
from app.clock import SystemClock
from app.domain.attempt import Attempt
from app.domain.money import Money
from app.domain.order import Order
from app.domain.refund import RefundState
from app.domain.resolution import Action
from app.errors import CheckoutRefused, Rejected
from app.failpoints import Failpoint, only_at, switched_on
from app.store.backup import backups_in
from app.store.connection import open_writer, private_directory
from app.store.epochs import needs_reconciliation
from app.store.schema import make_guards, migrations
from app.store.transaction import stamp
from tests.integration.till import house
from ui.cli import main

CREATE: Final = "/v1/checkout/sessions"
REFUND: Final = "/v1/refunds"
_DISPUTED: Final = "4000000000000259"
_LATE_REFUND: Final = "4000000000007726"
_OLDER: Final = "m0004_money_given_back"
"""The migration before which the books of the older till stand."""


class _PowerCut(BaseException):
    """The end of a till in the middle of a step, where the process is to go on with another."""


class _LaterClock(SystemClock):
    """The wall clock of a day later, when an idempotency key has had its time."""

    def now(self) -> datetime:
        return super().now() + timedelta(hours=25)


@dataclass
class Errand:
    """Where to live a scenario, whom to tell, and how to arm the failpoint."""

    root: Path
    sandbox_url: str
    say: Callable[..., None]
    armed: Callable[[], AbstractContextManager[None]] = nullcontext
    customer: house.Customer = field(init=False)

    def __post_init__(self) -> None:
        self.customer = house.Customer(self.sandbox_url)


@contextmanager
def _cut_at(point: Failpoint) -> Iterator[None]:
    def cut() -> None:
        raise _PowerCut

    with switched_on(only_at(point, cut)):
        yield


async def shown(errand: Errand, till: Till) -> tuple[Order, Attempt]:
    """Sell up to the point where the code is on the screen."""
    order = await house.place(till)
    errand.say(order=order.id)
    attempt = await till.checkout.open_session(order.id, till.accounts[0])
    errand.say(opened=attempt.session_id)
    attempt = await till.checkout.mark_shown(attempt.id)
    errand.say(shown=attempt.id, url=attempt.url)
    return order, attempt


async def _until_settled(errand: Errand, till: Till, order: Order, state: str) -> None:
    await house.until_state(till, order, state, within_s=15)
    errand.say(state=state)
    # What follows an acknowledgement is to be reached as well.
    await asyncio.sleep(0.2)


async def start(errand: Errand) -> None:
    """A till is started for the first time and learns whose account it has."""
    with errand.armed():
        async with house.open_till(errand.root, errand.sandbox_url, pace=house.NEVER) as till:
            errand.say(till=till.store.till_id)
            await house.until_registered(till, errand.customer)


async def upgrade(errand: Errand) -> None:
    """A newer till opens the books of an older one."""
    path = private_directory(errand.root / "training") / "till.db"
    connection = open_writer(path)
    migrations.apply(Database(connection, execute_plugins=False), stop_before=_OLDER)
    make_guards(connection)
    _write_till(connection)
    connection.close()
    errand.say(till="0ld001")
    await start(errand)


def _write_till(connection: sqlite3.Connection) -> None:
    connection.execute(
        "INSERT INTO till VALUES (1, '0ld001', 1, 'training', ?, 0, 0)",
        (stamp(SystemClock().now()),),
    )


async def paid(errand: Errand, till: Till, card: str = house.GOOD_CARD) -> tuple[Order, str]:
    """Sell to the end, and give the order with its payment's id."""
    order, attempt = await shown(errand, till)
    await house.elsewhere(errand.customer.pay, attempt.url, card)
    await _until_settled(errand, till, order, "paid")
    detail = await till.orders.detail(order.id)
    assert detail is not None
    return order, detail.tenders[0].payment_id


async def webhook_sale(errand: Errand) -> None:
    """A sale that a webhook settles; nothing is polled for."""
    async with house.open_till(errand.root, errand.sandbox_url, pace=house.NEVER) as till:
        await house.until_registered(till, errand.customer)
        with errand.armed():
            order, attempt = await shown(errand, till)
            errand.say(pays=attempt.url)
            await house.elsewhere(errand.customer.pay, attempt.url)
            await _until_settled(errand, till, order, "paid")


async def polled_sale(errand: Errand) -> None:
    """A sale that is settled by polling; no webhook ever comes."""
    async with house.open_till(errand.root, errand.sandbox_url, register_webhooks=False) as till:
        with errand.armed():
            order, attempt = await shown(errand, till)
            errand.say(pays=attempt.url)
            await house.elsewhere(errand.customer.pay, attempt.url)
            await _until_settled(errand, till, order, "paid")


async def decline(errand: Errand) -> None:
    """A card is declined, then another is taken."""
    async with house.open_till(errand.root, errand.sandbox_url) as till:
        await house.until_registered(till, errand.customer)
        with errand.armed():
            order, attempt = await shown(errand, till)
            await house.elsewhere(errand.customer.pay, attempt.url, house.DECLINED)

            async def is_told() -> bool:
                return bool((await _attempt(till, order)).decline)

            await house.until(is_told)
            errand.say(pays=attempt.url)
            await house.elsewhere(errand.customer.pay, attempt.url)
            await _until_settled(errand, till, order, "paid")


async def cancel(errand: Errand) -> None:
    """The operator cancels while the code is up."""
    async with house.open_till(errand.root, errand.sandbox_url, pace=house.NEVER) as till:
        order, _ = await shown(errand, till)
        with errand.armed():
            await till.checkout.cancel(order.id)
            await _until_settled(errand, till, order, "cancelled")


async def withdraw(errand: Errand) -> None:
    """The customer wants another way of payment: the code goes, the order stays."""
    async with house.open_till(errand.root, errand.sandbox_url, pace=house.NEVER) as till:
        order, _ = await shown(errand, till)
        with errand.armed():
            await till.checkout.withdraw(order.id)
            errand.say(closed=(await _attempt(till, order)).state.value)


async def expiry(errand: Errand) -> None:
    """Nobody pays until the deadline."""
    short = timedelta(seconds=1)
    async with house.open_till(errand.root, errand.sandbox_url, deadline=short) as till:
        with errand.armed():
            order, _ = await shown(errand, till)
            await _until_settled(errand, till, order, "expired")


async def refused(errand: Errand) -> None:
    """The provider refuses the session, and says so again under the same key."""
    error = {"type": "invalid_request_error", "message": "no"}
    async with house.open_till(errand.root, errand.sandbox_url, pace=house.NEVER) as till:
        order = await house.place(till)
        errand.say(order=order.id)
        fault = {"status": 400, "body": {"error": error}}
        errand.customer.fault("POST", CREATE, times=None, **fault)
        with errand.armed():
            try:
                await till.checkout.open_session(order.id, till.accounts[0])
            except Rejected:
                errand.say(refused=order.id)


async def forgotten_key(errand: Errand) -> None:
    """The answer was lost in a crash, and the key has had its time: the session is looked for."""
    async with house.open_till(errand.root, errand.sandbox_url, pace=house.NEVER) as till:
        order = await house.place(till)
        errand.say(order=order.id)
        with contextlib.suppress(_PowerCut), _cut_at("create.called"):
            await till.checkout.open_session(order.id, till.accounts[0])
    clock = _LaterClock()
    with errand.armed():
        async with house.open_till(errand.root, errand.sandbox_url, clock=clock) as till:
            await _until_settled(errand, till, order, "expired")


async def overtaken(errand: Errand) -> None:
    """A webhook tells of the payment while an answer to the closing is still out."""
    path = f"{CREATE}/*/expire"
    async with house.open_till(errand.root, errand.sandbox_url, pace=house.NEVER) as till:
        await house.until_registered(till, errand.customer)
        # It would put in order what is to be left over for the next start.
        await till.reconciler.stop()
        order, attempt = await shown(errand, till)
        errand.customer.fault("POST", path, drop="before")
        await till.checkout.cancel(order.id)
        errand.say(pays=attempt.url)
        await house.elsewhere(errand.customer.pay, attempt.url)
        await _until_settled(errand, till, order, "paid")
    with errand.armed():
        async with house.open_till(errand.root, errand.sandbox_url):
            await house.until(lambda: not _unanswered(errand.root))
            await asyncio.sleep(0.2)


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
        with contextlib.suppress(_PowerCut), _cut_at("refund.called"):
            await _give_back(errand, till, payment_id)
    with errand.armed():
        async with house.open_till(errand.root, errand.sandbox_url, clock=_LaterClock(), **options):
            await house.until(lambda: not _unanswered(errand.root))
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
            await _until_settled(errand, till, order, "paid")
            report = await till.reconcile()
            assert report.is_clean, report


async def backup(errand: Errand) -> None:
    """The books are copied by hand."""
    async with house.open_till(errand.root, errand.sandbox_url) as till:
        await paid(errand, till)
    with errand.armed():
        _run("backup", "--data-dir", str(errand.root))
    (made,) = backups_in(errand.root / "training" / "backups")
    errand.say(backup=str(made.path))


async def restore(errand: Errand) -> None:
    """A backup from before the last sale is put in the place of the books."""
    said = Errand(errand.root, errand.sandbox_url, lambda **_: None)
    async with house.open_till(errand.root, errand.sandbox_url) as till:
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


def _unended(root: Path) -> list[tuple[Any, ...]]:
    return house.rows(root, "SELECT id FROM refunds WHERE state IN ('requested', 'pending')")


def _unanswered(root: Path) -> list[tuple[Any, ...]]:
    return house.rows(root, "SELECT key FROM intents WHERE outcome IS NULL")


async def _attempt(till: Till, order: Order) -> Attempt:
    detail = await till.orders.detail(order.id)
    assert detail is not None
    return detail.attempts[-1]


SCENARIOS: Final[dict[str, Callable[[Errand], Coroutine[Any, Any, None]]]] = {
    scenario.__name__: scenario
    for scenario in (
        webhook_sale,
        polled_sale,
        decline,
        cancel,
        withdraw,
        expiry,
        refused,
        forgotten_key,
        overtaken,
        refund,
        forgotten_refund,
        late_refund,
        accept,
        give_back_late,
        disputed,
        reconcile,
        backup,
        restore,
        start,
        upgrade,
    )
}
