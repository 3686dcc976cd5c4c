"""A till with several accounts that are the fake provider's, and what became of charging."""

import asyncio

from app.domain.attempt import Attempt
from app.domain.decision import Decision
from app.domain.order import Order
from app.errors import Rejected, Unavailable
from tests.parts.provider import FakeStrategy
from tests.parts.till import Counter

REFUSED = Rejected("The fake refuses", "It does not like it.", status=400)
SILENT = [Unavailable("No answer")] * 100
FIRST, SECOND, THIRD = "fake", "other", "third"


def payable_codes(till: Counter) -> int:
    """Give how many codes of one order can be paid, at most."""
    counted = till.rows(
        "SELECT count(*) FROM attempts WHERE state = 'open' AND close_reason IS NULL "
        "AND url IS NOT NULL AND is_final = 0 GROUP BY order_id ORDER BY 1 DESC LIMIT 1"
    )
    return counted[0][0] if counted else 0


def strategy(till: Counter, account: str) -> FakeStrategy:
    return till.strategy if account == FIRST else till.others[account]


def answers(till: Counter, account: str, *answers: object, verb: str = "open_session") -> None:
    strategy(till, account).answers[verb] = list(answers)  # type: ignore[arg-type]


def charged(till: Counter, account: str | None = None) -> tuple[Order, Attempt]:
    order = asyncio.run(till.place())
    return order, asyncio.run(till.checkout.charge(order.id, account))


def decided(till: Counter, order: Order) -> list[Decision]:
    decisions = asyncio.run(till.detail(order)).decisions
    return [decisions[key] for key in sorted(decisions)]
