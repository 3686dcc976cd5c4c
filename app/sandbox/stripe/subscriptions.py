"""Subscriptions: what a completed session begins, how it stands, and how it ends.

Rules: docs.stripe.com/billing/subscriptions/overview and the API reference. Whoever calls commits.
"""

from calendar import monthrange
from datetime import UTC, datetime, timedelta

from app.sandbox.bench import Cause
from app.sandbox.books import JsonObject, Record
from app.sandbox.stripe import events, invoices
from app.sandbox.stripe.objects import subscription as objects
from app.sandbox.stripe.workbench import Workbench

KIND = "subscription"
OVER = ("canceled", "incomplete_expired")
RETRIES_S = (3 * 86_400, 5 * 86_400, 7 * 86_400)
"""When a refused invoice is tried again: the dashboard's own schedule without machine learning."""

_NOBODY = Cause()


def begin(bench: Workbench, session: Record, patron: Record, intent: Record | None) -> None:
    """The subscription, its first invoice and that invoice's payment.

    A session that is complete and not paid yet has money on its way: its invoice is open.
    """
    now = bench.now()
    subscription_id = bench.new_id(KIND, "sub_1", 23)
    lines: list[JsonObject] = session.private["line_items"]
    body = objects.subscription(
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
        invoice="",
        method="" if intent is None else intent.body["payment_method"],
        data=session.private["data"],
    )
    recurring = [line for line in lines if line["price"]["recurring"] is not None]
    subscription = bench.add(session.account, KIND, body, {"lines": recurring})
    subscription.private["due_at"] = next_due(subscription)
    items = [(line, now, period_end(now, line["price"]["recurring"])) for line in lines]
    invoice = invoices.draft(
        bench, subscription, items, reason="subscription_create", period=(now, now), at=now
    )
    body["latest_invoice"] = invoice.id
    bench.books.save(subscription)
    session.body.update(subscription=subscription_id, invoice=invoice.id)
    events.record(bench, "customer.subscription.created", subscription, _NOBODY)
    invoices.finalize(bench, invoice, now)
    if intent is not None:
        invoices.bind(bench, invoice, intent)
        intent.private["subscription"] = subscription_id
        bench.books.save(intent)
        invoices.tried(invoice)
    if session.body["payment_status"] == "unpaid":
        bench.books.save(invoice)
    else:
        invoices.pay(bench, invoice)


def settled(bench: Workbench, intent: Record, *, succeeded: bool) -> None:
    """Note what became of money that was on its way, where it was for an invoice."""
    invoice = bench.books.get(invoices.KIND, intent.private.get("invoice") or "")
    if invoice is not None and invoice.body["status"] == "open":
        if succeeded:
            collected(bench, invoice)
        else:
            uncollected(bench, invoice, bench.now())


def collected(bench: Workbench, invoice: Record) -> None:
    """Note that an invoice is paid; a subscription that owes nothing any more runs again."""
    invoices.pay(bench, invoice)
    subscription = of_invoice(bench, invoice)
    owes = any(each.body["status"] == "open" for each in invoices.unpaid(bench, subscription))
    if subscription.body["status"] in ("past_due", "unpaid") and not owes:
        _become(bench, subscription, "active")


def uncollected(bench: Workbench, invoice: Record, at: int) -> None:
    """Note that an invoice's money was refused; after the last try the subscription is over."""
    tries = invoice.body["attempt_count"]
    retry_at = at + RETRIES_S[tries - 1] if tries <= len(RETRIES_S) else None
    invoices.refuse(bench, invoice, retry_at)
    subscription = of_invoice(bench, invoice)
    if subscription.body["status"] in OVER:
        invoices.stop(bench, invoice)
    elif retry_at is None:
        end(bench, subscription, _NOBODY, reason="payment_failed")
    elif subscription.body["status"] == "active":
        _become(bench, subscription, "past_due")


def end(
    bench: Workbench,
    subscription: Record,
    cause: Cause,
    *,
    reason: str = "cancellation_requested",
    at: int | None = None,
) -> None:
    """End it now; what is owed stays owed, and nobody tries to take it any more."""
    moment, body = bench.now() if at is None else at, subscription.body
    body.update(status="canceled", ended_at=moment, canceled_at=body["canceled_at"] or moment)
    body["cancellation_details"] = {**body["cancellation_details"], "reason": reason}
    subscription.private["due_at"] = None
    for invoice in invoices.unpaid(bench, subscription):
        invoices.stop(bench, invoice)
    bench.books.save(subscription)
    events.record(bench, "customer.subscription.deleted", subscription, cause)


def tell(bench: Workbench, subscription: Record, cause: Cause = _NOBODY) -> None:
    """Save it, and tell that it has changed."""
    bench.books.save(subscription)
    events.record(bench, "customer.subscription.updated", subscription, cause)


def of_invoice(bench: Workbench, invoice: Record) -> Record:
    id = invoice.body["parent"]["subscription_details"]["subscription"]
    return bench.need(invoice.account, KIND, id, "id")


def next_due(subscription: Record) -> int:
    """When the first of its periods is over."""
    ends: list[int] = [item["current_period_end"] for item in subscription.body["items"]["data"]]
    return min(ends)


def period_end(start: int, recurring: JsonObject | None, anchor: int | None = None) -> int:
    """When the period that begins then ends; a month is as long as the calendar says.

    It ends on the day of `anchor`, or on the month's last where that has no such day.
    """
    if recurring is None:
        return start
    begin, count = datetime.fromtimestamp(start, UTC), recurring["interval_count"]
    if recurring["interval"] in ("day", "week"):
        days = count * (7 if recurring["interval"] == "week" else 1)
        return int((begin + timedelta(days=days)).timestamp())
    months = begin.year * 12 + begin.month - 1
    months += count * (12 if recurring["interval"] == "year" else 1)
    year, month = divmod(months, 12)
    wanted = begin.day if anchor is None else datetime.fromtimestamp(anchor, UTC).day
    day = min(wanted, monthrange(year, month + 1)[1])
    return int(begin.replace(year=year, month=month + 1, day=day).timestamp())


def _become(bench: Workbench, subscription: Record, status: str) -> None:
    subscription.body["status"] = status
    tell(bench, subscription)
