"""PayPal's subscriptions as records of their own: looked at, and ended."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.domain.catalog import BillingInterval
from app.domain.money import Money
from app.domain.observation import SeenPayment, Source
from app.domain.subscription import SubscriptionObservation, SubscriptionState
from app.errors import MoneyMoved, Protocol, Rejected
from tests.parts.clock import START, VirtualClock
from tests.parts.paypal import REFERENCE, Desk, money, refusal, strategy
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
    subscription,
    transaction,
)
from tests.parts.stripe import Raw
from tests.unit.providers.test_paypal_errors import SPECS

S = SubscriptionState
EUROS = Money(500, "EUR")


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


@pytest.mark.parametrize(
    "changes",
    [
        {"plan": None},
        {"quantity": "2"},
        {"plan": plan(billing_cycles=[cycle(tenure_type="TRIAL"), cycle()])},
        {"plan": plan(billing_cycles=[cycle(pricing_scheme={"tiers": []})])},
    ],
)
def test_what_a_strangers_costs_is_not_told_and_its_payments_are(changes: Any) -> None:
    seen = looked(subscription("ACTIVE", **changes), transaction())
    assert (seen.amount, seen.interval) == (None, None)
    assert seen.payments == (SeenPayment(SALE, EUROS),)


def test_one_in_no_state_of_paypals_proves_nothing() -> None:
    with pytest.raises(Protocol):
        looked(subscription("SOMETHING_NEW"), transaction())


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
