"""Stripe's objects in our words: what each state means, and what proves nothing."""

from typing import Any

import pytest

from app.domain.catalog import BillingInterval
from app.domain.money import Money
from app.domain.observation import SeenPayment, SessionState, Source
from app.domain.presentation import PresentedLine
from app.domain.refund import RefundState, SeenRefund
from app.errors import Protocol
from app.providers.stripe.refunds import refund_from
from app.providers.stripe.sessions import (
    decline_of,
    money_from,
    observation_from,
    reference_of,
    session_parameters,
)
from tests.parts.clock import START
from tests.parts.stripe import REFERENCE, intent, request, session

FIVE = Money(500, "EUR")


def observed(document: dict[str, Any], **more: Any) -> Any:
    return observation_from(
        document, source=Source.POLL, provider_account="acct_1", at=START, **more
    )


def paid_session(**changes: Any) -> dict[str, Any]:
    complete = {"status": "complete", "payment_status": "paid", "payment_intent": intent()}
    return session(**complete | changes)


def invoice(*payments: Any) -> dict[str, Any]:
    return {"id": "in_1", "payments": {"object": "list", "data": list(payments)}}


def invoice_payment(**changes: Any) -> dict[str, Any]:
    payment = {"type": "payment_intent", "payment_intent": "pi_1"}
    return {"status": "paid", "amount_paid": 500, "payment": payment, **changes}


@pytest.mark.parametrize(
    "changes, state, is_final",
    [
        ({}, SessionState.OPEN, False),
        ({"status": "expired"}, SessionState.EXPIRED, True),
        ({"status": "complete"}, SessionState.PROCESSING, False),
        (
            {"status": "complete", "payment_intent": intent("processing")},
            SessionState.PROCESSING,
            False,
        ),
        ({"status": "complete", "payment_intent": "pi_1"}, SessionState.PROCESSING, False),
        (
            {"status": "complete", "payment_intent": intent("requires_payment_method")},
            SessionState.FAILED,
            True,
        ),
        (
            {"status": "complete", "payment_intent": intent("canceled")},
            SessionState.FAILED,
            True,
        ),
    ],
)
def test_each_state_without_money_is_what_stripes_document_says(
    changes: dict[str, Any], state: SessionState, is_final: bool
) -> None:
    seen = observed(session(**changes))
    assert (seen.state, seen.is_final, seen.payments) == (state, is_final, ())
    assert (seen.reference, seen.session_id, seen.live) == (str(REFERENCE), "cs_test_1", False)


def test_an_event_that_says_failed_decides() -> None:
    assert observed(session(status="complete"), failed=True).state is SessionState.FAILED


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"payment_intent": "pi_1"},
        {"payment_intent": None, "invoice": invoice(invoice_payment())},
        {
            "payment_intent": None,
            "invoice": invoice(
                invoice_payment(payment={"payment_intent": {"id": "pi_1"}}),
                invoice_payment(status="open"),
            ),
        },
    ],
)
def test_money_is_read_with_its_payments_id_wherever_stripe_puts_it(
    changes: dict[str, Any],
) -> None:
    seen = observed(paid_session(**changes))
    assert (seen.state, seen.is_final) == (SessionState.PAID, True)
    assert seen.payments == (SeenPayment("pi_1", FIVE),)


def test_what_was_received_counts_not_what_was_asked_for() -> None:
    seen = observed(paid_session(payment_intent=intent(amount_received=499)))
    assert seen.payments == (SeenPayment("pi_1", Money(499, "EUR")),)


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "new state"},
        {"status": None},
        {"status": ["complete"]},
        {"status": "complete", "payment_status": "half paid"},
        {"status": "complete", "payment_status": None},
        {"id": None},
        {"id": 7},
        {"id": ""},
        {"status": "complete", "payment_status": "paid"},
        {"status": "complete", "payment_status": "paid", "invoice": "in_1"},
        {"status": "complete", "payment_status": "paid", "invoice": {"payments": None}},
        {"status": "complete", "payment_status": "paid", "payment_intent": intent(id=None)},
        {
            "status": "complete",
            "payment_status": "paid",
            "payment_intent": intent(amount_received="500"),
        },
        {
            "status": "complete",
            "payment_status": "paid",
            "payment_intent": intent(amount_received=500.0),
        },
        {
            "status": "complete",
            "payment_status": "paid",
            "payment_intent": intent(amount_received=True),
        },
        {
            "status": "complete",
            "payment_status": "paid",
            "payment_intent": "pi_1",
            "currency": "moon",
        },
        {
            "status": "complete",
            "payment_status": "paid",
            "payment_intent": "pi_1",
            "amount_total": None,
        },
        {
            "status": "complete",
            "payment_status": "paid",
            "invoice": invoice(invoice_payment(payment=None)),
        },
        {
            "status": "complete",
            "payment_status": "paid",
            "invoice": invoice(invoice_payment(payment={"type": "charge", "charge": "ch_1"})),
        },
        {"status": "complete", "payment_status": "paid", "invoice": {"payments": {"data": None}}},
        {"status": "complete", "payment_status": "paid", "invoice": invoice("not an object")},
        {"status": "complete", "payment_status": "no_payment_required"},
    ],
)
def test_what_breaks_stripes_own_rules_proves_nothing(changes: dict[str, Any]) -> None:
    with pytest.raises(Protocol):
        observed(session(**changes))


