"""Invoices of subscriptions: drafts that are finalized, paid or refused, and how they are read.

Rules: docs.stripe.com/billing/subscriptions/overview and the API reference. Whoever calls commits.
"""

from collections.abc import Sequence

from app.sandbox.bench import Cause
from app.sandbox.books import JsonObject, Record
from app.sandbox.stripe import events
from app.sandbox.stripe.objects import invoice as objects
from app.sandbox.stripe.parameters import EXPAND, LISTING, Choice, Fields, Span, Text, check_all
from app.sandbox.stripe.presentation import listed_page, presented
from app.sandbox.stripe.workbench import Call, Workbench

KIND = "invoice"
PAYMENT = "invoice_payment"
UNPAID = ("draft", "open")

_LIST_RULES = {
    **LISTING,
    "collection_method": Choice(["charge_automatically", "send_invoice"]),
    "created": Span(),
    "customer": Text(200),
    "status": Choice(["draft", "open", "paid", "uncollectible", "void"]),
    "subscription": Text(200),
}
_PAYMENT_RULES = {
    **LISTING,
    "created": Span(),
    "invoice": Text(200),
    "payment": Fields(
        {"payment_intent": Text(200), "type": Choice(["payment_intent", "payment_record"])},
        ("type",),
    ),
    "status": Choice(["canceled", "open", "paid"]),
}
_OF_SUBSCRIPTION = "json_extract(body, '$.parent.subscription_details.subscription') = ?"
_OF_INTENT = "json_extract(body, '$.payment.payment_intent') = ?"
_NOBODY = Cause()


def retrieve(bench: Workbench, call: Call) -> JsonObject:
    check_all(call.form, {"expand": EXPAND})
    return presented(bench, bench.need(call.account, KIND, call.id, "invoice"))


def listing(bench: Workbench, call: Call) -> JsonObject:
    params = check_all(call.form, _LIST_RULES)
    conditions: list[tuple[str, list[str | int]]] = []
    if "subscription" in params:
        conditions.append((_OF_SUBSCRIPTION, [params["subscription"]]))
    equal = ("collection_method", "customer", "status")
    return listed_page(bench, call, KIND, params, equal=equal, conditions=conditions)


def retrieve_payment(bench: Workbench, call: Call) -> JsonObject:
    check_all(call.form, {"expand": EXPAND})
    return presented(bench, bench.need(call.account, PAYMENT, call.id, "invoice_payment"))


def list_payments(bench: Workbench, call: Call) -> JsonObject:
    params = check_all(call.form, _PAYMENT_RULES)
    conditions: list[tuple[str, list[str | int]]] = []
    if "payment_intent" in params.get("payment", {}):
        conditions.append((_OF_INTENT, [params["payment"]["payment_intent"]]))
    equal = ("invoice", "status")
    return listed_page(bench, call, PAYMENT, params, equal=equal, conditions=conditions)


def draft(
    bench: Workbench,
    subscription: Record,
    items: Sequence[tuple[JsonObject, int, int]],
    *,
    reason: str,
    period: tuple[int, int],
    at: int,
) -> Record:
    """Write what is due. Each of `items` is a line with the beginning and the end it is for."""
    body = subscription.body
    patron = bench.need(subscription.account, "customer", body["customer"], "customer")
    id = bench.new_id(KIND, "in_1", 23)
    made = objects.invoice(
        id=id,
        created=at,
        amount=sum(item["amount_total"] for item, _, _ in items),
        currency=body["currency"],
        customer=patron.body,
        lines=[
            objects.invoice_line(
                id=bench.ids("il_1", 23),
                invoice=id,
                item=item,
                start=start,
                end=end,
                subscription=body,
            )
            for item, start, end in items
        ],
        subscription=body,
        shop_name=bench.shop_name,
        reason=reason,
        period=period,
    )
    invoice = bench.add(subscription.account, KIND, made, {"intent": None})
    events.record(bench, "invoice.created", invoice, _NOBODY)
    return invoice


def finalize(bench: Workbench, invoice: Record, at: int) -> None:
    """Turn a draft into what is to be paid, under the customer's next number."""
    patron = bench.need(invoice.account, "customer", invoice.body["customer"], "customer")
    number = patron.body["next_invoice_sequence"]
    patron.body["next_invoice_sequence"] = number + 1
    bench.books.save(patron)
    prefix = patron.body["invoice_prefix"]
    objects.finalize(invoice.body, number=f"{prefix}-{number:04d}", at=at)
    bench.books.save(invoice)
    events.record(bench, "invoice.finalized", invoice, _NOBODY)


def bind(bench: Workbench, invoice: Record, intent: Record) -> None:
    """Have a payment intent pay it: each further try is made with the same one."""
    payment = objects.invoice_payment(
        id=bench.new_id(PAYMENT, "inpay_1", 23),
        created=bench.now(),
        amount=invoice.body["amount_due"],
        currency=invoice.body["currency"],
        invoice=invoice.id,
        intent=intent.id,
    )
    bench.add(invoice.account, PAYMENT, payment)
    invoice.private["intent"], intent.private["invoice"] = intent.id, invoice.id
    bench.books.save(invoice)
    bench.books.save(intent)


def tried(invoice: Record) -> None:
    """Count a try to pay it; the caller saves it."""
    invoice.body.update(attempted=True, attempt_count=invoice.body["attempt_count"] + 1)


def pay(bench: Workbench, invoice: Record) -> None:
    """Note that its money was taken."""
    at = bench.now()
    objects.pay(invoice.body, at=at)
    invoice.private["due_at"] = None
    bench.books.save(invoice)
    for payment in _payments_of(bench, invoice):
        objects.settle_payment(payment.body, at=at)
        bench.books.save(payment)
        events.record(bench, "invoice_payment.paid", payment, _NOBODY)
    events.record(bench, "invoice.paid", invoice, _NOBODY)
    events.record(bench, "invoice.payment_succeeded", invoice, _NOBODY)


def refuse(bench: Workbench, invoice: Record, retry_at: int | None) -> None:
    """Note that its money was refused, and when it is tried again."""
    invoice.body.update(next_payment_attempt=retry_at, auto_advance=retry_at is not None)
    invoice.private["due_at"] = retry_at
    bench.books.save(invoice)
    events.record(bench, "invoice.payment_failed", invoice, _NOBODY)


def close(bench: Workbench, invoice: Record, status: str) -> None:
    """Have nobody pay it: `void` or `uncollectible`."""
    objects.close(invoice.body, status, at=bench.now())
    invoice.private["due_at"] = None
    bench.books.save(invoice)
    type = {"void": "invoice.voided", "uncollectible": "invoice.marked_uncollectible"}[status]
    events.record(bench, type, invoice, _NOBODY)


def stop(bench: Workbench, invoice: Record) -> None:
    """Leave it as it is, and try no more by itself."""
    invoice.body.update(auto_advance=False, next_payment_attempt=None)
    invoice.body["automatically_finalizes_at"] = None
    invoice.private["due_at"] = None
    bench.books.save(invoice)


def unpaid(bench: Workbench, subscription: Record) -> list[Record]:
    """What a subscription's customer owes, oldest first."""
    condition = f"account = ? AND kind = '{KIND}' AND {_OF_SUBSCRIPTION}"
    found = bench.books.select(condition, (subscription.account, subscription.id))
    return [invoice for invoice in found if invoice.body["status"] in UNPAID]


def _payments_of(bench: Workbench, invoice: Record) -> list[Record]:
    condition = f"account = ? AND kind = '{PAYMENT}' AND json_extract(body, '$.invoice') = ?"
    return bench.books.select(condition, (invoice.account, invoice.id))
