"""Observations as a test states them: what a provider said of an attempt."""

from dataclasses import replace
from typing import Any

from app.domain.attempt import Attempt
from app.domain.money import Money
from app.domain.observation import Observation, SeenPayment, SessionState, Source
from tests.parts.clock import START


def seen(attempt: Attempt, state: SessionState, **changes: Any) -> Observation:
    """State a look at an attempt's session; paid means by one payment of what was asked."""
    payments: tuple[SeenPayment, ...] = ()
    if state is SessionState.PAID:
        payments = (SeenPayment(f"pay-{attempt.reference}", attempt.amount),)
    usual = Observation(
        source=Source.POLL,
        provider=attempt.provider,
        provider_account=attempt.provider_account,
        live=attempt.live,
        reference=str(attempt.reference),
        session_id=attempt.session_id or f"fs-{attempt.number}",
        state=state,
        observed_at=START,
        payments=payments,
        is_final=state not in (SessionState.OPEN, SessionState.PROCESSING),
    )
    return replace(usual, **changes)


def paid(attempt: Attempt, minor: int | None = None, **changes: Any) -> Observation:
    """State that a session was paid, with `minor` units where that is not what was asked."""
    amount = attempt.amount if minor is None else Money(minor, attempt.amount.currency)
    payment = SeenPayment(f"pay-{attempt.reference}", amount)
    return seen(attempt, SessionState.PAID, **{"payments": (payment,), **changes})
