"""Subscriptions: begun by the first payment of a link with a plan, renewed as time passes.

Each renewal has an order, a payment and an invoice of its own; the link's order is the first
payment's alone. A cancelled one runs until the end of what was paid for.
"""

import calendar
from datetime import UTC, date, datetime, time, timedelta

from app.sandbox.bench import Cause
from app.sandbox.books import JsonObject, Record
from app.sandbox.square import catalog, events, fees, merchants, orders, payment_body
from app.sandbox.square.cards import DECLINED, Card
from app.sandbox.square.workbench import (
    CATALOG,
    CUSTOMER,
    INVOICE,
    PAYMENT,
    SUBSCRIPTION,
    Workbench,
)

SCHEMA = """
CREATE INDEX IF NOT EXISTS square_renewals_due ON objects (json_extract(private, '$.renews_at'))
    WHERE kind = 'square.subscription' AND json_extract(private, '$.renews_at') IS NOT NULL;
"""
_DUE = (
    "kind = 'square.subscription' AND json_extract(private, '$.renews_at') IS NOT NULL"
    " AND json_extract(private, '$.renews_at') <= ?"
)


def begin(bench: Workbench, link: Record, order: Record, payment: Record) -> None:
    """Begin what the payer of this link subscribed to, if it is a link for that."""
    plan = link.body.get("checkout_options", {}).get("subscription_plan_id")
    if plan is None or link.private.get("subscription"):
        return
    customer = _customer(bench, order.account, payment.body)
    start = datetime.fromtimestamp(bench.now(), UTC).date()
    through = _end(start, catalog.cadence_of(catalog.plan_of(bench, order.account, plan)))
    id = bench.unique(SUBSCRIPTION)
    body: JsonObject = {
        "id": id,
        "location_id": order.body["location_id"],
        "plan_variation_id": plan,
        "customer_id": customer.id,
        "start_date": start.isoformat(),
        "charged_through_date": through.isoformat(),
        "status": "ACTIVE",
        "invoice_ids": [],
        "version": 1,
        "created_at": bench.stamp(),
        "card_id": "ccof:" + bench.ids("", 19),
        "timezone": merchants.timezone(order.account),
        "source": order.body["source"],
    }
    card = payment.body.get("card_details", {}).get("card")
    private = {"renews_at": _after(through), "card": card, "link": link.id}
    subscription = bench.keep(order.account, SUBSCRIPTION, id, body, private)
    link.private["subscription"] = id
    bench.books.save(link)
    _invoice(bench, subscription, order, payment)
    tell(bench, subscription, "subscription.created")


def renew(bench: Workbench, subscription: Record, *, succeeded: bool) -> None:
    """Charge the next period, or fail to; the caller commits."""
    body = subscription.body
    variation = bench.known(CATALOG, body["plan_variation_id"]).body
    price = catalog.price_of(variation)
    name = variation["subscription_plan_variation_data"]["name"]
    line = {"name": name, "quantity": 1, "base_price_money": price}
    said = {"location_id": body["location_id"], "line_items": [line]}
    order = orders.new(bench, subscription.account, said, "subscription")
    problem = None if succeeded else DECLINED
    card = _card(subscription.private["card"])
    status = "COMPLETED" if succeeded else "FAILED"
    made = payment_body.payment(bench, order, price, card, status, problem)
    made["customer_id"] = body["customer_id"]
    private = {"link": None, "refunding": 0, "fee_at": None}
    payment = bench.keep(subscription.account, PAYMENT, made["id"], made, private)
    about = events.About("payment", payment.id, "payment", payment.body)
    events.record(bench, payment.account, "payment.created", about, Cause())
    if succeeded:
        events.record(bench, payment.account, "payment.updated", about, Cause())
        fees.schedule(bench, payment)
        paid = {**price, "amount": 0}
        tenders = [payment_body.tender(payment.body)]
        orders.change(
            bench, order, Cause(), tenders=tenders, state="COMPLETED", net_amount_due_money=paid
        )
        start = date.fromisoformat(body["charged_through_date"]) + timedelta(days=1)
        through = _end(start, catalog.cadence_of(variation))
        body["charged_through_date"] = through.isoformat()
        subscription.private["renews_at"] = _after(through)
    else:
        subscription.private["renews_at"] = bench.now() + 86_400
    _invoice(bench, subscription, order, payment)
    tell(bench, subscription, "subscription.updated")


