"""What a subscription of PayPal's took: its own record, its news, its refunds, fees and lists."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from app.domain.catalog import BillingInterval
from app.domain.fee import FeeKind, SeenFee
from app.domain.money import Money
from app.domain.observation import Observation, SeenPayment, Source
from app.domain.refund import RefundObservation, RefundState
from app.domain.subscription import SubscriptionObservation, SubscriptionState
from app.errors import MoneyMoved, Protocol, Rejected
from app.providers.paypal.events import WANTED
from app.providers.strategy import Recheck, RefundRequest
from app.providers.subscribing import SubscriptionNews
from tests.parts.clock import START, VirtualClock
from tests.parts.paypal import (
    API,
    REFERENCE,
    REFUND,
    Desk,
    capture,
    money,
    refund,
    refusal,
    strategy,
)
from tests.parts.paypal_subscriptions import (
    CANCEL,
    ONE,
    PAYMENTS,
    RENEWAL,
    SALE,
    SUBSCRIPTION,
    cycle,
    info,
    listed,
    plan,
    sale,
    sale_refund,
    subscription,
    transaction,
)
from tests.parts.stripe import Raw
from tests.unit.providers.test_paypal_errors import SPECS
from tests.unit.providers.test_paypal_events import told
from tests.unit.providers.test_paypal_lists import REPORT, line, report

T = TypeVar("T")
S = SubscriptionState
EUROS = Money(500, "EUR")
OF_SALE = f"/v2/payments/captures/{SALE}"
SINCE = START - timedelta(days=2)


def all_of(listed: AsyncIterator[T]) -> list[T]:
    async def read() -> list[T]:
        return [each async for each in listed]

    return asyncio.run(read())


def looked(document: Any, *transactions: Any) -> SubscriptionObservation:
    desk = Desk().on("GET", ONE, document).on("GET", PAYMENTS, listed(*transactions))
    return asyncio.run(strategy(desk).fetch_subscription(SUBSCRIPTION, source=Source.SWEEP))


def test_a_look_has_every_payment_and_names_the_first() -> None:
    renewal = transaction(RENEWAL, at="2026-12-21T10:00:00Z")
    seen = looked(subscription("ACTIVE"), renewal, transaction(status="REFUNDED"))
    assert seen.payments == (SeenPayment(SALE, EUROS), SeenPayment(RENEWAL, EUROS))
    assert seen.first_payment_id == SALE
    assert (seen.amount, seen.interval) == (EUROS, BillingInterval.MONTHLY)
    assert (seen.reference, seen.subscription_id) == (str(REFERENCE), SUBSCRIPTION)
    assert (seen.state, seen.source, seen.decline) == (S.ACTIVE, Source.SWEEP, "")
    assert seen.current_until == datetime(2026, 12, 21, 10, tzinfo=UTC)
    assert seen.ends_at is seen.ended_at is None


@pytest.mark.parametrize(
    "status, failures, state",
    [
        ("APPROVAL_PENDING", 0, S.PENDING),
        ("APPROVED", 0, S.PENDING),
        ("ACTIVE", 0, S.ACTIVE),
        ("ACTIVE", 1, S.PAST_DUE),
        ("SUSPENDED", 0, S.PAUSED),
        ("SUSPENDED", 3, S.PAST_DUE),
        ("CANCELLED", 1, S.ENDED),
        ("EXPIRED", 0, S.ENDED),
    ],
)
def test_every_state_of_a_subscription_is_one_of_the_tills(
    status: str, failures: int, state: SubscriptionState
) -> None:
    seen = looked(subscription(status, billing_info=info(failures)), transaction())
    assert seen.state is state
    assert bool(seen.decline) is bool(failures)
    is_over = state is S.ENDED
    assert (seen.ended_at is not None) is is_over and (seen.current_until is None) is is_over


def test_one_without_a_plan_or_in_no_state_of_paypals_proves_nothing() -> None:
    for odd in (
        subscription("ACTIVE", plan=None),
        subscription("ACTIVE", quantity="2"),
        subscription("SOMETHING_NEW"),
        subscription("ACTIVE", plan=plan(billing_cycles=[cycle(), cycle()])),
    ):
        with pytest.raises(Protocol):
            looked(odd, transaction())


def test_every_word_of_the_official_description_is_known() -> None:
    if SPECS is None:
        pytest.skip("SCANTILL_API_SPECS is not set")
    path = Path(SPECS) / "paypal" / "billing_subscriptions_v1.json"
    schemas = json.loads(path.read_text("utf-8"))["components"]["schemas"]
    for status in schemas["subscription_status"]["properties"]["status"]["enum"]:
        assert looked(subscription(status)).state in SubscriptionState
    for status in schemas["capture_status"]["properties"]["status"]["enum"]:
        looked(subscription("ACTIVE"), transaction(status=status))
    reasons = schemas["failed_payment_details"]["properties"]["reason_code"]["enum"]
    for reason in reasons:
        failed = {"amount": money(), "time": "2026-11-21T08:59:31Z", "reason_code": reason}
        seen = looked(subscription("ACTIVE", billing_info=info(1, last_failed_payment=failed)))
        assert seen.decline == reason.lower()
    assert len(reasons) >= 8


def ended(*answers: Any, looks: list[Any], at_period_end: bool = False) -> Any:
    desk = Desk().on("POST", CANCEL, *answers).on("GET", ONE, *looks)
    desk.on("GET", PAYMENTS, listed(transaction()))
    story = strategy(desk).cancel_subscription(
        SUBSCRIPTION, at_period_end=at_period_end, key=REFERENCE.key("end-1")
    )
    return asyncio.run(story), desk


def test_ending_one_is_asked_for_with_a_reason_and_looked_at() -> None:
    seen, desk = ended(Raw(204, b""), looks=[subscription("CANCELLED")])
    assert (seen.state, [each.payment_id for each in seen.payments]) == (S.ENDED, [SALE])
    assert 1 <= len(json.loads(desk.requests[0].content)["reason"]) <= 128


def test_one_that_is_over_already_is_answered_with_what_it_is() -> None:
    over = refusal(422, "SUBSCRIPTION_STATUS_INVALID")
    for status in ("CANCELLED", "EXPIRED"):
        assert ended(over, looks=[subscription(status)])[0].state is S.ENDED


def test_an_end_that_paypal_refuses_says_what_to_do() -> None:
    for issue in ("SUBSCRIPTION_STATUS_INVALID", "USER_ACCOUNT_CLOSED"):
        with pytest.raises(Rejected, match="did not end the subscription") as refused:
            ended(refusal(422, issue), looks=[subscription("ACTIVE")])
        assert (refused.value.code, refused.value.money) == (issue, MoneyMoved.NO)
        assert "at PayPal" in refused.value.action and refused.value.detail == "the reason"


def test_an_end_with_what_was_paid_for_is_nothing_that_paypal_has() -> None:
    with pytest.raises(Rejected, match="at once") as refused:
        ended(looks=[subscription("ACTIVE")], at_period_end=True)
    assert refused.value.action


def test_the_first_activation_leads_to_the_session_and_a_later_one_to_the_subscription() -> None:
    began = told("BILLING.SUBSCRIPTION.ACTIVATED", subscription("ACTIVE"))
    assert began == Recheck(str(REFERENCE), session_id=SUBSCRIPTION)
    later = subscription("ACTIVE", status_update_time="2027-02-01T08:00:00Z")
    for kind in ("ACTIVATED", "RE-ACTIVATED"):
        assert told(f"BILLING.SUBSCRIPTION.{kind}", later) == SubscriptionNews(SUBSCRIPTION)


@pytest.mark.parametrize("verb", ["CANCELLED", "EXPIRED", "PAYMENT.FAILED", "SUSPENDED", "UPDATED"])
def test_what_becomes_of_a_subscription_is_news_of_it(verb: str) -> None:
    assert f"BILLING.SUBSCRIPTION.{verb}" in WANTED
    seen = told(f"BILLING.SUBSCRIPTION.{verb}", subscription("ACTIVE"))
    assert seen == SubscriptionNews(SUBSCRIPTION)
    assert told(f"BILLING.SUBSCRIPTION.{verb}", {}) is None


@pytest.mark.parametrize("verb", ["COMPLETED", "DENIED", "PENDING", "REVERSED"])
def test_a_sale_is_news_of_its_subscription_and_of_its_payment(verb: str) -> None:
    assert f"PAYMENT.SALE.{verb}" in WANTED
    assert told(f"PAYMENT.SALE.{verb}", sale()) == SubscriptionNews(SUBSCRIPTION, SALE)
    # Sales of another kind are none of the till's.
    assert told(f"PAYMENT.SALE.{verb}", sale(billing_agreement_id=None)) is None


@pytest.mark.parametrize("total", ["-2.00", "2.00"])
@pytest.mark.parametrize("verb", ["REFUNDED", "REVERSED"])
def test_a_refund_of_a_sale_names_its_payment_and_our_key(verb: str, total: str) -> None:
    amount = {"total": total, "currency": "EUR"}
    seen = told(f"PAYMENT.SALE.{verb}", sale_refund(amount=amount))
    assert isinstance(seen, RefundObservation)
    assert (seen.refund.refund_id, seen.refund.payment_id) == (REFUND, SALE)
    assert (seen.refund.amount, seen.refund.state) == (Money(200, "EUR"), RefundState.SUCCEEDED)
    assert seen.refund.key == REFERENCE.key("refund-1")


def test_a_refund_of_a_sale_that_was_made_at_paypal_has_no_key() -> None:
    seen = told("PAYMENT.SALE.REFUNDED", sale_refund(custom=str(REFERENCE)))
    assert isinstance(seen, RefundObservation) and seen.refund.key == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "new"},
        {"state": None},
        {"amount": None},
        {"amount": {"total": "--2.00", "currency": "EUR"}},
        {"amount": {"total": "0.00", "currency": "EUR"}},
        {"amount": {"total": "2.001", "currency": "EUR"}},
        {"id": ""},
    ],
)
def test_a_refund_of_a_sale_that_is_odd_is_told_loudly(changes: Any) -> None:
    with pytest.raises(Protocol):
        told("PAYMENT.SALE.REFUNDED", sale_refund(**changes))


WANTED_BACK = RefundRequest(SALE, Money(200, "EUR"), REFERENCE.key("refund-1"), REFERENCE)


def given_back(answer: Any) -> Any:
    till = strategy(Desk().on("POST", f"{OF_SALE}/refund", answer))
    parameters = till.prepare_refund(WANTED_BACK)
    return asyncio.run(till.refund(parameters, key=WANTED_BACK.key))


def test_a_sale_is_given_back_like_a_capture_even_if_the_answer_names_none() -> None:
    up = [{"href": f"{API}{OF_SALE}", "rel": "up"}]
    older = [{"href": f"{API}/v1/payments/sale/{SALE}", "rel": "up"}]
    for links in (up, older, []):
        seen = given_back(refund(links=links))
        assert (seen.payment_id, seen.amount) == (SALE, Money(200, "EUR"))


def test_a_payment_that_only_paypal_itself_can_give_back_says_so() -> None:
    with pytest.raises(Rejected, match="does not let the till give this payment back") as refused:
        given_back(refusal(404, "INVALID_RESOURCE_ID", "RESOURCE_NOT_FOUND"))
    assert (refused.value.status, refused.value.money) == (404, MoneyMoved.NO)
    assert "Give it back at PayPal" in refused.value.action


def taken(**changes: Any) -> dict[str, Any]:
    """Give a subscription's payment as the newer API has it: of no order."""
    own = {"id": SALE, "supplementary_data": None, "create_time": "2026-11-21T08:59:31Z"}
    return capture(**own | changes)


