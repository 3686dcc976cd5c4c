"""What a customer agreed to at PayPal is begun by the till: once, and only while it is wanted."""

import asyncio
import contextlib
import json
from datetime import timedelta
from typing import Any

import pytest

from app.domain.money import Money
from app.domain.observation import Observation, SeenPayment, SessionState, Source
from app.errors import Rejected, Unavailable
from app.providers.strategy import Captures
from tests.integration.sandbox.paypal.official import check_named
from tests.parts.clock import START, VirtualClock
from tests.parts.paypal import REFERENCE, Desk, refusal, strategy
from tests.parts.paypal_subscriptions import (
    ACTIVATE,
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
AGREED, BEGUN = subscription("APPROVED"), subscription("ACTIVE")
DONE = Raw(204, b"")
NOT_NOW = refusal(422, "SUBSCRIPTION_STATUS_INVALID")


def desk_of(*answers: Any, looks: list[Any], lines: Any = ()) -> Desk:
    desk = Desk().on("POST", ACTIVATE, *(answers or (DONE,))).on("POST", CANCEL, DONE)
    return desk.on("GET", ONE, *looks).on("GET", PAYMENTS, listed(), listed(*lines))


def taken(desk: Desk, *, later: timedelta = timedelta(0)) -> Observation:
    till = strategy(desk, clock=VirtualClock(START + later))
    assert isinstance(till, Captures)
    return asyncio.run(till.capture(SUBSCRIPTION, key=REFERENCE.key("capture")))


def asked(desk: Desk) -> list[str]:
    return [each.url.path for each in desk.requests if each.method == "POST"]


def test_an_agreement_is_no_money_and_no_subscription_yet() -> None:
    desk = Desk().on("GET", ONE, AGREED).on("GET", PAYMENTS, listed())
    seen = asyncio.run(strategy(desk).fetch(SUBSCRIPTION, source=Source.POLL))
    assert (seen.state, seen.payments, seen.is_final) == (S.APPROVED, (), False)
    assert (seen.subscription_id, seen.decline) == ("", None)
    assert asked(desk) == []


def test_what_was_agreed_to_is_begun_and_looked_at() -> None:
    desk = desk_of(looks=[AGREED, BEGUN], lines=[transaction()])
    seen = taken(desk)
    assert (seen.state, seen.payments, seen.is_final) == (S.PAID, PAID, True)
    assert seen.subscription_id == SUBSCRIPTION
    (sent,) = [each for each in desk.requests if each.method == "POST"]
    check_named("billing_subscriptions_v1", "subscription_activate_request", body_of(sent))
    assert body_of(sent)["reason"] and "PayPal-Request-Id" not in sent.headers


def body_of(sent: Any) -> Any:
    return json.loads(sent.content)


def test_one_that_was_begun_before_is_looked_at_and_not_begun_again() -> None:
    desk = Desk().on("GET", ONE, BEGUN).on("GET", PAYMENTS, listed(transaction()))
    assert taken(desk).payments == PAID
    assert asked(desk) == []


def test_a_lost_answer_is_found_out_by_a_look() -> None:
    desk = desk_of(Raw(503, b""), looks=[AGREED, BEGUN])
    till = strategy(desk)
    with pytest.raises(Unavailable):
        asyncio.run(till.capture(SUBSCRIPTION, key=REFERENCE.key("capture")))
    seen = asyncio.run(till.capture(SUBSCRIPTION, key=REFERENCE.key("capture")))
    assert (seen.state, seen.subscription_id) == (S.PROCESSING, SUBSCRIPTION)
    assert asked(desk) == [ACTIVATE]


def test_a_refusal_since_it_was_begun_already_is_none() -> None:
    desk = desk_of(NOT_NOW, looks=[AGREED, BEGUN], lines=[transaction()])
    assert taken(desk).payments == PAID


@pytest.mark.parametrize(
    "issue", ["SUBSCRIPTION_STATUS_INVALID", "SUBSCRIPTION_CANNOT_BE_ACTIVATED"]
)
def test_one_that_paypal_will_not_begin_is_open_again_with_the_reason(issue: str) -> None:
    seen = taken(desk_of(refusal(422, issue), looks=[AGREED]))
    assert (seen.state, seen.decline, seen.is_final) == (S.OPEN, issue.lower(), False)
    assert (seen.payments, seen.subscription_id) == ((), "")


@pytest.mark.parametrize("before", [DONE, Raw(503, b"")])
def test_one_that_an_earlier_call_may_have_begun_is_in_progress_and_not_refused(
    before: Raw,
) -> None:
    till = strategy(desk_of(before, NOT_NOW, looks=[AGREED]))
    with contextlib.suppress(Unavailable):
        asyncio.run(till.capture(SUBSCRIPTION, key=REFERENCE.key("capture")))
    seen = asyncio.run(till.capture(SUBSCRIPTION, key=REFERENCE.key("capture")))
    assert (seen.state, seen.decline, seen.is_final) == (S.PROCESSING, None, False)


def test_what_was_refused_is_not_begun_again_for_half_a_minute() -> None:
    clock = VirtualClock(START)
    refused = refusal(422, "SUBSCRIBER_ACCOUNT_RESTRICTED")
    till = strategy(desk_of(refused, looks=[AGREED]), clock=clock)
    asyncio.run(till.capture(SUBSCRIPTION, key=REFERENCE.key("capture")))
    seen = asyncio.run(till.fetch(SUBSCRIPTION, source=Source.POLL))
    assert (seen.state, seen.decline) == (S.OPEN, "subscriber_account_restricted")
    clock.advance(30)
    assert asyncio.run(till.fetch(SUBSCRIPTION, source=Source.POLL)).state is S.APPROVED


@pytest.mark.parametrize("status", [401, 403, 404])
def test_another_refusal_is_one_without_a_second_look(status: int) -> None:
    desk = desk_of(refusal(status, "USER_ACCOUNT_CLOSED"), looks=[AGREED, BEGUN])
    with pytest.raises(Rejected) as refused:
        taken(desk)
    assert refused.value.status == status
    assert [each.url.path for each in desk.requests if each.method == "GET"].count(ONE) == 1


def test_one_that_paypal_goes_on_calling_approved_is_in_progress() -> None:
    seen = taken(desk_of(looks=[AGREED]))
    assert (seen.state, seen.payments, seen.is_final) == (S.PROCESSING, (), False)


def test_a_first_payment_that_is_refused_leaves_it_open_with_the_reason() -> None:
    seen = taken(desk_of(looks=[AGREED, subscription("ACTIVE", billing_info=info(1))]))
    assert (seen.state, seen.decline) == (S.OPEN, "payment_denied")
    assert seen.subscription_id == SUBSCRIPTION


def test_one_that_ended_meanwhile_is_not_begun() -> None:
    desk = Desk().on("GET", ONE, subscription("CANCELLED", billing_info=None))
    seen = taken(desk.on("GET", PAYMENTS, listed()))
    assert (seen.state, seen.is_final) == (S.EXPIRED, True)
    assert asked(desk) == []


def test_what_nobody_waits_for_any_more_is_called_off_and_never_begun() -> None:
    over = subscription("CANCELLED", billing_info=None)
    just_in_time = desk_of(looks=[AGREED, BEGUN])
    assert taken(just_in_time, later=timedelta(hours=3, minutes=58)).state is S.PROCESSING
    assert asked(just_in_time) == [ACTIVATE]
    desk = desk_of(looks=[AGREED, over])
    seen = taken(desk, later=timedelta(hours=4))
    assert (seen.state, seen.is_final, asked(desk)) == (S.EXPIRED, True, [CANCEL])
