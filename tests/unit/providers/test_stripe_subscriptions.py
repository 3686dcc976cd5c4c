"""Stripe's subscriptions over a scripted wire: looked at, ended, and told of by events."""

import asyncio
import typing
from datetime import timedelta
from typing import Any

import pytest
import stripe

from app.domain.catalog import BillingInterval
from app.domain.money import Money
from app.domain.observation import SeenPayment, SessionState, Source
from app.domain.subscription import SubscriptionObservation, SubscriptionState
from app.errors import Protocol, Rejected, Unavailable
from app.providers.strategy import Recheck
from app.providers.stripe.sessions import observation_from
from app.providers.stripe.subscription_events import news_of_invoice, news_of_subscription
from app.providers.stripe.subscriptions import state_of
from app.providers.subscribing import SubscriptionNews
from tests.parts.clock import START
from tests.parts.stripe import REFERENCE, Wire, intent, refusal, session
from tests.parts.stripe_strategy import form, strategy
from tests.parts.stripe_subscriptions import (
    MONTH_S,
    invoice,
    item,
    listed,
    payment,
    subscription,
)

S = SubscriptionState
FIVE = Money(500, "EUR")
STATES = {
    "incomplete": S.PENDING,
    "incomplete_expired": S.ENDED,
    "trialing": S.ACTIVE,
    "active": S.ACTIVE,
    "past_due": S.PAST_DUE,
    "unpaid": S.PAST_DUE,
    "canceled": S.ENDED,
    "paused": S.PAUSED,
}


def looked(*answers: Any) -> SubscriptionObservation:
    return asyncio.run(strategy(Wire(*answers)).fetch_subscription("sub_1", source=Source.POLL))


def refused(number: int, *, code: str = "card_declined", status: str = "open") -> list[Any]:
    """Give a renewal's invoice that was refused: in the list, and as it is asked for alone."""
    error = {"code": code, "decline_code": "insufficient_funds"}
    tried = intent("requires_payment_method", last_payment_error=error)
    waits = {"status": "open", "amount_paid": None}
    entry = payment(number, **waits, payment={"type": "payment_intent", "payment_intent": tried})
    return [
        invoice(number, payment(number, **waits), status=status),
        invoice(number, entry, status=status),
    ]


# --- looking -----------------------------------------------------------------------------------


@pytest.mark.parametrize("word", STATES)
def test_each_state_of_stripes_is_one_of_ours(word: str) -> None:
    assert looked(subscription(word), listed(invoice())).state is STATES[word]


def test_the_states_are_those_of_the_official_client() -> None:
    kinds = typing.get_args(stripe.Subscription.__annotations__["status"])
    known = {word for kind in kinds for word in typing.get_args(kind)}
    assert known == set(STATES)


def test_a_state_that_is_not_known_proves_nothing() -> None:
    with pytest.raises(Protocol, match="does not know"):
        looked(subscription("hibernating"), listed())


@pytest.mark.parametrize(
    "word, state", [("active", S.PAUSED), ("past_due", S.PAUSED), ("canceled", S.ENDED)]
)
def test_while_collecting_is_paused_it_is_paused_though_stripe_calls_it_active(
    word: str, state: SubscriptionState
) -> None:
    assert state_of(subscription(word, pause_collection={"behavior": "void"})) is state


def test_all_that_it_took_is_told_oldest_first_by_whatever_pages() -> None:
    pages = [
        listed(invoice(3), invoice(2), has_more=True),
        listed(invoice(1)),
    ]
    wire = Wire(subscription(), *pages)
    seen = asyncio.run(strategy(wire).fetch_subscription("sub_1", source=Source.SWEEP))
    assert seen.payments == tuple(SeenPayment(f"pi_{n}", FIVE) for n in (1, 2, 3))
    assert seen.first_payment_id == "pi_1"
    assert (seen.source, seen.reference, seen.subscription_id) == (
        Source.SWEEP,
        str(REFERENCE),
        "sub_1",
    )
    assert [request.url.path for request in wire.requests] == [
        "/v1/subscriptions/sub_1",
        "/v1/invoices",
        "/v1/x",
    ]
    asked = wire.requests[1].url.params
    assert (asked["subscription"], asked["expand[0]"]) == ("sub_1", "data.payments")
    assert wire.requests[2].url.params["starting_after"] == "in_2"


