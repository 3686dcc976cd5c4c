"""What is known of Razorpay and easily missed: windows of time, lengths, keys, late notices."""

import asyncio
import json
import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.domain.attempt import Reference
from app.domain.capabilities import Demand, objection
from app.domain.catalog import BillingInterval
from app.domain.ids import ORDER_ID_LENGTH, TILL_ID_LENGTH
from app.domain.money import EXPONENTS, Money
from app.domain.presentation import MAX_NAME, PresentedLine
from app.errors import MoneyMoved, ProviderError, Rejected, Unavailable
from app.providers.razorpay.account import LIFETIME
from app.providers.razorpay.amounts import DECIMALS
from app.providers.razorpay.codes import code_parameters
from app.providers.razorpay.disputes import EVENTS as DISPUTE_EVENTS
from app.providers.razorpay.events import (
    CODE_EVENTS,
    LINK_EVENTS,
    REFUND_EVENTS,
    SUBSCRIPTION_EVENTS,
)
from app.providers.razorpay.links import LONGEST_DESCRIPTION, link_parameters
from app.providers.razorpay.refunds import parameters_of
from app.providers.razorpay.subscriptions import subscription_parameters
from app.providers.strategy import RefundRequest, WebhookRequest
from tests.parts.razorpay import (
    MONEY,
    NOW,
    delivered,
    event,
    link,
    links_over,
    paid_by,
    payment,
    refusal,
)
from tests.parts.stripe import Wire, request

LONGEST = Reference("z" * TILL_ID_LENGTH, "z" * ORDER_ID_LENGTH, 99_999)


def asked(**changes: Any) -> Any:
    return request(**{"amount": MONEY, "lines": (PresentedLine("B", MONEY.minor),), **changes})


# --- windows -----------------------------------------------------------------------------------


def test_a_link_and_a_code_end_within_what_razorpay_takes() -> None:
    """A link lives from 15 minutes to 6 months, a code from 2 minutes to 2 hours."""
    assert timedelta(minutes=15) < LIFETIME < timedelta(hours=2)
    until = NOW + int(LIFETIME.total_seconds())
    assert link_parameters(asked(), expire_by=until)["expire_by"] == until
    assert code_parameters(asked(), since=NOW, close_by=until)["code"]["close_by"] == until


def test_of_what_is_taken_the_decimals_are_the_tills_own() -> None:
    assert len(DECIMALS) > 100
    assert {code: EXPONENTS[code] for code in DECIMALS} == DECIMALS
    takes = links_over(Wire()).capabilities
    for code in ("KWD", "BHD", "OMR"):
        assert objection(takes, Demand(Money(12_340, code))) == ""
        assert "steps" in objection(takes, Demand(Money(12_345, code)))


# --- lengths -----------------------------------------------------------------------------------


def test_our_longest_texts_are_within_razorpays_limits() -> None:
    lines = tuple(PresentedLine("\u2615" * MAX_NAME, 500) for _ in range(100))
    wide = asked(reference=LONGEST, lines=lines)
    one = link_parameters(wide, expire_by=NOW)
    assert len(one["reference_id"]) <= 40 and len(one["description"]) <= LONGEST_DESCRIPTION
    code = code_parameters(wide, since=NOW, close_by=NOW)["code"]
    monthly = PresentedLine("Club", MONEY.minor, BillingInterval.MONTHLY.value)
    club = subscription_parameters(
        asked(reference=LONGEST, lines=(monthly,), plan_id="plan_1"), since=NOW, expire_by=NOW
    )["subscription"]
    key = LONGEST.key("refund-99999")
    back = parameters_of(RefundRequest("pay_1", MONEY, key, LONGEST))
    for notes in (one["notes"], code["notes"], club["notes"], back["notes"]):
        assert len(notes) <= 15 and all(len(value) <= 255 for value in notes.values())


def test_a_links_lines_and_the_customers_address_are_nothing_that_razorpay_takes() -> None:
    """UPI links are for real money in rupees alone; a link of the till's is for whatever pays."""
    one = link_parameters(asked(), expire_by=NOW)
    assert {"upi_link", "line_items", "email", "customer"}.isdisjoint(one)
    assert one["notify"] == {"sms": False, "email": False} and one["accept_partial"] is False


@pytest.mark.parametrize("reference", [LONGEST, Reference("t11111", "0rder0000001", 1)])
def test_a_refunds_key_is_of_the_form_that_razorpay_takes(reference: Reference) -> None:
    for number in (1, 99_999):
        assert re.fullmatch(r"[A-Za-z0-9_-]{10,}", reference.key(f"refund-{number}"))


# --- asking once -------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 409, 422])
def test_a_refund_whose_key_was_used_for_another_is_never_taken_for_refused(status: int) -> None:
    """Razorpay's documents say 400 for that, and 409, which is also that it is in progress."""
    words = "Different request body was passed with the same idempotency key."
    wire = Wire(refusal(status, words))
    with pytest.raises(ProviderError) as error:
        asyncio.run(links_over(wire).refund({"payment_id": "pay_1", "amount": 1}, key="k" * 10))
    assert not isinstance(error.value, Rejected)
    assert error.value.money is MoneyMoved.UNKNOWN


@pytest.mark.parametrize(
    "answer, error",
    [
        (refusal(409), Unavailable),
        (refusal(429), Unavailable),
        (refusal(500, "", "SERVER_ERROR"), Unavailable),
        (httpx.ReadTimeout("slow"), Unavailable),
        (refusal(400), Rejected),
        (refusal(401), Rejected),
    ],
)
def test_what_is_asked_for_again_is_the_tills_to_say(
    answer: Any, error: type[ProviderError]
) -> None:
    wire = Wire(answer, {})
    with pytest.raises(error):
        asyncio.run(links_over(wire).refund({"payment_id": "pay_1", "amount": 1}, key="k" * 10))
    assert len(wire.requests) == 1


# --- notices -----------------------------------------------------------------------------------


@pytest.mark.parametrize("late", [timedelta(0), timedelta(hours=24), timedelta(days=2)])
def test_a_notice_that_is_sent_again_a_day_later_is_genuine(late: timedelta) -> None:
    """Nothing that is signed says when it was sent; Razorpay tries for a day."""
    body = event("payment_link.paid", payment=payment(), payment_link=link("paid", **paid_by("p")))
    sent = delivered(json.dumps(body).encode())
    late_one = WebhookRequest(sent.headers, sent.body, sent.received_at + late)
    assert links_over(Wire()).read_webhook(late_one).event_type == "payment_link.paid"


def test_whatever_tells_of_money_is_read() -> None:
    words = ("paid", "partially_paid", "cancelled", "expired")
    assert {f"payment_link.{word}" for word in words} <= set(LINK_EVENTS)
    assert set(CODE_EVENTS) == {"qr_code.credited", "qr_code.closed"}
    assert {"refund.processed", "refund.failed"} <= set(REFUND_EVENTS)
    assert "subscription.charged" in SUBSCRIPTION_EVENTS
    of_disputes = "created under_review action_required won lost closed".split()
    assert {f"payment.dispute.{word}" for word in of_disputes} == set(DISPUTE_EVENTS)


def test_there_is_no_list_of_events_so_nothing_is_expected_of_one() -> None:
    till = links_over(Wire())

    async def listed() -> list[Any]:
        return [each async for each in till.events_since(till._clock.now())]

    assert till.event_memory == timedelta(0) and asyncio.run(listed()) == []