def settle_due(bench: Workbench) -> bool:
    """Renew what is due, and end what was cancelled, in a transaction of its own."""
    happened = False
    while due := bench.books.select(_DUE, (bench.now(),), index="square_renewals_due"):
        happened = True
        with bench.books.transaction():
            for subscription in due:
                if subscription.body.get("canceled_date"):
                    subscription.private["renews_at"] = None
                    subscription.body.update(status="CANCELED")
                    tell(bench, subscription, "subscription.updated")
                else:
                    renew(bench, subscription, succeeded=True)
    return happened


def shown(subscription: Record, *, actions: bool) -> JsonObject:
    """A subscription as the API has it; its scheduled actions only where they were asked for."""
    return {k: v for k, v in subscription.body.items() if actions or k != "actions"}


def tell(bench: Workbench, subscription: Record, type: str) -> None:
    """Write a new version of a subscription, and tell of it; the caller commits."""
    if type != "subscription.created":
        subscription.body["version"] += 1
    bench.books.save(subscription)
    body = shown(subscription, actions=False)
    about = events.About("subscription", subscription.id, "subscription", body)
    events.record(bench, subscription.account, type, about, Cause())


def _customer(bench: Workbench, merchant: str, payment: JsonObject) -> Record:
    now, id = bench.stamp(), bench.code(CUSTOMER, 26)
    card = payment.get("card_details", {}).get("card", {})
    body: JsonObject = {
        "id": id,
        "created_at": now,
        "updated_at": now,
        "given_name": card.get("cardholder_name", "Sandbox buyer"),
        "creation_source": "THIRD_PARTY",
        "version": 0,
    }
    if "buyer_email_address" in payment:
        body["email_address"] = payment["buyer_email_address"]
    customer = bench.keep(merchant, CUSTOMER, id, body)
    about = events.About("customer", id, "customer", body)
    events.record(bench, merchant, "customer.created", about, Cause())
    return customer


def _invoice(bench: Workbench, subscription: Record, order: Record, payment: Record) -> None:
    now, is_paid = bench.stamp(), payment.body["status"] == "COMPLETED"
    id = "inv:0-" + bench.new_id(INVOICE, "Ch", 28)
    total = order.body["total_money"]
    request = {
        "uid": bench.unique(INVOICE),
        "request_type": "BALANCE",
        "due_date": now[:10],
        "automatic_payment_source": "CARD_ON_FILE",
        "card_id": subscription.body["card_id"],
        "computed_amount_money": total,
        "total_completed_amount_money": total if is_paid else {**total, "amount": 0},
    }
    body = {
        "id": id,
        "version": 1,
        "location_id": subscription.body["location_id"],
        "order_id": order.id,
        "primary_recipient": {"customer_id": subscription.body["customer_id"]},
        "payment_requests": [request],
        "status": "PAID" if is_paid else "UNPAID",
        "timezone": subscription.body["timezone"],
        "created_at": now,
        "updated_at": now,
        "subscription_id": subscription.id,
    }
    bench.keep(subscription.account, INVOICE, id, body)
    subscription.body["invoice_ids"] = [id, *subscription.body["invoice_ids"]]
    about = events.About("invoice", id, "invoice", body)
    result = "invoice.payment_made" if is_paid else "invoice.scheduled_charge_failed"
    for type in ("invoice.created", result):
        events.record(bench, subscription.account, type, about, Cause())


def _card(card: JsonObject | None) -> Card | None:
    if card is None:
        return None
    names = ("exp_month", "exp_year", "fingerprint")
    return Card(
        brand=card["card_brand"],
        bin=card["bin"],
        last4=card["last_4"],
        **{name: card[name] for name in names},
    )


def _end(start: date, cadence: tuple[int, int]) -> date:
    """The last day of the period that begins on `start`."""
    days, months = cadence
    if days:
        return start + timedelta(days=days - 1)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(start.day, last)) - timedelta(days=1)


def _after(day: date) -> int:
    """The moment at which the day after begins."""
    return int(datetime.combine(day + timedelta(days=1), time(), UTC).timestamp())
