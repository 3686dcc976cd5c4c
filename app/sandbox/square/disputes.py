"""Disputes: the payer's bank takes money back, the shop may object, the bank decides.

Square withholds the amount while it asks for evidence, keeps it where the dispute is lost or
accepted, and gives it back where it is won. An inquiry withholds nothing. It charges no fee.
"""

from collections.abc import Mapping
from typing import Final

from app.sandbox.bench import Cause
from app.sandbox.books import JsonObject, Record
from app.sandbox.square import events, listing, merchants
from app.sandbox.square.errors import bad_request
from app.sandbox.square.money import shown
from app.sandbox.square.parameters import Rule, Text, body_of, query_of
from app.sandbox.square.workbench import DISPUTE, Call, Workbench

DUE_AFTER_S = 9 * 86_400
REASONS = (
    "AMOUNT_DIFFERS CANCELLED DUPLICATE NO_KNOWLEDGE NOT_AS_DESCRIBED NOT_RECEIVED"
    " PAID_BY_OTHER_MEANS CUSTOMER_REQUESTS_CREDIT EMV_LIABILITY_SHIFT"
).split()
OPENINGS = ("EVIDENCE_REQUIRED", "INQUIRY_EVIDENCE_REQUIRED")
MOVES: Final[Mapping[str, tuple[str, ...]]] = {
    "INQUIRY_EVIDENCE_REQUIRED": ("INQUIRY_PROCESSING", "INQUIRY_CLOSED", "EVIDENCE_REQUIRED"),
    "INQUIRY_PROCESSING": ("INQUIRY_CLOSED", "EVIDENCE_REQUIRED"),
    "INQUIRY_CLOSED": (),
    "EVIDENCE_REQUIRED": ("PROCESSING", "WON", "LOST", "ACCEPTED"),
    "PROCESSING": ("WON", "LOST"),
    "LOST": ("WON",),  # the bank may still change its mind
    "WON": (),
    "ACCEPTED": (),
}
_CLOSED = ("WON", "LOST", "ACCEPTED", "INQUIRY_CLOSED")
_WITHHELD = ("EVIDENCE_REQUIRED", "PROCESSING", "LOST", "ACCEPTED")
_OF_PAYMENT = (
    "account = ? AND kind = 'square.dispute'"
    " AND json_extract(body, '$.disputed_payment.payment_id') = ?"
)
_LIST_RULES: Mapping[str, Rule] = {
    "cursor": Text(1024),
    "location_id": Text(50),
    "states": Text(400),
}


def begin(
    bench: Workbench,
    payment: Record,
    *,
    amount: int | None = None,
    reason: str = "NO_KNOWLEDGE",
    due_by: int | None = None,
    state: str = "EVIDENCE_REQUIRED",
) -> Record:
    """Have the payer's bank dispute a payment, or ask about it; the caller commits.

    Without `amount` it is about all that was not given back. Raises where that cannot be.
    """
    total = payment.body["total_money"]
    amount = total["amount"] - payment.private["refunding"] if amount is None else amount
    if payment.body["status"] != "COMPLETED" or not 0 < amount <= total["amount"]:
        paid = shown(total["amount"], total["currency"])
        asked = shown(amount, total["currency"])
        raise bad_request(f"{asked} of {paid} cannot be disputed.")
    if any(other.body["state"] not in _CLOSED for other in of_payment(bench, payment)):
        raise bad_request(f"Payment {payment.id} is disputed already.")
    now, id = bench.stamp(), bench.new_id(DISPUTE, "", 21)
    due = DUE_AFTER_S if due_by is None else due_by - bench.now()
    body: JsonObject = {
        "id": id,
        "amount_money": {**total, "amount": amount},
        "reason": reason,
        "state": state,
        "due_at": bench.stamp(due),
        "disputed_payment": {"payment_id": payment.id},
        "brand_dispute_id": bench.ids("", 22),
        "created_at": now,
        "updated_at": now,
        "reported_at": now[:10] + "T00:00:00.000Z",
        "version": 1,
        "location_id": payment.body["location_id"],
    }
    card = payment.body.get("card_details", {}).get("card")
    if card is not None:
        body["card_brand"] = card["card_brand"]
    taken = state in _WITHHELD
    dispute = bench.keep(
        payment.account, DISPUTE, id, body, {"withdrawn": amount * taken, "reinstated": 0}
    )
    _tell(bench, dispute, "dispute.created")
    return dispute


def move(bench: Workbench, dispute: Record, state: str) -> None:
    """Have the bank say how it stands now; the caller commits. Raises where that cannot follow."""
    before = dispute.body["state"]
    if state not in MOVES[before]:
        raise bad_request(f"A dispute cannot go from {before} to {state}.")
    amount = dispute.body["amount_money"]["amount"]
    if state in _WITHHELD and before not in _WITHHELD:
        dispute.private["withdrawn"] += amount
    if state == "WON":
        dispute.private["reinstated"] = dispute.private["withdrawn"]
    version = dispute.body["version"] + 1
    dispute.body.update(state=state, updated_at=bench.stamp(), version=version)
    bench.books.save(dispute)
    _tell(bench, dispute, "dispute.state.updated")


def of_payment(bench: Workbench, payment: Record) -> list[Record]:
    return bench.books.select(_OF_PAYMENT, (payment.account, payment.id))


def forbids_refund(bench: Workbench, payment: Record) -> bool:
    """Say whether the money is withheld, so that the shop cannot give it back."""
    return any(each.body["state"] in _WITHHELD for each in of_payment(bench, payment))


def retrieve(bench: Workbench, call: Call) -> JsonObject:
    query_of(call.query, {})
    return {"dispute": bench.need(call.account, DISPUTE, call.id, "dispute_id").body}


def accept(bench: Workbench, call: Call) -> JsonObject:
    """Give up: the amount stays with the payer."""
    body_of(call.body, {})
    dispute = bench.need(call.account, DISPUTE, call.id, "dispute_id")
    if dispute.body["state"] != "EVIDENCE_REQUIRED":
        state = dispute.body["state"]
        raise bad_request(f"A dispute in state {state} cannot be accepted.", "dispute_id")
    move(bench, dispute, "ACCEPTED")
    return {"dispute": dispute.body}


def list_disputes(bench: Workbench, call: Call) -> JsonObject:
    """List the disputes of all locations and states unless some are named."""
    asked = query_of(call.query, _LIST_RULES)
    conditions: list[listing.Condition] = []
    if "location_id" in asked:
        merchants.check(call.account, asked["location_id"], "location_id")
        where = "json_extract(body, '$.location_id') = ?"
        conditions.append((where, [asked["location_id"]]))
    if asked.get("states"):
        states = asked["states"].split(",")
        marks = ", ".join("?" * len(states))
        conditions.append((f"json_extract(body, '$.state') IN ({marks})", states))
    wanted = listing.Wanted(
        account=call.account,
        kind=DISPUTE,
        conditions=conditions,
        downwards=False,
        cursor=asked.get("cursor"),
        shape=(asked.get("states"), asked.get("location_id")),
    )
    found, cursor = listing.page(bench, wanted)
    return listing.in_page("disputes", [dispute.body for dispute in found], cursor)


def _tell(bench: Workbench, dispute: Record, type: str) -> None:
    about = events.About("dispute", dispute.id, "dispute", dispute.body)
    events.record(bench, dispute.account, type, about, Cause())
