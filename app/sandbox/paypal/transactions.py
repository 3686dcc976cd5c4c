"""The report of transactions: what moved money, up to three hours late.

An id may come twice: a payment by bank stands there as it was begun, which moved nothing, and as
it was completed. The first is left out unless `balance_affecting_records_only` is N.
"""

from app.sandbox.books import JsonObject, Record
from app.sandbox.paypal import captures, events, refunds
from app.sandbox.paypal.errors import Detail, PayPalRefusal
from app.sandbox.paypal.money import minor_of, money
from app.sandbox.paypal.workbench import Call, Workbench, time_text

LATE_S = 3 * 3600
LONGEST_S = 31 * 86_400
MOST_LINES = 10_000

_SALE, _SUBSCRIPTION, _REFUND = "T0006", "T0002", "T1107"
_STATUSES = {"PENDING": "P", "DECLINED": "D", "FAILED": "D", "CANCELLED": "D"}


def listing(bench: Workbench, call: Call) -> tuple[int, JsonObject]:
    """Answer `GET /v1/reporting/transactions`: oldest first, by span, id, status and page."""
    for name in ("start_date", "end_date"):
        if name not in call.query:
            raise _refused("MISSING_REQUIRED_PARAMETER", name)
    first, last = (events.moment(call, name) for name in ("start_date", "end_date"))
    if not first <= last <= first + LONGEST_S:
        raise _refused("INVALID_DATE_RANGE", "end_date")
    size, page = _whole(call, "page_size", 100, 500), _whole(call, "page", 1, 2**31)
    refreshed = bench.now() - LATE_S
    found = [
        line
        for at, line in _all(bench, call)
        if first <= at <= min(last, refreshed) and _is_wanted(line, call)
    ]
    if len(found) > MOST_LINES:
        raise PayPalRefusal(
            400,
            name="RESULTSET_TOO_LARGE",
            message="Result set size is greater than the maximum limit. Change the filter criteria"
            " and try again.",
        )
    pages = -(-len(found) // size)
    shown = found[(page - 1) * size : page * size]
    return 200, {
        "transaction_details": [{"transaction_info": line} for line in shown],
        "account_number": call.account,
        "start_date": call.query["start_date"],
        "end_date": call.query["end_date"],
        "last_refreshed_datetime": _written(refreshed),
        "page": page,
        "total_items": len(found),
        "total_pages": pages,
        "links": [bench.link("/v1/reporting/transactions", "self")],
    }


def _all(bench: Workbench, call: Call) -> list[tuple[int, JsonObject]]:
    def of(kind: str) -> list[Record]:
        return bench.books.select("account = ? AND kind = ?", (call.account, kind))

    lines: list[tuple[int, JsonObject]] = []
    for capture in of(captures.KIND):
        lines += _capture_lines(capture)
    lines += [(refund.created, _refund_line(refund)) for refund in of(refunds.KIND)]
    wants_all = call.query.get("balance_affecting_records_only", "Y") == "N"
    lines = [(at, line) for at, line in lines if wants_all or line["transaction_status"] != "P"]
    return sorted(lines, key=lambda each: each[0])


def _capture_lines(capture: Record) -> list[tuple[int, JsonObject]]:
    body = capture.body
    amount, breakdown = body["amount"], body.get("seller_receivable_breakdown")
    code = _SUBSCRIPTION if captures.is_sale(capture) else _SALE
    line = _line(capture.id, code, amount, body["create_time"], body["update_time"])
    if captures.is_sale(capture):
        line["paypal_reference_id"] = capture.private["order"]
        line["paypal_reference_id_type"] = "SUB"
    line |= _names(body.get("custom_id"), body.get("invoice_id"))
    begun = capture.private.get("began_pending")
    lines = [{**line, "transaction_status": "P"}] if begun else []
    if body["status"] != "PENDING":
        status = _STATUSES.get(body["status"], "V" if body["status"] == "REFUNDED" else "S")
        lines.append({**line, "transaction_status": status})
    if breakdown is not None:
        fee = -minor_of(breakdown["paypal_fee"])
        lines[-1]["fee_amount"] = money(fee, amount["currency_code"])
    return [(capture.created, each) for each in lines]


def _refund_line(refund: Record) -> JsonObject:
    body, amount = refund.body, refund.body["amount"]
    given_back = money(-minor_of(amount), amount["currency_code"])
    return {
        **_line(refund.id, _REFUND, given_back, body["create_time"], body["update_time"]),
        **_names(body.get("custom_id"), body.get("invoice_id")),
        "paypal_reference_id": refund.private["capture"],
        "paypal_reference_id_type": "TXN",
        "transaction_status": _STATUSES.get(body["status"], "S"),
    }


def _line(id: str, code: str, amount: JsonObject, begun: str, updated: str) -> JsonObject:
    return {
        "transaction_id": id,
        "transaction_event_code": code,
        "transaction_initiation_date": begun.replace("Z", "+0000"),
        "transaction_updated_date": updated.replace("Z", "+0000"),
        "transaction_amount": amount,
    }


def _names(custom: str | None, invoice: str | None) -> JsonObject:
    named = {"custom_field": custom, "invoice_id": invoice}
    return {name: value for name, value in named.items() if value is not None}


def _is_wanted(line: JsonObject, call: Call) -> bool:
    said = {
        "transaction_id": line["transaction_id"],
        "transaction_status": line["transaction_status"],
        "transaction_currency": line["transaction_amount"]["currency_code"],
    }
    return all(call.query.get(name, value) == value for name, value in said.items())


def _written(at: int) -> str:
    return time_text(at).replace("Z", "+0000")


def _whole(call: Call, name: str, default: int, most: int) -> int:
    value = call.query.get(name, str(default))
    if not (value.isascii() and value.isdigit()) or not 1 <= int(value) <= most:
        raise _refused("INVALID_PARAMETER_VALUE", name)
    return int(value)


def _refused(issue: str, name: str) -> PayPalRefusal:
    return PayPalRefusal(400, Detail(issue, name, location="query"))
