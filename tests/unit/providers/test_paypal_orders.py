"""PayPal's orders: what is asked for, and what each state of order and capture comes to."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.money import Money
from app.domain.observation import Observation, SeenPayment, SessionState, Source
from app.domain.presentation import PresentedLine
from app.errors import Protocol, Rejected, Unavailable
from app.providers.paypal.amounts import money_from
from app.providers.paypal.orders import order_parameters
from app.providers.strategy import OpenedSession, RefundRequest
from tests.integration.sandbox.paypal.official import check_named
from tests.parts.clock import VirtualClock
from tests.parts.paypal import (
    CAPTURE,
    ORDER,
    PAGE,
    REFERENCE,
    Desk,
    capture,
    money,
    order,
    refusal,
    strategy,
)
from tests.parts.stripe import request

ORDERS = "/v2/checkout/orders"
CAPTURING = f"{ORDERS}/{ORDER}/capture"
S = SessionState


def opened(document: Any, **changes: Any) -> OpenedSession:
    desk = Desk().on("POST", ORDERS, document)
    till = strategy(desk, **changes)

    async def run() -> OpenedSession:
        parameters = await till.prepare_session(request())
        return await till.open_session(parameters, key=REFERENCE.key("create"))

    return asyncio.run(run())


def looked(document: Any) -> Observation:
    desk = Desk().on("GET", f"{ORDERS}/{ORDER}", document)
    return asyncio.run(strategy(desk).fetch(ORDER, source=Source.POLL))


def taken(answer: Any, *looks: Any) -> tuple[Observation, Desk]:
    desk = Desk().on("POST", CAPTURING, answer).on("GET", f"{ORDERS}/{ORDER}", *looks or ({},))
    return asyncio.run(strategy(desk).capture(ORDER, key=REFERENCE.key("capture"))), desk


def test_an_order_carries_our_reference_twice_and_asks_for_payment_now() -> None:
    asked = order_parameters(request())
    assert json.loads(json.dumps(asked)) == asked and asked == order_parameters(request())
    (unit,) = asked["purchase_units"]
    assert asked["intent"] == "CAPTURE"
    assert unit["custom_id"] == unit["invoice_id"] == str(REFERENCE)
    context = asked["payment_source"]["paypal"]["experience_context"]
    assert context == {
        "return_url": "https://shop.example/thanks",
        "cancel_url": "https://shop.example/back",
        "user_action": "PAY_NOW",
        "shipping_preference": "NO_SHIPPING",
    }


def test_what_another_provider_fills_into_the_return_page_is_left_out() -> None:
    pages = {"success_url": "https://x.example/success?a=1&session={CHECKOUT_SESSION_ID}"}
    asked = order_parameters(request(**pages, cancel_url=""))
    context = asked["payment_source"]["paypal"]["experience_context"]
    assert context["return_url"] == "https://x.example/success?a=1"
    assert "cancel_url" not in context


@given(st.lists(st.integers(1, 10**7), min_size=1, max_size=20))
def test_items_and_their_total_sum_to_the_amount_exactly(parts: list[int]) -> None:
    lines = tuple(PresentedLine(f"L{place}", minor) for place, minor in enumerate(parts))
    asked = order_parameters(request(amount=Money(sum(parts), "EUR"), lines=lines))
    (unit,) = asked["purchase_units"]
    total = money_from({k: unit["amount"][k] for k in ("currency_code", "value")})
    assert (
        total == Money(sum(parts), "EUR") == money_from(unit["amount"]["breakdown"]["item_total"])
    )
    assert sum(money_from(item["unit_amount"]).minor for item in unit["items"]) == total.minor
    assert {item["quantity"] for item in unit["items"]} == {"1"}


@pytest.mark.parametrize(
    "status, rel", [("PAYER_ACTION_REQUIRED", "payer-action"), ("CREATED", "approve")]
)
def test_an_order_is_taken_in_either_of_its_two_forms(status: str, rel: str) -> None:
    links = [{"href": "https://api-m.paypal.com/x", "rel": "self"}, {"href": PAGE, "rel": rel}]
    session = opened(order(status, links=links))
    assert (session.session_id, session.url) == (ORDER, PAGE)
    assert session.amount == Money(500, "EUR")


@pytest.mark.parametrize(
    "url",
    [
        "https://www.paypal.com/checkoutnow?token=x",
        "https://www.sandbox.paypal.com.evil.example/checkoutnow",
        "https://www.sandbox.paypal.com:444/checkoutnow",
        "https://u@www.sandbox.paypal.com/checkoutnow",
        "http://www.sandbox.paypal.com/checkoutnow",
        "https://sandbox.paypal.com/checkoutnow",
        "",
    ],
)
def test_a_page_that_is_not_paypals_own_of_this_mode_is_never_shown(
    url: str, expected_logs: Any
) -> None:
    assert opened(order(links=[{"href": url, "rel": "payer-action"}])).url == ""
    expected_logs.take("has no page of PayPal's")


def test_live_and_test_have_each_their_own_host() -> None:
    live, test = (strategy(Desk(), live=is_live).capabilities for is_live in (True, False))
    assert live.page_hosts == {"www.paypal.com"} and test.page_hosts == {"www.sandbox.paypal.com"}
    assert live.page_origin == test.page_origin == ""


def test_another_order_under_the_same_key_proves_nothing() -> None:
    other = order()
    other["purchase_units"][0]["custom_id"] = "t11111-0rder0000002-1"
    with pytest.raises(Protocol, match="another request under the same key"):
        opened(other)


def test_the_amount_that_is_reported_is_the_orders_own() -> None:
    other = order()
    other["purchase_units"][0]["amount"] = money("4.00")
    assert opened(other).amount == Money(400, "EUR")


def test_an_order_is_asked_for_under_its_key() -> None:
    desk = Desk().on("POST", ORDERS, order())
    till = strategy(desk)
    asyncio.run(till.open_session(order_parameters(request()), key=REFERENCE.key("create")))
    (sent,) = desk.requests
    assert sent.headers["paypal-request-id"] == REFERENCE.key("create")


@pytest.mark.parametrize("status", ["CREATED", "SAVED", "PAYER_ACTION_REQUIRED"])
def test_an_order_that_waits_for_the_customer_is_open(status: str) -> None:
    seen = looked(order(status))
    assert (seen.state, seen.is_final, seen.payments, seen.decline) == (S.OPEN, False, (), None)
    assert (seen.reference, seen.session_id, seen.live) == (str(REFERENCE), ORDER, False)


def test_an_approval_moves_no_money() -> None:
    seen = looked(order("APPROVED"))
    assert (seen.state, seen.payments, seen.is_final) == (S.APPROVED, (), False)


def test_a_voided_order_is_over() -> None:
    seen = looked(order("VOIDED"))
    assert (seen.state, seen.is_final) == (S.EXPIRED, True)


@pytest.mark.parametrize(
    "states, state, is_final",
    [
        (["COMPLETED"], S.PAID, True),
        (["REFUNDED"], S.PAID, True),
        (["PARTIALLY_REFUNDED"], S.PAID, True),
        (["PENDING"], S.PROCESSING, False),
        (["DECLINED"], S.FAILED, True),
        (["FAILED"], S.FAILED, True),
        (["DECLINED", "COMPLETED"], S.PAID, True),
        (["COMPLETED", "PENDING"], S.PAID, False),
        (["DECLINED", "PENDING"], S.PROCESSING, False),
    ],
)
def test_a_completed_order_is_judged_by_its_captures_only(
    states: list[str], state: SessionState, is_final: bool
) -> None:
    captures = [capture(each, id=f"C{place}") for place, each in enumerate(states)]
    seen = looked(order("COMPLETED", *captures))
    assert (seen.state, seen.is_final) == (state, is_final)
    good = {"COMPLETED", "REFUNDED", "PARTIALLY_REFUNDED"}
    ids = [f"C{place}" for place, each in enumerate(states) if each in good]
    assert [payment.payment_id for payment in seen.payments] == ids


def test_what_was_captured_counts_and_not_what_was_asked_for() -> None:
    seen = looked(order("COMPLETED", capture(amount=money("4.99"))))
    assert seen.payments == (SeenPayment(CAPTURE, Money(499, "EUR")),)


@pytest.mark.parametrize(
    "document",
    [
        order("COMPLETED"),
        order("COMPLETED", capture("SOMETHING_NEW")),
        order("COMPLETED", capture("COMPLETED"), capture("SOMETHING_NEW")),
        order("SOMETHING_NEW"),
        order(None),  # type: ignore[arg-type]
        order("COMPLETED", capture(amount=money("5.001"))),
        order("COMPLETED", capture(amount=None)),
        order("COMPLETED", capture(id="")),
        order("APPROVED", id=None),
    ],
)
def test_what_breaks_paypals_own_rules_proves_nothing(document: Any) -> None:
    with pytest.raises(Protocol):
        looked(document)


def test_an_order_that_is_gone_is_a_refusal_with_its_status() -> None:
    with pytest.raises(Rejected) as refused:
        asyncio.run(strategy(Desk()).fetch(ORDER, source=Source.POLL))
    assert refused.value.status == 404
    assert strategy(Desk()).capabilities.forgets_unpaid


def test_a_capture_is_asked_for_with_an_empty_object_under_its_key() -> None:
    seen, desk = taken(order("COMPLETED", capture()))
    (sent,) = desk.requests
    assert sent.content == b"{}"
    assert sent.headers["paypal-request-id"] == REFERENCE.key("capture")
    assert seen.state is S.PAID and seen.payments == (SeenPayment(CAPTURE, Money(500, "EUR")),)


@pytest.mark.parametrize("issue", ["ORDER_ALREADY_CAPTURED", "ORDER_ALREADY_COMPLETED"])
def test_what_was_captured_before_is_looked_at(issue: str) -> None:
    seen, _ = taken(refusal(422, issue), order("COMPLETED", capture()))
    assert seen.state is S.PAID


def test_an_order_that_is_not_approved_after_all_is_looked_at() -> None:
    seen, _ = taken(refusal(422, "ORDER_NOT_APPROVED"), order())
    assert (seen.state, seen.decline) == (S.OPEN, None)


@pytest.mark.parametrize(
    "issue",
    [
        "INSTRUMENT_DECLINED",
        "PAYER_CANNOT_PAY",
        "TRANSACTION_REFUSED",
        "REDIRECT_PAYER_FOR_ALTERNATE_FUNDING",
    ],
)
def test_a_declined_instrument_leaves_it_open_with_the_reason(issue: str) -> None:
    seen, _ = taken(refusal(422, issue), order("APPROVED"))
    assert (seen.state, seen.decline, seen.is_final) == (S.OPEN, issue.lower(), False)
    assert seen.reference == str(REFERENCE)


def test_a_challenge_leaves_it_open_without_a_decline() -> None:
    seen, _ = taken(refusal(422, "PAYER_ACTION_REQUIRED"), order("APPROVED"))
    assert (seen.state, seen.decline) == (S.OPEN, "")


def test_a_decline_of_what_was_captured_meanwhile_is_none() -> None:
    seen, _ = taken(refusal(422, "INSTRUMENT_DECLINED"), order("COMPLETED", capture()))
    assert seen.state is S.PAID


def test_a_capture_under_way_is_waited_for() -> None:
    with pytest.raises(Unavailable):
        taken(refusal(422, "ORDER_COMPLETION_IN_PROGRESS"))


def test_any_other_refusal_of_a_capture_is_one() -> None:
    with pytest.raises(Rejected) as refused:
        taken(refusal(422, "PAYEE_ACCOUNT_RESTRICTED"))
    assert refused.value.code == "PAYEE_ACCOUNT_RESTRICTED"


def test_an_answer_to_a_capture_that_says_too_little_is_looked_up() -> None:
    few = {"id": ORDER, "status": "COMPLETED"}
    seen, desk = taken(few, order("COMPLETED", capture()))
    assert seen.state is S.PAID and [each.method for each in desk.requests] == ["POST", "GET"]


def test_the_reference_is_found_in_the_capture_where_the_answer_has_it_only_there() -> None:
    answer = order("COMPLETED", capture())
    del answer["purchase_units"][0]["custom_id"]
    assert taken(answer)[0].reference == str(REFERENCE)


def test_what_was_declined_is_no_approval_until_the_customer_agrees_anew_or_time_passes() -> None:
    agreed, anew = order("APPROVED", payer={"id": 1}), order("APPROVED", payer={"id": 2})
    desk = Desk().on("POST", CAPTURING, refusal(422, "INSTRUMENT_DECLINED"))
    desk.on("GET", f"{ORDERS}/{ORDER}", agreed, agreed, anew, agreed, agreed)
    clock = VirtualClock()
    till = strategy(desk, clock=clock)
    asyncio.run(till.capture(ORDER, key=REFERENCE.key("capture")))

    def look() -> Observation:
        return asyncio.run(till.fetch(ORDER, source=Source.POLL))

    seen = look()
    assert (seen.state, seen.decline) == (S.OPEN, "instrument_declined")
    assert look().state is S.APPROVED
    assert look().state is S.OPEN
    clock.advance(31)
    assert look().state is S.APPROVED


@pytest.mark.parametrize("status", ["PAYER_ACTION_REQUIRED", "CREATED", "APPROVED"])
def test_closing_needs_no_call_what_was_not_captured_is_over(status: str) -> None:
    desk = Desk().on("GET", f"{ORDERS}/{ORDER}", order(status))
    seen = asyncio.run(strategy(desk).close_session(ORDER, key="k-close-1"))
    assert (seen.state, seen.is_final, seen.source) == (S.EXPIRED, True, Source.CLOSE)
    assert [each.method for each in desk.requests] == ["GET"]


@pytest.mark.parametrize("status, state", [("COMPLETED", S.PAID), ("PENDING", S.PROCESSING)])
def test_closing_what_was_captured_says_what_it_is(status: str, state: SessionState) -> None:
    desk = Desk().on("GET", f"{ORDERS}/{ORDER}", order("COMPLETED", capture(status)))
    seen = asyncio.run(strategy(desk).close_session(ORDER, key="k-close-1"))
    assert seen.state is state


def test_pages_move_only_with_a_simulator() -> None:
    till = strategy(Desk(), api_base="http://127.0.0.1:9/paypal")
    till.move_pages("http://192.168.1.7:8484")
    assert till.capabilities.page_origin == "http://127.0.0.1:9"
    assert till.capabilities.phones_origin == "http://192.168.1.7:8484"
    with pytest.raises(Exception, match="PayPal's own and do not move"):
        strategy(Desk()).move_pages("http://192.168.1.7:8484")


def test_the_page_of_an_order_is_asked_for_anew() -> None:
    desk = Desk().on("GET", f"{ORDERS}/{ORDER}", order(), order("APPROVED", links=[]))
    till = strategy(desk)
    assert asyncio.run(till.page_of(ORDER)) == PAGE
    assert asyncio.run(till.page_of(ORDER)) == ""


def test_what_is_asked_for_is_what_the_official_description_takes() -> None:
    asked = order_parameters(request())
    check_named("checkout_orders_v2", "order_request", asked)
    back = RefundRequest(CAPTURE, Money(200, "EUR"), REFERENCE.key("refund-1"), REFERENCE)
    sent = strategy(Desk()).prepare_refund(back)["body"]
    check_named("payments_payment_v2", "refund_request", sent)