def back(id: str = REFUND, of: str = SALE) -> dict[str, Any]:
    return line(id, "T1107", paypal_reference_id=of, paypal_reference_id_type="TXN")


def sale_refunded(id: str = REFUND) -> dict[str, Any]:
    return refund(id=id, links=[{"href": f"{API}{OF_SALE}", "rel": "up"}])


def test_refunds_of_a_sale_are_found_in_the_report() -> None:
    desk = Desk().on("GET", OF_SALE, taken(status="PARTIALLY_REFUNDED"))
    desk.on("GET", REPORT, report(back("R1"), back("R2", "OTHER"), back("R3"), back("R3")))
    for id in ("R1", "R3"):
        desk.on("GET", f"/v2/payments/refunds/{id}", sale_refunded(id))
    seen = all_of(strategy(desk).list_refunds(SALE))
    assert [each.refund_id for each in seen] == ["R3", "R1"]
    assert {each.payment_id for each in seen} == {SALE}
    begins = [each.url.params["start_date"] for each in desk.requests if each.url.path == REPORT]
    assert begins == ["2026-11-21T08:59:31Z"]


def test_a_payment_without_its_time_has_no_list() -> None:
    desk = Desk().on("GET", OF_SALE, taken(create_time=None))
    with pytest.raises(Protocol):
        all_of(strategy(desk).list_refunds(SALE))


