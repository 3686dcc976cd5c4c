"""Subscriptions: the payer's first payment, those that time brings, and their end.

States: created, authenticated, active, pending, halted, cancelled, completed, expired, paused.
"""

from typing import Any, Final

from app.sandbox.books import JsonObject, Record
from app.sandbox.razorpay import charges, events, invoices, plans, short_urls
from app.sandbox.razorpay.errors import bad_request, not_allowed, unknown_subscription
from app.sandbox.razorpay.listings import page
from app.sandbox.razorpay.objects import notes_of
from app.sandbox.razorpay.parameters import (
    Cancellation,
    NewSubscription,
    NoFilter,
    Pause,
    Resume,
    SubscriptionFilter,
    read,
)
from app.sandbox.razorpay.periods import period_end
from app.sandbox.razorpay.ways import DECLINED, Way
from app.sandbox.razorpay.workbench import Call, Workbench, collection

KIND: Final = "razorpay.subscription"
RETRY_S = 86_400
MOST_RETRIES = 3
_ENDED = ("cancelled", "completed", "expired")


def create(bench: Workbench, call: Call) -> JsonObject:
    asked = read(NewSubscription, call.params)
    plan = bench.need(call.account, plans.KIND, asked.plan_id)
    if asked.expire_by is not None and asked.expire_by <= bench.now():
        raise bad_request("Link expire by cannot be lesser than the current time.", "expire_by")
    most = plans.most_periods(plan.body)
    if asked.total_count > most:
        raise bad_request(
            f"Exceeds the maximum total_count ({most}) allowed for the given period and interval",
            "total_count",
        )
    id = bench.id_for(KIND, "sub_")
    body = {
        "id": id,
        "entity": "subscription",
        "plan_id": plan.id,
        "customer_id": None,
        "status": "created",
        "current_start": None,
        "current_end": None,
        "ended_at": None,
        "quantity": asked.quantity,
        "notes": notes_of(asked.notes),
        "charge_at": None,
        "start_at": None,
        "end_at": None,
        "auth_attempts": 0,
        "total_count": asked.total_count,
        "paid_count": 0,
        "customer_notify": bool(asked.customer_notify),
        "created_at": bench.now(),
        "expire_by": asked.expire_by,
        "short_url": "",
        "has_scheduled_changes": False,
        "change_scheduled_at": None,
        "source": "api",
        "remaining_count": asked.total_count,
    }
    private = {
        "slug": short_urls.add(bench, call.account, KIND, id),
        "closes_at": asked.expire_by,
        "amount": plan.body["item"]["amount"] * asked.quantity,
        "currency": plan.body["item"]["currency"],
        "invoice": None,
        "fails": False,
        "ends": False,
    }
    return presented(bench, bench.keep(call.account, KIND, body, private))


def retrieve(bench: Workbench, call: Call) -> JsonObject:
    read(NoFilter, call.params)
    return presented(bench, _need(bench, call))


def listing(bench: Workbench, call: Call) -> JsonObject:
    asked = read(SubscriptionFilter, call.params)
    found = page(bench, call.account, KIND, asked, only={"plan_id": asked.plan_id})
    records = [bench.need(call.account, KIND, body["id"]) for body in found["items"]]
    return collection([presented(bench, record) for record in records])


def cancel(bench: Workbench, call: Call) -> JsonObject:
    """Now, or with the end of the period that is paid for; of the latter nothing tells.

    What shows as a scheduled change at Razorpay is a change of plan. The end may be asked for again
    and again: razorpay-node, issues 330 and 452.
    """
    asked = read(Cancellation, call.params)
    record = _need(bench, call)
    status = record.body["status"]
    if status in _ENDED:
        raise not_allowed(f"Subscription is not cancellable in {status} status.")
    if asked.cancel_at_cycle_end:
        if record.body["current_end"] is None:
            raise not_allowed("Subscription cannot be cancelled since no billing cycle is going on")
        record.private["ends"] = True
        bench.books.save(record)
    else:
        end(bench, record, "cancelled")
    return presented(bench, record)


def pause(bench: Workbench, call: Call) -> JsonObject:
    """Charge no more until it is resumed."""
    read(Pause, call.params)
    record = _need(bench, call)
    if record.body["status"] != "active":
        raise not_allowed("Subscription cannot be paused since it is not in active state")
    record.body.update(status="paused", charge_at=None)
    record.private["charges_at"] = None
    _put(bench, record, "paused")
    return presented(bench, record)


def resume(bench: Workbench, call: Call) -> JsonObject:
    """Charge again, with the end of the period that is going on; what a pause left out is free."""
    read(Resume, call.params)
    record = _need(bench, call)
    if record.body["status"] != "paused":
        raise not_allowed("Subscription cannot be resumed since it is not in paused state")
    plan = bench.need(record.account, plans.KIND, record.body["plan_id"]).body
    start, finish = record.body["current_start"], record.body["current_end"]
    while finish <= bench.now():
        start, finish = finish, period_end(finish, plan["period"], plan["interval"])
    record.body.update(status="active", current_start=start, current_end=finish, charge_at=finish)
    record.private["charges_at"] = finish
    _put(bench, record, "resumed")
    return presented(bench, record)


