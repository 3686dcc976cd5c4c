"""The report of transactions: late, in spans of a month, with ids that may come twice."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.sandbox.paypal import transactions
from tests.integration.sandbox.paypal.shop import PayPalShop, capture_of, money

PATH = "/v1/reporting/transactions"


def _span(**more: str) -> dict[str, str]:
    now = datetime.now(UTC)
    start, end = now - timedelta(days=1), now + timedelta(days=1)
    return {"start_date": start.isoformat(), "end_date": end.isoformat(), **more}


def _lines(paypal: PayPalShop, **more: str) -> Any:
    answer = paypal.http_get(PATH, _span(fields="all", **more))
    assert answer.status_code == 200, answer.text
    return [each["transaction_info"] for each in answer.json()["transaction_details"]]


def test_payments_and_refunds_are_reported_three_hours_late(paypal: PayPalShop) -> None:
    capture = paypal.sold("100.00", invoice_id="7-1")["id"]
    refund = paypal.refund(capture, {"amount": money("1.00")}).json()["id"]
    assert _lines(paypal) == []
    paypal.control("POST", "clock", {"advance_s": 3 * 3600 + 1})
    paid, given_back = _lines(paypal)
    assert (paid["transaction_id"], paid["transaction_status"]) == (capture, "S")
    assert (paid["custom_field"], paid["invoice_id"]) == ("till1-7-1", "7-1")
    assert (paid["transaction_amount"], paid["fee_amount"]) == (money("100.00"), money("-3.98"))
    assert given_back["transaction_id"] == refund
    assert given_back["paypal_reference_id"] == capture
    assert given_back["transaction_amount"] == money("-1.00")
    assert _lines(paypal, transaction_id=refund) == [given_back]
    assert _lines(paypal, page_size="1", page="2") == [given_back]
    assert _lines(paypal, transaction_status="D") == []


def test_an_id_may_come_twice(paypal: PayPalShop) -> None:
    sold = paypal.sell()
    paypal.approve(sold, "echeck")
    capture = capture_of(paypal.capture(sold["id"]).json())["id"]
    paypal.control("POST", "clock", {"advance_s": 3 * 3600 + 1})
    assert _lines(paypal) == []
    paypal.control("POST", f"sessions/{sold['id']}/settle", {})
    assert [each["transaction_status"] for each in _lines(paypal)] == ["S"]
    lines = _lines(paypal, balance_affecting_records_only="N")
    found = [(each["transaction_id"], each["transaction_status"]) for each in lines]
    assert found == [(capture, "P"), (capture, "S")]


def test_more_lines_than_a_report_has_are_refused(
    paypal: PayPalShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transactions, "MOST_LINES", 1)
    paypal.sold()
    paypal.control("POST", "clock", {"advance_s": 3 * 3600 + 1})
    assert len(_lines(paypal)) == 1
    paypal.renew()
    paypal.sold()
    paypal.control("POST", "clock", {"advance_s": 3 * 3600 + 1})
    paypal.renew()
    answer = paypal.http_get(PATH, _span())
    assert (answer.status_code, answer.json()["name"]) == (400, "RESULTSET_TOO_LARGE")


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"start_date": "2026-01-01T00:00:00Z"},
        {"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-02-02T00:00:00Z"},
        {"start_date": "2026-01-02T00:00:00Z", "end_date": "2026-01-01T00:00:00Z"},
        {"start_date": "yesterday", "end_date": "today"},
        _span(page_size="501"),
    ],
)
def test_a_report_that_makes_no_sense_is_refused(
    new_paypal: PayPalShop, query: dict[str, str]
) -> None:
    assert new_paypal.http_get(PATH, query).status_code == 400