def fees(desk: Desk) -> Any:
    return asyncio.run(strategy(desk).fetch_fees(SALE))


def test_the_fee_of_a_sale_is_told_by_either_api() -> None:
    expected = (SeenFee(f"{SALE}-fee", SALE, FeeKind.PAYMENT, Money(66, "EUR")),)
    assert fees(Desk().on("GET", OF_SALE, taken())) == expected
    older = f"/v1/payments/sale/{SALE}"
    assert fees(Desk().on("GET", older, sale())) == expected
    assert fees(Desk().on("GET", older, sale(transaction_fee=None))) is None
    with pytest.raises(Rejected) as refused:
        fees(Desk())
    assert refused.value.status == 404
    with pytest.raises(Rejected) as other:
        fees(Desk().on("GET", OF_SALE, refusal(403, "", "NOT_AUTHORIZED")))
    assert other.value.status == 403


def of_subscription(id: str = SALE, **changes: Any) -> dict[str, Any]:
    names = {"paypal_reference_id": SUBSCRIPTION, "paypal_reference_id_type": "SUB"}
    return line(id, "T0002", **names | changes)


def test_a_subscription_in_the_report_is_one_session_with_its_first_payment() -> None:
    desk = Desk().on("GET", REPORT, report(of_subscription(), of_subscription(RENEWAL)))
    desk.on("GET", ONE, subscription("ACTIVE"))
    renewal = transaction(RENEWAL, at="2026-12-21T10:00:00Z")
    desk.on("GET", PAYMENTS, listed(transaction(), renewal))
    (seen,) = all_of(strategy(desk).list_since(SINCE, source=Source.SWEEP))
    assert isinstance(seen, Observation)
    assert (seen.reference, seen.session_id) == (str(REFERENCE), SUBSCRIPTION)
    assert seen.payments == (SeenPayment(SALE, EUROS),)
    assert seen.subscription_id == SUBSCRIPTION


