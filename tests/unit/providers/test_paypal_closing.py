"""Closing PayPal's subscriptions: what is cancelled, what is left, and what a refusal means."""

import asyncio
import json
from typing import Any

import pytest

from app.domain.money import Money
from app.domain.observation import Observation, SeenPayment, SessionState, Source
from app.errors import Rejected
from tests.integration.sandbox.paypal.official import check_named
from tests.parts.paypal import Desk, refusal, strategy
from tests.parts.paypal_subscriptions import (
    CANCEL,
    ONE,
    PAYMENTS,
    SALE,
    SUBSCRIPTION,
    info,
    listed,
    subscription,
    transaction,
)
from tests.parts.stripe import Raw

S = SessionState
PAID = (SeenPayment(SALE, Money(500, "EUR")),)
NO_LONGER = refusal(422, "SUBSCRIPTION_STATUS_INVALID")


def closing(*answers: Any, looks: list[Any], lines: Any = ()) -> tuple[Observation, list[str]]:
    desk = Desk().on("POST", CANCEL, *answers).on("GET", ONE, *looks)
    desk.on("GET", PAYMENTS, listed(*lines))
    seen = asyncio.run(strategy(desk).close_session(SUBSCRIPTION, key="k-close-1"))
    return seen, [f"{each.method} {each.url.path}" for each in desk.requests]


def test_closing_cancels_what_nobody_has_paid() -> None:
    over = subscription("CANCELLED", billing_info=None)
    seen, _ = closing(Raw(204, b""), looks=[subscription(), over])
    assert (seen.state, seen.is_final, seen.source) == (S.EXPIRED, True, Source.CLOSE)


def test_closing_cancels_what_was_agreed_to_and_never_begun() -> None:
    over = subscription("CANCELLED", billing_info=None)
    seen, calls = closing(Raw(204, b""), looks=[subscription("APPROVED"), over])
    assert (seen.state, seen.is_final, seen.subscription_id) == (S.EXPIRED, True, "")
    assert f"POST {CANCEL}" in calls


def test_an_agreement_that_paypal_would_not_cancel_is_over_since_nobody_begins_it() -> None:
    seen, calls = closing(NO_LONGER, looks=[subscription("APPROVED")])
    assert (seen.state, seen.is_final, seen.payments) == (S.EXPIRED, True, ())
    assert [each for each in calls if each.startswith("POST")] == [f"POST {CANCEL}"]


def test_one_that_was_begun_while_it_was_closed_is_what_it_is() -> None:
    looks = [subscription("APPROVED"), subscription("ACTIVE")]
    seen, _ = closing(NO_LONGER, looks=looks)
    assert (seen.state, seen.is_final) == (S.PROCESSING, False)


def test_one_that_paypal_would_not_cancel_is_over_for_the_order_and_watched_on() -> None:
    seen, _ = closing(NO_LONGER, looks=[subscription()])
    assert (seen.state, seen.is_final, seen.payments) == (S.EXPIRED, False, ())


def test_a_refused_cancel_is_read_again_and_may_mean_paid() -> None:
    desk = Desk().on("POST", CANCEL, NO_LONGER)
    desk.on("GET", ONE, subscription(), subscription("ACTIVE"))
    desk.on("GET", PAYMENTS, listed(transaction()))
    seen = asyncio.run(strategy(desk).close_session(SUBSCRIPTION, key="k-close-1"))
    assert (seen.state, seen.payments, seen.is_final) == (S.PAID, PAID, True)


def test_closing_ends_nothing_that_was_paid_or_is_being_paid() -> None:
    seen, calls = closing(looks=[subscription("ACTIVE")], lines=[transaction()])
    assert seen.state is S.PAID and f"POST {CANCEL}" not in calls
    seen, calls = closing(looks=[subscription("ACTIVE")])
    assert seen.state is S.PROCESSING and f"POST {CANCEL}" not in calls


def test_closing_ends_one_whose_first_payment_was_refused() -> None:
    failed = subscription("ACTIVE", billing_info=info(1))
    over = subscription("CANCELLED", billing_info=info(1))
    seen, calls = closing(Raw(204, b""), looks=[failed, over])
    assert (seen.state, seen.is_final) == (S.EXPIRED, False) and f"POST {CANCEL}" in calls


def test_closing_ends_one_that_was_left_refused_for_long() -> None:
    old = {"create_time": "2026-11-21T01:00:00Z", "billing_info": info(1)}
    over = subscription("CANCELLED", **old)
    seen, calls = closing(Raw(204, b""), looks=[subscription("ACTIVE", **old), over])
    assert seen.state is S.EXPIRED and f"POST {CANCEL}" in calls


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_cancel_that_is_refused_to_the_till_itself_is_a_refusal(status: int) -> None:
    with pytest.raises(Rejected) as refused:
        closing(refusal(status, "", "X"), looks=[subscription()])
    assert refused.value.status == status


def test_the_cancel_that_is_asked_for_is_one_that_the_official_description_takes() -> None:
    desk = Desk().on("POST", CANCEL, NO_LONGER).on("GET", ONE, subscription())
    asyncio.run(strategy(desk).close_session(SUBSCRIPTION, key="k-close-1"))
    (sent,) = [each for each in desk.requests if each.method == "POST"]
    body = json.loads(sent.content)
    check_named("billing_subscriptions_v1", "subscription_cancel_request", body)
