"""Disputes: a buyer complains or a bank takes the money back, and PayPal decides.

An inquiry holds nothing; a claim or chargeback takes the money and a fee until it is decided.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from app.sandbox.books import JsonObject, Query, Record
from app.sandbox.paypal import captures, events
from app.sandbox.paypal.checks import Fields, Text, check
from app.sandbox.paypal.errors import Detail, PayPalRefusal, unprocessable
from app.sandbox.paypal.money import minor_of, money
from app.sandbox.paypal.terms import terms
from app.sandbox.paypal.workbench import Call, Workbench, time_text

KIND = "paypal.dispute"
DUE_AFTER_S = 10 * 86_400
REASONS = (
    "MERCHANDISE_OR_SERVICE_NOT_RECEIVED MERCHANDISE_OR_SERVICE_NOT_AS_DESCRIBED UNAUTHORISED"
    " CREDIT_NOT_PROCESSED DUPLICATE_TRANSACTION INCORRECT_AMOUNT PAYMENT_BY_OTHER_MEANS"
    " CANCELED_RECURRING_BILLING PROBLEM_WITH_REMITTANCE OTHER"
).split()
OPENINGS: Final = {"needs_response": "CHARGEBACK", "warning_needs_response": "INQUIRY"}
"""The common words of the control API, and the stage in which such a dispute begins."""
_STATUSES: Final[Mapping[str, tuple[str, str | None]]] = {
    "needs_response": ("WAITING_FOR_SELLER_RESPONSE", None),
    "under_review": ("UNDER_REVIEW", None),
    "won": ("RESOLVED", "RESOLVED_SELLER_FAVOUR"),
    "lost": ("RESOLVED", "RESOLVED_BUYER_FAVOUR"),
    "warning_closed": ("RESOLVED", "CANCELED_BY_BUYER"),
}
MOVES = tuple(_STATUSES)
_STATES = {
    "REQUIRED_ACTION": ("WAITING_FOR_SELLER_RESPONSE",),
    "UNDER_PAYPAL_REVIEW": ("UNDER_REVIEW",),
    "RESOLVED": ("RESOLVED",),
    "OPEN_INQUIRIES": ("OPEN", "WAITING_FOR_SELLER_RESPONSE", "WAITING_FOR_BUYER_RESPONSE"),
}
_ACCEPT = Fields({"note": Text(2000), "accept_claim_reason": Text(255)})


def retrieve(bench: Workbench, call: Call) -> tuple[int, JsonObject]:
    return 200, presented(bench, bench.need(call.account, KIND, call.id))


def listing(bench: Workbench, call: Call) -> tuple[int, JsonObject]:
    """Answer the list, newest first, of those that fit the query."""
    conditions: list[tuple[str, tuple[str | int, ...]]] = []
    if "start_time" in call.query:
        conditions.append(("created >= ?", (_moment(call.query["start_time"]),)))
    if "disputed_transaction_id" in call.query:
        path = "json_extract(body, '$.disputed_transactions[0].seller_transaction_id') = ?"
        conditions.append((path, (call.query["disputed_transaction_id"],)))
    if "dispute_state" in call.query:
        wanted = _STATES.get(call.query["dispute_state"])
        if wanted is None:
            raise _bad_query("dispute_state", call.query["dispute_state"])
        marks = ", ".join("?" for _ in wanted)
        conditions.append((f"json_extract(body, '$.status') IN ({marks})", wanted))
    size = call.query.get("page_size", "10")
    if not (size.isascii() and size.isdigit()) or not 1 <= int(size) <= 50:
        raise _bad_query("page_size", size)
    after = call.query.get("next_page_token")
    query = Query(
        account=call.account, kind=KIND, conditions=conditions, limit=int(size), after=after
    )
    records, has_more = bench.books.page(query)
    links = [bench.link("/v1/customer/disputes", "self")]
    if has_more:
        given = {**call.query, "next_page_token": records[-1].id}
        tail = "&".join(f"{name}={value}" for name, value in given.items())
        links.append(bench.link(f"/v1/customer/disputes?{tail}", "next"))
    names = (
        *("dispute_id", "create_time", "update_time", "reason", "status", "dispute_state"),
        *("dispute_amount", "dispute_life_cycle_stage", "seller_response_due_date", "links"),
    )
    whole = [presented(bench, each) for each in records]
    items = [{name: each[name] for name in names if name in each} for each in whole]
    return 200, {"items": items, "links": links}


def accept(bench: Workbench, call: Call) -> tuple[int, JsonObject]:
    """Accept the claim: it is lost."""
    check(call.given, _ACCEPT)
    dispute = bench.need(call.account, KIND, call.id)
    if dispute.body["status"] == "RESOLVED":
        raise unprocessable("ACTION_NOT_ALLOWED_IN_CURRENT_DISPUTE_STATE")
    move(bench, dispute, "lost")
    return 200, {"links": [bench.link(f"/v1/customer/disputes/{dispute.id}", "self")]}


def begin(
    bench: Workbench,
    capture: Record,
    *,
    amount: int | None = None,
    reason: str = "UNAUTHORISED",
    due_by: int | None = None,
    opening: str = "needs_response",
) -> Record:
    """Have a capture disputed, or asked about; the caller commits.

    Without `amount` it is about all that was not given back. Raises where that is exceeded, or
    the capture has an open dispute.
    """
    currency = capture.body["amount"]["currency_code"]
    captured = minor_of(capture.body["amount"])
    amount = captured - int(capture.private["refunded_minor"]) if amount is None else amount
    if capture.body["status"] not in captures.TAKEN or not 0 < amount <= captured:
        raise unprocessable("DISPUTE_AMOUNT_EXCEEDED")
    if any(other.body["status"] != "RESOLVED" for other in of_capture(bench, capture)):
        raise unprocessable("TRANSACTION_DISPUTED")
    due = bench.now() + DUE_AFTER_S if due_by is None else due_by
    transaction = {
        "seller_transaction_id": capture.id,
        "create_time": capture.body["create_time"],
        "transaction_status": "COMPLETED",
        "gross_amount": capture.body["amount"],
        "custom": capture.body.get("custom_id"),
        "invoice_number": capture.body.get("invoice_id"),
        "seller": {"merchant_id": capture.account, "name": bench.shop_name},
    }
    id = bench.new_code(KIND, 14, "PP-R-")
    body: JsonObject = {
        "id": id,
        "dispute_id": id,
        "create_time": bench.time(),
        "update_time": bench.time(),
        "disputed_transactions": [{k: v for k, v in transaction.items() if v is not None}],
        "reason": reason,
        "status": "WAITING_FOR_SELLER_RESPONSE",
        "dispute_amount": money(amount, currency),
        "dispute_life_cycle_stage": OPENINGS[opening],
        "dispute_channel": "EXTERNAL" if OPENINGS[opening] == "CHARGEBACK" else "INTERNAL",
        "seller_response_due_date": time_text(due),
    }
    private: JsonObject = {
        "capture": capture.id,
        "due_by": due,
        "withdrawn_minor": 0,
        "reinstated_minor": 0,
        "fee_minor": 0,
    }
    dispute = bench.put(capture.account, KIND, body, private)
    if OPENINGS[opening] == "CHARGEBACK":
        _withdraw(bench, dispute, capture)
    bench.books.save(dispute)
    _tell(bench, dispute, "CREATED", "A dispute was created")
    return dispute


def move(bench: Workbench, dispute: Record, word: str, *, fee_back: bool = False) -> None:
    """Have PayPal say how it stands, in the control API's common words; the caller commits.

    Raises where that cannot follow.
    """
    status, outcome = _STATUSES[word]
    before, capture = dispute.body["status"], _capture(bench, dispute)
    overturned = before == "RESOLVED" and word == "won"
    if before == "RESOLVED" and not (overturned and _outcome(dispute) == "RESOLVED_BUYER_FAVOUR"):
        raise unprocessable("ACTION_NOT_ALLOWED_IN_CURRENT_DISPUTE_STATE")
    if word == "needs_response" and dispute.body["dispute_life_cycle_stage"] == "INQUIRY":
        dispute.body["dispute_life_cycle_stage"] = "CHARGEBACK"
        _withdraw(bench, dispute, capture)
    if word == "lost" and not dispute.private["withdrawn_minor"]:
        _withdraw(bench, dispute, capture)
    dispute.body.update(status=status, update_time=bench.time())
    if outcome is not None:
        refunded = dispute.body["dispute_amount"] if word == "lost" else None
        dispute.body["dispute_outcome"] = {"outcome_code": outcome} | (
            {"amount_refunded": refunded} if refunded else {}
        )
        dispute.body.pop("seller_response_due_date", None)
    if word in ("won", "warning_closed"):
        taken = dispute.private["withdrawn_minor"] - dispute.private["reinstated_minor"]
        dispute.private["reinstated_minor"] += taken
        if fee_back:
            dispute.private["fee_minor"] = 0
        capture.private["is_charged_back"] = False
        bench.books.save(capture)
    bench.books.save(dispute)
    is_over = outcome is not None
    _tell(bench, dispute, "RESOLVED" if is_over else "UPDATED", "A dispute was updated")


def of_capture(bench: Workbench, capture: Record) -> list[Record]:
    condition = (
        "account = ? AND kind = ?"
        " AND json_extract(body, '$.disputed_transactions[0].seller_transaction_id') = ?"
    )
    return bench.books.select(condition, (capture.account, KIND, capture.id))


def presented(bench: Workbench, dispute: Record) -> JsonObject:
    body = {name: value for name, value in dispute.body.items() if name != "id"}
    path = f"/v1/customer/disputes/{dispute.id}"
    links = [bench.link(path, "self")]
    state = "RESOLVED"
    if body["status"] != "RESOLVED":
        links.append(bench.link(f"{path}/accept-claim", "accept_claim", "POST"))
        waits = body["status"] == "WAITING_FOR_SELLER_RESPONSE"
        state = "REQUIRED_ACTION" if waits else "UNDER_PAYPAL_REVIEW"
    return {**body, "dispute_state": state, "links": links}


def _outcome(dispute: Record) -> str | None:
    outcome: str | None = dispute.body.get("dispute_outcome", {}).get("outcome_code")
    return outcome


def _withdraw(bench: Workbench, dispute: Record, capture: Record) -> None:
    dispute.private["withdrawn_minor"] += minor_of(dispute.body["dispute_amount"])
    dispute.private["fee_minor"] += terms(bench).dispute_minor
    capture.private["is_charged_back"] = True
    bench.books.save(capture)


def _capture(bench: Workbench, dispute: Record) -> Record:
    return bench.need(dispute.account, captures.KIND, dispute.private["capture"])


def _tell(bench: Workbench, dispute: Record, verb: str, summary: str) -> None:
    type = f"CUSTOMER.DISPUTE.{verb}"
    events.record(bench, dispute.account, type, "dispute", presented(bench, dispute), summary)


def _moment(value: str) -> int:
    try:
        return int(datetime.fromisoformat(value).timestamp())
    except ValueError as error:
        raise _bad_query("start_time", value) from error


def _bad_query(name: str, value: str) -> PayPalRefusal:
    return PayPalRefusal(400, Detail("INVALID_PARAMETER_VALUE", name, value, "query"))
