"""Every event that Stripe documents for a till's life, and what the till makes of it."""

import json
from typing import Any

import pytest

from app.domain.delivery import Delivery
from app.domain.money import Money
from app.domain.observation import Observation, SessionState, Source
from app.domain.refund import RefundObservation, RefundState
from app.providers.strategy import Recheck
from app.providers.stripe.endpoints import EVENTS
from app.providers.stripe.events import seen_in
from tests.parts.clock import START
from tests.parts.stripe import REFERENCE, dispute, event, intent, session
from tests.parts.stripe_subscriptions import invoice, subscription

COMPLETE = {"status": "complete", "payment_status": "paid", "payment_intent": "pi_1"}
REFUSED = intent("requires_payment_method", last_payment_error={"code": "card_declined"})
REFUND = {
    "id": "re_1",
    "object": "refund",
    "status": "succeeded",
    "amount": 500,
    "currency": "eur",
    "payment_intent": "pi_1",
}


def seen(kind: str, subject: Any, **changes: Any) -> Any:
    document = event(kind, subject)
    values: dict[str, Any] = {
        "account": "main",
        "provider": "stripe",
        "provider_account": "acct_1",
        "live": False,
        "event_id": "evt_1",
        "event_type": kind,
        "body": json.dumps(document).encode(),
    }
    return seen_in(Delivery(**values | changes), at=START)


@pytest.mark.parametrize(
    "kind, changes, state",
    [
        ("checkout.session.completed", COMPLETE, SessionState.PAID),
        ("checkout.session.completed", {"status": "complete"}, SessionState.PROCESSING),
        ("checkout.session.async_payment_succeeded", COMPLETE, SessionState.PAID),
        ("checkout.session.async_payment_failed", {"status": "complete"}, SessionState.FAILED),
        ("checkout.session.expired", {"status": "expired"}, SessionState.EXPIRED),
    ],
)
def test_an_event_of_a_session_is_a_look_at_it(
    kind: str, changes: dict[str, Any], state: SessionState
) -> None:
    observation = seen(kind, session(**changes))
    assert isinstance(observation, Observation)
    assert (observation.state, observation.source) == (state, Source.WEBHOOK)
    assert (observation.event_id, observation.provider_account) == ("evt_1", "acct_1")
    assert observation.reference == str(REFERENCE)


def test_a_refused_card_is_told_and_leaves_the_session_open() -> None:
    observation = seen("payment_intent.payment_failed", REFUSED)
    assert isinstance(observation, Observation)
    assert (observation.state, observation.decline) == (SessionState.OPEN, "card_declined")
    assert observation.reference == str(REFERENCE) and observation.payments == ()


def test_a_bank_that_asks_who_pays_has_the_session_looked_at() -> None:
    asked = seen("payment_intent.requires_action", intent("requires_action"))
    # No amount: an order that is not known needs no person before money has moved.
    assert asked == Recheck(str(REFERENCE), None)


def test_a_failed_intent_without_a_reason_says_nothing() -> None:
    assert seen("payment_intent.payment_failed", intent("canceled")) is None


@pytest.mark.parametrize("kind", ["refund.created", "refund.updated", "refund.failed"])
def test_an_event_of_a_refund_is_a_look_at_it(kind: str) -> None:
    observation = seen(kind, REFUND)
    assert isinstance(observation, RefundObservation)
    assert observation.refund.state is RefundState.SUCCEEDED
    assert observation.refund.payment_id == "pi_1"


def test_a_refund_of_a_charge_without_an_intent_is_none_of_the_tills() -> None:
    assert seen("refund.created", {**REFUND, "payment_intent": None}) is None


FIVE = Money(500, "EUR")


@pytest.mark.parametrize(
    "subject, amount",
    [
        (session(status="complete", payment_status="paid", invoice="in_1"), FIVE),
        (session(status="new state"), FIVE),
        (session(status="complete", payment_status="paid", payment_intent={"id": 5}), FIVE),
        (session(**COMPLETE | {"amount_total": "500"}), None),
        (session(id=None), FIVE),
    ],
)
def test_what_says_too_little_to_judge_money_by_asks_for_a_look(
    subject: dict[str, Any], amount: Money | None
) -> None:
    assert seen("checkout.session.completed", subject) == Recheck(str(REFERENCE), amount)


@pytest.mark.parametrize(
    "kind",
    [
        "charge.succeeded",
        "payment_intent.succeeded",
        "payment_intent.created",
        "customer.subscription.created",
        "invoice.finalized",
        "checkout.session.something_new",
        "",
    ],
)
def test_an_event_that_the_till_does_not_know_says_nothing(kind: str) -> None:
    assert seen(kind, session(**COMPLETE)) is None


def test_every_event_that_the_till_asks_for_is_one_that_it_reads() -> None:
    subjects: dict[str, Any] = {
        "checkout": session(**COMPLETE),
        "payment_intent": REFUSED,
        "charge": dispute(),
        "invoice": invoice(),
        "customer": subscription(),
    }
    for kind in EVENTS:
        assert seen(kind, subjects.get(kind.split(".")[0], REFUND)) is not None
