"""What a subscription of PayPal's took: its news, its refunds, its fees, and the report."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, TypeVar

import pytest

from app.domain.fee import FeeKind, SeenFee
from app.domain.money import Money
from app.domain.observation import Observation, SeenPayment, Source
from app.domain.refund import RefundObservation, RefundState
from app.domain.subscription import SubscriptionState
from app.errors import MoneyMoved, Protocol, Rejected
from app.providers.paypal.events import WANTED
from app.providers.strategy import Recheck, RefundRequest
from app.providers.subscribing import SubscriptionNews
from tests.parts.clock import START
from tests.parts.paypal import (
    API,
    REFERENCE,
    REFUND,
    Desk,
    capture,
    refund,
    refusal,
    strategy,
)
from tests.parts.paypal_subscriptions import (
    ONE,
    PAYMENTS,
    RENEWAL,
    SALE,
    SUBSCRIPTION,
    listed,
    sale,
    sale_refund,
    subscription,
    transaction,
)
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


def test_the_first_activation_leads_to_the_session_and_a_later_one_to_the_subscription() -> None:
    began = told("BILLING.SUBSCRIPTION.ACTIVATED", subscription("ACTIVE"))
    assert began == Recheck(str(REFERENCE), session_id=SUBSCRIPTION)
    later = subscription("ACTIVE", status_update_time="2027-02-01T08:00:00Z")
    for kind in ("ACTIVATED", "RE-ACTIVATED"):
        assert told(f"BILLING.SUBSCRIPTION.{kind}", later) == SubscriptionNews(SUBSCRIPTION)


def test_news_of_an_agreement_lead_to_the_session() -> None:
    agreed = told("BILLING.SUBSCRIPTION.UPDATED", subscription("APPROVED"))
    assert agreed == Recheck(str(REFERENCE), session_id=SUBSCRIPTION)


@pytest.mark.parametrize(
    "verb", ["CANCELLED", "EXPIRED", "PAYMENT.FAILED", "RE-ACTIVATED", "SUSPENDED", "UPDATED"]
)
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