def end(bench: Workbench, record: Record, status: str) -> None:
    """Let it be over, which is not told of one that expired; the caller commits."""
    record.body.update(
        status=status,
        ended_at=bench.now(),
        charge_at=None,
        has_scheduled_changes=False,
        change_scheduled_at=None,
    )
    record.private.update(charges_at=None, closes_at=None)
    if status == "expired":
        bench.books.save(record)
    else:
        _put(bench, record, status)


def begin_payment(
    bench: Workbench,
    record: Record,
    way: Way,
    *,
    amount: int | None = None,
    currency: str | None = None,
    email: str | None = None,
) -> Record:
    """A payment for one period, which keeps what it is paid with for the next."""
    record.private["way"] = {"method": way.method, "network": way.network, "last4": way.last4}
    record.private["way"]["vpa"] = way.vpa
    bench.books.save(record)
    plan = bench.need(record.account, plans.KIND, record.body["plan_id"])
    invoice = invoices.due(bench, record, plan.body, record.private["amount"])
    return charges.begin(
        bench,
        record,
        way,
        amount=amount or record.private["amount"],
        currency=currency or record.private["currency"],
        description="Recurring Payment via Subscription",
        email=email,
        order=invoices.order_of(bench, invoice),
        invoice=invoice.id,
    )


def charged(bench: Workbench, record: Record, payment: Record) -> None:
    """Note the payment of a period, the first one included; the caller commits.

    What pays a period once more is money that was taken, and nothing else.
    """
    if not invoices.pay(bench, record, payment):
        return
    body, plan = record.body, bench.need(record.account, plans.KIND, record.body["plan_id"])
    start = body["current_end"] or bench.now()
    next_end = period_end(start, plan.body["period"], plan.body["interval"])
    is_first = body["status"] == "created"
    is_anew = body["status"] != "active"
    body.update(
        current_start=start,
        current_end=next_end,
        paid_count=body["paid_count"] + 1,
        remaining_count=max(0, body["remaining_count"] - 1),
        auth_attempts=0,
        charge_at=next_end,
        start_at=body["start_at"] or start,
    )
    record.private.update(charges_at=next_end, closes_at=None)
    invoices.bill(bench, payment, start, next_end)
    if is_first:
        body["status"] = "authenticated"
        _put(bench, record, "authenticated", payment=payment.body)
    body["status"] = "active"
    if is_anew:
        _put(bench, record, "activated", payment=payment.body)
    _put(bench, record, "charged", payment=payment.body)
    if body["remaining_count"] == 0:
        end(bench, record, "completed")


def due(bench: Workbench) -> list[Record]:
    """The subscriptions whose next period is to be paid."""
    return bench.due(KIND, "charges_at")


def attempt(bench: Workbench, record: Record) -> Record | None:
    """Ask the payer's bank for the next period's money, which it promises unless set to fail.

    None where nothing is to be captured. The caller commits.
    """
    if record.private["ends"]:
        end(bench, record, "cancelled")
        return None
    payment = begin_payment(bench, record, Way(**record.private["way"]))
    if not record.private["fails"]:
        charges.authorize(bench, payment)
        return payment
    charges.fail(bench, payment, DECLINED)
    tries = record.body["auth_attempts"] = record.body["auth_attempts"] + 1
    is_last = tries > MOST_RETRIES
    record.body["status"] = "halted" if is_last else "pending"
    record.private["charges_at"] = None if is_last else bench.now() + RETRY_S
    record.body["charge_at"] = record.private["charges_at"]
    _put(bench, record, record.body["status"], payment=payment.body)
    return None


def expire_due(bench: Workbench) -> bool:
    """Expire what nobody began to pay in time, in a transaction of its own."""
    late = bench.due(KIND, "closes_at")
    if not late:
        return False
    with bench.books.transaction():
        for record in late:
            end(bench, record, "expired")
    return True


def presented(bench: Workbench, record: Record) -> JsonObject:
    """The subscription as its API shows it now; its page may have moved."""
    return {**record.body, "short_url": short_urls.url(bench, record.private["slug"])}


def _need(bench: Workbench, call: Call) -> Record:
    """The account's own subscription; what is none is refused in other words than elsewhere."""
    record = bench.books.get(KIND, call.id, call.account)
    if record is None:
        raise unknown_subscription()
    return record


def _put(bench: Workbench, record: Record, event: str, **about: Any) -> None:
    bench.books.save(record)
    named = {"payment": about["payment"]} if "payment" in about else {}
    events.record(
        bench,
        f"subscription.{event}",
        record.account,
        **named,
        subscription=presented(bench, record),
    )