@pytest.mark.parametrize(
    "changes, reference",
    [
        ({}, str(REFERENCE)),
        ({"client_reference_id": None}, str(REFERENCE)),
        ({"client_reference_id": "theirs"}, "theirs"),
        ({"client_reference_id": None, "metadata": {}}, ""),
        ({"client_reference_id": None, "metadata": None}, ""),
        ({"client_reference_id": None, "metadata": ["x"]}, ""),
    ],
)
def test_our_reference_is_found_where_stripe_keeps_it(
    changes: dict[str, Any], reference: str
) -> None:
    assert reference_of(session(**changes)) == reference


@pytest.mark.parametrize(
    "value, decline",
    [
        (None, None),
        ("pi_1", None),
        (intent("requires_payment_method"), ""),
        (intent("requires_action", last_payment_error={"code": "card_declined"}), ""),
        (intent("processing", last_payment_error={"code": "card_declined"}), ""),
        (intent("succeeded", last_payment_error={"code": "card_declined"}), ""),
        (
            intent("requires_payment_method", last_payment_error={"code": "card_declined"}),
            "card_declined",
        ),
        (
            intent(
                "requires_payment_method",
                last_payment_error={"code": "card_declined", "decline_code": "lost_card"},
            ),
            "lost_card",
        ),
        (intent("requires_payment_method", last_payment_error={}), "declined"),
    ],
)
def test_a_refused_try_is_told_by_stripes_own_code_until_a_newer_one(
    value: Any, decline: str | None
) -> None:
    assert decline_of(value) == decline
    assert observed(session(payment_intent=value)).decline == decline


def test_parameters_are_the_same_for_the_same_request_and_carry_our_reference_everywhere() -> None:
    parameters = session_parameters(request(), expires_at=1_800_000_000)
    assert parameters == session_parameters(request(), expires_at=1_800_000_000)
    assert parameters["mode"] == "payment"
    assert parameters["client_reference_id"] == str(REFERENCE)
    assert parameters["metadata"] == {"reference": str(REFERENCE)}
    assert parameters["payment_intent_data"] == {"metadata": {"reference": str(REFERENCE)}}
    assert parameters["line_items"] == [
        {
            "quantity": 1,
            "price_data": {
                "currency": "eur",
                "unit_amount": 500,
                "product_data": {"name": "Coffee"},
            },
        }
    ]


@pytest.mark.parametrize(
    "interval, word",
    [
        (BillingInterval.WEEKLY, "week"),
        (BillingInterval.MONTHLY, "month"),
        (BillingInterval.YEARLY, "year"),
    ],
)
def test_a_subscription_is_asked_for_as_one(interval: BillingInterval, word: str) -> None:
    lines = (PresentedLine("Club", 300, interval.value), PresentedLine("Cup", 200))
    parameters = session_parameters(request(lines=lines), expires_at=1)
    assert parameters["mode"] == "subscription"
    assert "payment_intent_data" not in parameters and "subscription_data" in parameters
    prices = [item["price_data"].get("recurring") for item in parameters["line_items"]]
    assert prices == [{"interval": word, "interval_count": 1}, None]


@pytest.mark.parametrize(
    "amount, currency", [(None, "eur"), ("5", "eur"), (5.0, "eur"), (5, None), (2**60, "eur")]
)
def test_an_amount_that_is_none_is_refused(amount: Any, currency: Any) -> None:
    with pytest.raises(Protocol):
        money_from(amount, currency)


@pytest.mark.parametrize(
    "status, state",
    [
        ("succeeded", RefundState.SUCCEEDED),
        ("pending", RefundState.PENDING),
        ("requires_action", RefundState.PENDING),
        ("failed", RefundState.FAILED),
        ("canceled", RefundState.FAILED),
    ],
)
@pytest.mark.parametrize("of", ["pi_1", {"id": "pi_1"}])
def test_a_refund_is_read_with_its_payment(status: str, state: RefundState, of: Any) -> None:
    document = {
        "id": "re_1",
        "status": status,
        "amount": 500,
        "currency": "eur",
        "payment_intent": of,
    }
    assert refund_from(document) == SeenRefund("re_1", "pi_1", FIVE, state)


@pytest.mark.parametrize(
    "changes", [{"status": "odd"}, {"status": None}, {"id": None}, {"payment_intent": None}]
)
def test_a_refund_that_says_too_little_proves_nothing(changes: dict[str, Any]) -> None:
    document = {
        "id": "re_1",
        "status": "succeeded",
        "amount": 500,
        "currency": "eur",
        "payment_intent": "pi_1",
    }
    with pytest.raises(Protocol):
        refund_from({**document, **changes})
