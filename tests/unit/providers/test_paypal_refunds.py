"""PayPal's refunds, disputes and fees: what is asked, and what is made of the answers."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest

from app.domain.dispute import DisputeState
from app.domain.fee import FeeKind
from app.domain.money import Money
from app.domain.observation import Source
from app.domain.refund import RefundState
from app.errors import Protocol, Rejected
from app.providers.kinds.paypal import PayPal
from app.providers.paypal.disputes import dispute_from
from app.providers.paypal.refunds import refund_from
from app.providers.strategy import RefundRequest
from tests.parts.clock import START
from tests.parts.paypal import (
    CAPTURE,
    ORDER,
    REFERENCE,
    Answer,
    Desk,
    capture,
    dispute,
    money,
    order,
    refund,
    refusal,
    strategy,
)

T = TypeVar("T")

DISPUTES = "/v1/customer/disputes"
OF_CAPTURE = f"/v2/payments/captures/{CAPTURE}"
REFUNDING = f"{OF_CAPTURE}/refund"
SINCE = START - timedelta(days=2)


def all_of(listed: AsyncIterator[T]) -> list[T]:
    async def read() -> list[T]:
        return [each async for each in listed]

    return asyncio.run(read())


WANTED = RefundRequest(CAPTURE, Money(200, "EUR"), REFERENCE.key("refund-1"), REFERENCE)


def given_back(answer: Answer) -> tuple[Any, Desk]:
    desk = Desk().on("POST", REFUNDING, answer)
    till = strategy(desk)
    return asyncio.run(till.refund(till.prepare_refund(WANTED), key=WANTED.key)), desk


def test_a_refund_says_its_amount_and_keeps_our_key() -> None:
    seen, desk = given_back(refund())
    (sent,) = desk.requests
    assert json.loads(sent.content) == {"amount": money("2.00"), "custom_id": WANTED.key}
    assert sent.headers["paypal-request-id"] == WANTED.key
    assert (seen.state, seen.amount, seen.key) == (
        RefundState.SUCCEEDED,
        Money(200, "EUR"),
        WANTED.key,
    )


@pytest.mark.parametrize(
    "issue", ["PENDING_CAPTURE", "REFUND_AMOUNT_EXCEEDED", "CAPTURE_FULLY_REFUNDED"]
)
def test_a_refund_that_is_refused_was_not_made(issue: str) -> None:
    with pytest.raises(Rejected) as refused:
        given_back(refusal(422, issue))
    assert refused.value.code == issue


def test_another_refund_under_the_same_key_proves_nothing() -> None:
    for other in (refund(amount=money("1.00")), refund(links=refund_of("OTHER"))):
        with pytest.raises(Protocol):
            given_back(other)


def refund_of(payment_id: str) -> list[dict[str, str]]:
    return [{"href": f"https://api-m.paypal.com/v2/payments/captures/{payment_id}", "rel": "up"}]


@pytest.mark.parametrize(
    "word, state",
    [
        ("COMPLETED", RefundState.SUCCEEDED),
        ("PENDING", RefundState.PENDING),
        ("FAILED", RefundState.FAILED),
        ("CANCELLED", RefundState.FAILED),
    ],
)
def test_each_state_of_a_refund(word: str, state: RefundState) -> None:
    assert refund_from(refund(word)).state is state


@pytest.mark.parametrize(
    "changes", [{"status": "NEW"}, {"links": []}, {"id": None}, {"amount": money("2.001")}]
)
def test_a_refund_that_says_too_little_proves_nothing(changes: Any) -> None:
    with pytest.raises(Protocol):
        refund_from(refund(**changes))


def refunded_order() -> dict[str, Any]:
    document = order("COMPLETED", capture("PARTIALLY_REFUNDED"))
    document["purchase_units"][0]["payments"]["refunds"] = [
        refund(id="R1", seller_payable_breakdown=payable("0.10")),
        refund(id="R9", links=refund_of("OTHER")),
        refund(id="R2", seller_payable_breakdown=payable(None)),
    ]
    return document


def payable(fee: str | None) -> dict[str, Any]:
    return {"gross_amount": money("2.00")} | ({"paypal_fee": money(fee)} if fee else {})


def refunded() -> PayPal:
    desk = Desk().on("GET", OF_CAPTURE, capture("PARTIALLY_REFUNDED"))
    return strategy(desk.on("GET", f"/v2/checkout/orders/{ORDER}", refunded_order()))


def test_the_refunds_of_a_payment_are_those_of_its_order_that_name_it_newest_first() -> None:
    seen = all_of(refunded().list_refunds(CAPTURE))
    assert [each.refund_id for each in seen] == ["R2", "R1"]


def test_fees_are_the_breakdowns_own_and_a_refund_gives_some_back() -> None:
    fees = asyncio.run(refunded().fetch_fees(CAPTURE))
    assert fees is not None
    told = [(fee.fee_id, fee.kind, fee.amount) for fee in fees]
    assert told == [
        (f"{CAPTURE}-fee", FeeKind.PAYMENT, Money(66, "EUR")),
        ("R1-fee", FeeKind.REFUND, Money(-10, "EUR")),
        ("R2-fee", FeeKind.REFUND, Money(0, "EUR")),
    ]


def test_while_a_capture_is_pending_no_fee_is_told() -> None:
    pending = capture("PENDING", seller_receivable_breakdown=None)
    desk = Desk().on("GET", OF_CAPTURE, pending)
    assert asyncio.run(strategy(desk).fetch_fees(CAPTURE)) is None


S = DisputeState


@pytest.mark.parametrize(
    "status, stage, state",
    [
        ("OPEN", "INQUIRY", S.INQUIRY),
        ("OPEN", "CHARGEBACK", S.NEEDS_RESPONSE),
        ("WAITING_FOR_SELLER_RESPONSE", "INQUIRY", S.INQUIRY),
        ("WAITING_FOR_SELLER_RESPONSE", "CHARGEBACK", S.NEEDS_RESPONSE),
        ("WAITING_FOR_BUYER_RESPONSE", "INQUIRY", S.INQUIRY_UNDER_REVIEW),
        ("UNDER_REVIEW", "PRE_ARBITRATION", S.UNDER_REVIEW),
        ("OTHER", "CHARGEBACK", S.UNKNOWN),
        ("SOMETHING_NEW", "CHARGEBACK", S.UNKNOWN),
    ],
)
def test_each_state_of_a_dispute(status: str, stage: str, state: DisputeState) -> None:
    seen = dispute_from(dispute(status, dispute_life_cycle_stage=stage))
    assert (seen.state, seen.word, seen.entries) == (state, status, ())


@pytest.mark.parametrize(
    "code, state",
    [
        ("RESOLVED_SELLER_FAVOUR", S.WON),
        ("RESOLVED_BUYER_FAVOUR", S.LOST),
        ("RESOLVED_WITH_PAYOUT", S.WON),
        ("CANCELED_BY_BUYER", S.CLOSED),
        ("ACCEPTED", S.LOST),
        ("DENIED", S.CLOSED),
        ("NONE", S.CLOSED),
        ("SOMETHING_NEW", S.UNKNOWN),
    ],
)
def test_each_outcome_of_a_dispute(code: str, state: DisputeState) -> None:
    outcome = {"outcome_code": code, "amount_refunded": money("5.00")}
    seen = dispute_from(dispute("RESOLVED", dispute_outcome=outcome))
    assert (seen.state, seen.word) == (state, code)
    moved = [(entry.withdrawn_minor, entry.fee) for entry in seen.entries]
    assert moved == ([(500, Money(0, "EUR"))] if state is S.LOST else [])


def test_money_that_paypal_does_not_tell_of_is_not_guessed() -> None:
    for outcome in (None, {"outcome_code": "RESOLVED_BUYER_FAVOUR"}):
        assert dispute_from(dispute("RESOLVED", dispute_outcome=outcome)).entries == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"dispute_amount": money("0.00")},
        {"dispute_amount": None},
        {"disputed_transactions": []},
        {"dispute_id": ""},
    ],
)
def test_a_dispute_that_says_too_little_proves_nothing(changes: Any) -> None:
    with pytest.raises(Protocol):
        dispute_from(dispute(**changes))


def test_disputes_are_listed_whole_and_strangers_hide_none(expected_logs: Any) -> None:
    listed = [{"dispute_id": id} for id in ("D1", "D2", "D3")]
    desk = Desk().on("GET", DISPUTES, {"items": listed})
    desk.on("GET", f"{DISPUTES}/D1", dispute(disputed_transactions=[]))
    desk.on("GET", f"{DISPUTES}/D2", dispute(dispute_amount=None))
    desk.on("GET", f"{DISPUTES}/D3", dispute(dispute_id="D3"))
    (seen,) = all_of(strategy(desk).list_disputes(SINCE, source=Source.SWEEP))
    assert (seen.dispute.dispute_id, seen.source) == ("D3", Source.SWEEP)
    assert seen.told_at == datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
    expected_logs.take("dispute 'D2' cannot be understood")
    query = dict(desk.requests[0].url.params)
    assert query["start_time"] == "2026-11-19T09:00:00.000Z"
