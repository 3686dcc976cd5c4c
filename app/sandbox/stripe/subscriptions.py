"""`mode=subscription`: what a completed session leaves behind besides the payment."""

from calendar import monthrange
from datetime import UTC, datetime, timedelta

from app.sandbox.bench import Cause
from app.sandbox.books import JsonObject, Record
from app.sandbox.stripe import events
from app.sandbox.stripe.objects import invoice as invoices
from app.sandbox.stripe.objects import subscription as objects
from app.sandbox.stripe.parameters import EXPAND, check_all
from app.sandbox.stripe.presentation import presented
from app.sandbox.stripe.workbench import Call, Workbench


def retrieve(bench: Workbench, call: Call) -> JsonObject:
    check_all(call.form, {"expand": EXPAND})
    return presented(bench, bench.need(call.account, "subscription", call.id, "id"))


def retrieve_invoice(bench: Workbench, call: Call) -> JsonObject:
    check_all(call.form, {"expand": EXPAND})
    return presented(bench, bench.need(call.account, "invoice", call.id, "invoice"))


def begin(bench: Workbench, session: Record, patron: Record, intent: Record | None) -> None:
    """The subscription, its first invoice and that invoice's payment; the caller commits."""
    now = bench.now()
    subscription_id = bench.new_id("subscription", "sub_1", 23)
    invoice_id = bench.new_id("invoice", "in_1", 23)
    lines: list[JsonObject] = session.private["line_items"]
    subscription = objects.subscription(
        id=subscription_id,
        created=now,
        currency=session.body["currency"],
        customer=patron.id,
        items=[
            objects.subscription_item(
                id=bench.ids("si_", 14),
                created=now,
                period_end=period_end(now, line["price"]["recurring"]),
                price=line["price"],
                quantity=line["quantity"],
                subscription=subscription_id,
            )
            for line in lines
            if line["price"]["recurring"] is not None
        ],
        invoice=invoice_id,
        method="" if intent is None else intent.body["payment_method"],
        data=session.private["data"],
    )
    invoice = invoices.invoice(
        id=invoice_id,
        created=now,
        amount=session.body["amount_total"],
        currency=session.body["currency"],
        customer=patron.body,
        lines=[
            invoices.invoice_line(
                id=bench.ids("il_1", 23),
                invoice=invoice_id,
                item=line,
                start=now,
                end=period_end(now, line["price"]["recurring"]),
                subscription=subscription,
            )
            for line in lines
        ],
        subscription=subscription,
        shop_name=bench.shop_name,
    )
    subscribed = bench.add(session.account, "subscription", subscription)
    paid = bench.add(session.account, "invoice", invoice)
    if intent is not None:
        payment = invoices.invoice_payment(
            id=bench.new_id("invoice_payment", "inpay_1", 23),
            created=now,
            amount=session.body["amount_total"],
            currency=session.body["currency"],
            invoice=invoice_id,
            intent=intent.id,
        )
        bench.add(session.account, "invoice_payment", payment)
    session.body.update(subscription=subscription_id, invoice=invoice_id)
    events.record(bench, "customer.subscription.created", subscribed, Cause())
    events.record(bench, "invoice.paid", paid, Cause())


def period_end(start: int, recurring: JsonObject | None) -> int:
    """When the period that begins now ends; a month is as long as the calendar says."""
    if recurring is None:
        return start
    begin, count = datetime.fromtimestamp(start, UTC), recurring["interval_count"]
    if recurring["interval"] in ("day", "week"):
        days = count * (7 if recurring["interval"] == "week" else 1)
        return int((begin + timedelta(days=days)).timestamp())
    months = begin.year * 12 + begin.month - 1
    months += count * (12 if recurring["interval"] == "year" else 1)
    year, month = divmod(months, 12)
    day = min(begin.day, monthrange(year, month + 1)[1])
    return int(begin.replace(year=year, month=month + 1, day=day).timestamp())
