"""Payment intents as sessions of a page of our own: what they say, and what events say of them."""

import json
from typing import Any

import pytest

from app.domain.delivery import Delivery
from app.domain.money import Money
from app.domain.observation import Observation, SeenPayment, SessionState, Source
from app.domain.refund import RefundObservation
from app.errors import Protocol
from app.providers.strategy import Recheck
from app.providers.stripe.intent_events import seen_in_intents
from app.providers.stripe.intents import (
    INTENT_EVENTS,
    has_failed_slowly,
    intent_parameters,
    is_own,
    observation_from,
)
from tests.parts.clock import START
from tests.parts.stripe import REFERENCE, event, intent, request

DECLINED = {"code": "card_declined", "decline_code": "generic_decline", "type": "card_error"}


def own(status: str = "succeeded", **changes: Any) -> dict[str, Any]:
    metadata = {"reference": str(REFERENCE), "page": "elements"}
    return intent(status, metadata=metadata, livemode=False, **changes)


def after_debit(status: str = "requires_payment_method", kind: str = "sepa_debit") -> Any:
    error = {"code": "payment_intent_payment_attempt_failed", "payment_method": {"type": kind}}
    return own(status, last_payment_error=error)


def seen(document: dict[str, Any]) -> Observation:
    return observation_from(document, source=Source.POLL, provider_account="acct_1", at=START)


def told(kind: str, subject: Any) -> Any:
    body = json.dumps(event(kind, subject)).encode()
    delivery = Delivery("main", "stripe", "acct_1", False, "evt_1", kind, body)
    return seen_in_intents(delivery, at=START)


@pytest.mark.parametrize(
    "status, state, is_final",
    [
        ("requires_payment_method", SessionState.OPEN, False),
        ("requires_confirmation", SessionState.OPEN, False),
        ("requires_action", SessionState.OPEN, False),
        ("processing", SessionState.PROCESSING, False),
        ("requires_capture", SessionState.PROCESSING, False),
        ("succeeded", SessionState.PAID, True),
        ("canceled", SessionState.EXPIRED, True),
    ],
)
def test_every_status_of_stripes_has_its_state(
    status: str, state: SessionState, is_final: bool
) -> None:
    look = seen(own(status))
    assert (look.state, look.is_final) == (state, is_final)
    assert (look.reference, look.session_id) == (str(REFERENCE), "pi_1")
    paid = (SeenPayment("pi_1", Money(500, "EUR")),)
    assert look.payments == (paid if status == "succeeded" else ())


@pytest.mark.parametrize("status", ["", "paid", "SUCCEEDED", None, 1])
def test_a_status_that_is_not_known_proves_nothing(status: Any) -> None:
    with pytest.raises(Protocol):
        seen(own(status))


@pytest.mark.parametrize("amount", [None, "500", 500.0, True, -(2**54)])
def test_an_amount_that_is_none_is_no_payment(amount: Any) -> None:
    with pytest.raises(Protocol):
        seen(own(amount_received=amount))


def test_what_was_received_counts_and_not_what_was_asked_for() -> None:
    assert seen(own(amount_received=499)).payments[0].amount == Money(499, "EUR")
    double = own(latest_charge={"amount": 321, "currency": "eur"})
    del double["amount_received"]
    assert seen(double).payments[0].amount == Money(321, "EUR")


def test_a_refused_try_is_told_while_no_other_is_under_way() -> None:
    waits = own("requires_payment_method", last_payment_error=DECLINED)
    assert seen(waits).decline == "generic_decline"
    assert seen(own("requires_payment_method")).decline == ""
    assert seen(own("requires_action", last_payment_error=DECLINED)).decline == ""
    assert seen(own()).decline is None


def test_slow_money_that_failed_is_failed_once_nobody_can_pay_any_more() -> None:
    assert has_failed_slowly(after_debit()) and seen(after_debit()).state is SessionState.OPEN
    over = seen(after_debit("canceled"))
    assert (over.state, over.is_final) == (SessionState.FAILED, True)
    for kind in ("card", "ideal", "", None):
        assert not has_failed_slowly(after_debit(kind=kind))  # type: ignore[arg-type]


def test_only_an_intent_with_our_mark_and_a_tills_reference_is_our_own() -> None:
    assert is_own(own())
    assert not is_own(intent())
    others: list[Any] = [{"page": "elements"}, {"page": "elements", "reference": "x"}, None, "x"]
    for metadata in others:
        assert not is_own(own() | {"metadata": metadata})


def test_a_double_is_asked_for_no_more_than_it_knows() -> None:
    full = intent_parameters(request(), is_minimal=False)
    little = intent_parameters(request(), is_minimal=True)
    assert full.pop("automatic_payment_methods") == {"enabled": True}
    assert full == little
    assert set(little) == {"amount", "currency", "metadata"}
    assert (little["amount"], little["currency"]) == (500, "eur")


@pytest.mark.parametrize("name", ["succeeded", "processing", "canceled", "payment_failed"])
def test_an_event_of_our_own_intent_says_the_same_as_a_look(name: str) -> None:
    status = {"payment_failed": "requires_payment_method"}.get(name, name)
    news = told(f"payment_intent.{name}", own(status))
    look = seen(own(status))
    assert isinstance(news, Observation)
    assert (news.state, news.payments, news.is_final) == (look.state, look.payments, look.is_final)
    assert (news.source, news.event_id) == (Source.WEBHOOK, "evt_1")
    assert f"payment_intent.{name}" in INTENT_EVENTS


def test_an_event_of_a_checkout_sessions_intent_says_nothing_here() -> None:
    for name in ("succeeded", "processing", "canceled", "payment_failed", "requires_action"):
        assert told(f"payment_intent.{name}", intent()) is None


def test_what_does_not_suffice_to_judge_by_has_the_intent_looked_at() -> None:
    recheck = Recheck(str(REFERENCE), Money(500, "EUR"))
    assert told("payment_intent.payment_failed", after_debit()) == recheck
    assert told("payment_intent.requires_action", own("requires_action")) == recheck
    assert told("payment_intent.succeeded", own("unheard_of")) == recheck
    assert told("payment_intent.succeeded", own(amount_received="5", amount="5")) == Recheck(
        str(REFERENCE)
    )


def test_refunds_are_read_as_those_of_any_other_payment() -> None:
    refund = {
        "id": "re_1",
        "object": "refund",
        "payment_intent": "pi_1",
        "amount": 100,
        "currency": "eur",
        "status": "succeeded",
    }
    assert isinstance(told("refund.updated", refund), RefundObservation)
    assert "refund.updated" in INTENT_EVENTS
    assert not any(name.startswith("checkout.") for name in INTENT_EVENTS)
