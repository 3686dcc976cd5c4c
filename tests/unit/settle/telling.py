"""Tells a till what was seen, and reads what it made of that."""

import asyncio
from functools import partial
from typing import Any

from app.domain.attempt import Attempt
from app.domain.judgement import Verdict
from app.domain.observation import Observation
from app.domain.order import Order
from app.settle import settle
from app.store import Transaction
from app.store.orders import find_order
from app.store.verify import TakenPayment
from tests.parts.till import Counter


def sold(till: Counter, *minors: int) -> tuple[Order, Attempt]:
    return asyncio.run(till.show(*minors))


def told(till: Counter, observation: Observation) -> Verdict:
    return till.store.write_now(partial(settled, till, observation))


def settled(till: Counter, observation: Observation, tx: Transaction) -> Verdict:
    return settle(tx, till.store.till_id, observation)


def order_of(till: Counter, order: Order) -> Order:
    found = till.store.read_now(lambda db: find_order(db, order.id))
    assert found is not None
    return found


def kinds(till: Counter) -> list[str]:
    return [row[0] for row in till.rows("SELECT kind FROM exceptions ORDER BY id")]


def taken(*observations: Observation) -> list[TakenPayment]:
    """Give the provider's books, as the observations tell them."""
    return [
        TakenPayment(p.payment_id, o.reference, p.amount.currency, p.amount.minor, 0, o.provider)
        for o in observations
        for p in o.payments
    ]


def books(till: Counter) -> dict[str, list[tuple[Any, ...]]]:
    """Give all that money depends on, without times and sources."""
    return {
        "orders": till.rows("SELECT id, state, receipt_number FROM orders ORDER BY id"),
        "attempts": till.rows("SELECT id, state, is_final FROM attempts ORDER BY id"),
        "payments": till.rows(
            "SELECT payment_id, order_id, amount_minor, held_as FROM payments ORDER BY payment_id"
        ),
        "exceptions": till.rows("SELECT kind, amount_minor FROM exceptions ORDER BY kind"),
        "ledger": till.rows(
            "SELECT account, sum(amount_minor) FROM ledger_entries GROUP BY account ORDER BY 1"
        ),
    }
