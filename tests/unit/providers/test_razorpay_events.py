"""What Razorpay's events say, and what they leave to a look."""

import json
from typing import Any

import pytest

from app.domain.delivery import Delivery
from app.domain.dispute import DisputeObservation, DisputeState
from app.domain.observation import Observation, SessionState, Source
from app.domain.refund import RefundObservation, RefundState
from app.errors import Protocol
from app.providers.razorpay.disputes import EVENTS as DISPUTE_EVENTS
from app.providers.razorpay.events import (
    CODE_EVENTS,
    LINK_EVENTS,
    SUBSCRIPTION_EVENTS,
    seen_of_codes,
    seen_of_links,
)
from app.providers.strategy import Recheck
from app.providers.subscribing import SubscriptionNews
from tests.parts.clock import START
from tests.parts.razorpay import (
    MONEY,
    code,
    delivered,
    dispute,
    event,
    failed,
    link,
    links_over,
    paid_by,
    payment,
    refund,
    running,
    subscription,
)
from tests.parts.stripe import REFERENCE, Wire

PAID_LINK = link("paid", **paid_by("pay_00000000000001"))
PAID_CODE = code("closed", close_reason="paid", payments_count_received=1)


def told(name: str, **about: Any) -> Delivery:
    return links_over(Wire()).read_webhook(delivered(event(name, **about)))


def of_links(name: str, **about: Any) -> Any:
    return seen_of_links(told(name, **about), at=START)


def of_codes(name: str, **about: Any) -> Any:
    return seen_of_codes(told(name, **about), at=START)


def test_a_paid_link_is_told_with_its_payment() -> None:
    seen = of_links("payment_link.paid", order={}, payment=payment(), payment_link=PAID_LINK)
    assert isinstance(seen, Observation)
    assert (seen.state, seen.is_final, seen.source) == (SessionState.PAID, True, Source.WEBHOOK)
    assert (seen.reference, seen.session_id) == (str(REFERENCE), PAID_LINK["id"])
    assert [each.amount for each in seen.payments] == [MONEY]
    assert (seen.provider_account, seen.live) == ("rzp_test_key", False)


def test_a_credited_code_is_told_with_its_payment() -> None:
    for credited in (code(payments_count_received=1), PAID_CODE):
        seen = of_codes("qr_code.credited", payment=payment(), qr_code=credited)
        assert isinstance(seen, Observation) and seen.state is SessionState.PAID
        assert (seen.reference, seen.session_id) == (str(REFERENCE), credited["id"])


@pytest.mark.parametrize("status", ["created", "authorized", "failed", "of tomorrow"])
def test_what_is_called_paid_without_captured_money_is_looked_at(status: str) -> None:
    odd = payment(status, captured=False)
    seen = of_links("payment_link.paid", payment=odd, payment_link=PAID_LINK)
    assert seen == Recheck(str(REFERENCE), MONEY, session_id=PAID_LINK["id"])
    seen = of_codes("qr_code.credited", payment=odd, qr_code=PAID_CODE)
    assert isinstance(seen, Recheck) and seen.session_id == PAID_CODE["id"]


def test_an_event_without_its_payment_is_looked_at() -> None:
    assert of_links("payment_link.paid", payment_link=PAID_LINK) == Recheck(
        str(REFERENCE), None, session_id=PAID_LINK["id"]
    )
    assert of_codes("qr_code.credited", qr_code=PAID_CODE) == Recheck(
        str(REFERENCE), None, session_id=PAID_CODE["id"]
    )


@pytest.mark.parametrize("word", ["partially_paid", "cancelled", "expired"])
def test_the_end_of_a_link_is_looked_at_for_the_tries_are_not_told(word: str) -> None:
    seen = of_links(f"payment_link.{word}", payment_link=link(word))
    assert seen == Recheck(str(REFERENCE), session_id=link()["id"])


def test_the_end_of_a_code_is_looked_at() -> None:
    seen = of_codes("qr_code.closed", qr_code=code("closed"))
    assert seen == Recheck(str(REFERENCE), session_id=code()["id"])


@pytest.mark.parametrize("name", ["payment.failed", "payment.authorized"])
def test_a_try_names_its_link_in_its_description(name: str) -> None:
    assert of_links(name, payment=failed()) == Recheck("", session_id=link()["id"])
    for other in ("Order 7", "", None, "#1", f"{failed()['description']} "):
        assert of_links(name, payment=failed(description=other)) is None
    assert of_codes(name, payment=failed()) is None


def test_each_kind_leaves_the_others_sessions_alone() -> None:
    """Both are told of everything: taking it twice would be money that another account took."""
    for name in CODE_EVENTS:
        assert of_links(name, payment=payment(), qr_code=PAID_CODE) is None
    for name in LINK_EVENTS:
        assert of_codes(name, payment=payment(), payment_link=PAID_LINK) is None