def test_an_invoice_paid_in_several_pieces_is_several_payments() -> None:
    """Its first page of payments may not be all of them: the rest is asked for."""
    first = invoice(1, payment(3))
    first["payments"]["has_more"] = True
    pieces = [payment(n, amount_paid=each) for n, each in ((3, 100), (2, 300), (1, 100))]
    wire = Wire(subscription(), listed(first), listed(*pieces))
    seen = asyncio.run(strategy(wire).fetch_subscription("sub_1", source=Source.POLL))
    assert [(each.payment_id, each.amount.minor) for each in seen.payments] == [
        ("pi_1", 100),
        ("pi_2", 300),
        ("pi_3", 100),
    ]
    assert seen.first_payment_id == "pi_1"
    assert wire.requests[-1].url.path == "/v1/invoice_payments"
    assert wire.requests[-1].url.params["invoice"] == "in_1"


@pytest.mark.parametrize(
    "entry",
    [
        payment(2, status="open", amount_paid=None),
        payment(2, status="canceled", amount_paid=None),
        payment(2, payment={"type": "payment_record", "payment_record": "prec_1"}),
    ],
)
def test_what_was_not_taken_or_not_by_stripe_is_no_payment(entry: dict[str, Any]) -> None:
    seen = looked(subscription(), listed(invoice(2, entry), invoice(1)))
    assert [each.payment_id for each in seen.payments] == ["pi_1"]


@pytest.mark.parametrize(
    "broken",
    [
        invoice(1, payment(1, payment={"type": "charge", "charge": "ch_1"})),
        invoice(1, payment(1, amount_paid="500")),
        invoice(1, payment(1, amount_paid=None)),
        invoice(1, payments=None),
        invoice(1, payments={"data": [None], "has_more": False}),
    ],
)
def test_money_that_cannot_be_told_apart_proves_nothing(broken: dict[str, Any]) -> None:
    with pytest.raises(Protocol):
        looked(subscription(), listed(broken))


@pytest.mark.parametrize(
    "changes", [{"items": None}, {"items": {"data": [5]}}, {"id": None}, {"currency": 5}]
)
def test_a_subscription_that_is_none_proves_nothing(changes: dict[str, Any]) -> None:
    with pytest.raises(Protocol):
        looked(subscription(**changes), listed())


def test_before_its_first_payment_it_names_none() -> None:
    waits = payment(1, status="open", amount_paid=None)
    seen = looked(
        subscription("incomplete"), listed(invoice(1, waits, status="open", attempted=False))
    )
    assert (seen.state, seen.payments, seen.first_payment_id) == (S.PENDING, (), "")


def test_what_each_interval_costs_is_what_its_items_cost() -> None:
    items = listed(item(500), item(150, quantity=2))
    seen = looked(subscription(items=items), listed(invoice()))
    assert (seen.amount, seen.interval) == (Money(800, "EUR"), BillingInterval.MONTHLY)


@pytest.mark.parametrize(
    "items",
    [
        listed(item(), item(interval="year")),
        listed(item(interval="day")),
        listed(item(price={"unit_amount": 5, "recurring": {"interval": "month"}})),
        listed(item(price=None)),
    ],
)
def test_an_interval_that_is_none_of_the_tills_is_not_told(items: dict[str, Any]) -> None:
    seen = looked(subscription(items=items), listed(invoice()))
    assert (seen.interval, seen.amount) == (None, None)


@pytest.mark.parametrize(
    "items", [listed(item(None)), listed(item(quantity=None)), listed(item(), has_more=True)]
)
def test_a_sum_that_the_answer_does_not_tell_is_left_out(items: dict[str, Any]) -> None:
    seen = looked(subscription(items=items), listed(invoice()))
    assert (seen.interval, seen.amount) == (BillingInterval.MONTHLY, None)