def test_subscriptions_of_strangers_are_not_asked_about() -> None:
    desk = Desk().on("GET", REPORT, report(of_subscription(custom_field="web-shop-7")))
    assert all_of(strategy(desk).list_since(SINCE, source=Source.SWEEP)) == []
    assert [each.url.path for each in desk.requests] == [REPORT]


def test_one_that_is_gone_or_not_understood_is_named_and_hides_no_other(
    expected_logs: Any,
) -> None:
    other = {"paypal_reference_id": "I-OTHER", "custom_field": "t11111-0rder0000002-1"}
    gone = {"paypal_reference_id": "I-GONE", "custom_field": "t11111-0rder0000003-1"}
    lines = [of_subscription("X", **gone), of_subscription("Y", **other), of_subscription()]
    desk = Desk().on("GET", REPORT, report(*lines))
    desk.on("GET", ONE, subscription("ACTIVE")).on("GET", PAYMENTS, listed(transaction()))
    desk.on("GET", ONE.replace(SUBSCRIPTION, "I-OTHER"), subscription("NEW", id="I-OTHER"))
    seen = all_of(strategy(desk).list_since(SINCE, source=Source.SWEEP))
    assert isinstance(seen[0], Observation)
    assert seen[1:] == [Recheck(other["custom_field"]), Recheck(gone["custom_field"])]
    expected_logs.take("is not understood")


def test_a_refusal_of_the_keys_ends_the_list() -> None:
    desk = Desk().on("GET", REPORT, report(of_subscription()))
    desk.on("GET", ONE, refusal(403, "", "NOT_AUTHORIZED"))
    with pytest.raises(Rejected) as refused:
        all_of(strategy(desk).list_since(SINCE, source=Source.SWEEP))
    assert refused.value.status == 403


def test_its_payments_are_asked_for_until_the_providers_own_day() -> None:
    desk = Desk().on("GET", ONE, subscription("ACTIVE")).on("GET", PAYMENTS, listed(transaction()))
    # This computer's clock is a year behind; PayPal's counts.
    wrong = VirtualClock(START - timedelta(days=365))
    dated = {"Date": "Sat, 21 Nov 2026 09:00:00 GMT"}
    desk.on("GET", ONE, Raw(200, json.dumps(subscription("ACTIVE")).encode(), dated))
    seen = asyncio.run(strategy(desk, clock=wrong).fetch(SUBSCRIPTION, source=Source.POLL))
    assert seen.payments
    (asked,) = [each for each in desk.requests if each.url.path == PAYMENTS]
    assert asked.url.params["end_time"] == "2026-11-22T09:00:00Z"
