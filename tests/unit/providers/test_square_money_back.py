"""Square's refunds, disputes and fees: read, listed, and what cannot be read."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest

from app.domain.attempt import Reference
from app.domain.dispute import DisputeState
from app.domain.fee import FeeKind
from app.domain.ids import ORDER_ID_LENGTH, TILL_ID_LENGTH
from app.domain.money import Money
from app.domain.observation import Source
from app.domain.refund import RefundState
from app.errors import Protocol
from app.providers.square.disputes import dispute_from
from app.providers.square.refunds import refund_from
from app.providers.strategy import RefundRequest
from tests.conftest import ExpectedLogs
from tests.integration.sandbox.square.description import description, faults
from tests.parts.clock import START
from tests.parts.square import asked, dispute, money, payment, refund, said, strategy
from tests.parts.stripe import REFERENCE, Wire

T = TypeVar("T")
R, D = RefundState, DisputeState
KEY = REFERENCE.key("refund-1")
BACK = RefundRequest("pay-1", Money(200, "EUR"), KEY, REFERENCE)


def all_of(listed: AsyncIterator[T]) -> list[T]:
    async def run() -> list[T]:
        return [each async for each in listed]

    return asyncio.run(run())


# --- refunds -----------------------------------------------------------------------------------


def test_a_refund_is_asked_for_as_squares_description_says_with_its_amount() -> None:
    wire = Wire({"refund": refund("PENDING")})
    till = strategy(wire)
    asyncio.run(till.refund(till.prepare_refund(BACK), key=KEY))
    body = said(wire.requests[0])
    assert faults(body, "RefundPaymentRequest") == []
    assert body["idempotency_key"] == KEY and body["amount_money"] == money(200)
    assert KEY in body["reason"]


def test_the_longest_key_of_a_refund_is_within_squares_limit() -> None:
    """45 characters; the description says so in words alone."""
    reference = Reference("z" * TILL_ID_LENGTH, "z" * ORDER_ID_LENGTH, 99_999)
    assert len(reference.key("refund-99999")) <= 45


@pytest.mark.parametrize(
    "status, state",
    [
        ("PENDING", R.PENDING),
        ("COMPLETED", R.SUCCEEDED),
        ("REJECTED", R.FAILED),
        ("FAILED", R.FAILED),
    ],
)
def test_each_state_of_a_refund_is_known(status: str, state: RefundState) -> None:
    assert refund_from(refund(status)).state is state


def test_a_refund_that_is_not_the_tills_has_no_key() -> None:
    assert refund_from(refund()).key == KEY
    for reason in (None, "", "broken cup", KEY):
        assert refund_from(refund(reason=reason)).key == ""


@pytest.mark.parametrize(
    "changes",
    [{"status": "NEW"}, {"status": None}, {"id": None}, {"payment_id": 5}, {"amount_money": {}}],
)
def test_a_refund_that_breaks_squares_rules_proves_nothing(changes: dict[str, Any]) -> None:
    with pytest.raises(Protocol):
        refund_from(refund(**changes))


def test_the_refunds_of_a_payment_are_those_that_it_names_since_the_list_is_late() -> None:
    wire = Wire(
        {"payment": payment(refund_ids=["r-1", "r-2"])},
        {"refund": refund(id="r-2")},
        {"refund": refund(id="r-1")},
    )
    assert [seen.refund_id for seen in all_of(strategy(wire).list_refunds("pay-1"))] == [
        "r-2",
        "r-1",
    ]
    assert asked(wire)[1:] == [("GET", "/v2/refunds/r-2"), ("GET", "/v2/refunds/r-1")]


def test_refunds_are_listed_by_their_last_change_page_by_page() -> None:
    """A bank may send back later what had succeeded."""
    last = datetime(2026, 11, 21, 10, tzinfo=UTC)
    at_the_end = refund(id="r-0", updated_at="2026-11-21T10:00:00Z")
    wire = Wire(
        {"refunds": [at_the_end, refund(id="r-2")], "cursor": "more"},
        {"refunds": [refund("FAILED", id="r-1")]},
    )
    seen = all_of(strategy(wire).refunds_since(START, until=last))
    assert [each.refund_id for each in seen] == ["r-2", "r-1"]
    first, second = (dict(request.url.params) for request in wire.requests)
    assert first == {
        "updated_at_begin_time": "2026-11-21T09:00:00.000Z",
        "updated_at_end_time": "2026-11-21T10:00:00.000Z",
        "sort_field": "UPDATED_AT",
        "sort_order": "DESC",
    }
    assert second == {**first, "cursor": "more"}


def test_a_refund_that_cannot_be_read_does_not_hide_the_others(expected_logs: ExpectedLogs) -> None:
    wire = Wire({"refunds": [refund("NEW"), refund(payment_id=None), refund(id="r-1")]})
    seen = all_of(strategy(wire).refunds_since(START))
    expected_logs.take("cannot be understood")
    assert [each.refund_id for each in seen] == ["r-1"]


# --- disputes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "word, state, withdrawn",
    [
        ("INQUIRY_EVIDENCE_REQUIRED", D.INQUIRY, []),
        ("INQUIRY_PROCESSING", D.INQUIRY_UNDER_REVIEW, []),
        ("INQUIRY_CLOSED", D.CLOSED, []),
        ("EVIDENCE_REQUIRED", D.NEEDS_RESPONSE, [500]),
        ("PROCESSING", D.UNDER_REVIEW, [500]),
        ("LOST", D.LOST, [500]),
        ("ACCEPTED", D.LOST, [500]),
        ("WON", D.WON, [500, -500]),
        ("NEWLY_INVENTED", D.UNKNOWN, []),
    ],
)
def test_each_state_of_a_dispute_says_what_is_withheld(
    word: str, state: DisputeState, withdrawn: list[int]
) -> None:
    seen = dispute_from(dispute(word))
    assert (seen.state, seen.word) == (state, word)
    assert [entry.withdrawn_minor for entry in seen.entries] == withdrawn
    assert len({entry.entry_id for entry in seen.entries}) == len(withdrawn)
    assert all(entry.fee == Money(0, "EUR") for entry in seen.entries)


def test_every_state_of_the_description_is_known() -> None:
    states = description()["components"]["schemas"]["DisputeState"]["enum"]
    assert all(dispute_from(dispute(word)).state is not D.UNKNOWN for word in states)


def test_what_a_dispute_is_about_is_read() -> None:
    seen = dispute_from(dispute())
    assert (seen.dispute_id, seen.payment_id) == ("dispute-1", "pay-1")
    assert (seen.amount, seen.reason) == (Money(500, "EUR"), "unrecognized")
    assert seen.due_at == datetime(2026, 11, 30, tzinfo=UTC)
    assert dispute_from(dispute(reason="EMV_LIABILITY_SHIFT")).reason == "EMV_LIABILITY_SHIFT"
    assert dispute_from(dispute(id=None, dispute_id="older")).dispute_id == "older"
    assert dispute_from(dispute(due_at="tomorrow")).due_at is None


def test_disputes_are_listed_newest_first_though_the_list_knows_no_order(
    expected_logs: ExpectedLogs,
) -> None:
    day = timedelta(days=1)
    told = [
        dispute(id="before", created_at=(START - day).isoformat()),
        dispute(id="first", created_at=START.isoformat()),
        dispute(id="last", created_at=(START + day).isoformat()),
        dispute(id="broken", amount_money=None, created_at=START.isoformat()),
        dispute(id="timeless", created_at=None),
    ]
    wire = Wire({"disputes": told})
    looks = all_of(strategy(wire).list_disputes(START, source=Source.SWEEP))
    expected_logs.take("cannot be understood")
    assert [look.dispute.dispute_id for look in looks] == ["last", "first", "timeless"]


# --- fees --------------------------------------------------------------------------------------


def fee(minor: int, kind: str = "INITIAL") -> dict[str, Any]:
    return {"type": kind, "amount_money": money(minor)}


def test_fees_come_later_and_are_adjusted_as_further_entries() -> None:
    known = payment(processing_fee=[fee(45), fee(-5, "ADJUSTMENT")])
    wire = Wire({"payment": payment()}, {"payment": known}, {"payment": known})
    till = strategy(wire)
    assert asyncio.run(till.fetch_fees("pay-1")) is None
    fees = asyncio.run(till.fetch_fees("pay-1"))
    assert fees is not None and fees == asyncio.run(till.fetch_fees("pay-1"))
    assert [each.amount.minor for each in fees] == [45, -5]
    assert len({each.fee_id for each in fees}) == 2


def test_the_fees_of_refunds_are_told_beside() -> None:
    wire = Wire(
        {"payment": payment(processing_fee=[fee(45)], refund_ids=["r-1"])},
        {"refund": refund(id="r-1", processing_fee=[fee(-10)])},
    )
    fees = asyncio.run(strategy(wire).fetch_fees("pay-1"))
    assert fees is not None
    assert [(each.kind, each.amount.minor) for each in fees] == [
        (FeeKind.PAYMENT, 45),
        (FeeKind.REFUND, -10),
    ]
    assert {each.payment_id for each in fees} == {"pay-1"}