def test_its_times_are_those_of_its_items_and_of_its_end() -> None:
    now = int(START.timestamp())
    sooner = listed(item(), item(current_period_end=now + 60))
    seen = looked(subscription(items=sooner), listed(invoice()))
    assert seen.current_until == START + timedelta(seconds=60)
    assert seen.ends_at is seen.ended_at is None
    ends = looked(subscription(cancel_at_period_end=True), listed(invoice()))
    assert ends.ends_at == ends.current_until == START + timedelta(seconds=MONTH_S)
    later = looked(subscription(cancel_at=now + 90), listed(invoice()))
    assert later.ends_at == START + timedelta(seconds=90)
    over = looked(
        subscription("canceled", ended_at=now, cancel_at=now, cancel_at_period_end=True),
        listed(invoice()),
    )
    assert (over.ended_at, over.ends_at, over.current_until) == (START, None, None)


def test_a_refused_renewal_is_told_by_its_code_until_one_is_paid() -> None:
    in_list, alone = refused(2)
    wire = Wire(subscription("past_due"), listed(in_list, invoice(1)), alone)
    seen = asyncio.run(strategy(wire).fetch_subscription("sub_1", source=Source.POLL))
    assert (seen.state, seen.decline) == (S.PAST_DUE, "insufficient_funds")
    assert wire.requests[-1].url.path == "/v1/invoices/in_2"
    expanded = wire.requests[-1].url.params["expand[0]"]
    assert expanded == "payments.data.payment.payment_intent"
    paid = looked(subscription(), listed(invoice(3), in_list, invoice(1)))
    assert paid.decline == ""


def test_a_refusal_that_nobody_explains_is_one_all_the_same() -> None:
    in_list, alone = refused(2, status="uncollectible")
    alone["payments"] = listed()
    assert looked(subscription("unpaid"), listed(in_list), alone).decline == "declined"


@pytest.mark.parametrize(
    "changes", [{"status": "draft"}, {"status": "void"}, {"attempted": False}, {"status": "paid"}]
)
def test_what_was_not_tried_or_is_not_owed_was_not_refused(changes: dict[str, Any]) -> None:
    in_list, _ = refused(2)
    assert looked(subscription(), listed({**in_list, **changes}, invoice(1))).decline == ""


def test_money_that_is_on_its_way_is_not_refused() -> None:
    in_list, _ = refused(2)
    on_its_way = {"type": "payment_intent", "payment_intent": intent("processing")}
    alone = invoice(2, payment(2, status="open", payment=on_its_way), status="open")
    assert looked(subscription(), listed(in_list), alone).decline == ""


# --- ending ------------------------------------------------------------------------------------


def ended(*answers: Any, at_period_end: bool) -> tuple[SubscriptionObservation, Wire]:
    wire = Wire(*answers)
    seen = asyncio.run(
        strategy(wire).cancel_subscription("sub_1", at_period_end=at_period_end, key="k-end-1")
    )
    return seen, wire


def test_one_is_ended_at_once_and_looked_at_again() -> None:
    over = subscription("canceled", ended_at=int(START.timestamp()))
    seen, wire = ended(over, over, listed(invoice()), at_period_end=False)
    assert (seen.state, seen.source) == (S.ENDED, Source.CLOSE)
    assert wire.requests[0].method == "DELETE"
    assert wire.requests[0].url.path == "/v1/subscriptions/sub_1"


def test_one_is_ended_with_its_period_under_our_key() -> None:
    ending = subscription(cancel_at_period_end=True)
    seen, wire = ended(ending, ending, listed(invoice()), at_period_end=True)
    assert seen.state is S.ACTIVE and seen.ends_at is not None
    assert wire.requests[0].method == "POST"
    assert wire.requests[0].headers["idempotency-key"] == "k-end-1"
    assert form(wire.requests[0]) == {"cancel_at_period_end": ["true"]}


@pytest.mark.parametrize("status, at_period_end", [(404, False), (400, True), (400, False)])
def test_a_refused_end_is_answered_with_what_it_is_where_it_is_over(
    status: int, at_period_end: bool
) -> None:
    over = subscription("canceled", ended_at=int(START.timestamp()))
    seen, _ = ended(refusal(status), over, listed(invoice()), at_period_end=at_period_end)
    assert seen.state is S.ENDED


@pytest.mark.parametrize("at_period_end", [True, False])
def test_an_end_that_stripe_refuses_while_it_runs_is_a_refusal(at_period_end: bool) -> None:
    """Somebody would believe that nothing is taken any more."""
    with pytest.raises(Rejected):
        ended(refusal(400), subscription(), listed(invoice()), at_period_end=at_period_end)


