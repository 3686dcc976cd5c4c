"""How PayPal takes a subscription's payments: a sale for each cycle, or a failure."""

import calendar
from datetime import UTC, datetime, timedelta

from app.sandbox.books import JsonObject, Record
from app.sandbox.paypal import captures, events
from app.sandbox.paypal.money import minor_of, text
from app.sandbox.paypal.terms import fee_of
from app.sandbox.paypal.workbench import Call, Workbench

KIND, SALE = "paypal.subscription", "paypal.sale"
SCHEMA = """
CREATE INDEX IF NOT EXISTS paypal_cycles_due ON objects (json_extract(private, '$.next_at'))
    WHERE kind = 'paypal.subscription' AND json_extract(private, '$.next_at') IS NOT NULL;
"""

_DUE = (
    "kind = 'paypal.subscription' AND json_extract(private, '$.next_at') IS NOT NULL"
    " AND json_extract(private, '$.next_at') <= ? AND json_extract(body, '$.status') = 'ACTIVE'"
)
_DAYS = {"DAY": 1, "WEEK": 7}
_FAILS = ("declines", "challenged")
_PENDS = {"echeck": "ECHECK", "review": "PENDING_REVIEW"}


def retrieve_sale(bench: Workbench, call: Call) -> tuple[int, JsonObject]:
    return 200, bench.need(call.account, SALE, call.id).body


def due(bench: Workbench) -> list[Record]:
    """The subscriptions for which a payment is due."""
    return bench.books.select(_DUE, (bench.now(),), index="paypal_cycles_due")


def charge(bench: Workbench, subscription: Record) -> None:
    """Take all payments that are due by now; the caller commits.

    After a failed one the next is taken with the next cycle, and with it what is owed where the
    plan says so; too many in a row suspend the subscription.
    """
    private = subscription.private
    while subscription.body["status"] == "ACTIVE" and private["next_at"] <= bench.now():
        at = private["next_at"]
        private["next_at"] = _next(subscription, at)
        if private["funding"] in _FAILS:
            _fail(bench, subscription)
        else:
            _succeed(bench, subscription)
    bench.books.save(subscription)


def settle(bench: Workbench, subscription: Record, *, succeeded: bool) -> bool:
    """Decide the payment that pends, oldest first; the caller commits. False without one."""
    sales = [bench.need(subscription.account, SALE, id) for id in subscription.private["sales"]]
    sale = next((each for each in sales if each.body["state"] == "pending"), None)
    if sale is None:
        return False
    capture = bench.need(sale.account, captures.KIND, sale.id)
    sale.body.pop("reason_code", None)
    sale.body.update(state="completed" if succeeded else "denied", update_time=bench.time())
    bench.books.save(sale)
    if succeeded:
        captures.complete(bench, capture)
        _paid(bench, subscription, sale)
    else:
        captures.decline(bench, capture)
        _tell(bench, sale, "DENIED")
        _fail(bench, subscription)
    bench.books.save(subscription)
    return True


def _succeed(bench: Workbench, subscription: Record) -> None:
    private = subscription.private
    minor = private["minor"]
    if private["bills_outstanding"]:
        minor += private["owed_minor"]
        private["owed_minor"] = 0
    sale = _sale(bench, subscription, minor, _PENDS.get(private["funding"]))
    private["sales"].append(sale.id)
    if sale.body["state"] == "pending":
        _tell(bench, sale, "PENDING")
    else:
        _paid(bench, subscription, sale)


def _paid(bench: Workbench, subscription: Record, sale: Record) -> None:
    private = subscription.private
    private["done"] += 1
    private["failures"] = 0
    amount = sale.body["amount"]
    paid = minor_of({"value": amount["total"], "currency_code": amount["currency"]})
    private.update(paid_at=bench.now(), paid_minor=paid)
    total = private["cycle"]["total_cycles"]
    if total and private["done"] >= total:
        private.pop("next_at", None)
        _put(bench, subscription, "EXPIRED")
    _tell(bench, sale, "COMPLETED")


def _tell(bench: Workbench, sale: Record, verb: str) -> None:
    amount = sale.body["amount"]
    summary = f"Payment {verb.lower()} for {amount['currency']} {amount['total']}"
    events.record(bench, sale.account, f"PAYMENT.SALE.{verb}", "sale", sale.body, summary)


def _fail(bench: Workbench, subscription: Record) -> None:
    private = subscription.private
    private["failures"] += 1
    private["owed_minor"] += private["minor"]
    private["failed_at"] = bench.now()
    type = "BILLING.SUBSCRIPTION.PAYMENT.FAILED"
    resource = {
        **subscription.body,
        "billing_info": {
            "outstanding_balance": {
                "currency_code": private["currency"],
                "value": text(private["owed_minor"], private["currency"]),
            },
            "failed_payments_count": private["failures"],
        },
    }
    summary = "Payment failed for subscription"
    events.record(bench, subscription.account, type, "subscription", resource, summary)
    if private["most_failures"] and private["failures"] >= private["most_failures"]:
        _put(bench, subscription, "SUSPENDED")


def _sale(bench: Workbench, subscription: Record, minor: int, pending: str | None) -> Record:
    currency = subscription.private["currency"]
    fee, id = fee_of(bench, minor), bench.new_code(SALE)
    body: JsonObject = {
        "id": id,
        "state": "pending" if pending else "completed",
        **({"reason_code": pending} if pending else {}),
        "amount": {"total": text(minor, currency), "currency": currency},
        "payment_mode": "INSTANT_TRANSFER",
        "protection_eligibility": "ELIGIBLE",
        "protection_eligibility_type": "ITEM_NOT_RECEIVED_ELIGIBLE,UNAUTHORIZED_PAYMENT_ELIGIBLE",
        "transaction_fee": {"value": text(fee, currency), "currency": currency},
        "billing_agreement_id": subscription.id,
        "create_time": bench.time(),
        "update_time": bench.time(),
        "links": [
            bench.link(f"/v1/payments/sale/{id}", "self"),
            bench.link(f"/v1/payments/sale/{id}/refund", "refund", "POST"),
        ],
    }
    if "custom_id" in subscription.body:
        body["custom"] = subscription.body["custom_id"]
    captures.add_sale(bench, subscription, id, minor, currency, pending)
    return bench.put(subscription.account, SALE, body)


def _put(bench: Workbench, subscription: Record, status: str) -> None:
    subscription.body.update(
        status=status, status_update_time=bench.time(), update_time=bench.time()
    )


def _next(subscription: Record, at: int) -> int:
    """When the cycle after the one that began then begins, counted from the first."""
    frequency = subscription.private["cycle"]["frequency"]
    first = subscription.private.setdefault("first_at", at)
    count = subscription.private["periods"] = subscription.private.get("periods", 0) + 1
    return later(first, frequency["interval_unit"], frequency["interval_count"] * count)


def later(start: int, unit: str, count: int) -> int:
    """So many days, weeks, months or years later; a day that a month lacks is its last."""
    moment = datetime.fromtimestamp(start, UTC)
    if unit in _DAYS:
        return int((moment + timedelta(days=_DAYS[unit] * count)).timestamp())
    months = moment.month - 1 + count * (12 if unit == "YEAR" else 1)
    year, month = moment.year + months // 12, months % 12 + 1
    day = min(moment.day, calendar.monthrange(year, month)[1])
    return int(moment.replace(year=year, month=month, day=day).timestamp())
