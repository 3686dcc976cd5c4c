"""What Square's events say: money and refusals at once, the rest asks for a look."""

import json
from datetime import datetime
from typing import Any

import pytest

from app.domain.delivery import Delivery
from app.domain.dispute import DisputeObservation, DisputeState
from app.domain.money import Money
from app.domain.observation import Observation, SessionState, Source
from app.domain.refund import RefundObservation, RefundState
from app.errors import Protocol
from app.providers.square.events import seen_in
from app.providers.strategy import Recheck, Seen
from app.providers.subscribing import SubscriptionNews
from tests.parts.clock import START
from tests.parts.square import MERCHANT, dispute, event, money, payment, refund, refused_try
from tests.parts.square_plans import invoice, subscription
from tests.parts.stripe import REFERENCE

OF_PAYMENTS = ["payment.created", "payment.updated"]


def seen(kind: str, name: str, subject: Any, **changes: Any) -> Seen | None:
    body = json.dumps(event(kind, name, subject, **changes)).encode()
    delivery = Delivery("main", "square", MERCHANT, False, "event-1", kind, body)
    return seen_in(delivery, at=START)


@pytest.mark.parametrize("kind", OF_PAYMENTS)
def test_taken_money_is_told_at_once_by_the_note_that_is_our_reference(kind: str) -> None:
    told = seen(kind, "payment", payment())
    assert isinstance(told, Observation)
    assert (told.reference, told.session_id) == (str(REFERENCE), "order-1")
    assert (told.state, told.source) == (SessionState.PAID, Source.WEBHOOK)
    assert [(p.payment_id, p.amount) for p in told.payments] == [("pay-1", Money(500, "EUR"))]
    assert (told.provider_account, told.live, told.event_id) == (MERCHANT, False, "event-1")


def test_whether_its_link_takes_more_an_event_does_not_know() -> None:
    told = seen("payment.updated", "payment", payment())
    assert isinstance(told, Observation) and told.is_final is False


def test_a_refused_try_is_told_with_its_reason() -> None:
    told = seen("payment.updated", "payment", refused_try("INSUFFICIENT_FUNDS"))
    assert isinstance(told, Observation)
    assert (told.state, told.payments) == (SessionState.OPEN, ())
    assert told.decline == "INSUFFICIENT_FUNDS"


@pytest.mark.parametrize("status", ["APPROVED", "PENDING"])
def test_a_payment_under_way_is_to_be_looked_at_since_events_come_in_any_order(
    status: str,
) -> None:
    told = seen("payment.created", "payment", payment(status))
    assert told == Recheck(str(REFERENCE), None, "order-1")


@pytest.mark.parametrize("note", [None, "", "table 7", "t11111", "t11111-0rder0000001-1 "])
@pytest.mark.parametrize("made", [payment, refused_try])
def test_a_payment_without_our_reference_is_found_by_its_order(note: Any, made: Any) -> None:
    assert seen("payment.updated", "payment", made(note=note)) == Recheck("", None, "order-1")


def test_a_payment_in_a_state_that_is_not_known_is_to_be_looked_at() -> None:
    told = seen("payment.updated", "payment", payment("NEWLY_INVENTED"))
    assert told == Recheck(str(REFERENCE), Money(500, "EUR"), "order-1")
    told = seen("payment.updated", "payment", payment(total_money=money("x")))
    assert told == Recheck(str(REFERENCE), None, "order-1")


def test_a_payment_of_no_order_is_none_of_the_tills() -> None:
    assert seen("payment.updated", "payment", payment(order_id=None)) is None


def test_an_order_that_changed_is_to_be_looked_at() -> None:
    about = {"order_id": "order-1", "state": "OPEN", "version": 3}
    assert seen("order.updated", "order_updated", about) == Recheck("", None, "order-1")
    assert seen("order.updated", "order_updated", {}) is None