BEGINNINGS = ("authenticated", "activated", "charged")
AFTERWARDS = ("updated", "pending", "halted", "paused", "resumed", "cancelled", "completed")
ID = subscription()["id"]


def test_every_event_of_a_subscription_is_told_to_links_and_none_to_codes() -> None:
    words = {name.removeprefix("subscription.") for name in SUBSCRIPTION_EVENTS}
    assert words == {*BEGINNINGS, *AFTERWARDS}
    assert set(SUBSCRIPTION_EVENTS) < set(links_over(Wire()).events)
    for name in SUBSCRIPTION_EVENTS:
        assert of_links(name, payment=payment(), subscription=running()) is not None
        assert of_codes(name, payment=payment(), subscription=running()) is None


@pytest.mark.parametrize("word", BEGINNINGS)
def test_the_first_payment_of_a_subscription_leads_to_its_session(word: str) -> None:
    for count in (0, 1):
        about = {"payment": payment(), "subscription": running(paid_count=count)}
        seen = of_links(f"subscription.{word}", **about)
        assert seen == Recheck(str(REFERENCE), MONEY, session_id=ID)
    seen = of_links(f"subscription.{word}", payment=payment(), subscription=running(paid_count=2))
    assert seen == SubscriptionNews(ID, payment()["id"])


@pytest.mark.parametrize("word", AFTERWARDS)
def test_what_happens_to_one_that_was_paid_leads_to_the_subscription(word: str) -> None:
    name = f"subscription.{word}"
    assert of_links(name, subscription=running()) == SubscriptionNews(ID)
    seen = of_links(name, payment=failed(), subscription=running())
    assert seen == SubscriptionNews(ID, failed()["id"])


@pytest.mark.parametrize("word", AFTERWARDS)
@pytest.mark.parametrize("count", [0, None, "1", True])
def test_what_happens_to_one_that_nobody_paid_leads_to_its_session(word: str, count: Any) -> None:
    seen = of_links(f"subscription.{word}", subscription=subscription(paid_count=count))
    assert seen == Recheck(str(REFERENCE), None, session_id=ID)


@pytest.mark.parametrize("notes", [[], {"reference": "order 7"}, {"order": "7"}])
def test_a_strangers_subscription_is_not_looked_at(notes: Any) -> None:
    seen = of_links("subscription.charged", subscription=running(paid_count=9, notes=notes))
    assert isinstance(seen, Recheck) and seen.session_id == ID


def test_an_event_of_no_subscription_says_nothing() -> None:
    for name in SUBSCRIPTION_EVENTS:
        assert of_links(name, payment=payment()) is None


@pytest.mark.parametrize("word", ["authorized", "captured", "failed"])
def test_a_payment_of_a_subscription_is_not_told_a_second_time_by_its_own_event(word: str) -> None:
    paid = payment(description="Recurring Payment via Subscription", invoice_id="inv_1")
    assert of_links(f"payment.{word}", payment=paid) is None
    assert of_codes(f"payment.{word}", payment=paid) is None


@pytest.mark.parametrize("read", [of_links, of_codes])
def test_refunds_and_disputes_are_read_by_either(read: Any) -> None:
    for word, state in (
        ("created", RefundState.PENDING),
        ("processed", RefundState.SUCCEEDED),
        ("failed", RefundState.FAILED),
    ):
        status = "pending" if word == "created" else word
        seen = read(f"refund.{word}", payment=payment(), refund=refund(status))
        assert isinstance(seen, RefundObservation)
        assert (seen.refund.state, seen.refund.key) == (state, REFERENCE.key("refund-1"))
    for name in DISPUTE_EVENTS:
        seen = read(name, payment=payment(), dispute=dispute())
        assert isinstance(seen, DisputeObservation)
        assert (seen.dispute.state, seen.told_at) == (DisputeState.NEEDS_RESPONSE, START)


@pytest.mark.parametrize("read", [of_links, of_codes])
def test_an_event_of_tomorrow_says_nothing(read: Any) -> None:
    assert read("payment_link.renamed", payment_link=PAID_LINK) is None
    assert read("order.paid", order={}, payment=payment()) is None


def test_a_refund_that_is_not_understood_is_loud() -> None:
    for odd in (refund("of tomorrow"), refund(payment_id=None), refund(amount=1.5), {}):
        with pytest.raises(Protocol):
            of_links("refund.created", refund=odd)


def test_a_delivery_is_read_as_it_was_signed() -> None:
    body = json.dumps(event("payment_link.paid", payment_link=PAID_LINK)).encode()
    assert links_over(Wire()).read_webhook(delivered(body)).body == body
