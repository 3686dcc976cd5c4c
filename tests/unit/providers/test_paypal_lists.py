"""PayPal's lists and its webhooks: what is asked, and what is made of the answers."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest

from app.domain.observation import Observation, SessionState, Source
from app.errors import Protocol, Rejected
from app.providers.paypal import reports
from app.providers.strategy import Recheck
from tests.parts.clock import START
from tests.parts.paypal import (
    CAPTURE,
    ORDER,
    REFERENCE,
    REFUND,
    Desk,
    capture,
    event,
    money,
    refund,
    refusal,
    strategy,
)

T = TypeVar("T")

EVENTS = "/v1/notifications/webhooks-events"
REPORT = "/v1/reporting/transactions"
OF_CAPTURE = f"/v2/payments/captures/{CAPTURE}"
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


TOO_MANY = refusal(400, "", "RESULTSET_TOO_LARGE")


def test_a_span_of_more_lines_than_paypal_gives_is_read_by_its_halves() -> None:
    desk = Desk().on("GET", REPORT, TOO_MANY, report(line("C1")), report(line("C2"), line("C1")))
    for id in ("C1", "C2"):
        desk.on("GET", f"/v2/payments/captures/{id}", capture(id=id))
    seen = sessions(desk)
    assert [o.payments[0].payment_id for o in seen if isinstance(o, Observation)] == ["C1", "C2"]
    spans = [(query["start_date"], query["end_date"]) for query in asked_of(desk, REPORT)]
    assert spans == [
        ("2026-11-19T09:00:00Z", "2026-11-21T09:00:00Z"),
        ("2026-11-19T09:00:00Z", "2026-11-20T09:00:00Z"),
        ("2026-11-20T09:00:00Z", "2026-11-21T09:00:00Z"),
    ]


def test_more_lines_than_paypal_gives_in_one_second_are_a_refusal() -> None:
    desk = Desk().on("GET", REPORT, TOO_MANY)
    with pytest.raises(Rejected):
        sessions(desk)
    assert len(asked_of(desk, REPORT)) < 20


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
