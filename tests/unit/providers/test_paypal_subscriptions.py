"""PayPal's subscriptions as sessions: what is asked for, and what each state comes to."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from app.domain.money import Money
from app.domain.observation import Observation, SeenPayment, SessionState, Source
from app.domain.presentation import PresentedLine
from app.errors import InvariantError, Protocol, Rejected
from app.providers.paypal.subscriptions import LIFETIME, parameters_of
from app.providers.strategy import OpenedSession
from app.providers.subscribing import KeepsPlans, PlanGone, Subscribes
from tests.integration.sandbox.paypal.official import check_named
from tests.parts.clock import START, VirtualClock
from tests.parts.paypal import REFERENCE, Desk, money, refusal, strategy
from tests.parts.paypal_subscriptions import (
    ONE,
    PAGE,
    PAYMENTS,
    PLAN,
    RENEWAL,
    SALE,
    SUBSCRIPTION,
    SUBSCRIPTIONS,
    info,
    listed,
    plan,
    subscription,
    transaction,
)
from tests.parts.stripe import request

S = SessionState
PAID = (SeenPayment(SALE, Money(500, "EUR")),)
NO_LONGER = refusal(422, "SUBSCRIPTION_STATUS_INVALID")


def asked() -> dict[str, Any]:
    lines = (PresentedLine("Coffee club", 500, "monthly"),)
    return asyncio.run(strategy(Desk()).prepare_session(request(lines=lines, plan_id=PLAN)))


def opened(made: Any, whole: Any, *, live: bool = False) -> OpenedSession:
    desk = Desk().on("POST", SUBSCRIPTIONS, made).on("GET", ONE, whole)
    till = strategy(desk, live=live)
    return asyncio.run(till.open_session(asked(), key=REFERENCE.key("create")))


def looked(
    document: Any, *transactions: Any, later: timedelta = timedelta(0), clock: Any = None
) -> Observation:
    desk = Desk().on("GET", ONE, document).on("GET", PAYMENTS, listed(*transactions))
    till = strategy(desk, clock=clock or VirtualClock(START + later))
    return asyncio.run(till.fetch(SUBSCRIPTION, source=Source.POLL))


def test_a_subscription_is_asked_for_by_its_plan_under_our_reference() -> None:
    parameters = asked()
    assert json.loads(json.dumps(parameters)) == parameters
    assert parameters == {
        "plan_id": PLAN,
        "custom_id": str(REFERENCE),
        "application_context": {
            "return_url": "https://shop.example/thanks",
            "cancel_url": "https://shop.example/back",
            "user_action": "CONTINUE",
            "shipping_preference": "NO_SHIPPING",
        },
    }


def test_what_is_asked_for_is_what_the_official_description_takes() -> None:
    check_named("billing_subscriptions_v1", "subscription_request_post", asked())


def test_what_recurs_is_never_asked_for_as_a_single_payment() -> None:
    lines = (PresentedLine("Coffee club", 500, "monthly"),)
    with pytest.raises(InvariantError, match="without a plan"):
        asyncio.run(strategy(Desk()).prepare_session(request(lines=lines)))
    single = asyncio.run(strategy(Desk()).prepare_session(request(plan_id=PLAN)))
    assert "purchase_units" in single


def test_both_ways_back_are_always_named_and_plain() -> None:
    page = "https://x.example/success?a=1&session={CHECKOUT_SESSION_ID}"
    context = parameters_of(request(plan_id=PLAN, success_url=page, cancel_url=""))[
        "application_context"
    ]
    assert context["return_url"] == context["cancel_url"] == "https://x.example/success?a=1"


def test_the_page_of_a_subscription_is_where_it_is_approved() -> None:
    session = opened(subscription(), subscription())
    assert (session.session_id, session.url) == (SUBSCRIPTION, PAGE)
    assert session.amount == Money(500, "EUR")
    assert session.expires_at == START + LIFETIME


def test_a_short_answer_is_looked_up_and_keeps_its_page() -> None:
    few = {"id": SUBSCRIPTION, "status": "APPROVAL_PENDING", "links": subscription()["links"]}
    session = opened(few, subscription(links=[]))
    assert (session.url, session.amount) == (PAGE, Money(500, "EUR"))


def test_what_it_costs_is_what_its_plan_says_now() -> None:
    session = opened(subscription(), subscription(plan=plan("6.00")))
    assert session.amount == Money(600, "EUR")


def test_another_subscription_under_the_same_key_proves_nothing() -> None:
    for other in ({"custom_id": "t11111-0rder0000002-1"}, {"plan_id": "P-OTHER"}):
        with pytest.raises(Protocol, match="another request under the same key"):
            opened(subscription(), subscription(**other))


@pytest.mark.parametrize(
    "status, issue",
    [(404, "INVALID_RESOURCE_ID"), (422, "PLAN_STATUS_INVALID"), (422, "PLAN_STATUS_INACTIVE")],
)
def test_a_plan_that_is_dead_is_told_from_other_refusals(status: int, issue: str) -> None:
    with pytest.raises(PlanGone) as gone:
        opened(refusal(status, issue), subscription())
    assert (gone.value.code, gone.value.status) == (issue, status)
    assert gone.value.title and gone.value.action and gone.value.detail == "the reason"
    with pytest.raises(Rejected) as refused:
        opened(refusal(422, "USER_ACCOUNT_CLOSED"), subscription())
    assert not isinstance(refused.value, PlanGone)
    with pytest.raises(Rejected) as refused:
        opened(subscription(), refusal(404, "INVALID_RESOURCE_ID"))
    assert not isinstance(refused.value, PlanGone)


@pytest.mark.parametrize(
    "whole",
    [
        subscription(plan=None),
        subscription(quantity="2"),
        subscription(plan=plan("5.001")),
    ],
)
def test_one_that_does_not_say_what_it_costs_proves_nothing(whole: Any) -> None:
    with pytest.raises(Protocol):
        opened(subscription(), whole)


@pytest.mark.parametrize(
    "url",
    [
        PAGE.replace("www.sandbox.", "www."),
        PAGE.replace("paypal.com", "paypal.com.evil.example"),
        PAGE.replace("https", "http"),
        "",
    ],
)
def test_a_page_that_is_not_paypals_own_of_this_mode_is_never_shown(
    url: str, expected_logs: Any
) -> None:
    links = [{"href": url, "rel": "approve"}]
    assert opened(subscription(links=links), subscription(links=links)).url == ""
    expected_logs.take("has no page of PayPal's")
    live = [{"href": PAGE.replace("www.sandbox.", "www."), "rel": "approve"}]
    assert opened(subscription(links=live), subscription(links=live), live=True).url


def test_before_anybody_agreed_it_is_open_and_no_subscription_yet() -> None:
    desk = Desk().on("GET", ONE, subscription())
    seen = asyncio.run(strategy(desk).fetch(SUBSCRIPTION, source=Source.POLL))
    assert (seen.state, seen.is_final, seen.payments, seen.decline) == (S.OPEN, False, (), None)
    assert (seen.reference, seen.session_id) == (str(REFERENCE), SUBSCRIPTION)
    assert seen.subscription_id == ""
    # Nobody asks for payments that cannot be.
    assert [each.url.path for each in desk.requests] == [ONE]
    assert desk.requests[0].url.params["fields"] == "plan,last_failed_payment"


@pytest.mark.parametrize("status, state", [("APPROVED", S.APPROVED), ("ACTIVE", S.PROCESSING)])
def test_one_that_is_called_active_is_paid_by_its_payments_only(
    status: str, state: SessionState
) -> None:
    seen = looked(subscription(status))
    assert (seen.state, seen.payments, seen.is_final) == (state, (), False)
    seen = looked(subscription(status), transaction(status="PENDING"))
    assert (seen.state, seen.subscription_id) == (S.PROCESSING, SUBSCRIPTION)
    seen = looked(subscription(status), transaction())
    assert (seen.state, seen.payments, seen.is_final) == (S.PAID, PAID, True)
    assert seen.subscription_id == SUBSCRIPTION


@pytest.mark.parametrize("status", ["ACTIVE", "SUSPENDED", "CANCELLED", "EXPIRED"])
@pytest.mark.parametrize("payment", ["COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED"])
def test_what_was_paid_stays_paid_whatever_became_of_it(status: str, payment: str) -> None:
    seen = looked(subscription(status), transaction(status=payment))
    assert (seen.state, seen.payments, seen.is_final) == (S.PAID, PAID, True)


def test_a_payment_that_pends_or_was_declined_is_none() -> None:
    for status in ("PENDING", "DECLINED"):
        seen = looked(subscription("ACTIVE"), transaction(status=status))
        assert (seen.state, seen.payments, seen.is_final) == (S.PROCESSING, (), False)


def test_the_first_payment_is_the_sessions_and_no_renewal() -> None:
    later = transaction(RENEWAL, at="2026-12-21T08:59:31Z")
    seen = looked(subscription("ACTIVE"), later, transaction(), later=timedelta(days=40))
    assert seen.payments == PAID


@pytest.mark.parametrize(
    "states, state",
    [
        (["PENDING"], S.PROCESSING),
        (["DECLINED"], S.PROCESSING),
        (["DECLINED", "PENDING"], S.PROCESSING),
        (["DECLINED", "COMPLETED"], S.PAID),
        # Which payment began it is not known before the first is decided.
        (["PENDING", "COMPLETED"], S.PROCESSING),
        (["COMPLETED", "PENDING"], S.PAID),
        (["COMPLETED", "DECLINED"], S.PAID),
    ],
)
def test_payments_count_by_their_own_states_in_their_order(
    states: list[str], state: SessionState
) -> None:
    lines = [
        transaction(f"T{place}", each, f"2026-11-21T08:5{place}:00Z")
        for place, each in enumerate(states)
    ]
    seen = looked(subscription("ACTIVE"), *reversed(lines))
    assert seen.state is state
    good = [f"T{place}" for place, each in enumerate(states) if each == "COMPLETED"]
    expected = good[:1] if state is S.PAID else []
    assert [payment.payment_id for payment in seen.payments] == expected


def test_money_that_went_back_stands_in_the_list_and_is_no_payment() -> None:
    back = {"gross_amount": money("-5.00")}
    line = transaction("BACK", at="2026-11-21T08:59:00Z", amount_with_breakdown=back)
    assert looked(subscription("ACTIVE"), line, transaction()).payments == PAID


def test_what_was_taken_counts_and_not_what_the_plan_says() -> None:
    seen = looked(
        subscription("ACTIVE"), transaction(amount_with_breakdown={"gross_amount": money("4.99")})
    )
    assert seen.payments == (SeenPayment(SALE, Money(499, "EUR")),)


def test_a_first_payment_that_was_refused_leaves_it_open_with_the_reason() -> None:
    why = {"amount": money(), "time": "2026-11-21T08:59:31Z", "reason_code": "PAYER_CANNOT_PAY"}
    failed = subscription("ACTIVE", billing_info=info(1, last_failed_payment=why))
    seen = looked(failed)
    assert (seen.state, seen.decline, seen.is_final) == (S.OPEN, "payer_cannot_pay", False)
    seen = looked(subscription("SUSPENDED", billing_info=info(3)))
    assert (seen.state, seen.decline) == (S.OPEN, "payment_denied")
    # The till ends it while it is open; one that was left is failed, and may be paid any day.
    assert looked(failed, later=LIFETIME).state is S.OPEN
    seen = looked(failed, later=LIFETIME + timedelta(hours=1))
    assert (seen.state, seen.is_final, seen.payments) == (S.FAILED, False, ())
    assert seen.decline is None


def test_a_page_that_nobody_agreed_on_for_a_day_is_over() -> None:
    assert looked(subscription(), later=timedelta(hours=23)).state is S.OPEN
    seen = looked(subscription(), later=timedelta(hours=24))
    assert (seen.state, seen.is_final) == (S.EXPIRED, True)


@pytest.mark.parametrize("status", ["CANCELLED", "EXPIRED"])
def test_one_that_ended_unpaid_is_over_once_nothing_can_be_on_its_way(status: str) -> None:
    seen = looked(subscription(status))
    assert (seen.state, seen.is_final, seen.payments) == (S.EXPIRED, False, ())
    seen = looked(subscription(status), later=timedelta(hours=1))
    assert (seen.state, seen.is_final) == (S.EXPIRED, True)
    never = looked(subscription(status, billing_info=None))
    assert (never.state, never.is_final, never.subscription_id) == (S.EXPIRED, True, "")


@pytest.mark.parametrize(
    "document, lines",
    [
        (subscription("SOMETHING_NEW"), []),
        (subscription("ACTIVE", id=None), []),
        (subscription("ACTIVE", create_time=None), []),
        (subscription("ACTIVE"), [transaction(status="SOMETHING_NEW")]),
        (subscription("ACTIVE"), [transaction(), transaction(status="SOMETHING_NEW")]),
        (subscription("ACTIVE"), [transaction(at="soon")]),
        (subscription("ACTIVE"), [transaction(id="")]),
        (subscription("ACTIVE"), [transaction(amount_with_breakdown=None)]),
        (
            subscription("ACTIVE"),
            [transaction(amount_with_breakdown={"gross_amount": money("5.001")})],
        ),
    ],
)
def test_what_breaks_paypals_own_rules_proves_nothing(document: Any, lines: Any) -> None:
    with pytest.raises(Protocol):
        looked(document, *lines)


def test_every_page_of_its_payments_is_read_over_all_its_life() -> None:
    onward = [{"href": f"https://evil.example{PAYMENTS}?page=2", "rel": "next"}]
    desk = Desk().on("GET", ONE, subscription("ACTIVE"))
    desk.on("GET", PAYMENTS, listed(transaction(RENEWAL), links=onward), listed(transaction()))
    clock = VirtualClock(START + timedelta(days=90))
    seen = asyncio.run(strategy(desk, clock=clock).fetch(SUBSCRIPTION, source=Source.POLL))
    assert seen.payments
    asked = [dict(each.url.params) for each in desk.requests if each.url.path == PAYMENTS]
    assert asked[0] == {"start_time": "2026-11-20T08:59:00Z", "end_time": "2027-02-20T09:00:00Z"}
    assert asked[1] == {"page": "2"}
    assert {each.url.host for each in desk.requests} == {"api-m.sandbox.paypal.com"}


def test_without_a_list_of_payments_it_is_unpaid_and_not_gone() -> None:
    desk = Desk().on("GET", ONE, subscription("ACTIVE"))
    seen = asyncio.run(strategy(desk).fetch(SUBSCRIPTION, source=Source.POLL))
    assert (seen.state, seen.payments) == (S.PROCESSING, ())
    with pytest.raises(Rejected) as refused:
        asyncio.run(strategy(Desk()).fetch(SUBSCRIPTION, source=Source.POLL))
    assert refused.value.status == 404


def test_the_page_of_a_subscription_is_asked_for_anew() -> None:
    desk = Desk().on("GET", ONE, subscription(), subscription("ACTIVE"))
    till = strategy(desk)
    assert asyncio.run(till.page_of(SUBSCRIPTION)) == PAGE
    assert asyncio.run(till.page_of(SUBSCRIPTION)) == ""


def test_it_takes_one_subscription_by_itself_and_ends_it_at_once() -> None:
    till: object = strategy(Desk())
    assert isinstance(till, KeepsPlans) and isinstance(till, Subscribes)
    takes = strategy(Desk()).capabilities
    assert {each.value for each in takes.intervals} == {"weekly", "monthly", "yearly"}
    assert (takes.mixes_recurring, takes.max_lines_recurring) == (False, 1)
    assert (takes.cancels_now, takes.cancels_at_period_end) == (True, False)
