"""What happens when a payer approves an order, and when the shop captures it.

Approval moves no money. What the payer chose to pay with decides what the capture comes to.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from app.sandbox.books import JsonObject, Record
from app.sandbox.paypal import captures, events, orders
from app.sandbox.paypal.checks import Fields, check
from app.sandbox.paypal.errors import not_simulated, unprocessable
from app.sandbox.paypal.money import minor_of
from app.sandbox.paypal.workbench import Call, Workbench

State: TypeAlias = Literal[
    "approved", "paid", "processing", "declined", "already_approved", "already_complete", "expired"
]
FUNDINGS = ("balance", "echeck", "review", "declines", "challenged", "unusable")
"""What a payer may choose: good money, a bank's slow one, one that PayPal looks at first, one that
is declined when it is captured, one whose bank asks first, one that PayPal does not take at all."""

_PENDING = {"echeck": "ECHECK", "review": "PENDING_REVIEW"}
_CHOSEN_ANEW = ("declines", "challenged")


@dataclass(frozen=True, kw_only=True)
class Choice:
    """How a payer pays: with what, and who that is.

    `minor` and `currency` make the capture another than the order says, `reason` says why a
    pending one pends.
    """

    funding: str = "balance"
    name: str | None = None
    email: str | None = None
    minor: int | None = None
    currency: str | None = None
    reason: str | None = None


def approve(bench: Workbench, order: Record, choice: Choice) -> State:
    """Let the payer approve an order; the caller commits.

    One whose funding came to nothing may be approved again, with another.
    """
    if orders.is_over(order):
        return "expired"
    if order.body["status"] == "COMPLETED":
        return "already_complete"
    if order.body["status"] == "APPROVED" and not is_to_be_chosen(order):
        return "already_approved"
    if choice.funding == "unusable":
        return "declined"
    if choice.funding == "echeck" and _must_be_immediate(order):
        return "declined"
    payer = _payer(bench, order, choice)
    order.body["payer"] = payer
    order.body["payment_source"] = {
        "paypal": {
            "email_address": payer["email_address"],
            "account_id": payer["payer_id"],
            "account_status": "VERIFIED",
            "name": payer["name"],
            "address": payer["address"],
        }
    }
    order.body.update(status="APPROVED", update_time=bench.time())
    order.private.update(
        funding=choice.funding, minor=choice.minor, currency=choice.currency, reason=choice.reason
    )
    bench.books.save(order)
    resource = orders.presented(bench, order)
    summary = "An order has been approved by buyer"
    type = "CHECKOUT.ORDER.APPROVED"
    events.record(bench, order.account, type, "checkout-order", resource, summary)
    return "approved"


def is_to_be_chosen(order: Record) -> bool:
    """Say whether the payer has to choose again, or to prove something."""
    if order.body["status"] == "APPROVED":
        return bool(order.private["funding"] in _CHOSEN_ANEW)
    return bool(order.body["status"] != "COMPLETED")


def is_challenged(order: Record) -> bool:
    """Say whether the payer's bank asks who is paying."""
    return bool(order.body["status"] == "APPROVED" and order.private["funding"] == "challenged")


def authenticate(bench: Workbench, order: Record, *, succeeded: bool) -> State:
    """Let the payer prove to the bank who is paying, or fail to; the caller commits."""
    order.private["funding"] = "balance" if succeeded else "declines"
    bench.books.save(order)
    return "approved" if succeeded else "declined"


def capture(bench: Workbench, call: Call) -> tuple[int, JsonObject]:
    """Answer the shop's capture of an order."""
    given = check(call.given, Fields({}))
    if given.get("payment_source"):
        raise not_simulated("a payment source at capture", "/payment_source")
    order = orders.need(bench, call.account, call.id)
    take(bench, order)
    return 201, orders.answered(bench, order, call)


def take(bench: Workbench, order: Record) -> Record:
    """Take the money that was approved; the caller commits. Raises as PayPal refuses it."""
    if order.body["status"] == "COMPLETED":
        raise unprocessable("ORDER_ALREADY_CAPTURED")
    if order.body["status"] != "APPROVED":
        raise unprocessable("ORDER_NOT_APPROVED")
    funding = order.private["funding"]
    if funding == "declines":
        link = orders.page_link(bench, order, "redirect")
        raise unprocessable("INSTRUMENT_DECLINED", links=[link])
    if funding == "challenged":
        link = orders.page_link(bench, order, "payer-action")
        raise unprocessable("PAYER_ACTION_REQUIRED", links=[link])
    unit = order.body["purchase_units"][0]
    captures.check_invoice(bench, order.account, unit.get("invoice_id"))
    amount = unit["amount"]
    pending = order.private["reason"] or _PENDING.get(funding)
    order.private.pop("expires_at", None)
    order.body.update(status="COMPLETED", update_time=bench.time())
    taken = captures.add(
        bench,
        order,
        order.private["minor"] or minor_of(amount),
        order.private["currency"] or amount["currency_code"],
        pending,
    )
    bench.books.save(order)
    return taken


def pending_capture(bench: Workbench, order: Record) -> Record | None:
    """The capture whose money is still to come."""
    found = _captures_of(bench, order)
    return next((each for each in found if each.body["status"] == "PENDING"), None)


def came_to_nothing(bench: Workbench, order: Record) -> bool:
    """Whether the money was to come, and did not."""
    found = _captures_of(bench, order)
    return bool(found) and all(each.body["status"] == "DECLINED" for each in found)


def _captures_of(bench: Workbench, order: Record) -> list[Record]:
    return [bench.need(order.account, captures.KIND, id) for id in order.private["captures"]]


def _must_be_immediate(order: Record) -> bool:
    preference = order.private["context"].get("payment_method_preference")
    return bool(preference == "IMMEDIATE_PAYMENT_REQUIRED")


def _payer(bench: Workbench, order: Record, choice: Choice) -> JsonObject:
    given, _, surname = (choice.name or "Ada Sample").strip().partition(" ")
    return {
        "name": {"given_name": given or "Ada", "surname": surname or "Sample"},
        "email_address": choice.email or order.private["email"] or "buyer@example.com",
        "payer_id": bench.payer_id(),
        "address": {"country_code": "US"},
    }
