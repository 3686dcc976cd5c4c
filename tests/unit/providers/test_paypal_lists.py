"""PayPal's lists, refunds, disputes and fees: what is asked, and what is made of the answers."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest

from app.domain.dispute import DisputeState
from app.domain.fee import FeeKind
from app.domain.money import Money
from app.domain.observation import Observation, SessionState, Source
from app.domain.refund import RefundState
from app.errors import Protocol, Rejected
from app.providers.kinds.paypal import PayPal
from app.providers.paypal import reports
from app.providers.paypal.disputes import dispute_from
from app.providers.paypal.refunds import refund_from
from app.providers.strategy import Recheck, RefundRequest
from tests.parts.clock import START
from tests.parts.paypal import (
    CAPTURE,
    ORDER,
    REFERENCE,
    REFUND,
    Answer,
    Desk,
    capture,
    dispute,
    event,
    money,
    order,
    refund,
    refusal,
    strategy,
)

T = TypeVar("T")

EVENTS = "/v1/notifications/webhooks-events"
REPORT = "/v1/reporting/transactions"
DISPUTES = "/v1/customer/disputes"
OF_CAPTURE = f"/v2/payments/captures/{CAPTURE}"
REFUNDING = f"{OF_CAPTURE}/refund"
SINCE = START - timedelta(days=2)


def all_of(listed: AsyncIterator[T]) -> list[T]:
    async def read() -> list[T]:
        return [each async for each in listed]

    return asyncio.run(read())


def line(id: str = CAPTURE, code: str = "T0006", **changes: Any) -> dict[str, Any]:
    info = {
        "transaction_id": id,
        "transaction_event_code": code,
        "transaction_initiation_date": "2026-11-20T08:00:00+0000",
        "transaction_amount": money(),
        "transaction_status": "S",
        "custom_field": str(REFERENCE),
    }
    return {"transaction_info": info | changes}


def report(*lines: Any, pages: Any = 1) -> dict[str, Any]:
    return {"transaction_details": list(lines), "total_pages": pages}


def sessions(desk: Desk, until: datetime | None = None) -> list[Observation | Recheck]:
    return all_of(strategy(desk).list_since(SINCE, source=Source.SWEEP, until=until))


def asked_of(desk: Desk, path: str) -> list[dict[str, str]]:
    return [dict(each.url.params) for each in desk.requests if each.url.path == path]


def test_what_was_paid_is_found_in_the_report_by_our_reference() -> None:
    desk = Desk().on("GET", REPORT, report(line())).on("GET", OF_CAPTURE, capture())
    (seen,) = sessions(desk)
    assert isinstance(seen, Observation)
    assert (seen.state, seen.reference, seen.session_id) == (
        SessionState.PAID,
        str(REFERENCE),
        ORDER,
    )
    (query,) = asked_of(desk, REPORT)
    assert query["start_date"] == "2026-11-19T09:00:00Z"
    assert query["end_date"] == "2026-11-21T09:00:00Z"


def test_a_transaction_that_stands_there_twice_counts_once_and_strangers_are_not_asked_about() -> (
    None
):
    strange = [line("X1", custom_field="web-shop-7"), line("X2", custom_field=None)]
    both = [line(transaction_status="P"), line()]
    desk = Desk().on("GET", REPORT, report(*strange, *both, line(REFUND, "T1107")))
    desk.on("GET", OF_CAPTURE, capture())
    assert len(sessions(desk)) == 1
    assert [each.url.path for each in desk.requests] == [REPORT, OF_CAPTURE]


def test_every_page_of_the_report_is_read_newest_first() -> None:
    desk = Desk().on("GET", REPORT, report(line("C1"), pages=2), report(line("C2"), pages=2))
    for id in ("C1", "C2"):
        desk.on("GET", f"/v2/payments/captures/{id}", capture(id=id))
    seen = sessions(desk)
    assert [o.payments[0].payment_id for o in seen if isinstance(o, Observation)] == ["C2", "C1"]
    assert [query["page"] for query in asked_of(desk, REPORT)] == ["1", "2"]


def test_a_long_span_is_asked_for_in_parts_of_a_month() -> None:
    desk = Desk().on("GET", REPORT, report())
    long_ago = START - timedelta(days=70)
    assert all_of(strategy(desk).list_since(long_ago, source=Source.SWEEP)) == []
    spans = [(query["start_date"], query["end_date"]) for query in asked_of(desk, REPORT)]
    assert len(spans) == 3
    assert [begin for begin, _ in spans[1:]] == [end for _, end in spans[:-1]]


def test_a_span_ends_before_its_end() -> None:
    until = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
    desk = Desk().on("GET", REPORT, report(line())).on("GET", OF_CAPTURE, capture())
    assert sessions(desk, until) == []
    assert len(sessions(desk, until + timedelta(seconds=1))) == 1


def test_one_that_is_not_understood_is_named_and_hides_no_other(expected_logs: Any) -> None:
    desk = Desk().on("GET", REPORT, report(line(), line("C2")))
    desk.on("GET", OF_CAPTURE, capture())
    desk.on("GET", "/v2/payments/captures/C2", capture("SOMETHING_NEW"))
    odd, good = sessions(desk)
    assert odd == Recheck(str(REFERENCE)) and isinstance(good, Observation)
    expected_logs.take("is not understood")


def test_a_move_of_money_that_is_no_capture_is_passed_over() -> None:
    desk = Desk().on("GET", REPORT, report(line("R1"), line())).on("GET", OF_CAPTURE, capture())
    assert len(sessions(desk)) == 1


def test_a_key_that_may_not_read_the_report_says_so() -> None:
    with pytest.raises(Rejected) as refused:
        sessions(Desk().on("GET", REPORT, refusal(403, "", "NOT_AUTHORIZED")))
    assert refused.value.status == 403 and "Transaction Search" in refused.value.action
    with pytest.raises(Rejected) as other:
        sessions(Desk().on("GET", REPORT, refusal(400, "INVALID_PARAMETER_VALUE")))
    assert "Transaction Search" not in other.value.action


@pytest.mark.parametrize("pages", [None, "2", 1.0, True])
def test_a_report_that_does_not_say_how_long_it_is_proves_nothing(pages: Any) -> None:
    with pytest.raises(Protocol):
        sessions(Desk().on("GET", REPORT, report(pages=pages)))


def test_refunds_are_found_by_their_code_and_looked_up(expected_logs: Any) -> None:
    lines = [line(), line(REFUND, "T1107"), line("R2", "T1107"), line(REFUND, "T1107")]
    desk = Desk().on("GET", REPORT, report(*lines))
    desk.on("GET", f"/v2/payments/refunds/{REFUND}", refund())
    desk.on("GET", "/v2/payments/refunds/R2", refund("SOMETHING_NEW"))
    (seen,) = all_of(strategy(desk).refunds_since(SINCE))
    assert (seen.refund_id, seen.key) == (REFUND, REFERENCE.key("refund-1"))
    expected_logs.take("refund 'R2' cannot be understood")


def events(desk: Desk, until: datetime | None = None) -> list[str]:
    listed = strategy(desk).events_since(SINCE, until=until)
    return [json.loads(each.body)["id"] for each in all_of(listed)]


def test_events_are_read_page_by_page_and_never_from_another_host() -> None:
    onward = f"https://evil.example{EVENTS}?next_page_token=abc&page_size=50"
    first = {
        "events": [event("X", {}, id="WH-2")],
        "links": [{"href": onward, "rel": "next"}],
    }
    desk = Desk().on("GET", EVENTS, first, {"events": [event("X", {}, id="WH-1")], "links": []})
    assert events(desk) == ["WH-2", "WH-1"]
    assert {each.url.host for each in desk.requests} == {"api-m.sandbox.paypal.com"}
    assert asked_of(desk, EVENTS)[1] == {"next_page_token": "abc", "page_size": "50"}


def test_a_list_that_leads_back_to_itself_is_not_read_for_ever() -> None:
    again = [{"href": f"https://api-m.paypal.com{EVENTS}?next_page_token=a", "rel": "next"}]
    with pytest.raises(Protocol, match="does not end"):
        events(Desk().on("GET", EVENTS, {"events": [], "links": again}))


def test_an_event_of_the_very_end_belongs_to_the_next_span() -> None:
    end = datetime(2026, 11, 21, 8, 59, tzinfo=UTC)
    desk = Desk().on("GET", EVENTS, {"events": [event("X", {})]})
    assert events(desk, end) == [] and events(desk, end + timedelta(seconds=1)) != []


def test_what_is_listed_and_is_no_event_is_logged(expected_logs: Any) -> None:
    desk = Desk().on("GET", EVENTS, {"events": [{"id": 7}, event("X", {}, id="WH-1")]})
    assert events(desk) == ["WH-1"]
    expected_logs.take("lists an event that is none")


def test_lists_may_be_late_and_reconciliation_knows() -> None:
    takes = strategy(Desk()).capabilities
    assert takes.lists_after == reports.LATE >= timedelta(hours=3)
    assert not takes.lists_unpaid


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
    (query,) = asked_of(desk, DISPUTES)
    assert query["start_time"] == "2026-11-19T09:00:00.000Z"


def test_a_webhook_is_registered_in_the_place_of_the_tills_earlier_one() -> None:
    path = "/v1/notifications/webhooks"
    known = [
        {"id": "W1", "url": "http://127.0.0.1:1/webhooks/paypal?till=t1"},
        {"id": "W2", "url": "http://127.0.0.1:1/webhooks/paypal?till=t2"},
        {"id": "W3", "url": "https://shop.example/hook"},
    ]
    desk = Desk().on("GET", path, {"webhooks": known}).on("POST", path, {"id": "W4"})
    desk.on("DELETE", f"{path}/W1", {})
    asyncio.run(strategy(desk).register_webhook("http://127.0.0.1:2/webhooks/paypal", owner="t1"))
    assert [each.method for each in desk.requests] == ["GET", "DELETE", "POST"]
    sent = json.loads(desk.requests[-1].content)
    assert sent["url"] == "http://127.0.0.1:2/webhooks/paypal?till=t1"
    assert {"name": "PAYMENT.CAPTURE.COMPLETED"} in sent["event_types"]


def test_a_webhook_without_an_id_proves_nothing() -> None:
    path = "/v1/notifications/webhooks"
    desk = Desk().on("GET", path, {}).on("POST", path, {})
    with pytest.raises(Protocol):
        asyncio.run(strategy(desk).register_webhook("http://x", owner="t1"))
