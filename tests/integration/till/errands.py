"""A till's errand in the kill tests: where to live, whom to tell, and what every story needs."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from app.bootstrap import Till
from app.clock import SystemClock
from app.domain.attempt import Attempt
from app.domain.order import Order
from app.failpoints import Failpoint, only_at, switched_on
from tests.integration.till import house

CREATE: Final = "/v1/checkout/sessions"
REFUND: Final = "/v1/refunds"


class PowerCut(BaseException):
    """The end of a till in the middle of a step, where the process is to go on with another."""


class LaterClock(SystemClock):
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
def cut_at(point: Failpoint) -> Iterator[None]:
    def cut() -> None:
        raise PowerCut

    with switched_on(only_at(point, cut)):
        yield


async def shown(errand: Errand, till: Till, placed: Order | None = None) -> tuple[Order, Attempt]:
    """Sell up to the point where the code is on the screen."""
    order = placed or await house.place(till)
    errand.say(order=order.id)
    attempt = await till.checkout.open_session(order.id, till.accounts[0])
    errand.say(opened=attempt.session_id)
    attempt = await till.checkout.mark_shown(attempt.id)
    errand.say(shown=attempt.id, url=attempt.url)
    return order, attempt


async def paid(errand: Errand, till: Till, card: str = house.GOOD_CARD) -> tuple[Order, str]:
    """Sell to the end, and give the order with its payment's id."""
    order, attempt = await shown(errand, till)
    await house.elsewhere(errand.customer.pay, attempt.url, card)
    await until_settled(errand, till, order, "paid")
    detail = await till.orders.detail(order.id)
    assert detail is not None
    return order, detail.tenders[0].payment_id


async def until_settled(errand: Errand, till: Till, order: Order, state: str) -> None:
    await house.until_state(till, order, state, within_s=15)
    errand.say(state=state)
    # What follows an acknowledgement is to be reached as well.
    await asyncio.sleep(0.2)


def unanswered(root: Path) -> list[tuple[Any, ...]]:
    return house.rows(root, "SELECT key FROM intents WHERE outcome IS NULL")
