"""Tells a till of disputes, and reads what it made of that."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from app.domain.attempt import Attempt
from app.domain.dispute import DisputeEntry, DisputeObservation, DisputeState, SeenDispute
from app.domain.judgement import Standing
from app.domain.money import Money
from app.domain.observation import Source
from app.domain.order import Order
from app.settle_disputes import settle_dispute
from app.store.verify import TakenPayment
from tests.parts.clock import START
from tests.parts.seen import paid
from tests.parts.till import Counter
from tests.unit.settle.telling import sold, told

S = DisputeState
TAKEN = DisputeEntry("txn_1", 500, Money(1500, "EUR"))
BACK = DisputeEntry("txn_2", -500, Money(-1500, "EUR"))


def disputed(
    payment_id: str, state: DisputeState, minute: int = 0, *entries: DisputeEntry, **changes: Any
) -> DisputeObservation:
    """State a look at a dispute; `changes` are the look's, or else the dispute's."""
    looks = {"provider_account", "live", "source", "told_at", "provider"}
    of_look = {name: value for name, value in changes.items() if name in looks}
    of_dispute = {name: value for name, value in changes.items() if name not in looks}
    dispute = SeenDispute(
        "dp_1",
        payment_id,
        Money(500, "EUR"),
        "fraudulent",
        state,
        state.value,
        START + timedelta(days=7),
        entries,
    )
    usual = DisputeObservation(
        source=Source.WEBHOOK,
        provider="fakepay",
        provider_account="acct_fake",
        live=False,
        dispute=replace(dispute, **of_dispute),
        told_at=START + timedelta(minutes=minute),
        observed_at=START,
    )
    return replace(usual, **of_look)


def news(till: Counter, *seen: DisputeObservation) -> list[Standing]:
    return [till.store.write_now(lambda tx, s=each: settle_dispute(tx, s)) for each in seen]  # type: ignore[misc]


def paid_for(till: Counter) -> tuple[Order, Attempt, str]:
    order, attempt = sold(till)
    told(till, paid(attempt))
    return order, attempt, paid(attempt).payments[0].payment_id


def words(till: Counter) -> list[str]:
    """Give what waits for a person, oldest first."""
    return [
        row[0]
        for row in till.rows("SELECT detail FROM exceptions WHERE resolved_at IS NULL ORDER BY id")
    ]


def only_words(till: Counter) -> str:
    said = words(till)
    assert len(said) == 1
    return said[0]


def state(till: Counter) -> list[tuple[Any, ...]]:
    return till.rows("SELECT dispute_id, state, withdrawn_minor FROM disputes ORDER BY id")


def taken_for(payment_id: str, order: Order, till: Counter) -> list[TakenPayment]:
    reference = till.rows("SELECT reference FROM payments WHERE payment_id = ?", payment_id)[0][0]
    return [TakenPayment(payment_id, reference, "EUR", order.total.minor, 0, "fakepay")]