@pytest.mark.parametrize("kind", ["refund.created", "refund.updated"])
def test_a_refund_is_told_by_its_payment(kind: str) -> None:
    told = seen(kind, "refund", refund("PENDING"))
    assert isinstance(told, RefundObservation)
    assert (told.refund.payment_id, told.refund.amount) == ("pay-1", Money(200, "EUR"))
    assert told.refund.state is RefundState.PENDING
    assert told.refund.key == "t11111-0rder0000001-1-refund-1"
    assert (told.provider_account, told.event_id) == (MERCHANT, "event-1")


def test_a_refund_of_no_payment_is_none_of_the_tills() -> None:
    assert seen("refund.created", "refund", refund(payment_id=None)) is None


@pytest.mark.parametrize("kind", ["dispute.created", "dispute.state.updated"])
def test_a_dispute_is_told_with_when_that_was_so(kind: str) -> None:
    told = seen(kind, "dispute", dispute())
    assert isinstance(told, DisputeObservation)
    assert told.dispute.state is DisputeState.NEEDS_RESPONSE
    assert told.told_at == datetime.fromisoformat("2026-11-21T09:00:00+00:00")


def test_a_dispute_that_says_no_time_is_told_now() -> None:
    told = seen("dispute.created", "dispute", dispute(updated_at="soon"))
    assert isinstance(told, DisputeObservation) and told.told_at == START


@pytest.mark.parametrize(
    "kind, name, subject",
    [
        ("payment.updated", "order_updated", payment()),
        ("payment.updated", "payment", None),
        ("payment.updated", "payment", "pay-1"),
        ("payment.updated", "payment", {"id": "x", "status": "APPROVED"}),
        ("catalog.version.updated", "catalog_version", {}),
        ("subscription.updated", "subscription", {}),
        ("invoice.payment_made", "invoice", {"id": "inv-1", "order_id": "order-1"}),
        ("terminal.checkout.updated", "payment", payment()),
    ],
)
def test_what_says_nothing_is_nothing(kind: str, name: str, subject: Any) -> None:
    assert seen(kind, name, subject) is None


@pytest.mark.parametrize("kind", ["subscription.created", "subscription.updated"])
def test_news_of_a_subscription_name_it(kind: str) -> None:
    assert seen(kind, "subscription", subscription()) == SubscriptionNews("sub-1")


@pytest.mark.parametrize("kind", ["invoice.payment_made", "invoice.scheduled_charge_failed"])
def test_news_of_an_invoice_name_the_subscription_that_it_is_of(kind: str) -> None:
    assert seen(kind, "invoice", invoice()) == SubscriptionNews("sub-1")


@pytest.mark.parametrize("status", ["COMPLETED", "FAILED", "APPROVED"])
@pytest.mark.parametrize("note, reference", [(str(REFERENCE), str(REFERENCE)), (None, "")])
def test_a_payment_by_a_card_that_is_kept_is_to_be_looked_at_since_it_may_be_a_renewal(
    status: str, note: Any, reference: str
) -> None:
    told = payment(status, note=note, card_details={"entry_method": "ON_FILE"})
    assert seen("payment.updated", "payment", told) == Recheck(reference, session_id="order-1")


@pytest.mark.parametrize("data", [{}, {"object": None}, {"object": [1]}])
def test_an_event_about_nothing_is_nothing(data: Any) -> None:
    assert seen("payment.updated", "payment", payment(), data=data) is None


@pytest.mark.parametrize(
    "kind, name, subject",
    [
        ("refund.updated", "refund", refund("NEWLY_INVENTED")),
        ("refund.updated", "refund", refund(amount_money=None)),
        ("dispute.created", "dispute", dispute(disputed_payment=None)),
        ("dispute.created", "dispute", dispute(amount_money=money(0))),
    ],
)
def test_what_cannot_be_read_proves_nothing(kind: str, name: str, subject: Any) -> None:
    with pytest.raises(Protocol):
        seen(kind, name, subject)