def test_one_that_ends_with_its_period_is_not_ended_at_once_by_a_refusal() -> None:
    ending = subscription(cancel_at_period_end=True)
    seen, _ = ended(refusal(400), ending, listed(invoice()), at_period_end=True)
    assert seen.ends_at is not None
    with pytest.raises(Rejected):
        ended(refusal(404), ending, listed(invoice()), at_period_end=False)


@pytest.mark.parametrize("status", [401, 403])
def test_an_end_that_this_key_may_not_ask_for_is_a_refusal_at_once(status: int) -> None:
    with pytest.raises(Rejected) as refused:
        ended(refusal(status), at_period_end=False)
    assert refused.value.status == status


def test_an_end_without_a_look_afterwards_proves_nothing() -> None:
    with pytest.raises(Unavailable):
        ended(subscription("canceled"), refusal(503), at_period_end=False)


# --- the session that begins one ---------------------------------------------------------------


@pytest.mark.parametrize("told", ["sub_1", {"id": "sub_1", "object": "subscription"}])
def test_the_session_names_the_subscription_that_it_began(told: Any) -> None:
    paid = session(
        status="complete",
        payment_status="paid",
        subscription=told,
        invoice={"status": "paid", "payments": listed(payment(1))},
    )
    seen = observation_from(paid, source=Source.POLL, provider_account="acct_1", at=START)
    assert (seen.state, seen.subscription_id) == (SessionState.PAID, "sub_1")
    assert seen.payments == (SeenPayment("pi_1", FIVE),)


@pytest.mark.parametrize(
    "status, state",
    [
        ("open", SessionState.PROCESSING),
        ("paid", SessionState.PAID),
        ("void", SessionState.FAILED),
        ("uncollectible", SessionState.FAILED),
    ],
)
def test_a_first_payment_that_came_late_is_seen_by_its_invoice(
    status: str, state: SessionState
) -> None:
    waits = session(
        status="complete",
        subscription="sub_1",
        invoice={"status": status, "payments": listed(payment(1))},
    )
    seen = observation_from(waits, source=Source.POLL, provider_account="acct_1", at=START)
    assert seen.state is state and bool(seen.payments) is (status == "paid")


# --- events ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["subscription_cycle", "subscription_update", "manual"])
def test_an_invoice_of_a_subscription_tells_of_it(kind: str) -> None:
    assert news_of_invoice(invoice(2, billing_reason=kind)) == SubscriptionNews("sub_1")


def test_the_first_invoice_leads_to_the_attempt_by_our_reference() -> None:
    assert news_of_invoice(invoice(1)) == Recheck(str(REFERENCE), FIVE)
    for nothing in (0, None, "500"):
        assert news_of_invoice(invoice(1, amount_paid=nothing)) == Recheck(str(REFERENCE))


@pytest.mark.parametrize("metadata", [{}, None, {"reference": "order 7"}])
@pytest.mark.parametrize("number", [1, 2])
def test_a_strangers_subscription_is_not_looked_at(number: int, metadata: Any) -> None:
    reference = (metadata or {}).get("reference", "")
    details = {"metadata": metadata, "subscription": "sub_9"}
    theirs = invoice(number, parent={"subscription_details": details})
    assert news_of_invoice(theirs) == Recheck(reference)
    assert news_of_subscription(subscription(metadata=metadata)) == Recheck(reference)


def test_one_that_came_expanded_is_named_by_its_id() -> None:
    details = {"metadata": {"reference": str(REFERENCE)}, "subscription": {"id": "sub_9"}}
    expanded = invoice(2, parent={"subscription_details": details})
    assert news_of_invoice(expanded) == SubscriptionNews("sub_9")


@pytest.mark.parametrize(
    "parent", [None, {"subscription_details": None}, {"quote_details": {"quote": "qt_1"}}]
)
def test_an_invoice_of_no_subscription_is_none_of_the_tills(parent: Any) -> None:
    assert news_of_invoice(invoice(2, parent=parent)) is None


def test_an_event_of_a_subscription_names_it() -> None:
    assert news_of_subscription(subscription("past_due")) == SubscriptionNews("sub_1")
    assert news_of_subscription(subscription(id=None)) is None
