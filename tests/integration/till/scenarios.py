"""What a till lives through in the kill tests, each scenario from an empty data directory.

A scenario says what it has been acknowledged, as soon as it has: that must survive.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, Final

from sqlite_utils import Database

from app.bootstrap import Till
from app.clock import SystemClock
from app.domain.attempt import Attempt
from app.domain.order import Order
from app.errors import Rejected
from app.store.connection import open_writer, private_directory
from app.store.schema import make_guards, migrations
from app.store.transaction import stamp
from tests.integration.till import house, paypal_house
from tests.integration.till.errands import (
    CREATE,
    Errand,
    LaterClock,
    PowerCut,
    cut_at,
    shown,
    unanswered,
    until_settled,
)
from tests.integration.till.scenarios_of_money import MONEY_SCENARIOS

_OLDER: Final = "m0004_money_given_back"
"""The migration before which the books of the older till stand."""


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


async def webhook_sale(errand: Errand) -> None:
    """A sale that a webhook settles; nothing is polled for."""
    async with house.open_till(errand.root, errand.sandbox_url, pace=house.NEVER) as till:
        await house.until_registered(till, errand.customer)
        with errand.armed():
            order, attempt = await shown(errand, till)
            errand.say(pays=attempt.url)
            await house.elsewhere(errand.customer.pay, attempt.url)
            await until_settled(errand, till, order, "paid")


async def polled_sale(errand: Errand) -> None:
    """A sale that is settled by polling; no webhook ever comes."""
    async with house.open_till(errand.root, errand.sandbox_url, register_webhooks=False) as till:
        with errand.armed():
            order, attempt = await shown(errand, till)
            errand.say(pays=attempt.url)
            await house.elsewhere(errand.customer.pay, attempt.url)
            await until_settled(errand, till, order, "paid")


async def approved_sale(errand: Errand) -> None:
    """The customer only agrees, and the till takes the money."""
    paypal_house.set_up(errand.root)
    async with house.open_till(errand.root, errand.sandbox_url, pace=house.NEVER) as till:
        await paypal_house.until_registered(till, errand.customer)
        with errand.armed():
            order, attempt = await shown(errand, till)
            errand.say(pays=attempt.url)
            await house.elsewhere(errand.customer.pay, attempt.url)
            await until_settled(errand, till, order, "paid")


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
            await until_settled(errand, till, order, "paid")


async def cancel(errand: Errand) -> None:
    """The operator cancels while the code is up."""
    async with house.open_till(errand.root, errand.sandbox_url, pace=house.NEVER) as till:
        order, _ = await shown(errand, till)
        with errand.armed():
            await till.checkout.cancel(order.id)
            await until_settled(errand, till, order, "cancelled")


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
            await until_settled(errand, till, order, "expired")


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
        with contextlib.suppress(PowerCut), cut_at("create.called"):
            await till.checkout.open_session(order.id, till.accounts[0])
    clock = LaterClock()
    with errand.armed():
        async with house.open_till(errand.root, errand.sandbox_url, clock=clock) as till:
            await until_settled(errand, till, order, "expired")


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
        await until_settled(errand, till, order, "paid")
    with errand.armed():
        async with house.open_till(errand.root, errand.sandbox_url):
            await house.until(lambda: not unanswered(errand.root))
            await asyncio.sleep(0.2)


async def saved_card(errand: Errand) -> None:
    """A customer gives a card for later, and somebody is late to take its page away."""
    async with house.open_till(errand.root, errand.sandbox_url, pace=house.NEVER) as till:
        await house.until_registered(till, errand.customer)
        with errand.armed():
            setup = await till.cards.show("Ada L.", by="Bea")
            await house.elsewhere(errand.customer.pay, setup.url)
            saved = "SELECT id FROM card_setups WHERE state = 'saved'"
            await house.until(lambda: house.rows(errand.root, saved), within_s=15)
            errand.say(saved=setup.id)
            await till.cards.close(setup.id, by="Bea")
            await asyncio.sleep(0.2)


async def _attempt(till: Till, order: Order) -> Attempt:
    detail = await till.orders.detail(order.id)
    assert detail is not None
    return detail.attempts[-1]


SCENARIOS: Final[dict[str, Callable[[Errand], Coroutine[Any, Any, None]]]] = {
    scenario.__name__: scenario
    for scenario in (
        webhook_sale,
        polled_sale,
        approved_sale,
        decline,
        cancel,
        withdraw,
        expiry,
        refused,
        forgotten_key,
        overtaken,
        saved_card,
        *MONEY_SCENARIOS,
        start,
        upgrade,
    )
}
