"""What went otherwise at a counter, ready to be resolved: held money of every kind."""

from datetime import timedelta

from app.domain.attempt import Attempt
from app.domain.delivery import Delivery
from app.domain.exceptions import ExceptionKind, OrderException
from app.domain.money import Money
from app.domain.order import Order
from app.domain.refund import Refund, RefundObservation
from app.domain.resolution import Action, Case
from app.settle_refunds import settle_refund
from app.store.decisions import case_of, find_exception, waiting_exceptions
from app.store.refunds import refunds_of_order
from tests.parts.till import Counter

BY, WHY = "Ada", "the customer asked"


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


async def sold(till: Counter, minor: int = 500) -> tuple[Order, str]:
    """Sell and have it paid; give the order with its payment."""
    order, attempt = await till.show(minor)
    assert till.provider.pay(attempt.session_id or "")
    await till.look(attempt)
    assert await till.state(order) == "paid"
    return order, f"fp_{attempt.session_id}_1"


async def paid_otherwise(till: Counter, got: int, *, asked: int = 500) -> tuple[Order, Attempt]:
    """Have a customer pay another amount than was asked for: it is held."""
    order, attempt = await till.show(asked)
    assert till.provider.pay(attempt.session_id or "", eur(got))
    return order, await till.look(attempt)


async def paid_late(till: Counter, minor: int = 500) -> tuple[Order, Attempt]:
    """Have a customer pay a code that the order no longer waits for: it is held."""
    till.provider.hesitates_for = timedelta(hours=1)
    order, attempt = await till.show(minor)
    await till.checkout.cancel(order.id)
    session = till.provider.sessions[attempt.session_id or ""]
    session.state, session.closed_at = type(session.state).OPEN, None
    assert till.provider.pay(session.id)
    return order, await till.look(attempt)


def entry(till: Counter, number: int = 1) -> OrderException:
    found = till.store.read_now(lambda db: find_exception(db, number))
    assert found is not None
    return found


def waiting(till: Counter) -> list[OrderException]:
    return till.store.read_now(lambda db: waiting_exceptions(db, before=None, limit=100))


def kinds_waiting(till: Counter) -> list[ExceptionKind]:
    return [each.kind for each in reversed(waiting(till))]


def case(till: Counter, number: int = 1) -> Case:
    one = entry(till, number)
    return till.store.read_now(lambda db: case_of(db, one))


def ledger(till: Counter) -> dict[str, int]:
    """Give the balance of every account that has one."""
    rows = till.rows("SELECT account, sum(amount_minor) FROM ledger_entries GROUP BY account")
    return {account: minor for account, minor in rows if minor}


def refunds(till: Counter, order: Order) -> list[tuple[str, int]]:
    found = till.store.read_now(lambda db: refunds_of_order(db, order.id))
    return [(refund.state.value, refund.amount.minor) for refund in found]


async def resolved(
    till: Counter, action: Action, number: int = 1, **more: object
) -> OrderException:
    given = {"by": BY, "reason": WHY, **more}
    return await till.resolutions.resolve(number, action, **given)  # type: ignore[arg-type]


async def ask(till: Counter, payment_id: str, minor: int = 200, press: str = "press-1") -> Refund:
    return await till.refunds.ask(payment_id, eur(minor), press=press, by=BY, reason=WHY)


def deliver(till: Counter, delivery: Delivery) -> str:
    """Settle a refund's event as the inbox does."""
    seen = till.strategy.observe(delivery, at=till.clock.now())
    assert isinstance(seen, RefundObservation)
    return till.store.write_now(lambda tx: settle_refund(tx, seen)).value
